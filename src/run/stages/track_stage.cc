#include "run/stages/track_stage.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "consensus/track/evidence_bytes.h"
#include "consensus/track/look_alikes.h"
#include "consensus/track/smoothed_track.h"
#include "consensus/track/track_watch.h"
#include "consensus/track/tracker.h"
#include "run/track_report.h"
#include "run/track_views.h"

namespace posse {
namespace {
using Json = nlohmann::ordered_json;

/// Frames of the video between two of its frames, by their times where both have one.
double elapsed_between(const FrameResult& before, const FrameResult& frame, double fps) {
  constexpr double kLeast = 0.1;
  const double by_time = (frame.time_seconds - before.time_seconds) * fps;
  if (fps > 0 && std::isfinite(by_time) && by_time > 0) return std::max(by_time, kLeast);
  return std::max(static_cast<double>(frame.frame_index - before.frame_index), kLeast);
}

TrackOptions track_options(const TrackChoices& choices) {
  TrackOptions track;
  track.tracker.lag = static_cast<size_t>(choices.lag);
  return track;
}

class TrackStage : public Stage {
 public:
  explicit TrackStage(const RunSetting& setting);

  std::string description() const override;
  bool wants_look() const override { return finds_groups() || !views_.lines.empty(); }
  void look_at(const FrameResult& frame) override;
  void push(FrameResult&& frame, const DeliverFrame& deliver) override;
  void finish(const DeliverFrame& deliver) override;
  std::vector<std::string> warnings() const override;
  std::vector<std::string> notes() const override;
  std::pair<std::string, std::string> report() const override;

 private:
  bool finds_groups() const { return choices_.look_alike == "auto"; }
  FrameEvidence evidence_of(const FrameResult& frame) const;
  void start();
  void take(std::vector<TrackedFrame> tracked, const DeliverFrame& deliver);
  void deliver_smoothed(std::vector<TrackedFrame> frames, const DeliverFrame& deliver);

  TrackChoices choices_;
  std::vector<std::string> bodyparts_;
  size_t num_members_;
  double fps_;
  LookAlikes look_alikes_;
  std::vector<std::vector<int>> groups_;
  AgreeingViews views_;
  EpipolarLineFinder line_finder_;
  std::vector<EpipolarLine> lines_;
  std::vector<ViewPair> pairs_;
  double cell_ = 0;  ///< px
  std::unique_ptr<Tracker> tracker_;
  std::unique_ptr<TrackSmoother> smoother_;
  std::unique_ptr<TrackWatch> watch_;
  /// A frame on its way, without its evidence.
  struct Waiting {
    FrameResult result;
    double elapsed = 1;
    double stride = 8;
  };
  std::deque<Waiting> waiting_;  ///< not tracked yet, in front those only not smoothed yet
  size_t num_tracked_ = 0;       ///< of the waiting
  FrameResult last_;             ///< its number and time
  bool any_ = false;
  TrackReport report_;
};

TrackStage::TrackStage(const RunSetting& setting)
    : choices_(setting.options.track),
      bodyparts_(setting.ensemble.bodyparts()),
      num_members_(setting.ensemble.members().size()),
      fps_(setting.info.fps),
      look_alikes_(bodyparts_.size()),
      groups_(parse_look_alikes(choices_.look_alike, bodyparts_)),
      views_(parse_views(choices_, bodyparts_)),
      line_finder_(views_.lines) {
  choices_.validate();
}

std::string TrackStage::description() const {
  std::string text =
      fmt::format("track(look-alike={}, lag={}, smooth={}, hide-below={}", choices_.look_alike,
                  choices_.lag, choices_.smooth ? "on" : "off", choices_.hide_below);
  if (!choices_.same_x.empty()) text += ", same-x=" + choices_.same_x;
  if (!choices_.same_y.empty()) text += ", same-y=" + choices_.same_y;
  if (!choices_.same_line.empty()) text += ", same-line=" + choices_.same_line;
  if (!choices_.view_calibration.empty())
    text += ", view-calibration=" + choices_.view_calibration.string();
  return text + ")";
}

void TrackStage::look_at(const FrameResult& frame) {
  const FrameEvidence evidence = evidence_of(frame);
  look_alikes_.add(evidence);
  line_finder_.add(evidence);
}

FrameEvidence TrackStage::evidence_of(const FrameResult& frame) const {
  FrameEvidence evidence = evidence_from_bytes(frame.evidence, num_members_, bodyparts_.size());
  evidence.frame_index = frame.frame_index;
  evidence.time_seconds = frame.time_seconds;
  return evidence;
}

void TrackStage::start() {
  if (tracker_) return;
  if (finds_groups()) groups_ = look_alikes_.groups();
  lines_ = line_finder_.find();
  pairs_ = pairs_of(views_, lines_);
  const TrackOptions options = track_options(choices_);
  tracker_ = std::make_unique<Tracker>(bodyparts_.size(), groups_, options);
  smoother_ = std::make_unique<TrackSmoother>(bodyparts_);
  watch_ = std::make_unique<TrackWatch>(bodyparts_.size(), groups_, options);
}

void TrackStage::push(FrameResult&& frame, const DeliverFrame& deliver) {
  start();
  FrameEvidence evidence = evidence_of(frame);
  if (!wants_look()) look_alikes_.add(evidence);  // how close those of a given group lie
  const double elapsed = any_ ? elapsed_between(last_, frame, fps_) : 1;
  last_.frame_index = frame.frame_index;
  last_.time_seconds = frame.time_seconds;
  any_ = true;
  frame.evidence = {};
  cell_ = evidence.stride;
  let_views_agree(pairs_, {}, evidence);
  waiting_.push_back({std::move(frame), elapsed, evidence.stride});
  take(tracker_->push(std::move(evidence), elapsed), deliver);
}

void TrackStage::finish(const DeliverFrame& deliver) {
  start();
  take(tracker_->finish(), deliver);
  if (choices_.smooth) deliver_smoothed(smoother_->finish(), deliver);
  report_ = watch_->finish();
}

void TrackStage::take(std::vector<TrackedFrame> tracked, const DeliverFrame& deliver) {
  for (TrackedFrame& frame : tracked) {
    const Waiting& waiting = waiting_[num_tracked_++];
    watch_->push(frame, waiting.result.members, waiting.elapsed, waiting.stride);
    std::vector<TrackedFrame> ready;
    if (choices_.smooth) {
      ready = smoother_->push(std::move(frame));
    } else {
      ready.push_back(std::move(frame));
    }
    deliver_smoothed(std::move(ready), deliver);
  }
}

void TrackStage::deliver_smoothed(std::vector<TrackedFrame> frames, const DeliverFrame& deliver) {
  for (TrackedFrame& frame : frames) {
    FrameResult result = std::move(waiting_.front().result);
    waiting_.pop_front();
    --num_tracked_;
    for (size_t p = 0; p < bodyparts_.size(); ++p) {
      Keypoint& keypoint = frame.keypoints[p].keypoint;
      if (frame.keypoints[p].chance_seen < choices_.hide_below)
        keypoint = {std::nan(""), std::nan(""), 0};
      result.consensus[p].keypoint = keypoint;
    }
    result.track = std::move(frame.keypoints);
    deliver(std::move(result));
  }
}

std::vector<std::string> TrackStage::warnings() const {
  const auto close_pairs = look_alikes_.close_pairs(groups_);
  return warnings_of_track({.report = report_, .close_pairs = close_pairs, .lines = lines_},
                           TrackedSetting{.bodyparts = bodyparts_,
                                          .num_members = num_members_,
                                          .lag = static_cast<size_t>(choices_.lag),
                                          .cell = cell_});
}

std::vector<std::string> TrackStage::notes() const {
  std::vector<std::string> notes = notes_of_lines(lines_, bodyparts_, cell_);
  if (finds_groups()) notes.insert(notes.begin(), note_of_groups(groups_, bodyparts_));
  return notes;
}

std::pair<std::string, std::string> TrackStage::report() const {
  Json json = Json::parse(track_report_json(report_, groups_, bodyparts_, lines_));
  for (size_t a = 0; finds_groups() && a < bodyparts_.size(); ++a) {
    for (size_t b = a + 1; b < bodyparts_.size(); ++b) {
      const double most = std::max(look_alikes_.confusion(a, b), look_alikes_.confusion(b, a));
      if (most < 0.01) continue;
      json["confusion"].push_back({{"bodyparts", {bodyparts_[a], bodyparts_[b]}},
                                   {"share", most},
                                   {"together", look_alikes_.together(a, b)}});
    }
  }
  json["most_pruned"] = tracker_ ? tracker_->most_pruned() : 0.0;
  return {"track", json.dump()};
}

}  // namespace

std::unique_ptr<Stage> make_track_stage(const RunSetting& setting) {
  return std::make_unique<TrackStage>(setting);
}

}  // namespace posse
