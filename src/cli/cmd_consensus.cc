#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/option_binding.h"
#include "cli/table_job.h"
#include "table_jobs/consensus_job.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

struct ConsensusArguments {
  std::vector<fs::path> inputs;
  fs::path out;
  ConsensusJobOptions options;
};

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

void print_consensus(const ConsensusArguments& arguments, CommandContext& context) {
  const auto outcome = run_consensus({.paths = arguments.inputs, .poses = {}}, arguments.out,
                                     arguments.options, console_hooks(context));
  context.console.end_progress();
  print_summary(outcome.result, context.console);
  print_report(outcome.report, context);
}

}  // namespace

void add_consensus(Verb root, CommandContext& context) {
  auto arguments = std::make_shared<ConsensusArguments>();
  Verb verb = root.add_verb("consensus", "form one table from the tables of several networks");
  verb.add_option("FILE", arguments->inputs,
                  "tables (.csv, .h5, .slp) of one video, or a folder that holds them")
      .required();
  verb.add_option("--out", arguments->out,
                  "table to write, ends in .h5 (holds the spread too) or .csv; or a folder, in "
                  "which results are named as by posse run, with a run.json")
      .required()
      .placeholder("TABLE|DIR");
  describe(arguments->options, OptionBinder(verb, "Consensus"));
  verb.footer(
      "A member counts in a frame where its x and y are finite and its likelihood is at least "
      "--min-likelihood. With fewer\n"
      "than --min-members of them the keypoint is missing (NaN, likelihood 0). The spread is that "
      "of the members that count:\n"
      "0 with one member, NaN with none. One member gives its own keypoint. Two give their "
      "midpoint by every method but\n"
      "weighted-mean and most-confident. trimmed-mean leaves out floor(trim * members) at either "
      "end: none below 5 members\n"
      "by default.\n"
      "\n"
      "--method track follows every bodypart through the members' points of all frames, and "
      "smooths what it follows;\n"
      "bodyparts that look alike are followed together. It takes a single table too. The .h5 then "
      "holds the track's chances.\n"
      "--min-members and --trim do not go with it.\n"
      "\n"
      "example: posse consensus seed0.csv seed1.csv seed2.csv --out consensus.h5 --method median");
  verb.on_call([arguments, &context] { print_consensus(*arguments, context); });
}

}  // namespace posse
