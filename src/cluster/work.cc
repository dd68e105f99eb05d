#include "cluster/work.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <new>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "base/clock.h"
#include "base/error.h"
#include "base/files.h"
#include "base/host.h"
#include "base/paths.h"
#include "base/text.h"
#include "base/version.h"
#include "cluster/run_directory.h"
#include "cluster/scheduler_task.h"
#include "cluster/unit_claim.h"
#include "run/compute_frames.h"
#include "run/input_identity.h"
#include "run/precision_frames.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

/// Less is too little to write a batch.
constexpr uint64_t kLeastRoom = uint64_t{1} << 20;

/// The machine cannot go on, whatever unit is next.
struct MachineFailure {
  std::string reason;
};

int threads_of(const WorkOptions& options) {
  if (options.threads > 0) return options.threads;
  const char* text = std::getenv("SLURM_CPUS_PER_TASK");
  const int given = text == nullptr ? 0 : std::atoi(text);
  return std::max(given, 0);
}

/// Where a worker that does all begins: others begin elsewhere.
size_t starting_place(size_t count) {
  const std::string text = fmt::format("{}-{}-{}", machine_tag(), ::getpid(), unix_seconds_now());
  return count == 0 ? 0 : std::hash<std::string>()(text) % count;
}

class Worker {
 public:
  Worker(const fs::path& folder, const WorkOptions& options, const WorkHooks& hooks)
      : directory_{folder},
        options_(options),
        hooks_(hooks),
        plan_(read_plan(folder, PathMap(options.map))) {
    if (plan_.engine != version()) {
      warn(
          fmt::format("the plan was made by posse {}, this is {}: units say which of them made "
                      "them",
                      plan_.engine, version()));
    }
    ensemble_options_ = ensemble_of(plan_);
    ensemble_options_.threads = threads_of(options);
    ensemble_options_.batch = options.batch;
    ensemble_options_.low_memory = ensemble_options_.low_memory || options.low_memory;
    if (options.members_at_once > 0) ensemble_options_.members_at_once = options.members_at_once;
  }

  WorkReport run() {
    std::vector<size_t> units = units_to_do();
    try {
      while (!units.empty() && !is_stopped()) {
        units = pass(units);
        if (!units.empty() && !is_stopped()) wait();
      }
    } catch (const MachineFailure& failure) {
      report_.machine_error = failure.reason;
    } catch (const std::bad_alloc&) {
      report_.machine_error = "out of memory, even frame by frame";
    }
    if (report_.machine_error.empty() && !absent_.empty()) {
      report_.machine_error =
          fmt::format("it does not see {}; another that does may do the units",
                      list_names(std::vector<std::string>(absent_.begin(), absent_.end())));
    }
    report_.is_stopped = is_stopped();
    return report_;
  }

 private:
  bool is_stopped() const { return hooks_.stop != nullptr && hooks_.stop->requested(); }
  void warn(const std::string& text) const {
    if (hooks_.warning) hooks_.warning(text);
  }

  std::vector<size_t> units_to_do() const {
    if (options_.task.empty()) {
      std::vector<size_t> units(plan_.units.size());
      const size_t start = starting_place(units.size());
      for (size_t i = 0; i < units.size(); ++i) units[i] = (start + i) % units.size();
      return units;
    }
    const Task task = plan_.tasks[task_number()];
    std::vector<size_t> units;
    for (size_t unit = task.first; unit < task.last; ++unit) units.push_back(unit);
    return units;
  }

  size_t task_number() const {
    int64_t number = 0;
    if (options_.task == "auto") {
      number = task_of_scheduler();
    } else {
      const std::string& text = options_.task;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
      if (error != std::errc() || end != text.data() + text.size()) number = -1;
    }
    if (number >= 0 && static_cast<size_t>(number) < plan_.tasks.size())
      return static_cast<size_t>(number);
    throw Error(ErrorKind::usage,
                fmt::format("--task {}: {} there is none of that number", printable(options_.task),
                            options_.task == "auto" ? fmt::format("{};", number) : "in the plan"),
                {.have = fmt::format("tasks 0 to {}", plan_.tasks.size() - 1),
                 .hint = "posse status RUN says which are not done"});
  }

  /// Does what of the units is not done and nobody is at work on. @return units that others do
  std::vector<size_t> pass(const std::vector<size_t>& units) {
    std::vector<size_t> held;
    for (const size_t number : units) {
      if (is_stopped()) return {};
      const Unit& unit = plan_.units[number];
      const UnitPlace place = place_of(plan_, directory_, unit);
      if (place.is_done()) {
        skip(unit);
        continue;
      }
      if (failed_.contains(number)) continue;
      if (!do_unit(number, place)) held.push_back(number);
    }
    return held;
  }

  void skip(const Unit& unit) {
    ++report_.num_skipped;
    tell({.end = UnitEnd::skipped,
          .video_id = plan_.videos[unit.video].id,
          .begin = unit.begin,
          .stop = unit.end});
  }

  void tell(const UnitReport& report) const {
    if (hooks_.on_unit) hooks_.on_unit(report);
  }

  /// False if another process is at work on it.
  bool do_unit(size_t number, const UnitPlace& place) {
    const auto claim = take(place);
    if (!claim) {
      if (!place.is_done()) return false;
      skip(plan_.units[number]);
      return true;
    }
    if (!ensemble_) open_ensemble();
    const Unit& unit = plan_.units[number];
    UnitReport told{.video_id = plan_.videos[unit.video].id, .begin = unit.begin, .stop = unit.end};
    const double start = seconds_now();
    for (const bool is_last_try : {false, true}) {
      try {
        if (!compute(unit, *claim, told)) return true;  // stopped
        told.seconds = seconds_now() - start;
        std::error_code ignored;
        fs::remove(failed_file(place, unit), ignored);
        ++report_.num_done;
        report_.num_frames += told.num_frames - told.num_adopted;
        tell(told);
        return true;
      } catch (const Error& error) {
        check_machine(place.folder, error);
        feed_.reset();
        const bool is_absent =
            absent_.contains(printable(plan_.videos[unit.video].known.info.path.string()));
        if (!is_last_try && !is_absent) continue;
        told.end = UnitEnd::failed;
        told.error = error.what();
        record_failure(told, failed_file(place, unit));
        failed_.insert(number);
        ++report_.num_failed;
        tell(told);
        return true;
      }
    }
    return true;
  }

  fs::path failed_file(const UnitPlace& place, const Unit& unit) const {
    return directory_.failed(plan_.videos[unit.video].id, place.name);
  }

  std::unique_ptr<UnitClaim> take(const UnitPlace& place) const {
    try {
      return UnitClaim::take(place);
    } catch (const Error& error) {
      throw MachineFailure{error.what()};
    }
  }

  /// Tells an error of the unit from one of this machine: where its device fails, or the run's
  /// directory cannot be written to, nothing else can be done either. @throws MachineFailure
  static void check_machine(const fs::path& folder, const Error& error) {
    if (error.kind() == ErrorKind::device_memory || error.kind() == ErrorKind::device_lost)
      throw MachineFailure{error.what()};
    if (error.kind() != ErrorKind::io) return;
    try {
      file_system_now(folder);
    } catch (const Error&) {
      throw MachineFailure{error.what()};
    }
    const auto room = room_for(folder / "x");
    if (room && *room < kLeastRoom) throw MachineFailure{error.what()};
  }

  /// False if stopped.
  bool compute(const Unit& unit, UnitClaim& claim, UnitReport& told) {
    prepare(unit.video);
    const bool is_first = &unit == &plan_.units.front() || (&unit - 1)->video != unit.video;
    const bool is_last = &unit == &plan_.units.back() || (&unit + 1)->video != unit.video;
    const FrameWork work{.frames = frames_of(plan_, unit),
                         .journal = claim.journal(),
                         .key = journal_key(plan_, unit),
                         .is_part = true,
                         .has_before = !is_first,
                         .read_from = start_of_reading(unit.video),
                         .has_more = !is_last};
    for (;;) {
      try {
        const ComputedFrames computed = compute_frames(
            *ensemble_, *frames_, work, *feed_,
            {.progress = hooks_.progress, .load_seconds = load_seconds_, .stop = hooks_.stop});
        if (!computed.facts) return false;
        const VideoReport& report = computed.facts->report;
        if (report.num_corrupt + report.num_undecodable > 0)
          note_damage(directory_, plan_.videos[unit.video].id);
        told.num_frames = computed.num_frames;
        told.num_adopted = computed.num_resumed;
        break;
      } catch (const std::bad_alloc&) {
        halve_batch();
      }
    }
    load_seconds_ = 0;
    for (const std::string& note : ensemble_->take_notes()) warn(note);
    claim.seal();
    return true;
  }

  int decoder_threads() const {
    const VideoInfo& info = plan_.videos[current_].known.info;
    return ensemble_->decoder_threads({info.height, info.width});
  }

  /// Nothing where frames can be read from anywhere. Behind damage those that are read in one go
  /// from the range's start have the numbers of a run on one machine, others may not.
  std::optional<int64_t> start_of_reading(size_t video) {
    if (!path_exists(directory_.damaged(plan_.videos[video].id))) return std::nullopt;
    if (!reads_from_start_) feed_.emplace(plan_.videos[video].known.info.path, decoder_threads());
    reads_from_start_ = true;
    return plan_.run.frames.start;
  }

  /// Networks and video are ready after it.
  void prepare(size_t number) {
    const ClusterVideo& video = plan_.videos[number];
    if (feed_ && current_ == number) return;
    feed_.reset();
    reads_from_start_ = false;
    current_ = number;
    const fs::path& path = video.known.info.path;
    if (!path_exists(path)) {
      absent_.insert(printable(path.string()));
      throw Error(ErrorKind::not_found,
                  fmt::format("{}: is not there (any more)", printable(path.string())),
                  {.hint = "--map OLD=NEW where this machine has it elsewhere"});
    }
    if (!is_unchanged(path, video.known.input)) {
      throw Error(ErrorKind::bad_file,
                  fmt::format("{}: has another size or time than when the run was planned",
                              printable(path.string())),
                  {.hint = "posse plan --replan takes it as it is now"});
    }
    frames_.emplace(plan_frames(*ensemble_, video.known, plan_.out, options_for(plan_, video)));
    if (frames_->key.fingerprint != video.fingerprint) {
      throw Error(
          ErrorKind::shape_mismatch,
          fmt::format("{}: this machine would give other numbers than the plan is for", video.id),
          {.hint = "the same posse and the same files (networks, boxes) on all machines, or posse "
                   "plan --replan"});
    }
    const double start = seconds_now();
    check_precision_on_video(*ensemble_, *frames_, options_for(plan_, video).frames, nullptr);
    ensemble_->prepare({video.known.info.height, video.known.info.width});
    load_seconds_ += seconds_now() - start;
    feed_.emplace(path, decoder_threads());
  }

  void open_ensemble() {
    try {
      ensemble_.emplace(Ensemble::open(plan_.members, ensemble_options_));
    } catch (const Error& error) {  // the plan could: another machine may see what this one misses
      throw MachineFailure{error.what()};
    }
    const auto& members = ensemble_->members();
    const auto fits = [](const MemberNetwork& member, const ClusterMember& planned) {
      return member.weights_sha256 == planned.weights_sha256;
    };
    if (std::equal(members.begin(), members.end(), plan_.networks.begin(), plan_.networks.end(),
                   fits)) {
      return;
    }
    ensemble_.reset();
    throw MachineFailure{
        "the networks are not those of the plan: weights were changed, or --map leads elsewhere"};
  }

  /// After running out of memory. @throws std::bad_alloc where the batch is one frame
  void halve_batch() {
    const VideoInfo& info = plan_.videos[current_].known.info;
    const int batch = ensemble_->batch_size({info.height, info.width});
    if (batch <= 1) throw std::bad_alloc();
    ensemble_options_.batch = batch / 2;
    warn(fmt::format("out of memory; going on with batches of {}", batch / 2));
    ensemble_.reset();
    open_ensemble();
    feed_.emplace(info.path, decoder_threads());
    ensemble_->prepare({info.height, info.width});
  }

  void record_failure(const UnitReport& report, const fs::path& file) const {
    nlohmann::ordered_json json = {
        {"video", report.video_id},
        {"path", printable(plan_.videos[current_].known.info.path.string())},
        {"begin", report.begin}};
    json["end"] = report.stop ? nlohmann::ordered_json(*report.stop) : nullptr;
    json["error"] = report.error;
    json["machine"] = host_name();
    json["process"] = ::getpid();
    json["time"] = unix_seconds_now();
    json["posse"] = version();
    try {
      make_folders(file.parent_path());
      write_file(file,
                 json.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
    } catch (const Error& error) {
      throw MachineFailure{error.what()};
    }
  }

  /// Until others may have done, or given up, what they are at.
  void wait() {
    // Soon at first, for those that are about to end; then seldom, for the file system's sake.
    const int tenths = num_waits_++ < 20 ? 1 : 20;
    for (int i = 0; i < tenths && !is_stopped(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }

  RunDirectory directory_;
  const WorkOptions& options_;
  const WorkHooks& hooks_;
  ClusterPlan plan_;
  EnsembleOptions ensemble_options_;
  std::optional<Ensemble> ensemble_;
  size_t current_ = 0;             ///< video of frames_ and feed_
  std::optional<RunPlan> frames_;  ///< of the current video
  std::optional<FrameFeed> feed_;
  bool reads_from_start_ = false;  ///< feed_, of a damaged video
  double load_seconds_ = 0;
  std::set<std::string> absent_;  ///< videos that this machine does not see
  std::set<size_t> failed_;       ///< units that failed here
  int num_waits_ = 0;
  WorkReport report_;
};

}  // namespace

std::string UnitReport::to_string() const {
  const std::string frames =
      fmt::format("{} {}-{}", video_id, begin, stop ? std::to_string(*stop) : "end");
  if (end == UnitEnd::skipped) return "skip " + frames;
  if (end == UnitEnd::failed) return fmt::format("fail {}: {}", frames, error);
  const double rate = seconds > 0 ? static_cast<double>(num_frames - num_adopted) / seconds : 0.0;
  std::string text = fmt::format("done {} {:.1f} frames/s", frames, rate);
  if (num_adopted > 0) text += fmt::format(", {} frames of an ended worker's", num_adopted);
  return text;
}

WorkReport work(const fs::path& run_folder, const WorkOptions& options, const WorkHooks& hooks) {
  return Worker(run_folder, options, hooks).run();
}

}  // namespace posse
