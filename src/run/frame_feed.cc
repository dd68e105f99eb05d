#include "run/frame_feed.h"

#include <utility>

#include "video/frame_list_text.h"

namespace posse {

bool FrameFeed::continues_at(const FrameRange& range) const {
  return reader_ && at_end_ && has_more_ && range_.stop && range_.step == range.step &&
         *range_.stop == range.start;
}

FrameFeed::Counts FrameFeed::counts() const {
  const VideoReport& report = reader_->report();
  return {.num_decoded = report.num_decoded, .num_corrupt = report.num_corrupt};
}

void FrameFeed::go_to(const FrameRange& range, const FeedPiece& piece) {
  const bool goes_on = continues_at(range);
  range_ = range;
  has_more_ = piece.has_more;
  at_end_ = false;
  corrupt_.clear();
  if (goes_on) {
    before_ = given_;
    return;
  }
  const bool has_before = piece.has_before && range.start >= range.step;
  FrameRange to_read = range;
  if (has_before) to_read.start = piece.read_from.value_or(range.start - range.step);
  if (has_more_) to_read.stop.reset();
  reader_ = open_video(
      video_, {.range = to_read, .num_threads = num_threads_, .allow_seek = piece.allow_seek});
  ahead_.reset();
  before_ = {};
  if (has_before) pass_over_before();
  given_ = before_;
}

void FrameFeed::pass_over_before() {
  for (VideoFrame frame; reader_->read(frame); before_ = counts()) {
    if (frame.frame_index < range_.start) continue;
    // The frame before is lost: all that was decoded up to here but this one lies before it.
    if (before_.num_decoded == 0) before_.num_decoded = counts().num_decoded - 1;
    ahead_ = std::move(frame);
    return;
  }
}

void FrameFeed::note(const VideoFrame& frame) {
  const Counts now = counts();
  if (now.num_corrupt > given_.num_corrupt && corrupt_.size() < kMostFramesNamed)
    corrupt_.push_back(frame.frame_index);
  given_ = now;
}

bool FrameFeed::read(VideoFrame& frame) {
  const auto is_behind = [&](const VideoFrame& next) {
    return range_.stop && next.frame_index >= *range_.stop;
  };
  if (ahead_ && !is_behind(*ahead_)) {
    frame = std::move(*ahead_);
    ahead_.reset();
    note(frame);
    return true;
  }
  at_end_ = ahead_ || !reader_->read(frame);
  if (at_end_) return false;
  if (!is_behind(frame)) {
    note(frame);
    return true;
  }
  ahead_ = std::move(frame);
  frame = VideoFrame();
  at_end_ = true;
  return false;
}

VideoReport FrameFeed::report() const {
  VideoReport report = reader_->report();
  if (ahead_) {
    report.num_decoded = given_.num_decoded;
    report.num_corrupt = given_.num_corrupt;
  }
  report.num_decoded -= before_.num_decoded;
  report.num_corrupt -= before_.num_corrupt;
  if (ahead_ && report.num_corrupt > 0) {
    // With a step, frames that are not given are counted, but not named.
    const bool are_all_named = range_.step == 1;
    report.warnings.push_back(
        corrupt_frames_text(are_all_named ? corrupt_ : std::vector<int64_t>(), report.num_corrupt) +
        ".");
  }
  return report;
}

}  // namespace posse
