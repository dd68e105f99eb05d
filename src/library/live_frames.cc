#include "library/live_frames.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <utility>

#include "base/error.h"
#include "consensus/track/evidence_bytes.h"
#include "run/track_report.h"

namespace posse {

LiveFrames::LiveFrames(Ensemble& ensemble, LiveOptions options)
    : ensemble_(ensemble), options_(std::move(options)) {
  const bool is_track = options_.consensus == RunConsensus::track;
  if (!(options_.fps >= 0) || !std::isfinite(options_.fps))
    throw Error(ErrorKind::usage,
                fmt::format("fps is {}, must be a number from 0 on", options_.fps));
  if (!is_track && (options_.look_alike != "none" || options_.fps > 0)) {
    throw Error(ErrorKind::usage, "look-alike and fps are for consensus=track",
                {.hint = "leave them out, or set consensus=track"});
  }
  if (options_.look_alike == "auto") {
    throw Error(ErrorKind::usage,
                "look-alike=auto needs the whole video, of which single frames know nothing",
                {.hint = "name the groups, as paw1,paw2; posse run finds them and lists them"});
  }
  groups_ = parse_look_alikes(options_.look_alike, ensemble_.bodyparts());
  if (!options_.calibration.empty()) {
    if (is_track) {
      throw Error(ErrorKind::usage,
                  "a calibration is not for the track of single frames, which looks at the past "
                  "alone",
                  {.hint = "leave calibration out, or set consensus=mean"});
    }
    calibration_.emplace(options_.calibration, ensemble_, options_.consensus, options_.radius);
    if (!calibration_->misfit().empty() && !options_.force_calibration) {
      throw Error(ErrorKind::usage,
                  fmt::format("{} {}", options_.calibration.string(), calibration_->misfit()),
                  {.hint = "posse calibrate makes one for these; force-calibration=on uses it all "
                           "the same"});
    }
  }
  reset();
}

void LiveFrames::reset() {
  num_frames_ = 0;
  if (options_.consensus != RunConsensus::track) return;
  TrackOptions track;
  track.tracker.lag = 0;
  tracker_ = std::make_unique<Tracker>(ensemble_.bodyparts().size(), groups_, track);
}

double LiveFrames::elapsed(double time_seconds) {
  if (options_.fps == 0) return 1;
  if (!std::isfinite(time_seconds)) {
    throw Error(
        ErrorKind::invalid_value,
        fmt::format("frame {} has no time ({} s), which fps needs", num_frames_, time_seconds),
        {.hint = "set image.time_seconds, or leave fps out"});
  }
  if (num_frames_ == 0) return 1;
  const double frames = (time_seconds - last_time_) * options_.fps;
  if (frames > 0) return frames;
  throw Error(ErrorKind::invalid_value,
              fmt::format("the time of frame {} is {} s, must be above that of the frame before, "
                          "{} s",
                          num_frames_, time_seconds, last_time_),
              {.hint = "posse_reset begins a new video; without fps times are not looked at"});
}

void LiveFrames::track(FrameResult& frame, double time_seconds) {
  FrameEvidence evidence =
      evidence_from_bytes(frame.evidence, ensemble_.members().size(), ensemble_.bodyparts().size());
  evidence.frame_index = frame.frame_index;
  evidence.time_seconds = time_seconds;
  frame.evidence = {};
  TrackedFrame tracked = tracker_->push_causal(std::move(evidence), elapsed(time_seconds));
  for (size_t p = 0; p < frame.consensus.size(); ++p)
    frame.consensus[p].keypoint = tracked.keypoints[p].keypoint;
  frame.track = std::move(tracked.keypoints);
}

FrameResult LiveFrames::push(Image image, double time_seconds) {
  const bool is_track = options_.consensus == RunConsensus::track;
  if (is_track) elapsed(time_seconds);  // refused before the networks run
  FrameResult result = ensemble_.run_frame(
      {.frame_index = num_frames_, .time_seconds = time_seconds, .image = std::move(image)},
      {.consensus = map_method(options_.consensus), .keep_evidence = is_track});
  if (is_track) track(result, time_seconds);
  if (calibration_) result.calibrated = calibration_->points_of(result);
  ++num_frames_;
  last_time_ = time_seconds;
  return result;
}

}  // namespace posse
