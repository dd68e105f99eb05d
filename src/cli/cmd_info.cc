#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/video_summary.h"
#include "ensemble/member_info.h"
#include "project/project.h"
#include "results/table/table_summary.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

struct InfoArguments {
  std::vector<std::string> paths;
  MemberOptions options;
  bool json = false;
  bool verify = false;
};

/// What became of the paths, for the exit code.
struct InfoTally {
  Json members = Json::array();
  Json tables = Json::array();
  Json videos = Json::array();
  Json errors = Json::array();
  int num_sound = 0;
  int num_bad = 0;
};

void show(const MemberInfo& info, const InfoArguments& arguments, InfoTally& tally,
          CommandContext& context) {
  if (arguments.json) {
    tally.members.push_back(to_json(info));
  } else {
    if (tally.num_sound + tally.num_bad > 0) context.console.print("");
    context.console.print(to_text(info));
  }
  ++(info.problems.empty() ? tally.num_sound : tally.num_bad);
}

/// A file of results or labels rather than a network.
bool is_table(const fs::path& path) {
  const std::string suffix = ascii_lower(path.extension().string());
  return fs::is_regular_file(path) &&
         (suffix == ".csv" || suffix == ".h5" || suffix == ".hdf5" || suffix == ".slp");
}

/// Null without rows.
Json missing_share(const BodypartSummary& bodypart, const TableSummary& summary) {
  if (summary.num_rows == 0) return nullptr;
  return static_cast<double>(bodypart.num_missing) / static_cast<double>(summary.num_rows);
}

void show_table(const fs::path& path, const InfoArguments& arguments, InfoTally& tally,
                CommandContext& context) {
  const TableSummary summary = summarize_table(path);
  if (arguments.json) {
    Json table = Json::object({{"path", printable(path.string())},
                               {"layout", summary.layout},
                               {"scorers", summary.scorers},
                               {"individuals", summary.individuals},
                               {"coords", summary.coords},
                               {"rows", summary.num_rows},
                               {"first", summary.first_row},
                               {"last", summary.last_row},
                               {"warnings", summary.warnings}});
    for (const BodypartSummary& bodypart : summary.bodyparts) {
      table["bodyparts"].push_back(
          Json::object({{"name", bodypart.name},
                        {"missing", bodypart.num_missing},
                        {"missing_share", missing_share(bodypart, summary)},
                        {"median_likelihood", bodypart.median_likelihood},
                        {"likelihood_histogram", bodypart.likelihood_histogram}}));
    }
    tally.tables.push_back(std::move(table));
  } else {
    if (tally.num_sound + tally.num_bad > 0) context.console.print("");
    context.console.print(printable(path.string()) + "\n" + summary_text(summary));
  }
  ++tally.num_sound;
}

void show_video(const fs::path& path, const InfoArguments& arguments, InfoTally& tally,
                CommandContext& context) {
  const VideoSummary summary = summarize_video(path, arguments.verify, context.stop);
  if (arguments.json) {
    tally.videos.push_back(to_json(summary));
  } else {
    if (tally.num_sound + tally.num_bad > 0) context.console.print("");
    context.console.print(to_text(summary));
  }
  ++tally.num_sound;
}

/// One path; its errors do not keep the other paths from being shown.
void describe_path(const std::string& path, const InfoArguments& arguments, InfoTally& tally,
                   CommandContext& context) {
  if (is_table(path)) return show_table(path, arguments, tally, context);
  if (fs::is_regular_file(path) && has_video_suffix(path))
    return show_video(path, arguments, tally, context);
  const MemberPaths expanded = expand_members(path);
  for (const std::string& warning : expanded.warnings) context.console.warn(warning);
  const std::vector<fs::path>& members = expanded.paths;
  for (const fs::path& each : members) {
    try {
      for (Member& member : open_members(each, arguments.options)) {
        if (context.stop.requested()) throw Error(ErrorKind::interrupted, "info was stopped");
        show(describe_member(std::move(member), arguments.verify), arguments, tally, context);
      }
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted || members.size() == 1) throw;
      ++tally.num_bad;
      tally.errors.push_back(
          Json::object({{"path", printable(each.string())}, {"error", error.what()}}));
      context.console.warn(error.what());
    }
  }
}

void run_info(const InfoArguments& arguments, CommandContext& context) {
  InfoTally tally;
  for (const std::string& path : arguments.paths) {
    try {
      describe_path(path, arguments, tally, context);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted || arguments.paths.size() == 1) throw;
      ++tally.num_bad;
      tally.errors.push_back(Json::object({{"path", printable(path)}, {"error", error.what()}}));
      context.console.warn(error.what());
    }
  }
  if (arguments.json) {
    const Json report = Json::object({{"members", tally.members},
                                      {"tables", tally.tables},
                                      {"videos", tally.videos},
                                      {"errors", tally.errors}});
    context.console.print(report.dump(2));
  }
  if (tally.num_bad > 0) {
    context.exit_code = tally.num_sound > 0 ? ExitCode::some_failed : ExitCode::failed;
  }
}

}  // namespace

void add_info(Verb root, CommandContext& context) {
  Verb verb = root.add_verb(
      "info", "say what a project, snapshot, folder of members, pose table or video holds");
  auto arguments = std::make_shared<InfoArguments>();
  verb.add_option(
          "PATH", arguments->paths,
          "project folder, training folder, snapshot, a folder of such, a table (.csv, .h5, "
          ".slp), or a video")
      .required();
  verb.add_flag("--json", arguments->json, "one JSON object instead of text");
  verb.add_flag("--verify", arguments->verify,
                "also read every value and check its checksum, or decode every frame");
  verb.add_option("--snapshot", arguments->options.snapshot,
                  "a name, newest, best, all, or a position (default: the configuration's, else "
                  "the newest)")
      .placeholder("NAME");
  verb.add_option("--shuffle", arguments->options.shuffle,
                  "shuffle whose network is described (default: 1, or the only one)")
      .placeholder("N");
  verb.add_option("--training-set-index", arguments->options.training_set_index,
                  "position in the configuration's TrainingFraction (default: 0)")
      .placeholder("N");
  verb.add_option("--iteration", arguments->options.iteration,
                  "iteration folder of dlc-models (default: the configuration's)")
      .placeholder("N");
  verb.footer(
      "exit codes: 0 all can be run, 1 none can, 3 some cannot (see 'problem')\n"
      "example: posse info data/demo --verify");
  verb.on_call([arguments, &context] { run_info(*arguments, context); });
}

}  // namespace posse
