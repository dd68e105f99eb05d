#include "cluster/make_plan.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <map>

#include "base/clock.h"
#include "base/error.h"
#include "base/files.h"
#include "base/paths.h"
#include "base/text.h"
#include "base/version.h"
#include "cluster/run_directory.h"
#include "cluster/unit_claim.h"
#include "network/flops.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

/// Of a worker with a few cores; what it is matters for the size of units alone.
constexpr double kAssumedFlopsPerSecond = 1e11;

double estimated_rate(const Ensemble& ensemble, const VideoInfo& info) {
  double flops = 0;
  for (const MemberNetwork& member : ensemble.members())
    flops += graph_flops(member.graph, {info.height, info.width}, /*with_locref=*/true);
  return kAssumedFlopsPerSecond / flops;
}

/// As given if absolute, else as seen from the folder that the run's lies in.
fs::path path_in_plan(const fs::path& path, const fs::path& run_folder) {
  if (path.empty() || path.is_absolute()) return path;
  return absolute_path(path).lexically_relative(absolute_path(run_folder).parent_path());
}

/// JSON is UTF-8.
void require_utf8(const fs::path& path) {
  if (is_valid_utf8(path.string())) return;
  throw Error(
      ErrorKind::usage,
      fmt::format("{}: its name is not UTF-8, which plan.json is", printable(path.string())),
      {.hint = "give it another name, or run it alone with posse run"});
}

void check_names(std::span<const ClusterVideo> videos) {
  std::map<std::string, fs::path> seen;
  for (const ClusterVideo& video : videos) {
    const fs::path& path = video.known.info.path;
    const auto [earlier, fresh] = seen.emplace(result_stem(path), path);
    if (fresh) continue;
    throw Error(ErrorKind::usage,
                fmt::format("{} and {} would both write to the folder {}",
                            printable(earlier->second.string()), printable(path.string()),
                            printable(earlier->first)),
                {.hint = "plan them as two runs"});
  }
}

/// Two plans made at once: the first stays, and the second is compared with it.
void write_plan(const ClusterPlan& plan, const RunDirectory& directory, bool replan) {
  const std::string text = to_text(plan);
  make_folders(directory.root);
  if (replan) {
    write_file(directory.plan(), text);
    return;
  }
  const fs::path fresh = directory.root / fmt::format(".plan.{}-{}", machine_tag(), ::getpid());
  write_file(fresh, text);
  const int error = system_calls().link(fresh.c_str(), directory.plan().c_str());
  std::error_code ignored;
  if (error != 0 && error != EEXIST && !path_exists(directory.plan()))
    fs::rename(fresh, directory.plan(), ignored);  // no hard links here
  fs::remove(fresh, ignored);
  if (are_same_plan(read_file(directory.plan()), text)) return;
  throw Error(ErrorKind::usage,
              fmt::format("{}: is another plan", printable(directory.plan().string())),
              {.hint = "--replan replaces it, and keeps the units that fit; or choose another "
                       "directory"});
}

}  // namespace

int64_t frames_of_a_minute(double frames_per_second) {
  const double frames = std::clamp(60 * frames_per_second, 10.0, 100'000.0);
  const double digit = std::pow(10.0, std::floor(std::log10(frames)) - 1);
  return std::llround(std::round(frames / digit) * digit);
}

std::vector<Unit> units_of(std::span<const ClusterVideo> videos, const FrameRange& range,
                           int64_t unit_frames) {
  std::vector<Unit> units;
  for (size_t i = 0; i < videos.size(); ++i) {
    const std::optional<int64_t> count = expected_frames(videos[i].known.info, range);
    // An open end finds frames that the container does not announce.
    for (int64_t done = 0; count && done + unit_frames < *count; done += unit_frames) {
      const int64_t begin = range.start + done * range.step;
      units.push_back({.video = i, .begin = begin, .end = begin + unit_frames * range.step});
    }
    const bool is_first = units.empty() || units.back().video != i;
    units.push_back(
        {.video = i, .begin = is_first ? range.start : *units.back().end, .end = range.stop});
  }
  return units;
}

std::vector<Task> tasks_of(std::span<const Unit> units) {
  std::vector<Task> tasks;
  for (size_t first = 0; first < units.size();) {
    size_t last = first;
    while (last < units.size() && last - first < kTaskUnits) {
      size_t end_of_video = last + 1;
      while (end_of_video < units.size() && units[end_of_video].video == units[last].video)
        ++end_of_video;
      // A video that would be cut here, and not for its own length, begins the next task.
      if (last > first && end_of_video - first > kTaskUnits &&
          units[last].video != units[last - 1].video)
        break;
      last = std::min(end_of_video, first + kTaskUnits);
    }
    tasks.push_back({first, last});
    first = last;
  }
  return tasks;
}

ClusterPlan make_plan(const fs::path& run_folder, std::span<const fs::path> videos,
                      std::span<const fs::path> members, const EnsembleOptions& ensemble_options,
                      const RunOptions& run, const PlanOptions& options, const JobHooks& hooks) {
  if (videos.empty()) throw Error(ErrorKind::usage, "no video is given");
  const RunDirectory directory{run_folder};
  require_writable(directory.plan());
  Ensemble ensemble = Ensemble::open(members, ensemble_options);
  const fs::path out = options.out.empty() ? directory.root / "results" : options.out;
  ClusterPlan plan{.engine = version(),
                   .backend = ensemble.backend_name(),
                   .bodyparts = ensemble.bodyparts(),
                   .ensemble = ensemble_options,
                   .run = run,
                   .out = path_in_plan(out, run_folder)};
  plan.ensemble.tune = false;  // kernels chosen by their time may differ in the last bits
  for (const fs::path& member : members) plan.members.push_back(path_in_plan(member, run_folder));
  for (const MemberNetwork& member : ensemble.members()) {
    plan.networks.push_back({.name = printable(member.name),
                             .path = path_in_plan(member.member.path, run_folder),
                             .weights_sha256 = member.weights_sha256});
  }
  for (std::string* file : {&plan.run.bbox, &plan.run.calibration, &plan.run.extras})
    *file = path_in_plan(*file, run_folder).string();
  plan.run.track.view_calibration = path_in_plan(run.track.view_calibration, run_folder);
  const double start = seconds_now();
  double rate = options.rate.value_or(0);
  for (const fs::path& path : videos) {
    if (hooks.stop != nullptr && hooks.stop->requested())
      throw Error(ErrorKind::interrupted, "nothing was planned");
    require_utf8(path);
    try {
      ClusterVideo video{.known = look_at_video(path)};
      const RunPlan frames = plan_run(ensemble, video.known, out, run);
      RunOptions chosen = run;
      chosen.consensus = choice_of(frames.consensus.method);
      video.id = video_id(path, video.known.input.sha256);
      video.consensus = frames.consensus.method;
      video.consensus_why = frames.consensus.why;
      video.fingerprint = plan_frames(ensemble, video.known, out, chosen).key.fingerprint;
      if (rate == 0) rate = estimated_rate(ensemble, video.known.info);
      video.known.info.path = path_in_plan(path, run_folder);
      plan.videos.push_back(std::move(video));
    } catch (const Error& error) {
      if (!options.skip_bad_videos) throw;
      if (hooks.warning) hooks.warning(std::string("left out: ") + error.what());
    }
    if (hooks.progress)
      hooks.progress({.stage = "plan",
                      .item = path.filename().string(),
                      .done = static_cast<int64_t>(plan.videos.size()),
                      .total = static_cast<int64_t>(videos.size()),
                      .elapsed_seconds = seconds_now() - start,
                      .unit = "videos"});
  }
  if (plan.videos.empty()) throw Error(ErrorKind::bad_file, "none of the videos can be read");
  check_names(plan.videos);
  plan.unit_frames = options.unit_frames > 0 ? options.unit_frames : frames_of_a_minute(rate);
  // Batches of frames that belong together begin with the video.
  if (ensemble.batch_norm_frames() > 1) plan.unit_frames = int64_t{1} << 40;
  plan.units = units_of(plan.videos, run.frames, plan.unit_frames);
  plan.tasks = tasks_of(plan.units);
  write_plan(plan, directory, options.replan);
  return read_plan(run_folder);
}

}  // namespace posse
