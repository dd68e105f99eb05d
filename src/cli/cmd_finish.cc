#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "base/count_text.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/option_binding.h"
#include "cli/table_job.h"
#include "cluster/finish.h"
#include "cluster/submit.h"

namespace posse {
namespace {

constexpr int kSecondsToStop = 4;

struct FinishArguments {
  std::filesystem::path folder;
  FinishOptions options;
  int retry = 0;
  bool json = false;
};

void print_video(const FinishedVideo& video, Console& console) {
  const std::string name = video.video.filename().string();
  for (const std::string& warning : video.warnings) console.warn(name + ": " + warning);
  for (const std::string& failure : video.failures) console.warn(name + ": " + failure);
  switch (video.end) {
    case VideoEnd::written:
      console.print(fmt::format("{}: {}, {}", name, count_text(video.num_frames, "frame"),
                                video.folder.string()));
      return;
    case VideoEnd::there:
      console.note(name + ": done already");
      return;
    case VideoEnd::incomplete:
      console.print(fmt::format("{}: {} of {} units are missing", name, video.missing.size(),
                                video.num_units));
      return;
    case VideoEnd::failed:
      console.print(name + ": its results could not be written");
      return;
  }
}

Json describe(const FinishReport& report) {
  Json json = Json::object({{"videos_written", report.count(VideoEnd::written)},
                            {"videos_there", report.count(VideoEnd::there)},
                            {"videos_incomplete", report.count(VideoEnd::incomplete)},
                            {"videos_failed", report.count(VideoEnd::failed)},
                            {"units_missing", report.num_missing_units()},
                            {"units_removed", report.num_removed}});
  json["videos"] = Json::array();
  for (const FinishedVideo& video : report.videos) {
    json["videos"].push_back(Json::object({{"id", video.id},
                                           {"status", std::string(name_of(video.end))},
                                           {"folder", printable(video.folder.string())},
                                           {"frames", video.num_frames},
                                           {"missing", video.missing},
                                           {"failures", video.failures},
                                           {"warnings", video.warnings}}));
  }
  return json;
}

void finish(const FinishArguments& arguments, CommandContext& context) {
  stop_within(kSecondsToStop, ExitCode::try_again);
  const FinishReport report = finish(arguments.folder, arguments.options, console_hooks(context));
  Console& console = context.console;
  console.end_progress();
  if (arguments.json) {
    console.print(describe(report).dump(2));
  } else {
    for (const FinishedVideo& video : report.videos) print_video(video, console);
    console.print(fmt::format("{} of {} videos have their results, {} missing",
                              report.count(VideoEnd::written) + report.count(VideoEnd::there),
                              report.videos.size(),
                              count_text(report.num_missing_units(), "unit")));
  }
  if (!report.report_error.empty()) console.warn(report.report_error);
  if (report.num_missing_units() > 0 || report.is_stopped) {
    context.exit_code = ExitCode::try_again;
  } else if (report.count(VideoEnd::failed) > 0 || !report.report_error.empty()) {
    context.exit_code = ExitCode::failed;
  }
  if (report.is_stopped || report.num_missing_units() == 0) return;
  if (const auto again = submit_again(arguments.folder, arguments.retry))
    console.note(fmt::format("submitted again: {}", count_text(std::ssize(again->tasks), "task")));
}

}  // namespace

void add_finish(Verb root, CommandContext& context) {
  auto arguments = std::make_shared<FinishArguments>();
  Verb verb = root.add_verb("finish", "write the results of a planned run from its parts");
  verb.add_option("RUN", arguments->folder, "directory that posse plan made").required();
  describe(arguments->options, OptionBinder(verb, "Finish"));
  verb.add_option("--retry", arguments->retry,
                  "submit what is missing again to Slurm, at most N times, if something was done "
                  "since the last time (default 0)")
      .placeholder("N")
      .not_negative();
  verb.add_flag("--json", arguments->json, "print the outcome as JSON");
  verb.footer(
      "Writes the results of every video whose units are all there, and says what is missing.\n"
      "exit codes: 0 all results are there, 1 some could not be written, 75 units are missing");
  verb.on_call([arguments, &context] { finish(*arguments, context); });
}

}  // namespace posse
