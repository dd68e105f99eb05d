#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cmath>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "cli/command.h"
#include "cli/option_binding.h"
#include "cli/table_inputs.h"
#include "ensemble/keypoint_consensus.h"
#include "results/result_names.h"
#include "results/table_writer.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

struct ConsensusArguments {
  std::vector<fs::path> inputs;
  fs::path out;
  KeypointConsensusOptions options;
  std::vector<std::string> bodyparts;
  bool common_bodyparts = false;
  bool force = false;
};

/// Spread and counts, one row per frame, in the order of extra_arrays().
std::array<std::vector<double>, 4> extras_of(const PoseConsensus& consensus) {
  std::array<std::vector<double>, 4> extras;
  for (const KeypointConsensus& detail : consensus.details) {
    extras[0].insert(extras[0].end(), {detail.std_x, detail.std_y});
    extras[1].insert(extras[1].end(),
                     {detail.covariance.xx, detail.covariance.xy, detail.covariance.yy});
    extras[2].push_back(detail.num_members);
    extras[3].push_back(detail.num_agreeing);
  }
  return extras;
}

std::vector<ExtraArray> extra_arrays(int64_t bodyparts) {
  return {{.name = "members_std",
           .axes = {"bodyparts", "xy"},
           .extents = {bodyparts, 2},
           .description = "Standard deviation of the members' keypoints (population), in pixels."},
          {.name = "members_covariance",
           .axes = {"bodyparts", "xx_xy_yy"},
           .extents = {bodyparts, 3},
           .description = "Covariance of the members' keypoints (population), in square pixels."},
          {.name = "num_members",
           .axes = {"bodyparts"},
           .extents = {bodyparts},
           .description = "Members that found the bodypart."},
          {.name = "num_agreeing",
           .axes = {"bodyparts"},
           .extents = {bodyparts},
           .description = "Of those, members within the agreement radius of the consensus."}};
}

void write_consensus(const ConsensusArguments& arguments, const PoseConsensus& consensus,
                     size_t num_members) {
  const PoseTable table{
      .scorer = ensemble_scorer(name_of(arguments.options.method), "", num_members),
      .poses = consensus.poses};
  if (arguments.out.extension() != ".h5") {
    write_pose_table(arguments.out, table);
    return;
  }
  const auto extras = extras_of(consensus);
  const std::vector<std::span<const double>> views(extras.begin(), extras.end());
  write_pose_table(arguments.out, table,
                   {.extras = extra_arrays(static_cast<int64_t>(consensus.poses.num_bodyparts())),
                    .attributes = {{"consensus", std::string(name_of(arguments.options.method))}}},
                   views);
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
  if (fs::exists(arguments.out) && !arguments.force) {
    throw Error(ErrorKind::usage, fmt::format("{}: exists already", arguments.out.string()),
                {.hint = "--force replaces it"});
  }
  const std::vector<fs::path> files = find_tables(arguments.inputs);
  if (files.size() < 2) {
    throw Error(
        ErrorKind::usage,
        fmt::format("{} is the only table named; a consensus needs two", files.front().string()),
        {.hint = "name the tables of all members, or a folder that holds them"});
  }
  const TableInputs inputs = read_tables(files, arguments.common_bodyparts, arguments.bodyparts);
  for (const std::string& warning : inputs.warnings) context.console.warn(warning);
  const PoseConsensus consensus = consensus_of_poses(inputs.tables.members, arguments.options);
  write_consensus(arguments, consensus, files.size());
  print_summary(consensus, context.console);
  context.console.print(arguments.out.string());
  if (!inputs.warnings.empty()) context.exit_code = ExitCode::data_warnings;
}

}  // namespace

void add_consensus(CLI::App& root, CommandContext& context) {
  auto arguments = std::make_shared<ConsensusArguments>();
  CLI::App* verb =
      root.add_subcommand("consensus", "one table from the tables of several networks");
  verb->add_option("FILE", arguments->inputs,
                   "tables (.csv, .h5, .slp) of one video, or a folder that holds them")
      ->required();
  verb->add_option("--out", arguments->out,
                   "table to write, ends in .h5 or .csv; .h5 holds the spread too")
      ->required()
      ->type_name("TABLE");
  OptionBinder bind(*verb, "Consensus");
  bind("method", arguments->options.method, "METHOD", "how members' keypoints become one");
  verb->add_option("--min-likelihood", arguments->options.min_likelihood,
                   "keypoints below count as missing, in [0, 1] (default 0)")
      ->group("Consensus");
  verb->add_option("--min-members", arguments->options.min_members,
                   "fewer members: no keypoint (default 1)")
      ->group("Consensus");
  verb->add_option("--trim", arguments->options.trim,
                   "trimmed-mean: share left out at either end (default 0.2)")
      ->group("Consensus");
  verb->add_option("--agreement-radius", arguments->options.agreement_radius,
                   "pixels within which a member agrees (default 10)")
      ->group("Consensus");
  verb->add_option("--bodypart-list", arguments->bodyparts,
                   "bodyparts to keep, in this order (default: all)")
      ->group("Consensus");
  verb->add_flag("--common-bodyparts", arguments->common_bodyparts,
                 "keep only bodyparts that every table has")
      ->group("Consensus");
  verb->add_flag("--force", arguments->force, "replace TABLE if it exists");
  verb->footer(
      "example: posse consensus seed0.csv seed1.csv seed2.csv --out consensus.h5 --method median");
  verb->callback([arguments, &context] { run_consensus(*arguments, context); });
}

}  // namespace posse
