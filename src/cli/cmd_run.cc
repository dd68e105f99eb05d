#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/count_text.h"
#include "base/error.h"
#include "base/json.h"
#include "base/paths.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/option_binding.h"
#include "ensemble/ensemble.h"
#include "run/plan.h"
#include "run/run_video.h"
#include "video/video_reader.h"

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

/// The videos, each file once.
std::vector<fs::path> without_repeats(const std::vector<fs::path>& videos, Console& console) {
  std::vector<fs::path> distinct;
  for (const fs::path& video : videos) {
    const bool is_repeat = std::ranges::any_of(distinct, [&](const fs::path& earlier) {
      std::error_code missing;
      return video == earlier || fs::equivalent(video, earlier, missing);
    });
    if (is_repeat) {
      console.warn(video.string() + ": is given twice and run once");
    } else {
      distinct.push_back(video);
    }
  }
  return distinct;
}

/// An option that takes all that follows may have taken the videos.
void require_videos(const RunArguments& arguments) {
  if (!arguments.videos.empty()) return;
  std::string taken;
  for (const fs::path& member : arguments.members) {
    if (has_video_extension(member) || has_picture_extension(member))
      taken += (taken.empty() ? "" : " ") + member.string();
  }
  const std::string first = taken.empty() ? "VIDEO..." : taken;
  throw Error(ErrorKind::usage,
              taken.empty() ? "VIDEO is required"
                            : fmt::format("VIDEO is required: --members took {}", taken),
              {.hint = fmt::format("put the videos first: posse run {} --members ...", first)});
}

/// The name of the folder of results; nothing for a path that cannot be looked at, whose turn to
/// fail comes.
std::optional<std::string> folder_name(const fs::path& video) {
  try {
    return result_stem(video);
  } catch (const Error&) {
    return std::nullopt;
  }
}

/// Two videos of one name would write into one folder.
void check_distinct(const std::vector<fs::path>& videos) {
  std::map<std::string, fs::path> seen;
  for (const fs::path& video : videos) {
    const std::optional<std::string> name = folder_name(video);
    if (!name) continue;
    const auto [earlier, fresh] = seen.emplace(*name, video);
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
                    member.weights->path().filename().string(), to_string(member.rule)));
    if (member.crop) {
      context.console.note(fmt::format(
          "member {}: frames are cut to columns {} to {}, rows {} to {} (config.yaml's cropping); "
          "results are in whole frames",
          member.name, member.crop->x1, member.crop->x2, member.crop->y1, member.crop->y2));
    }
    const std::string preparation = preparation_of(member);
    if (!preparation.empty()) {
      context.console.note(fmt::format("member {}: frames are {}", member.name, preparation));
    }
    for (const std::string& warning : member.warnings)
      context.console.warn(member.name + ": " + warning);
  }
  std::set<std::string> notes;  // said once, however many members they are of
  for (const MemberNetwork& member : ensemble.members()) {
    notes.insert(
        batch_norm_note(member.member, member.spec.batch_norm_mode == BatchNormMode::frame));
  }
  for (const std::string& note : notes) {
    if (!note.empty()) context.console.note(note);
  }
  for (const std::string& note : ensemble.notes()) context.console.note(note);
  for (const std::string& warning : ensemble.warnings()) context.console.warn(warning);
  for (const std::string& name : ensemble.alignment().left_out) {
    context.console.warn(fmt::format("bodypart '{}' is left out: not all members have it", name));
  }
}

Json failure_of(const fs::path& video, const Error& error) {
  return Json::object(
      {{"video", printable(video.string())}, {"status", "failed"}, {"error", error.what()}});
}

Json describe(const ChosenConsensus& consensus) {
  return Json::object({{"method", std::string(name_of(consensus.method))}, {"why", consensus.why}});
}

Json describe(const RunOutcome& outcome) {
  Json json = Json::object({{"status", outcome.status == RunStatus::done      ? "done"
                                       : outcome.status == RunStatus::skipped ? "skipped"
                                                                              : "interrupted"},
                            {"folder", printable(outcome.paths.folder.string())},
                            {"frames", outcome.num_frames},
                            {"frames_resumed", outcome.num_resumed},
                            {"seconds", outcome.timings.wall_seconds},
                            {"warnings", outcome.warnings}});
  json["consensus"] = describe(outcome.consensus);
  json["networks"] = outcome.ran_networks;
  json["journal_bytes"] = outcome.journal_bytes;
  json["failed"] = Json::array();
  for (const FailedOutput& failed : outcome.failed)
    json["failed"].push_back(
        Json::object({{"output", failed.name}, {"error", failed.error.what()}}));
  for (const fs::path& file : outcome.files) json["files"].push_back(printable(file.string()));
  return json;
}

/// "video.mp4: 360 frames in 2.8 s (129 frames/s)"
std::string summary_of(const std::string& name, const RunOutcome& outcome) {
  if (!outcome.ran_networks)
    return fmt::format("{}: {} from the journal, no network was run", name,
                       count_text(outcome.num_frames, "frame"));
  const int64_t computed = outcome.num_frames - outcome.num_resumed;
  std::string line = fmt::format("{}: {} in {}", name, count_text(outcome.num_frames, "frame"),
                                 format_duration(outcome.timings.wall_seconds));
  if (outcome.timings.wall_seconds > 0) {
    line += fmt::format(" ({:.1f} frames/s)",
                        static_cast<double>(computed) / outcome.timings.wall_seconds);
  }
  if (outcome.num_resumed > 0)
    line += fmt::format(", {} of them from an earlier, stopped run", outcome.num_resumed);
  return line;
}

void print_outcome(const fs::path& video, const RunOutcome& outcome, CommandContext& context) {
  Console& console = context.console;
  const std::string name = video.filename().string();
  console.end_progress();
  if (outcome.status == RunStatus::skipped) {
    console.print(
        fmt::format("{}: done already, skipped ({})", name, outcome.paths.folder.string()));
    return;
  }
  if (outcome.status == RunStatus::interrupted) {
    console.print(fmt::format("{}: stopped after {}; the same command goes on from there", name,
                              count_text(outcome.num_frames, "frame")));
    return;
  }
  console.print(summary_of(name, outcome));
  for (const fs::path& file : outcome.files) console.print("  " + file.string());
  for (const fs::path& file : outcome.files) {
    if (file.parent_path().parent_path().filename() == "as-member" && file.extension() == ".h5")
      console.note("for DeepLabCut's tools: destfolder='" + file.parent_path().string() + "'");
  }
  if (outcome.journal_bytes > 0) {
    console.note(fmt::format("kept for further results without networks: {} ({})",
                             outcome.paths.journal.string(),
                             format_bytes(static_cast<double>(outcome.journal_bytes))));
  }
}

/// What the person should know, whatever form the results are printed in.
void print_warnings(const fs::path& video, const RunOutcome& outcome, Console& console) {
  const std::string name = video.filename().string();
  console.end_progress();
  for (const std::string& note : outcome.notes) console.note(name + ": " + note);
  for (const std::string& warning : outcome.warnings) console.warn(name + ": " + warning);
  for (const FailedOutput& failed : outcome.failed) {
    console.warn(fmt::format("{}: {} failed, the same command tries it again: {}", name,
                             failed.name, failed.error.what()));
  }
}

/// How far a device's maps lie from our own engine's. @return false if networks ran on none yet
bool note_golden_error(const Ensemble& ensemble, Console& console) {
  const ExecutionFacts facts = ensemble.execution_facts();
  if (facts.device.empty()) return false;
  console.note(
      fmt::format("device {} in {}: on a trial frame members' maps are within {:.1e} of "
                  "their range of those of posse's own engine",
                  facts.device, facts.precision, facts.golden_error));
  return true;
}

std::string state_of(const RunPlan& plan) {
  if (plan.finished_already) return "done already, would be skipped";
  if (!plan.needs_networks) return "all of them in the journal, no network would be run";
  if (plan.num_resumable() > 0)
    return fmt::format("{} of them done by a stopped run", plan.num_resumable());
  return "to be run";
}

void print_plan(const fs::path& video, const RunPlan& plan, const RunEstimate& estimate,
                const Ensemble& ensemble, Console& console) {
  console.print(fmt::format(
      "{}: {}x{}, {}, {}", video.string(), plan.video.width, plan.video.height,
      plan.num_frames > 0 ? count_text(plan.num_frames, "frame") : "unknown number of frames",
      state_of(plan)));
  console.print("  " + plan.consensus.to_string());
  if (plan.finished_already) return;
  for (const PlannedOutput& output : plan.outputs) {
    for (const fs::path& file : output.files) {
      console.print((output.is_there          ? "  is there    "
                     : output.why_not.empty() ? "  would write "
                                              : "  cannot be   ") +
                    file.string());
    }
  }
  console.print("  would write " + plan.paths.record.string());
  for (const fs::path& file : plan.replaced) console.print("  would remove " + file.string());
  console.print(fmt::format("  about {} on the disk", format_bytes(estimate.disk_bytes)));
  if (estimate.seconds == 0) return;
  console.print(fmt::format("  about {} at {:.1f} frames/s on {} threads, {} of memory",
                            format_duration(estimate.seconds), estimate.frames_per_second,
                            ensemble.num_threads(),
                            format_bytes(static_cast<double>(estimate.memory_bytes))));
}

Json describe(const RunPlan& plan, const RunEstimate& estimate) {
  Json json = Json::object({{"status", plan.finished_already ? "would be skipped" : "would be run"},
                            {"folder", printable(plan.paths.folder.string())},
                            {"width", plan.video.width},
                            {"height", plan.video.height},
                            {"frames", plan.num_frames > 0 ? Json(plan.num_frames) : Json(nullptr)},
                            {"frames_resumed", plan.num_resumable()},
                            {"networks", plan.needs_networks && !plan.finished_already},
                            {"seconds", estimate.seconds},
                            {"memory_bytes", estimate.memory_bytes},
                            {"disk_bytes", estimate.disk_bytes}});
  json["warnings"] = plan.warnings;
  json["consensus"] = describe(plan.consensus);
  json["failed"] = Json::array();
  for (const PlannedOutput& output : plan.outputs) {
    if (!output.why_not.empty())
      json["failed"].push_back(Json::object({{"output", output.name}, {"error", output.why_not}}));
  }
  for (const fs::path& file : plan.files()) json["files"].push_back(printable(file.string()));
  json["removed"] = Json::array();
  for (const fs::path& file : plan.replaced) json["removed"].push_back(printable(file.string()));
  return json;
}

/// What of a plan would not come about. @return some_failed, data_warnings or done
ExitCode warn_of_plan(const fs::path& video, const RunPlan& plan, const RunEstimate& cost,
                      Console& console) {
  ExitCode code = ExitCode::done;
  const std::string name = video.filename().string();
  for (const std::string& warning : plan.warnings) {
    console.warn(name + ": " + warning);
    code = ExitCode::data_warnings;
  }
  if (cost.disk_room && *cost.disk_room < cost.disk_bytes) {
    console.warn(fmt::format("{}: about {} are to be written to {}, where {} are free", name,
                             format_bytes(cost.disk_bytes), plan.paths.folder.string(),
                             format_bytes(*cost.disk_room)));
    code = ExitCode::data_warnings;
  }
  for (const PlannedOutput& output : plan.outputs) {
    if (output.why_not.empty()) continue;
    console.warn(fmt::format("{}: {} cannot be written: {}", name, output.name, output.why_not));
    code = ExitCode::some_failed;
  }
  return code;
}

/// Plans every video; one that cannot be read is reported and does not hide the others' plans.
void dry_run(Ensemble& ensemble, const RunArguments& arguments, CommandContext& context) {
  double total_seconds = 0;
  Json report = Json::array();
  size_t failed = 0;
  for (const fs::path& video : arguments.videos) {
    try {
      const RunPlan plan = with_system_errors(
          [&] { return plan_run(ensemble, video, arguments.out, arguments.run); });
      const RunEstimate cost = estimate_run(ensemble, plan);
      total_seconds += cost.seconds;
      if (arguments.json) {
        report.push_back(describe(plan, cost));
        report.back()["video"] = printable(video.string());
      } else {
        print_plan(video, plan, cost, ensemble, context.console);
      }
      const ExitCode code = warn_of_plan(video, plan, cost, context.console);
      if (context.exit_code != ExitCode::some_failed && code != ExitCode::done)
        context.exit_code = code;
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
  const auto say = [&](const ChosenConsensus& consensus) {
    context.console.note(video.filename().string() + ": " + consensus.to_string());
  };
  try {
    const RunOutcome outcome = with_system_errors([&] {
      return run_video(ensemble, video, arguments.out, arguments.run,
                       {.progress = [&](const Progress& p) { context.console.progress(p); },
                        .on_consensus = [&](const ChosenConsensus& c) { say(c); },
                        .stop = &context.stop});
    });
    print_warnings(video, outcome, context.console);
    if (arguments.json) {
      Json entry = describe(outcome);
      entry["video"] = printable(video.string());
      report.push_back(std::move(entry));
    } else {
      print_outcome(video, outcome, context);
    }
    if (outcome.status == RunStatus::interrupted) return ExitCode::interrupted;
    if (!outcome.failed.empty()) return ExitCode::some_failed;
    return outcome.warnings.empty() ? ExitCode::done : ExitCode::data_warnings;
  } catch (const Error& error) {
    // Without its device, no other video can be run either.
    if (arguments.videos.size() == 1 || error.kind() == ErrorKind::device_lost) throw;
    context.console.end_progress();
    context.console.warn(error.what());
    report.push_back(failure_of(video, error));
    return ExitCode::failed;
  }
}

void run(RunArguments arguments, CommandContext& context) {
  require_videos(arguments);
  arguments.videos = without_repeats(arguments.videos, context.console);
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
  bool incomplete = false;
  bool told = false;
  for (const fs::path& video : arguments.videos) {
    const ExitCode code = run_one(ensemble, video, arguments, context, report);
    told = told || note_golden_error(ensemble, context.console);
    failed += code == ExitCode::failed ? 1 : 0;
    warned = warned || code == ExitCode::data_warnings;
    incomplete = incomplete || code == ExitCode::some_failed;
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
  } else if (incomplete) {
    context.exit_code = ExitCode::some_failed;
  } else if (warned) {
    context.exit_code = ExitCode::data_warnings;
  }
}

}  // namespace

void add_run(Verb root, CommandContext& context) {
  auto arguments = std::make_shared<RunArguments>();
  Verb verb = root.add_verb("run", "run an ensemble over videos and write its consensus poses");
  verb.add_option("VIDEO", arguments->videos, "video files, or folders of pictures; at least one");
  verb.add_option("--members", arguments->members,
                  "trained networks: project folders, train/ folders or snapshot prefixes, or a "
                  "folder that holds them")
      .required()
      .placeholder("PATH...");
  verb.add_option("--out", arguments->out,
                  "folder for the results, which get a folder per video (default posse-results)")
      .placeholder("DIR");
  describe(arguments->run, OptionBinder(verb, "What is computed and written"));
  describe(arguments->ensemble, OptionBinder(verb, "Networks"));
  verb.add_flag("--dry-run", arguments->dry_run,
                "say what would be read, run and written, with estimates, but write nothing");
  verb.add_flag("--json", arguments->json, "print the outcome as JSON");
  verb.footer(
      "example: posse run openarena.mp4 --members member-1 member-2 member-3 --labeled-video\n"
      "         posse run videos/*.mp4 --members networks\n"
      "writes   posse-results/openarena/   consensus poses (.h5, .csv), uncertainty inside the "
      ".h5, run.json, and the labelled\n"
      "         video where it is asked for; tables of members, smoothed and wide tables go into "
      "posse-results-extras/\n"
      "The same command goes on with a stopped run, and skips videos that are done. Results that "
      "are asked for later, as by\n"
      "--labeled-video, are made from the kept journal without running networks.");
  verb.on_call([arguments, &context] { run(*arguments, context); });
}

}  // namespace posse
