#include "run/precision_frames.h"

#include <algorithm>

#include "ensemble/precision_check.h"
#include "video/video_frames.h"

namespace posse {
namespace {

constexpr int64_t kMostBytes = int64_t{256} << 20;  ///< of frames held together

/// Decoding a group of pictures costs about as much as jumping into it.
constexpr int64_t kGapToJump = 120;

}  // namespace

std::vector<int64_t> spread_frames(const FrameRange& range, int64_t num_frames, size_t most) {
  const int64_t count = std::min(num_frames, static_cast<int64_t>(most));
  std::vector<int64_t> frames;
  for (int64_t i = 0; i < count; ++i)
    frames.push_back(range.start + (2 * i + 1) * num_frames / (2 * count) * range.step);
  return frames;
}

void check_precision_on_video(Ensemble& ensemble, const RunPlan& plan, const FrameRange& range,
                              const StopFlag* stop) {
  if (!ensemble.has_reduced_precision()) return;
  const std::optional<int64_t> count = expected_frames(plan.video, range);
  if (!count) return;
  const int64_t frame_bytes = int64_t{3} * plan.video.height * plan.video.width;
  const auto most = std::clamp<int64_t>(kMostBytes / frame_bytes, 1, kPrecisionFrames);
  std::vector<VideoFrame> frames;
  visit_video_frames(
      plan.video.path, spread_frames(range, *count, static_cast<size_t>(most)), stop,
      [&](int64_t frame_index, const Image& image) {
        frames.push_back({.frame_index = frame_index, .image = image});
        return true;
      },
      kGapToJump);
  ensemble.check_precision(frames, {.whole_pictures = plan.whole_pictures,
                                    .boxes = plan.boxes ? &*plan.boxes : nullptr});
}

}  // namespace posse
