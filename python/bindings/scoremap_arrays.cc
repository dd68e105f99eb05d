#include "scoremap_arrays.h"

#include <algorithm>

namespace posse {

std::vector<ScoremapView> frame_views(const FloatArray& logits,
                                      const std::optional<FloatArray>& locref,
                                      const CellPlaces& places, double locref_stdev) {
  require_axes(logits, 4, "scoremap_logits", "frames, height, width, bodyparts");
  if (locref) {
    require_axes(*locref, 5, "locref", "frames, height, width, bodyparts, xy");
    if (!std::equal(logits.shape(), logits.shape() + 4, locref->shape()) || locref->shape(4) != 2) {
      throw Error(ErrorKind::shape_mismatch,
                  "locref and scoremap_logits differ in frames, height, width or bodyparts");
    }
  }
  const auto frame_size = static_cast<size_t>(logits.shape(1) * logits.shape(2) * logits.shape(3));
  const auto* const square = std::get_if<double>(&places);
  const auto [stride, row_stride, x, y] =
      square != nullptr ? std::array{*square, *square, 0.0, 0.0} : std::get<1>(places);
  std::vector<ScoremapView> views;
  views.reserve(static_cast<size_t>(logits.shape(0)));
  for (size_t frame = 0; frame < static_cast<size_t>(logits.shape(0)); ++frame) {
    views.push_back({.logits = logits.data() + frame * frame_size,
                     .locref = locref ? locref->data() + 2 * frame * frame_size : nullptr,
                     .height = static_cast<int>(logits.shape(1)),
                     .width = static_cast<int>(logits.shape(2)),
                     .num_bodyparts = static_cast<int>(logits.shape(3)),
                     .stride = stride,
                     .row_stride = row_stride,
                     .locref_stdev = locref_stdev,
                     .offset_x = x,
                     .offset_y = y});
    check_scoremap(views.back());
  }
  return views;
}

DecodeRule decode_rule_of(const std::string& name) {
  for (const DecodeRule rule : {DecodeRule::dgp, DecodeRule::dlc}) {
    if (to_string(rule) == name) return rule;
  }
  throw Error(ErrorKind::usage, fmt::format("decoding rule '{}' is not known", name),
              {.have = "dgp, dlc"});
}

KeypointArrays::KeypointArrays(size_t num_frames, size_t num_bodyparts)
    : xy(std::vector<size_t>{num_frames, num_bodyparts, 2}),
      likelihood(std::vector<size_t>{num_frames, num_bodyparts}) {}

void KeypointArrays::set(size_t frame, size_t bodypart, const Keypoint& keypoint) {
  xy.mutable_at(frame, bodypart, 0) = keypoint.x;
  xy.mutable_at(frame, bodypart, 1) = keypoint.y;
  likelihood.mutable_at(frame, bodypart) = keypoint.likelihood;
}

}  // namespace posse
