#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/option_binding.h"
#include "run/options.h"
#include "table_jobs/consensus_files.h"
#include "table_jobs/find_tables.h"
#include "table_jobs/table_inputs.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

struct ConsensusArguments {
  std::vector<fs::path> inputs;
  fs::path out;
  KeypointConsensusOptions options;
  std::vector<std::string> bodyparts;
  bool common_bodyparts = false;
  TableFormat format = TableFormat::h5;
  bool force = false;
};

/// Where the results go: one table, or a folder with the names that posse run gives.
struct ConsensusTargets {
  std::vector<fs::path> tables;
  fs::path record;  ///< empty beside a single table
};

ConsensusTargets targets_of(const ConsensusArguments& arguments, const ConsensusSources& sources) {
  const std::string suffix = ascii_lower(arguments.out.extension().string());
  if (suffix == ".h5" || suffix == ".csv") return {.tables = {arguments.out}};
  if (suffix == ".hdf5" || suffix == ".slp" || suffix == ".txt" || suffix == ".json") {
    throw Error(ErrorKind::usage,
                fmt::format("{}: tables are written as .h5 or .csv", arguments.out.string()));
  }
  const std::string stem = common_stem(sources.files) + consensus_scorer(sources);
  ConsensusTargets targets{.record = arguments.out / "run.json"};
  for (const auto& [name, format] : EnumNames<TableFormat>::kNames) {
    const bool is_wanted = arguments.format == TableFormat::both ? format != TableFormat::both
                                                                 : format == arguments.format;
    if (is_wanted) targets.tables.push_back(arguments.out / (stem + "." + std::string(name)));
  }
  return targets;
}

void check_targets(const ConsensusTargets& targets, bool force) {
  for (const fs::path& table : targets.tables) {
    if (!fs::exists(table) || force) continue;
    throw Error(ErrorKind::usage, fmt::format("{}: exists already", table.string()),
                {.hint = "--force replaces it"});
  }
}

/// Per bodypart: frames with a consensus, mean spread, share of members that agree.
void print_summary(const PoseConsensus& consensus, Console& console) {
  console.print(fmt::format("{:<20}{:>10}{:>12}{:>12}", "", "frames", "spread px", "agreeing"));
  const size_t bodyparts = consensus.poses.num_bodyparts();
  for (size_t part = 0; part < bodyparts; ++part) {
    int64_t frames = 0, members = 0, agreeing = 0;
    double spread = 0;
    for (size_t i = part; i < consensus.details.size(); i += bodyparts) {
      const KeypointConsensus& detail = consensus.details[i];
      if (std::isnan(detail.keypoint.x)) continue;
      ++frames;
      members += detail.num_members;
      agreeing += detail.num_agreeing;
      spread += detail.std_x + detail.std_y;
    }
    const double count = frames > 0 ? static_cast<double>(frames) : 1;
    console.print(fmt::format(
        "{:<20}{:>10}{:>12.2f}{:>10.1f} %", consensus.poses.bodyparts[part], frames,
        spread / (2 * count),
        members > 0 ? 100.0 * static_cast<double>(agreeing) / static_cast<double>(members) : 0.0));
  }
}

void run_consensus(const ConsensusArguments& arguments, CommandContext& context) {
  arguments.options.validate();
  FoundTables found = find_tables(arguments.inputs);
  for (const std::string& note : found.notes) context.console.note(note);
  ConsensusSources sources{
      .files = found.files, .options = arguments.options, .notes = found.notes};
  if (sources.files.size() < 2) {
    throw Error(ErrorKind::usage, "a consensus needs at least two tables",
                {.have = sources.files.empty() ? "" : sources.files.front().string(),
                 .hint = found.notes.empty() ? "" : found.notes.front()});
  }
  const ConsensusTargets targets = targets_of(arguments, sources);
  check_targets(targets, arguments.force);
  const TableInputs inputs =
      read_tables(sources.files, arguments.common_bodyparts, arguments.bodyparts);
  sources.members = inputs.tables.members;
  sources.warnings = std::move(found.warnings);
  sources.warnings.insert(sources.warnings.end(), inputs.warnings.begin(), inputs.warnings.end());
  for (const std::string& warning : sources.warnings) context.console.warn(warning);
  const PoseConsensus consensus = consensus_of_poses(sources.members, arguments.options);
  for (const fs::path& table : targets.tables) write_consensus_table(table, consensus, sources);
  if (!targets.record.empty()) {
    write_consensus_record(targets.record, consensus, sources, targets.tables);
  }
  print_summary(consensus, context.console);
  for (const fs::path& table : targets.tables) context.console.print(table.string());
  if (!sources.warnings.empty()) context.exit_code = ExitCode::data_warnings;
}

}  // namespace

void add_consensus(Verb root, CommandContext& context) {
  auto arguments = std::make_shared<ConsensusArguments>();
  Verb verb = root.add_verb("consensus", "one table from the tables of several networks");
  verb.add_option("FILE", arguments->inputs,
                  "tables (.csv, .h5, .slp) of one video, or a folder that holds them")
      .required();
  verb.add_option("--out", arguments->out,
                  "table to write, ends in .h5 or .csv (.h5 holds the spread too), or a folder: "
                  "there results are named as by posse run, with a run.json")
      .required()
      .placeholder("TABLE|DIR");
  OptionBinder bind(verb, "Consensus");
  bind("method", arguments->options.method, "METHOD", "how members' keypoints become one");
  verb.add_option("--min-likelihood", arguments->options.min_likelihood,
                  "keypoints below count as missing, in [0, 1] (default 0)")
      .group("Consensus");
  verb.add_option("--min-members", arguments->options.min_members,
                  "fewer members: no keypoint (default 1)")
      .group("Consensus");
  verb.add_option("--trim", arguments->options.trim,
                  "trimmed-mean: share left out at either end (default 0.2)")
      .group("Consensus");
  verb.add_option("--agreement-radius", arguments->options.agreement_radius,
                  "pixels within which a member agrees (default 10)")
      .group("Consensus");
  verb.add_option("--bodypart-list", arguments->bodyparts,
                  "bodyparts to keep, in this order (default: all)")
      .group("Consensus");
  verb.add_flag("--common-bodyparts", arguments->common_bodyparts,
                "keep only bodyparts that every table has")
      .group("Consensus");
  bind("format", arguments->format, "FORMAT", "of tables in DIR");
  verb.add_flag("--force", arguments->force, "replace tables that exist");
  verb.footer(
      "A member counts where its x and y are finite and its likelihood is at least "
      "--min-likelihood; its other frames\n"
      "do not matter. With fewer than --min-members of them the keypoint is missing (NaN, "
      "likelihood 0). The spread is\n"
      "that of the members that count: 0 with one, NaN with none. One member gives its own "
      "keypoint, two give their\n"
      "midpoint by every method but weighted-mean and most-confident. trimmed-mean leaves out "
      "floor(trim * members) at\n"
      "either end: none below 5 members by default.\n\n"
      "example: posse consensus seed0.csv seed1.csv seed2.csv --out consensus.h5 --method median");
  verb.on_call([arguments, &context] { run_consensus(*arguments, context); });
}

}  // namespace posse
