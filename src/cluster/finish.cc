#include "cluster/finish.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/count_text.h"
#include "base/error.h"
#include "base/files.h"
#include "base/paths.h"
#include "base/text.h"
#include "cluster/joined_facts.h"
#include "cluster/run_directory.h"
#include "cluster/unit_claim.h"
#include "run/job_record.h"
#include "run/run_video.h"

namespace posse {
namespace {
namespace fs = std::filesystem;
using Text = nlohmann::ordered_json;

/// A unit that is done.
struct DoneUnit {
  fs::path file;
  JournalKey key;
};

/// Frames of units one after another, read one file at a time.
OpenFrames frames_of(const std::vector<DoneUnit>& units) {
  return [&units] {
    struct State {
      size_t next = 0;
      FrameSource source;
    };
    return [&units, state = std::make_shared<State>()](FrameResult& result) {
      for (;;) {
        if (state->source && state->source(result)) return true;
        if (state->next == units.size()) return false;
        const DoneUnit& unit = units[state->next++];
        state->source = posse::frames_of(unit.file, unit.key)();
      }
    };
  };
}

class Finish {
 public:
  Finish(const fs::path& folder, const FinishOptions& options, const JobHooks& hooks)
      : directory_{folder},
        options_(options),
        hooks_(hooks),
        plan_(read_plan(folder, PathMap(options.map))) {}

  FinishReport run() {
    FinishReport report;
    size_t unit = 0;
    for (size_t video = 0; video < plan_.videos.size(); ++video) {
      const size_t first = unit;
      while (unit < plan_.units.size() && plan_.units[unit].video == video) ++unit;
      if (hooks_.stop != nullptr && hooks_.stop->requested()) {
        report.is_stopped = true;
        break;
      }
      report.videos.push_back(finish_video(video, first, unit));
      tell(report);
    }
    if (options_.remove_others) {
      for (const fs::path& file : units_of_other_plans(plan_, directory_)) {
        std::error_code ignored;
        if (fs::remove(file, ignored)) ++report.num_removed;
      }
    }
    try {
      write_report(report);
    } catch (const Error& error) {  // what became of the videos is worth more than its record
      report.report_error = error.what();
    }
    return report;
  }

 private:
  void tell(const FinishReport& report) const {
    if (!hooks_.progress) return;
    hooks_.progress({.stage = "results",
                     .item = report.videos.back().id,
                     .done = static_cast<int64_t>(report.videos.size()),
                     .total = static_cast<int64_t>(plan_.videos.size()),
                     .elapsed_seconds = seconds_now() - start_,
                     .unit = "videos"});
  }

  FinishedVideo finish_video(size_t number, size_t first, size_t last) {
    const ClusterVideo& video = plan_.videos[number];
    FinishedVideo finished{.id = video.id,
                           .video = video.known.info.path,
                           .folder = plan_.out / result_stem(video.known.info.path),
                           .num_units = static_cast<int64_t>(last - first)};
    try {
      if (is_there(number, finished)) return finished;
      std::vector<DoneUnit> units;
      JournalFacts facts;
      if (!find_units(number, first, last, units, facts, finished)) {
        finished.end = VideoEnd::incomplete;
        return finished;
      }
      write(video, units, facts, finished);
    } catch (const Error& error) {
      finished.end = VideoEnd::failed;
      finished.failures.emplace_back(error.what());
    }
    return finished;
  }

  /// True if the results are there already: nothing else is looked at then.
  bool is_there(size_t number, FinishedVideo& finished) {
    const ClusterVideo& video = plan_.videos[number];
    const RunOptions options = options_for(plan_, video);
    run_plan_.emplace(plan_run(ensemble(), video.known, plan_.out, options));
    if (!video.consensus_why.empty()) run_plan_->consensus.why = video.consensus_why;
    finished.folder = run_plan_->paths.folder;
    if (!run_plan_->finished_already) return false;
    finished.end = VideoEnd::there;
    finished.num_frames = run_plan_->recorded->num_frames;
    return true;
  }

  /// The video's units, checked, up to the one in which it breaks off. @return false if some are
  /// missing
  bool find_units(size_t number, size_t first, size_t last, std::vector<DoneUnit>& units,
                  JournalFacts& facts, FinishedVideo& finished) const {
    const ClusterVideo& video = plan_.videos[number];
    JoinedFacts joined(plan_.run.frames, video.known.info);
    bool goes_on = true;
    for (size_t i = first; i < last && goes_on; ++i) {
      const UnitPlace place = place_of(plan_, directory_, plan_.units[i]);
      if (!is_sound(place)) {
        finished.missing.push_back(place.name);
        add_failure(directory_.failed(video.id, place.name), finished);
        continue;
      }
      const JournalState state = look_at_journal(place.unit(), place.key);
      finished.num_frames += state.num_frames;
      units.push_back({place.unit(), place.key});
      goes_on = joined.add(frames_of(plan_, plan_.units[i]), state.num_frames,
                           state.facts.value_or(JournalFacts()),
                           posse::frames_of(place.unit(), place.key));
    }
    if (!finished.missing.empty()) return false;
    facts = joined.whole();
    return !reads_again(number, first, joined, finished);
  }

  /// Units that were read behind damage are put aside, to be computed again from the range's start,
  /// where the video is still there. @return false if there are none
  bool reads_again(size_t number, size_t first, const JoinedFacts& joined,
                   FinishedVideo& finished) const {
    const ClusterVideo& video = plan_.videos[number];
    const std::vector<size_t> units = joined.read_behind_damage();
    if (units.empty() || !path_exists(video.known.info.path)) return false;
    note_damage(directory_, video.id);
    for (const size_t unit : units) {
      const UnitPlace place = place_of(plan_, directory_, plan_.units[first + unit]);
      put_aside(place);
      finished.missing.push_back(place.name);
    }
    finished.failures.push_back(
        fmt::format("frames are damaged, and {} behind them {} read without what is before: posse "
                    "work computes {} again",
                    count_text(std::ssize(units), "unit"), units.size() == 1 ? "was" : "were",
                    units.size() == 1 ? "it" : "them"));
    return true;
  }

  static void put_aside(const UnitPlace& place) {
    std::error_code ignored;
    fs::rename(place.unit(), fs::path(place.unit()).replace_extension(".bad"), ignored);
  }

  /// A damaged unit is put aside, to be computed again.
  bool is_sound(const UnitPlace& place) const {
    if (is_sealed_journal(place.unit(), place.key, SealCheck::whole)) return true;
    if (!path_exists(place.unit())) return false;
    put_aside(place);
    if (hooks_.warning)
      hooks_.warning(fmt::format("{}: is damaged or of another run; it is computed again",
                                 printable(place.unit().string())));
    return false;
  }

  static void add_failure(const fs::path& file, FinishedVideo& finished) {
    std::error_code missing;
    if (!fs::exists(file, missing)) return;
    const Text json = Text::parse(read_file(file, uint64_t{1} << 20), nullptr, false);
    if (!json.is_object()) return;
    const std::string error = json.value("error", std::string("an unknown error"));
    if (std::find(finished.failures.begin(), finished.failures.end(), error) ==
        finished.failures.end())
      finished.failures.push_back(error);
  }

  void write(const ClusterVideo& video, const std::vector<DoneUnit>& units,
             const JournalFacts& facts, FinishedVideo& finished) {
    const RunContext context{.stop = hooks_.stop};
    RunOutcome outcome = begin_outcome(*run_plan_, context);
    outcome.num_frames = finished.num_frames;
    make_folders(run_plan_->paths.folder);
    finish_run(ensemble(), options_for(plan_, video), *run_plan_, frames_of(units), facts, context,
               outcome);
    finished.warnings = outcome.warnings;
    if (outcome.status == RunStatus::interrupted) finished.end = VideoEnd::failed;
    for (const FailedOutput& failed : outcome.failed) {
      finished.end = VideoEnd::failed;
      finished.failures.push_back(fmt::format("{}: {}", failed.name, failed.error.what()));
    }
    const double now = file_system_now(directory_.units(video.id));
    remove_old_parts(directory_.units(video.id), now);
  }

  Ensemble& ensemble() {
    if (!ensemble_) {
      ensemble_.emplace(Ensemble::open(plan_.members, ensemble_of(plan_)));
    }
    return *ensemble_;
  }

  void write_report(const FinishReport& report) const {
    Text json = begin_record("finish");
    json["videos"] = Text::array();
    for (const FinishedVideo& video : report.videos) {
      Text entry = {{"id", video.id},
                    {"path", printable(video.video.string())},
                    {"folder", printable(video.folder.string())},
                    {"status", std::string(name_of(video.end))},
                    {"frames", video.num_frames},
                    {"units", video.num_units},
                    {"units_missing", video.missing.size()}};
      entry["failures"] = video.failures;
      entry["warnings"] = video.warnings;
      json["videos"].push_back(std::move(entry));
    }
    json["videos_written"] = report.count(VideoEnd::written) + report.count(VideoEnd::there);
    json["units_missing"] = report.num_missing_units();
    json["stopped"] = report.is_stopped;
    write_file(directory_.report(),
               json.dump(1, ' ', false, Text::error_handler_t::replace) + "\n");
  }

  RunDirectory directory_;
  const FinishOptions& options_;
  const JobHooks& hooks_;
  ClusterPlan plan_;
  std::optional<Ensemble> ensemble_;
  std::optional<RunPlan> run_plan_;  ///< of the current video
  double start_ = seconds_now();
};

}  // namespace

int64_t FinishReport::count(VideoEnd end) const {
  return std::count_if(videos.begin(), videos.end(),
                       [&](const FinishedVideo& video) { return video.end == end; });
}

int64_t FinishReport::num_missing_units() const {
  int64_t missing = 0;
  for (const FinishedVideo& video : videos) missing += static_cast<int64_t>(video.missing.size());
  return missing;
}

FinishReport finish(const fs::path& run_folder, const FinishOptions& options,
                    const JobHooks& hooks) {
  return Finish(run_folder, options, hooks).run();
}

}  // namespace posse
