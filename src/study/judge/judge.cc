#include "study/judge/judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/error.h"
#include "base/text.h"
#include "calibration/predictive_model.h"
#include "consensus/scoremap_consensus.h"
#include "ensemble/member_map.h"
#include "study/judge/groups.h"
#include "study/judge/out_of_bag.h"
#include "study/judge/through_time.h"
#include "study/scores_at_points.h"

namespace posse {
namespace {

const double kNaN = std::nan("");

/// Columns of a bodypart that labels and networks share.
struct SharedBodypart {
  size_t in_labels = 0;
  size_t in_ensemble = 0;
};

std::vector<SharedBodypart> shared_bodyparts(const Ensemble& ensemble, const LabelSet& labels) {
  std::vector<SharedBodypart> shared;
  const std::vector<std::string>& names = ensemble.bodyparts();
  for (size_t i = 0; i < labels.bodyparts.size(); ++i) {
    const auto found = std::find(names.begin(), names.end(), labels.bodyparts[i]);
    if (found != names.end()) shared.push_back({i, static_cast<size_t>(found - names.begin())});
  }
  if (shared.empty()) {
    throw Error(ErrorKind::shape_mismatch, "labels and networks have no bodypart in common",
                {.have = fmt::format("labels: {}; networks: {}", list_names(labels.bodyparts),
                                     list_names(names)),
                 .hint = "are these the labels of another project?"});
  }
  return shared;
}

class Judge {
 public:
  Judge(const Ensemble& ensemble, const LabelSet& labels, std::span<const MemberTraining> training,
        const JudgeOptions& options, const JobHooks& hooks)
      : ensemble_(ensemble),
        labels_(labels),
        training_(training),
        options_(options),
        hooks_(hooks),
        shared_(shared_bodyparts(ensemble, labels)),
        cache_(options.cache.empty() ? default_blob_folder() : options.cache),
        store_(ensemble, cache_) {}

  JudgedFrames judge() {
    places_ = place_pictures(labels_, options_.videos, hooks_);
    judged_.warnings = places_.warnings;
    for (const std::string& text : places_.notes) note(text);
    if (places_.num_by_search > 0) {
      note(
          fmt::format("{} pictures are other frames of their video than their numbers say; they "
                      "were found by comparing pictures",
                      places_.num_by_search));
    }
    start();
    choose_pictures();
    mark_near_training(labels_, places_, groups_, training_, row_of_picture_, judged_);
    judge_maps();
    judge_time();
    return std::move(judged_);
  }

 private:
  void note(const std::string& text) const {
    if (hooks_.note) hooks_.note(text);
  }
  void start();
  void choose_pictures();
  void judge_maps();
  void judge_picture(size_t picture, const KnownFrame& frame, std::span<ConsensusEngine> engines);
  void look_for_labels_outside(size_t picture, const KnownFrame& frame);
  void add_members(size_t picture, const ConsensusFrame& all);
  void add_scores(size_t picture, std::span<const MemberMap> maps);
  void add_own_spreads(size_t picture, std::span<const MemberMap> maps);
  void judge_time();
  FrameRef frame_of(size_t picture) const;

  const Ensemble& ensemble_;
  const LabelSet& labels_;
  std::span<const MemberTraining> training_;
  const JudgeOptions& options_;
  const JobHooks& hooks_;
  std::vector<SharedBodypart> shared_;
  BlobCache cache_;
  MapStore store_;
  VideoPlaces places_;
  PictureGroups groups_;
  std::vector<size_t> row_of_picture_;  ///< [judged pictures] in labels_
  JudgedFrames judged_;
  std::vector<std::string> outside_;  ///< labels beyond the edges of their pictures
};

void Judge::start() {
  groups_ = group_pictures(labels_, places_, options_.clips);
  judged_.group_unit = groups_.unit;
  judged_.over_time = groups_.over_time;
  judged_.num_videos = groups_.num_videos;
  for (const SharedBodypart& part : shared_)
    judged_.bodyparts.push_back(labels_.bodyparts[part.in_labels]);
  for (const MemberNetwork& member : ensemble_.members()) judged_.members.push_back(member.name);
}

void Judge::choose_pictures() {
  for (size_t i = 0; i < labels_.pictures.size(); ++i) {
    JudgedPicture picture{.name = labels_.pictures[i].name,
                          .group = groups_.group[i],
                          .clip = groups_.clip[i],
                          .video = groups_.video[i]};
    picture.members = judges_of(training_, judged_.members.size(), options_.allow_training_frames,
                                picture_key(picture.name), picture);
    if (picture.members.empty()) {
      ++judged_.num_refused;
      continue;
    }
    judged_.pictures.push_back(std::move(picture));
    row_of_picture_.push_back(i);
    for (const SharedBodypart& part : shared_) {
      const Label& label = labels_.at(i, part.in_labels);
      const bool is_there = std::isfinite(label.point.x) && std::isfinite(label.point.y);
      judged_.labels.push_back(is_there ? label.point : Point{kNaN, kNaN});
      judged_.hidden.push_back(label.hidden ? 1 : 0);
    }
  }
  if (judged_.pictures.empty()) {
    throw Error(ErrorKind::usage,
                fmt::format("all {} labelled pictures were in the training of every member",
                            labels_.pictures.size()),
                {.hint = "--allow-training-frames judges them all the same, which estimates no "
                         "error; label pictures that some member has not seen"});
  }
}

FrameRef Judge::frame_of(size_t picture) const {
  const size_t row = row_of_picture_[picture];
  if (!labels_.pictures[row].file.empty())
    return {.file = labels_.pictures[row].file, .frame = std::nullopt};
  const PicturePlace& place = *places_.places[row];
  return {.file = places_.videos[place.video], .frame = place.frame};
}

void Judge::judge_maps() {
  std::vector<FrameRef> refs;
  for (size_t i = 0; i < judged_.pictures.size(); ++i) refs.push_back(frame_of(i));
  const std::vector<KnownFrame> frames = know_frames(refs, hooks_);
  store_.fill(frames, hooks_);
  for (const char* name : {"mean", "median"}) {
    judged_.methods.push_back({.name = name, .uncertainty = "map covariance"});
    judged_.methods.back().judged.assign(refs.size(), 1);
  }
  const DecodeRule rule = ensemble_.consensus_rule();
  std::vector<ConsensusEngine> engines = {
      ConsensusEngine({.method = ConsensusMethod::mean, .rule = rule}),
      ConsensusEngine(
          {.method = ConsensusMethod::median, .rule = rule, .member_keypoints = false})};
  for (size_t i = 0; i < frames.size(); ++i) {
    judge_picture(i, frames[i], engines);
    look_for_labels_outside(i, frames[i]);
  }
  if (outside_.empty()) return;
  judged_.warnings.push_back(
      fmt::format("{} {} outside of the picture, counted all the same: {}", outside_.size(),
                  outside_.size() == 1 ? "label lies" : "labels lie", list_names(outside_)));
}

/// By more than a pixel.
void Judge::look_for_labels_outside(size_t picture, const KnownFrame& frame) {
  for (size_t p = 0; p < shared_.size(); ++p) {
    const Point& label = judged_.labels[judged_.at(picture, p)];
    if (std::isnan(label.x) ||
        (label.x >= -1 && label.x <= frame.width && label.y >= -1 && label.y <= frame.height)) {
      continue;
    }
    outside_.push_back(fmt::format("{} of {} at {:.0f}, {:.0f}", judged_.bodyparts[p],
                                   judged_.pictures[picture].name, label.x, label.y));
  }
}

void Judge::judge_picture(size_t picture, const KnownFrame& frame,
                          std::span<ConsensusEngine> engines) {
  const auto& members = ensemble_.members();
  std::vector<StoredMap> stored(members.size());
  std::vector<MemberMap> maps, judging;
  for (size_t m = 0; m < members.size(); ++m) {
    stored[m] = store_.read(frame, m);
    const ScoremapView view{.logits = stored[m].logits.data(),
                            .locref = stored[m].locref.empty() ? nullptr : stored[m].locref.data(),
                            .height = stored[m].height,
                            .width = stored[m].width,
                            .num_bodyparts = stored[m].num_bodyparts};
    maps.push_back(member_map(members[m], view, ensemble_.alignment().column_of_bodypart[m],
                              area_seen(frame.ref.is_picture() ? std::nullopt : members[m].crop,
                                        {frame.height, frame.width})));
  }
  add_scores(picture, maps);
  add_own_spreads(picture, maps);
  for (const size_t m : judged_.pictures[picture].members) judging.push_back(maps[m]);
  const bool all_judge = judging.size() == maps.size();
  const ConsensusFrame mean = engines[0].consensus(judging);
  if (all_judge) {
    add_members(picture, mean);
  } else {
    add_members(picture, engines[0].consensus(maps));
  }
  const ConsensusFrame median = engines[1].consensus(judging);
  for (size_t method = 0; method < 2; ++method) {
    const ConsensusFrame& result = method == 0 ? mean : median;
    for (const SharedBodypart& part : shared_) {
      const ConsensusKeypoint& keypoint = result.keypoints[part.in_ensemble];
      judged_.methods[method].keypoints.push_back(keypoint.keypoint);
      judged_.methods[method].covariance.push_back(keypoint.map_covariance);
    }
  }
}

void Judge::add_scores(size_t picture, std::span<const MemberMap> maps) {
  for (size_t m = 0; m < maps.size(); ++m) {
    const auto& columns = ensemble_.alignment().column_of_bodypart[m];
    std::vector<Point> points(static_cast<size_t>(maps[m].map.num_bodyparts), {kNaN, kNaN});
    for (size_t p = 0; p < shared_.size(); ++p) {
      points[static_cast<size_t>(columns[shared_[p].in_ensemble])] =
          judged_.labels[judged_.at(picture, p)];
    }
    const std::vector<ScoreAtPoint> scores = scores_at_points(maps[m].map, points);
    for (const SharedBodypart& part : shared_) {
      const ScoreAtPoint& score = scores[static_cast<size_t>(columns[part.in_ensemble])];
      judged_.member_confidence.push_back(score.confidence);
      judged_.member_share.push_back(score.share);
    }
  }
}

/// What each judge's map alone says of its keypoints.
void Judge::add_own_spreads(size_t picture, std::span<const MemberMap> maps) {
  ConsensusEngine engine({.method = ConsensusMethod::mean,
                          .rule = ensemble_.consensus_rule(),
                          .member_keypoints = false});
  for (size_t m = 0; m < maps.size(); ++m) {
    if (!judged_.is_judging(picture, m)) {
      judged_.member_map_covariance.insert(judged_.member_map_covariance.end(), shared_.size(),
                                           {kNaN, kNaN, kNaN});
      continue;
    }
    const ConsensusFrame own = engine.consensus(maps.subspan(m, 1));
    for (const SharedBodypart& part : shared_)
      judged_.member_map_covariance.push_back(own.keypoints[part.in_ensemble].map_covariance);
  }
}

void Judge::add_members(size_t picture, const ConsensusFrame& all) {
  const size_t num_parts = ensemble_.bodyparts().size();
  for (size_t m = 0; m < ensemble_.members().size(); ++m) {
    for (const SharedBodypart& part : shared_)
      judged_.member_keypoints.push_back(all.members[m * num_parts + part.in_ensemble]);
  }
  for (size_t p = 0; p < shared_.size(); ++p) {
    std::vector<Point> points;
    for (const size_t m : judged_.pictures[picture].members) {
      const Keypoint& keypoint = judged_.member(picture, m, p);
      points.push_back({keypoint.x, keypoint.y});
    }
    const SpreadFacts facts = spread_of(points, {});
    judged_.member_covariance.push_back(facts.members);
    judged_.num_members.push_back(facts.num_members);
  }
}

void Judge::judge_time() {
  if (!options_.through_time) return;
  std::map<std::pair<std::vector<size_t>, size_t>, std::map<int64_t, std::vector<size_t>>> wanted;
  size_t without = 0;
  for (size_t i = 0; i < judged_.pictures.size(); ++i) {
    const auto& place = places_.places[row_of_picture_[i]];
    if (place) {
      wanted[{judged_.pictures[i].members, place->video}][place->frame].push_back(i);
    } else {
      ++without;
    }
  }
  if (without > 0) {
    note(
        fmt::format("{} of {} pictures have no known frame in a video: track and smoother do not "
                    "judge them{}",
                    without, judged_.pictures.size(),
                    options_.videos.empty() ? " (--video names their video)" : ""));
  }
  if (wanted.empty()) return;
  std::vector<TimeRequest> requests;
  for (const auto& [key, frames] : wanted) {
    TimeRequest request{.judges = key.first, .video = places_.videos[key.second], .frames = {}};
    for (const auto& [frame, pictures] : frames) request.frames.push_back(frame);
    requests.push_back(std::move(request));
  }
  const bool whole = frame_of(0).is_picture();
  const std::vector<TimeAnswer> answers = judge_through_time(
      ensemble_, requests, options_.window, whole, cache_, store_.member_keys(), hooks_);
  const size_t count = judged_.pictures.size(), parts = shared_.size();
  JudgedMethod track{.name = "track",
                     .uncertainty = "track covariance",
                     .keypoints = std::vector<Keypoint>(count * parts, {kNaN, kNaN, 0}),
                     .covariance = std::vector<Covariance>(count * parts, {kNaN, kNaN, kNaN}),
                     .judged = std::vector<char>(count, 0)};
  JudgedMethod smoother = track;
  smoother.name = "smoother";
  smoother.uncertainty = "posterior variance";
  size_t r = 0;
  for (const auto& [key, frames] : wanted) {
    const TimeAnswer& answer = answers[r++];
    size_t row = 0;
    for (const auto& [frame, pictures] : frames) {
      for (const size_t picture : pictures) {
        track.judged[picture] = smoother.judged[picture] = 1;
        for (size_t p = 0; p < parts; ++p) {
          const size_t from = row * ensemble_.bodyparts().size() + shared_[p].in_ensemble;
          const size_t to = judged_.at(picture, p);
          track.keypoints[to] = answer.track[from];
          track.covariance[to] = answer.track_covariance[from];
          smoother.keypoints[to] = answer.smoothed[from];
          smoother.covariance[to] = answer.smoothed_covariance[from];
        }
      }
      ++row;
    }
  }
  judged_.methods.push_back(std::move(track));
  judged_.methods.push_back(std::move(smoother));
}

}  // namespace

JudgedFrames judge_pictures(const Ensemble& ensemble, const LabelSet& labels,
                            std::span<const MemberTraining> training, const JudgeOptions& options,
                            const JobHooks& hooks) {
  return Judge(ensemble, labels, training, options, hooks).judge();
}

}  // namespace posse
