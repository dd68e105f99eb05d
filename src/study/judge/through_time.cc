#include "study/judge/through_time.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <set>

#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "consensus/track/evidence_bytes.h"
#include "consensus/track/evidence_finder.h"
#include "consensus/track/look_alikes.h"
#include "consensus/track/smoothed_track.h"
#include "consensus/track/tracker.h"
#include "ensemble/member_map.h"
#include "smoothing/models/single_camera.h"
#include "video/video_reader.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

/// Changes when the same networks and frames would give other evidence.
constexpr int kEvidenceVersion = 1;

/// What is kept of a frame for one set of judges.
struct Seen {
  std::vector<Keypoint> members;  ///< [judges, bodyparts]
  FrameEvidence evidence;
};

std::string bytes_of(const Seen& seen) {
  const std::vector<uint8_t> evidence = evidence_bytes(seen.evidence);
  std::string bytes(reinterpret_cast<const char*>(seen.members.data()),
                    seen.members.size() * sizeof(Keypoint));
  bytes.append(reinterpret_cast<const char*>(evidence.data()), evidence.size());
  return bytes;
}

Seen seen_from(const std::string& bytes, size_t num_judges, size_t num_bodyparts) {
  Seen seen;
  seen.members.resize(num_judges * num_bodyparts);
  const size_t size = seen.members.size() * sizeof(Keypoint);
  if (bytes.size() < size) throw Error(ErrorKind::bad_file, "kept evidence is damaged");
  std::memcpy(seen.members.data(), bytes.data(), size);
  seen.evidence = evidence_from_bytes(
      {reinterpret_cast<const uint8_t*>(bytes.data()) + size, bytes.size() - size}, num_judges,
      num_bodyparts);
  return seen;
}

/// Frames first to last of a video that are looked at together.
struct Segment {
  int64_t first = 0;
  int64_t last = 0;
};

std::vector<Segment> segments_of(std::span<const int64_t> frames, int window) {
  std::vector<Segment> segments;
  for (const int64_t frame : frames) {
    const Segment next{std::max<int64_t>(0, frame - window), frame + window};
    if (!segments.empty() && next.first <= segments.back().last + 1) {
      segments.back().last = next.last;
    } else {
      segments.push_back(next);
    }
  }
  return segments;
}

/// The evidence of a video's windows, computed or from the cache.
class WindowEvidence {
 public:
  WindowEvidence(const Ensemble& ensemble, bool whole_pictures, const BlobCache& cache,
                 std::span<const std::string> member_keys, const JobHooks& hooks)
      : ensemble_(ensemble),
        whole_pictures_(whole_pictures),
        cache_(cache),
        member_keys_(member_keys),
        hooks_(hooks) {}

  /// Has everything computed that is not there. @param requests  of one video
  void fill(const fs::path& video, std::span<const TimeRequest* const> requests, int window);
  Seen read(const std::vector<size_t>& judges, int64_t frame) const;
  /// False past the video's end.
  bool has(int64_t frame) const { return hashes_.contains(frame); }

 private:
  std::string key_of(const std::vector<size_t>& judges, int64_t frame) const;
  void find_frames(const fs::path& video);
  void run(const fs::path& video, const std::set<int64_t>& missing);
  void take(FrameBundle& bundle);

  const Ensemble& ensemble_;
  bool whole_pictures_;
  const BlobCache& cache_;
  std::span<const std::string> member_keys_;
  const JobHooks& hooks_;
  std::map<int64_t, std::vector<const std::vector<size_t>*>> wanted_;  ///< sets of judges by frame
  std::map<int64_t, std::string> hashes_;                              ///< by frame
  EvidenceFinder finder_;
};

std::string WindowEvidence::key_of(const std::vector<size_t>& judges, int64_t frame) const {
  std::string text = fmt::format("evidence {} {} {}", kEvidenceVersion, hashes_.at(frame),
                                 whole_pictures_ ? "whole" : "cut");
  for (const size_t judge : judges) {
    text += " " + member_keys_[judge];
    if (const auto& crop = ensemble_.members()[judge].crop)
      text += fmt::format(" {},{},{},{}", crop->x1, crop->x2, crop->y1, crop->y2);
  }
  for (const std::string& name : ensemble_.bodyparts()) text += "\n" + name;
  Sha256 hash;
  hash.update(text);
  return hash.finish();
}

Seen WindowEvidence::read(const std::vector<size_t>& judges, int64_t frame) const {
  const auto bytes = cache_.read(key_of(judges, frame));
  if (!bytes) throw Error(ErrorKind::io, "kept evidence is gone", {.hint = "try again"});
  Seen seen = seen_from(*bytes, judges.size(), ensemble_.bodyparts().size());
  seen.evidence.frame_index = frame;
  seen.evidence.time_seconds = std::nan("");
  return seen;
}

void WindowEvidence::find_frames(const fs::path& video) {
  const int64_t first = wanted_.begin()->first, last = wanted_.rbegin()->first;
  const auto reader = open_video(video, {.range = {.start = first, .stop = last + 1}});
  VideoFrame frame;
  while (reader->read(frame)) {
    if (hooks_.stop != nullptr && hooks_.stop->requested())
      throw Error(ErrorKind::interrupted, "the same command goes on where it was");
    if (wanted_.contains(frame.frame_index))
      hashes_[frame.frame_index] = hash_of_image(frame.image);
  }
}

void WindowEvidence::take(FrameBundle& bundle) {
  const auto& members = ensemble_.members();
  for (size_t i = 0; i < bundle.num_frames; ++i) {
    const VideoFrame& frame = bundle.frames[i];
    const FrameResult& result = bundle.results[i];
    const Extent extent{frame.image.height, frame.image.width};
    for (const std::vector<size_t>* judges : wanted_.at(frame.frame_index)) {
      std::vector<MemberMap> maps;
      Seen seen;
      for (const size_t m : *judges) {
        const Shape& shape = bundle.outputs[m].scoremap_logits.shape();
        const auto cells = static_cast<size_t>(shape[1] * shape[2] * shape[3]);
        const Tensor& locref = bundle.outputs[m].locref;
        const ScoremapView map{.logits = bundle.outputs[m].scoremap_logits.data() + i * cells,
                               .locref = locref.empty() ? nullptr : locref.data() + i * 2 * cells,
                               .height = static_cast<int>(shape[1]),
                               .width = static_cast<int>(shape[2]),
                               .num_bodyparts = static_cast<int>(shape[3])};
        maps.push_back(
            member_map(members[m], map, ensemble_.alignment().column_of_bodypart[m],
                       area_seen(whole_pictures_ ? std::nullopt : members[m].crop, extent)));
        const auto keypoints = result.member(m);
        seen.members.insert(seen.members.end(), keypoints.begin(), keypoints.end());
      }
      seen.evidence = finder_.find(maps, seen.members);
      cache_.write(key_of(*judges, frame.frame_index), bytes_of(seen));
    }
  }
}

void WindowEvidence::run(const fs::path& video, const std::set<int64_t>& missing) {
  std::vector<fs::path> paths;
  for (const MemberNetwork& member : ensemble_.members())
    if (paths.empty() || paths.back() != member.member.path) paths.push_back(member.member.path);
  Ensemble networks = Ensemble::open(paths, ensemble_.options());
  POSSE_ASSERT(networks.members().size() == ensemble_.members().size());
  const auto reader =
      open_video(video, {.range = {.start = *missing.begin(), .stop = *missing.rbegin() + 1}});
  Progress progress{.stage = "around the labels",
                    .item = video.filename().string(),
                    .total = static_cast<int64_t>(missing.size())};
  const double start = seconds_now();
  networks.run({.source =
                    [&](VideoFrame& frame) {
                      while (reader->read(frame))
                        if (missing.contains(frame.frame_index)) return true;
                      return false;
                    },
                .whole_pictures = whole_pictures_,
                .sink =
                    [&](FrameBundle& bundle) {
                      if (hooks_.stop != nullptr && hooks_.stop->requested()) {
                        throw Error(ErrorKind::interrupted,
                                    "the same command goes on where it was");
                      }
                      take(bundle);
                      progress.done += static_cast<int64_t>(bundle.num_frames);
                      progress.elapsed_seconds = seconds_now() - start;
                      if (hooks_.progress) hooks_.progress(progress);
                    }});
}

void WindowEvidence::fill(const fs::path& video, std::span<const TimeRequest* const> requests,
                          int window) {
  wanted_.clear();
  hashes_.clear();
  for (const TimeRequest* request : requests) {
    for (const Segment& segment : segments_of(request->frames, window)) {
      for (int64_t frame = segment.first; frame <= segment.last; ++frame)
        wanted_[frame].push_back(&request->judges);
    }
  }
  find_frames(video);
  std::set<int64_t> missing;
  for (const auto& [frame, sets] : wanted_) {
    if (!hashes_.contains(frame)) continue;
    for (const std::vector<size_t>* judges : sets)
      if (!cache_.read(key_of(*judges, frame))) missing.insert(frame);
  }
  if (!missing.empty()) run(video, missing);
}

/// One request's tracks, segment by segment.
class RequestTracker {
 public:
  RequestTracker(const TimeRequest& request, const WindowEvidence& evidence,
                 const std::vector<std::string>& bodyparts, int num_threads)
      : request_(request), evidence_(evidence), bodyparts_(bodyparts), num_threads_(num_threads) {}

  TimeAnswer answer(int window) {
    LookAlikes look_alikes(bodyparts_.size());
    const std::vector<Segment> segments = segments_of(request_.frames, window);
    for (const Segment& segment : segments) {
      for (int64_t f = segment.first; f <= segment.last && evidence_.has(f); ++f)
        look_alikes.add(evidence_.read(request_.judges, f).evidence);
    }
    groups_ = look_alikes.groups();
    for (const Segment& segment : segments) look_at(segment);
    return std::move(answer_);
  }

 private:
  void look_at(const Segment& segment) {
    std::vector<Seen> seen;
    for (int64_t f = segment.first; f <= segment.last && evidence_.has(f); ++f)
      seen.push_back(evidence_.read(request_.judges, f));
    const std::vector<TrackedFrame> track = track_of(seen);
    const SmoothedTracks smoothed = smoothed_of(segment.first, seen);
    for (const int64_t frame : request_.frames) {
      if (frame < segment.first || frame > segment.last) continue;
      const auto row = static_cast<size_t>(frame - segment.first);
      if (row >= track.size()) {
        throw Error(ErrorKind::not_found,
                    fmt::format("{}: has no frame {}", request_.video.string(), frame));
      }
      for (size_t p = 0; p < bodyparts_.size(); ++p) {
        const TrackedKeypoint& point = track[row].keypoints[p];
        answer_.track.push_back(point.keypoint);
        answer_.track_covariance.push_back(point.covariance);
        const auto at = smoothed.position.row(row);
        const auto variance = smoothed.posterior_variance.row(row);
        answer_.smoothed.push_back({at[2 * p], at[2 * p + 1], smoothed.likelihood.row(row)[p]});
        const bool counts = request_.judges.size() > 1;
        answer_.smoothed_covariance.push_back({counts ? variance[2 * p] : std::nan(""), 0.0,
                                               counts ? variance[2 * p + 1] : std::nan("")});
      }
    }
  }

  std::vector<TrackedFrame> track_of(const std::vector<Seen>& seen) const {
    Tracker tracker(bodyparts_.size(), groups_);
    std::vector<TrackedFrame> track;
    const auto take = [&](std::vector<TrackedFrame> frames) {
      std::move(frames.begin(), frames.end(), std::back_inserter(track));
    };
    for (const Seen& one : seen) take(tracker.push(one.evidence, 1));
    take(tracker.finish());
    smooth_track(track, bodyparts_, num_threads_);
    return track;
  }

  SmoothedTracks smoothed_of(int64_t first, const std::vector<Seen>& seen) const {
    std::vector<Poses> members(request_.judges.size(), Poses{.bodyparts = bodyparts_});
    for (size_t m = 0; m < members.size(); ++m) {
      for (size_t row = 0; row < seen.size(); ++row) {
        const auto* begin = seen[row].members.data() + m * bodyparts_.size();
        members[m].frame_index.push_back(first + static_cast<int64_t>(row));
        members[m].keypoints.insert(members[m].keypoints.end(), begin, begin + bodyparts_.size());
      }
    }
    return smooth_single_camera(
        members, {.ensemble = {.allow_one_member = true}, .num_threads = num_threads_});
  }

  const TimeRequest& request_;
  const WindowEvidence& evidence_;
  const std::vector<std::string>& bodyparts_;
  int num_threads_;
  std::vector<std::vector<int>> groups_;
  TimeAnswer answer_;
};

}  // namespace

std::vector<TimeAnswer> judge_through_time(const Ensemble& ensemble,
                                           std::span<const TimeRequest> requests, int window,
                                           bool whole_pictures, const BlobCache& cache,
                                           std::span<const std::string> member_keys,
                                           const JobHooks& hooks) {
  std::map<fs::path, std::vector<size_t>> by_video;
  for (size_t i = 0; i < requests.size(); ++i) by_video[requests[i].video].push_back(i);
  std::vector<TimeAnswer> answers(requests.size());
  WindowEvidence evidence(ensemble, whole_pictures, cache, member_keys, hooks);
  for (const auto& [video, indices] : by_video) {
    std::vector<const TimeRequest*> of_video;
    for (const size_t i : indices) of_video.push_back(&requests[i]);
    evidence.fill(video, of_video, window);
    for (const size_t i : indices) {
      answers[i] =
          RequestTracker(requests[i], evidence, ensemble.bodyparts(), ensemble.num_threads())
              .answer(window);
    }
  }
  return answers;
}

}  // namespace posse
