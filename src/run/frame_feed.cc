#include "run/frame_feed.h"

#include <utility>

namespace posse {

bool FrameFeed::continues_at(const FrameRange& range) const {
  return reader_ && at_end_ && has_more_ && range_.stop && range_.step == range.step &&
         *range_.stop == range.start;
}

void FrameFeed::go_to(const FrameRange& range, bool allow_seek, bool has_more) {
  if (continues_at(range)) {
    before_ = reader_->report();
    before_.warnings.clear();
  } else {
    FrameRange to_read = range;
    if (has_more) to_read.stop.reset();
    reader_ = open_video(video_, {.range = to_read, .allow_seek = allow_seek});
    ahead_.reset();
    before_ = {};
  }
  range_ = range;
  has_more_ = has_more;
  at_end_ = false;
}

bool FrameFeed::read(VideoFrame& frame) {
  const auto is_behind = [&](const VideoFrame& next) {
    return range_.stop && next.frame_index >= *range_.stop;
  };
  if (ahead_ && !is_behind(*ahead_)) {
    frame = std::move(*ahead_);
    ahead_.reset();
    return true;
  }
  at_end_ = ahead_ || !reader_->read(frame);
  if (at_end_ || !is_behind(frame)) return !at_end_;
  ahead_ = std::move(frame);
  frame = VideoFrame();
  at_end_ = true;
  return false;
}

VideoReport FrameFeed::report() const {
  VideoReport report = reader_->report();
  report.num_decoded -= before_.num_decoded;
  report.num_jumped -= before_.num_jumped;
  report.num_corrupt -= before_.num_corrupt;
  report.num_undecodable -= before_.num_undecodable;
  return report;
}

}  // namespace posse
