#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "calibration/calibration.h"
#include "cli/command.h"
#include "ensemble/ensemble.h"
#include "report/report_job.h"
#include "run/run_video.h"
#include "study/evaluate_job.h"
#include "study/evaluation.h"
#include "study/evaluation_json.h"
#include "study/labels/label_set.h"
#include "study/scores/gaussian_scores.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

constexpr double kLargeError = 15;     // pixels; the animal is about 60 long
constexpr int64_t kLabelledStep = 10;  // CollectedData_posse.csv labels every tenth frame

/// data/demo of the checkout the program was built in, found upwards from the program itself.
fs::path find_demo_data() {
  if (const char* named = std::getenv("POSSE_DEMO_DATA")) return named;
  std::error_code ignored;
  for (fs::path folder = fs::read_symlink("/proc/self/exe", ignored).parent_path();
       folder.has_relative_path(); folder = folder.parent_path()) {
    if (fs::exists(folder / "data" / "demo" / "member-1", ignored)) return folder / "data" / "demo";
  }
  throw Error(ErrorKind::not_found, "the demo's data are not there",
              {.hint = "run ./posse demo in a checkout, or name the folder with --data"});
}

/// The exact positions that came with the rendered video: frame n is the row of "imgNNN.png".
Poses read_truth(const fs::path& path) {
  const LabelSet labels = read_label_set(path);
  Poses truth{.bodyparts = labels.bodyparts};
  for (size_t row = 0; row < labels.pictures.size(); ++row) {
    const LabelledPicture& picture = labels.pictures[row];
    if (!picture.number) {
      throw Error(ErrorKind::bad_file, fmt::format("{}: '{}' names no frame of the video",
                                                   path.string(), printable(picture.name)));
    }
    truth.frame_index.push_back(*picture.number);
    for (size_t part = 0; part < labels.bodyparts.size(); ++part) {
      const Point& point = labels.at(row, part).point;
      truth.keypoints.push_back({point.x, point.y, 1});
    }
  }
  return truth;
}

/// The poses of a run, taken frame by frame: the consensus, then each member.
std::vector<Poses> empty_tracks(const Ensemble& ensemble) {
  return std::vector<Poses>(1 + ensemble.members().size(),
                            Poses{.bodyparts = ensemble.bodyparts()});
}

void append(const FrameResult& result, std::vector<Poses>& tracks) {
  for (Poses& track : tracks) track.frame_index.push_back(result.frame_index);
  for (const ConsensusKeypoint& keypoint : result.consensus)
    tracks[0].keypoints.push_back(keypoint.keypoint);
  for (size_t m = 0; m < result.num_members(); ++m) {
    const std::span<const Keypoint> member = result.member(m);
    tracks[1 + m].keypoints.insert(tracks[1 + m].keypoints.end(), member.begin(), member.end());
  }
}

std::string table_row(const std::string& name, const std::vector<ErrorSummary>& errors) {
  std::string row = fmt::format("{:<18}", name);
  for (const ErrorSummary& error : errors) row += fmt::format("{:>11.2f}", error.rmse);
  return row +
         fmt::format("{:>9.2f}{:>9.1f} %", errors.back().median, 100 * errors.back().share_above);
}

void print_errors(const Ensemble& ensemble, const std::vector<Poses>& tracks, const Poses& truth,
                  Console& console) {
  console.print("\nRoot-mean-square distance from the truth, in pixels");
  std::string head = fmt::format("{:<18}", "");
  for (const std::string& name : truth.bodyparts) head += fmt::format("{:>11}", name);
  console.print(head + fmt::format("{:>11}{:>9}{:>11}", "all", "median", "> 15 px"));
  for (size_t m = 0; m < ensemble.members().size(); ++m) {
    console.print(table_row(ensemble.members()[m].name,
                            compare_with_truth(tracks[1 + m], truth, kLargeError)));
  }
  console.print(table_row("consensus", compare_with_truth(tracks[0], truth, kLargeError)));
}

/// What one frame says, kept to be held against the truth.
struct StatedFrame {
  int64_t frame_index = 0;
  std::vector<SpreadFacts> facts;  ///< [bodyparts]
};

StatedFrame stated(const FrameResult& result) {
  StatedFrame frame{.frame_index = result.frame_index, .facts = {}};
  for (size_t p = 0; p < result.consensus.size(); ++p) {
    std::vector<Point> points;
    for (size_t m = 0; m < result.num_members(); ++m)
      points.push_back({result.member(m)[p].x, result.member(m)[p].y});
    frame.facts.push_back(spread_of(points, result.track.empty()
                                                ? result.consensus[p].map_covariance
                                                : result.track[p].covariance));
  }
  return frame;
}

/// Share of the points of frames without a label that lie within the stated 90 % regions.
double share_held(const Calibration& calibration, const std::vector<StatedFrame>& frames,
                  const Poses& consensus, const Poses& truth) {
  double held = 0, points = 0;
  for (size_t row = 0; row < frames.size(); ++row) {
    if (frames[row].frame_index % kLabelledStep == 0) continue;
    for (size_t p = 0; p < truth.num_bodyparts(); ++p) {
      const Keypoint &there = truth.at(static_cast<size_t>(frames[row].frame_index), p),
                     &said = consensus.at(row, p);
      const double d2 = squared_mahalanobis(there.x - said.x, there.y - said.y,
                                            calibration.model.covariance(p, frames[row].facts[p]));
      if (std::isnan(d2)) continue;
      held += d2 <= region_of(calibration, 0.9).bodyparts[p] ? 1 : 0;
      points += 1;
    }
  }
  return held / points;
}

/// How sure one may be, in a sentence: calibrated on the labelled frames, held against the others.
/// @return the evaluation that it comes from
Evaluation print_calibrated(const fs::path& data, const fs::path& video,
                            const std::vector<StatedFrame>& frames,
                            const std::vector<Poses>& tracks, const Poses& truth,
                            CommandContext& context) {
  const TemporaryFolder cache;
  EvaluateOptions options;
  options.consensus = ConsensusChoice::track;
  options.membership = data / "training-frames.json";
  options.video = {video};
  options.cache = cache.path();
  Evaluation evaluation =
      calibrate(std::vector{data}, data / "labels" / "CollectedData_posse.csv", {}, false, options,
                {}, {.progress = {}, .note = {}, .warning = {}, .stop = &context.stop});
  const CalibratedRow& all = evaluation.calibrated.back();
  context.console.print(fmt::format(
      "\nHow sure may you be? From {} labelled frames posse states that nine of ten bodyparts lie "
      "within about {:.0f} px of the consensus;\nin the other {} frames, whose truth is known too, "
      "it was {:.0f} %.",
      evaluation.judged.pictures.size(), all.radius90,
      frames.size() - evaluation.judged.pictures.size(),
      100 * share_held(evaluation.calibration, frames, tracks[0], truth)));
  return evaluation;
}

/// One file to look at: the results with their errors.
void write_demo_report(const fs::path& results, const fs::path& out, const Evaluation& evaluation,
                       CommandContext& context) {
  const TemporaryFolder folder;
  ReportOptions options;
  options.evaluation = folder.path() / "evaluation.json";
  write_file(options.evaluation, to_json(evaluation).dump());
  const ReportOutcome report =
      make_report(std::vector{results}, out, true, options,
                  {.progress = {}, .note = {}, .warning = {}, .stop = &context.stop});
  context.console.print(fmt::format("\nLook at it in a browser: {} ({})", report.file.string(),
                                    format_bytes(static_cast<double>(report.num_bytes))));
}

struct DemoArguments {
  fs::path data;
  fs::path out = "posse-demo";
};

void run_demo(const DemoArguments& arguments, CommandContext& context) {
  const fs::path data = arguments.data.empty() ? find_demo_data() : arguments.data;
  const fs::path video = data / "video" / "openarena.mp4";
  const Poses truth = read_truth(data / "labels" / "openarena-groundtruth.csv");
  Console& console = context.console;
  console.print(
      fmt::format("posse run {} --members {} --out {} \\\n          "
                  "--save-members --labeled-video",
                  video.string(), data.string(), arguments.out.string()));
  Ensemble ensemble = Ensemble::open(std::vector{data});
  std::vector<Poses> tracks = empty_tracks(ensemble);
  std::vector<StatedFrame> frames;
  RunOptions options;
  options.save_members = true;
  options.labeled_video = true;
  options.keep_journal = false;  // the demo shows the networks at work, each time
  options.force = true;
  const RunOutcome outcome = run_video(ensemble, video, arguments.out, options,
                                       {.progress = [&](const Progress& p) { console.progress(p); },
                                        .on_frame =
                                            [&](const FrameResult& result) {
                                              append(result, tracks);
                                              frames.push_back(stated(result));
                                            },
                                        .stop = &context.stop});
  console.end_progress();
  if (outcome.status == RunStatus::interrupted) {
    throw Error(ErrorKind::interrupted, "the same command goes on where this one stopped");
  }
  print_errors(ensemble, tracks, truth, console);
  console.print(fmt::format(
      "\n{} members over {} frames in {} ({:.0f} frames/s on {} threads). Written:",
      ensemble.members().size(), outcome.num_frames, format_duration(outcome.timings.wall_seconds),
      static_cast<double>(outcome.num_frames) / outcome.timings.wall_seconds,
      ensemble.num_threads()));
  for (const fs::path& file : outcome.files) console.print("  " + file.string());
  const Evaluation evaluation = print_calibrated(data, video, frames, tracks, truth, context);
  write_demo_report(arguments.out / video.stem(), arguments.out / "report.html", evaluation,
                    context);
}

}  // namespace

void add_demo(Verb root, CommandContext& context) {
  auto arguments = std::make_shared<DemoArguments>();
  Verb verb = root.add_verb("demo", "run the shipped example and compare it with the truth");
  verb.add_option("--data", arguments->data,
                  "folder of the demo's data (default: data/demo of the checkout)")
      .placeholder("DIR");
  verb.add_option("--out", arguments->out, "folder for the results (default posse-demo)")
      .placeholder("DIR");
  verb.on_call([arguments, &context] { run_demo(*arguments, context); });
}

}  // namespace posse
