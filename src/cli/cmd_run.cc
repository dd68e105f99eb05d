#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/option_binding.h"
#include "ensemble/ensemble.h"
#include "run/run_record.h"
#include "run/run_video.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

struct RunArguments {
  std::vector<fs::path> videos;
  std::vector<fs::path> members;
  fs::path out = "posse-results";
  EnsembleOptions ensemble;
  RunOptions run;
  bool dry_run = false;
  bool json = false;
};

/// Two videos of one name would write into one folder.
void check_distinct(const std::vector<fs::path>& videos) {
  std::map<std::string, fs::path> seen;
  for (const fs::path& video : videos) {
    const auto [earlier, fresh] = seen.emplace(result_stem(video), video);
    if (!fresh) {
      throw Error(ErrorKind::usage,
                  fmt::format("{} and {} would both write to the folder {}",
                              earlier->second.string(), video.string(), earlier->first),
                  {.hint = "run them one by one with different --out folders"});
    }
  }
}

void describe_ensemble(const Ensemble& ensemble, CommandContext& context) {
  for (const MemberNetwork& member : ensemble.members()) {
    context.console.note(
        fmt::format("member {}: {}, {}, decoded by the {} rule", member.name, net_type(member.spec),
                    member.checkpoint.prefix().filename().string(), to_string(member.rule)));
    for (const std::string& warning : member.warnings)
      context.console.warn(member.name + ": " + warning);
  }
  for (const std::string& warning : ensemble.warnings()) context.console.warn(warning);
  for (const std::string& name : ensemble.alignment().left_out) {
    context.console.warn(fmt::format("bodypart '{}' is left out: not all members have it", name));
  }
}

Json failure_of(const fs::path& video, const Error& error) {
  return Json::object(
      {{"video", printable(video.string())}, {"status", "failed"}, {"error", error.what()}});
}

Json describe(const RunOutcome& outcome, const RunOptions& options) {
  Json json = Json::object({{"status", outcome.status == RunStatus::done      ? "done"
                                       : outcome.status == RunStatus::skipped ? "skipped"
                                                                              : "interrupted"},
                            {"folder", printable(outcome.paths.folder.string())},
                            {"frames", outcome.num_frames},
                            {"frames_resumed", outcome.num_resumed},
                            {"seconds", outcome.timings.wall_seconds},
                            {"warnings", outcome.warnings}});
  for (const fs::path& file : outcome.paths.final_files(options))
    json["files"].push_back(printable(file.string()));
  return json;
}

void print_outcome(const fs::path& video, const RunOutcome& outcome, const RunOptions& options,
                   CommandContext& context) {
  Console& console = context.console;
  const std::string name = video.filename().string();
  console.end_progress();
  for (const std::string& warning : outcome.warnings) console.warn(name + ": " + warning);
  if (outcome.status == RunStatus::skipped) {
    console.print(
        fmt::format("{}: done already, skipped ({})", name, outcome.paths.folder.string()));
    return;
  }
  if (outcome.status == RunStatus::interrupted) {
    console.print(fmt::format("{}: stopped after {} frames; the same command goes on from there",
                              name, outcome.num_frames));
    return;
  }
  const int64_t computed = outcome.num_frames - outcome.num_resumed;
  std::string line = fmt::format("{}: {} frames in {}", name, outcome.num_frames,
                                 format_duration(outcome.timings.wall_seconds));
  if (outcome.timings.wall_seconds > 0) {
    line += fmt::format(" ({:.1f} frames/s)",
                        static_cast<double>(computed) / outcome.timings.wall_seconds);
  }
  if (outcome.num_resumed > 0)
    line += fmt::format(", {} of them from an earlier, stopped run", outcome.num_resumed);
  console.print(line);
  for (const fs::path& file : outcome.paths.final_files(options))
    console.print("  " + file.string());
}

/// What one video would cost; zeros where that is unknown or nothing would be run.
struct Estimate {
  double seconds = 0;
  double frames_per_second = 0;
  int64_t memory_bytes = 0;
  double disk_bytes = 0;
};

/// Time of the networks for frames of this size, measured on a few blank ones.
double seconds_per_frame(Ensemble& ensemble, const VideoInfo& info) {
  const size_t count = 2 * static_cast<size_t>(ensemble.batch_size({info.height, info.width}) *
                                               ensemble.num_threads());
  std::vector<Image> blank(count, Image(info.width, info.height));
  ensemble.predict(blank);  // the first call plans memory and tunes
  const auto start = std::chrono::steady_clock::now();
  ensemble.predict(blank);
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  return taken.count() / static_cast<double>(count);
}

Estimate estimate(Ensemble& ensemble, const RunPlan& plan) {
  if (plan.finished_already) return {};
  Estimate estimate{.disk_bytes = plan.table_bytes + plan.video_bytes};
  if (plan.num_frames == 0) return estimate;
  const double per_frame = seconds_per_frame(ensemble, plan.video);
  estimate.frames_per_second = 1 / per_frame;
  estimate.seconds = per_frame * static_cast<double>(plan.num_frames - plan.num_resumable);
  estimate.memory_bytes = peak_memory_bytes();
  return estimate;
}

std::string state_of(const RunPlan& plan) {
  if (plan.finished_already) return "done already, would be skipped";
  if (plan.num_resumable > 0)
    return fmt::format("{} of them done by a stopped run", plan.num_resumable);
  return "to be run";
}

void print_plan(const fs::path& video, const RunPlan& plan, const Estimate& estimate,
                const Ensemble& ensemble, const RunArguments& arguments, Console& console) {
  console.print(fmt::format(
      "{}: {}x{}, {} frames, {}", video.string(), plan.video.width, plan.video.height,
      plan.num_frames > 0 ? std::to_string(plan.num_frames) : "unknown number of", state_of(plan)));
  if (plan.finished_already) return;
  for (const fs::path& file : plan.paths.final_files(arguments.run))
    console.print("  would write " + file.string());
  console.print(fmt::format("  about {} on the disk", format_bytes(estimate.disk_bytes)));
  if (plan.num_frames == 0) return;
  console.print(fmt::format("  about {} at {:.1f} frames/s on {} threads, {} of memory",
                            format_duration(estimate.seconds), estimate.frames_per_second,
                            ensemble.num_threads(),
                            format_bytes(static_cast<double>(estimate.memory_bytes))));
}

Json describe(const RunPlan& plan, const Estimate& estimate, const RunArguments& arguments) {
  Json json = Json::object({{"status", plan.finished_already ? "would be skipped" : "would be run"},
                            {"folder", printable(plan.paths.folder.string())},
                            {"width", plan.video.width},
                            {"height", plan.video.height},
                            {"frames", plan.num_frames > 0 ? Json(plan.num_frames) : Json(nullptr)},
                            {"frames_resumed", plan.num_resumable},
                            {"seconds", estimate.seconds},
                            {"memory_bytes", estimate.memory_bytes},
                            {"disk_bytes", estimate.disk_bytes}});
  for (const fs::path& file : plan.paths.final_files(arguments.run))
    json["files"].push_back(printable(file.string()));
  return json;
}

/// Plans every video; one that cannot be read is reported and does not hide the others' plans.
void dry_run(Ensemble& ensemble, const RunArguments& arguments, CommandContext& context) {
  double total_seconds = 0;
  Json report = Json::array();
  size_t failed = 0;
  for (const fs::path& video : arguments.videos) {
    try {
      const RunPlan plan = plan_run(ensemble, video, arguments.out, arguments.run);
      const Estimate cost = estimate(ensemble, plan);
      total_seconds += cost.seconds;
      if (arguments.json) {
        report.push_back(describe(plan, cost, arguments));
        report.back()["video"] = printable(video.string());
      } else {
        print_plan(video, plan, cost, ensemble, arguments, context.console);
      }
    } catch (const Error& error) {
      if (arguments.videos.size() == 1) throw;
      context.console.warn(error.what());
      report.push_back(failure_of(video, error));
      ++failed;
    }
  }
  if (arguments.json) {
    context.console.print(report.dump(2));
  } else {
    context.console.print(
        fmt::format("in all about {}; nothing was written", format_duration(total_seconds)));
  }
  if (failed > 0) {
    context.exit_code =
        failed == arguments.videos.size() ? ExitCode::failed : ExitCode::some_failed;
  }
}

/// One video; a failure is reported and leaves the others alone when there are several.
ExitCode run_one(Ensemble& ensemble, const fs::path& video, const RunArguments& arguments,
                 CommandContext& context, Json& report) {
  try {
    const RunOutcome outcome =
        run_video(ensemble, video, arguments.out, arguments.run,
                  {.progress = [&](const Progress& p) { context.console.progress(p); },
                   .stop = &context.stop});
    if (arguments.json) {
      Json entry = describe(outcome, arguments.run);
      entry["video"] = printable(video.string());
      report.push_back(std::move(entry));
    } else {
      print_outcome(video, outcome, arguments.run, context);
    }
    if (outcome.status == RunStatus::interrupted) return ExitCode::interrupted;
    return outcome.warnings.empty() ? ExitCode::done : ExitCode::data_warnings;
  } catch (const Error& error) {
    if (arguments.videos.size() == 1) throw;
    context.console.end_progress();
    context.console.warn(error.what());
    report.push_back(failure_of(video, error));
    return ExitCode::failed;
  }
}

void run(const RunArguments& arguments, CommandContext& context) {
  check_distinct(arguments.videos);
  Ensemble ensemble = Ensemble::open(arguments.members, arguments.ensemble);
  describe_ensemble(ensemble, context);
  if (arguments.dry_run) {
    dry_run(ensemble, arguments, context);
    return;
  }
  Json report = Json::array();
  size_t failed = 0;
  bool warned = !ensemble.warnings().empty();
  for (const fs::path& video : arguments.videos) {
    const ExitCode code = run_one(ensemble, video, arguments, context, report);
    failed += code == ExitCode::failed ? 1 : 0;
    warned = warned || code == ExitCode::data_warnings;
    if (code == ExitCode::interrupted) {
      context.exit_code = code;
      break;
    }
  }
  if (arguments.json) context.console.print(report.dump(2));
  if (context.exit_code == ExitCode::interrupted) return;
  if (failed > 0) {
    context.exit_code =
        failed == arguments.videos.size() ? ExitCode::failed : ExitCode::some_failed;
  } else if (warned) {
    context.exit_code = ExitCode::data_warnings;
  }
}

}  // namespace

void add_run(Verb root, CommandContext& context) {
  auto arguments = std::make_shared<RunArguments>();
  Verb verb = root.add_verb("run", "consensus poses of an ensemble over videos");
  verb.add_option("VIDEO", arguments->videos, "video files, or folders of pictures").required();
  verb.add_option("--members", arguments->members,
                  "trained networks: project folders, train/ folders or snapshot prefixes, or a "
                  "folder that holds them")
      .required()
      .placeholder("PATH...");
  verb.add_option("--out", arguments->out,
                  "where results go, a folder per video (default posse-results)")
      .placeholder("DIR");
  describe(arguments->run, OptionBinder(verb, "What is computed and written"));
  describe(arguments->ensemble, OptionBinder(verb, "Networks"));
  verb.add_flag("--dry-run", arguments->dry_run,
                "say what would be read, run and written, with estimates; write nothing");
  verb.add_flag("--json", arguments->json, "print the outcome as JSON");
  verb.footer(
      "example: posse run openarena.mp4 --members member-1 member-2 member-3 --labeled-video\n"
      "writes   posse-results/openarena/   consensus poses (.h5, .csv), uncertainty inside the "
      ".h5, run.json;\n"
      "         members/, wide/, smoothed/ and the labelled video on request\n"
      "A stopped run goes on with the same command; finished videos are skipped.");
  verb.on_call([arguments, &context] { run(*arguments, context); });
}

}  // namespace posse
