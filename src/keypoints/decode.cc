#include "keypoints/decode.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "keypoints/softmax_moments.h"

namespace posse {
namespace {

/// Largest sigmoid of the cells around a point: floor and ceil along both axes.
double likelihood_around(const ScoremapView& map, int bodypart, double col, double row) {
  double best = 0;
  for (const double r : {std::floor(row), std::ceil(row)}) {
    for (const double c : {std::floor(col), std::ceil(col)}) {
      const int inside_row = std::clamp(static_cast<int>(r), 0, map.height - 1);
      const int inside_col = std::clamp(static_cast<int>(c), 0, map.width - 1);
      best = std::max(best, sigmoid(map.logit(inside_row, inside_col, bodypart)));
    }
  }
  return best;
}

Keypoint keypoint_by_dgp_rule(const ScoremapView& map, int bodypart, const AxisWeights& rows,
                              const AxisWeights& columns, std::vector<double>& plane) {
  plane.resize(static_cast<size_t>(map.height) * static_cast<size_t>(map.width));
  for (size_t cell = 0; cell < plane.size(); ++cell) {
    plane[cell] = static_cast<double>(
        map.logits[cell * static_cast<size_t>(map.num_bodyparts) + static_cast<size_t>(bodypart)]);
  }
  const auto moments = softmax_moments(plane, rows, columns);
  if (!moments) {
    return missing_keypoint();
  }
  return {.x = pixel_from_cell(moments->x, map.stride),
          .y = pixel_from_cell(moments->y, map.stride),
          .likelihood = likelihood_around(map, bodypart, moments->x, moments->y)};
}

Keypoint keypoint_by_dlc_rule(const ScoremapView& map, int bodypart) {
  double highest = -std::numeric_limits<double>::infinity();
  int best_row = -1;
  int best_col = -1;
  for (int row = 0; row < map.height; ++row) {
    for (int col = 0; col < map.width; ++col) {
      const double logit = map.logit(row, col, bodypart);
      if (std::isnan(logit)) {
        return missing_keypoint();
      }
      if (logit > highest) {
        highest = logit;
        best_row = row;
        best_col = col;
      }
    }
  }
  if (best_row < 0) {
    return missing_keypoint();
  }
  const PixelOffset offset = locref_offset(map, best_row, best_col, bodypart);
  return {.x = pixel_from_cell(best_col, map.stride) + offset.x,
          .y = pixel_from_cell(best_row, map.stride) + offset.y,
          .likelihood = sigmoid(highest)};
}

}  // namespace

std::string_view to_string(DecodeRule rule) { return rule == DecodeRule::dgp ? "dgp" : "dlc"; }

Keypoint missing_keypoint() {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  return {.x = kNan, .y = kNan, .likelihood = 0};
}

std::vector<Keypoint> decode_keypoints(const ScoremapView& map, DecodeRule rule, Arithmetic) {
  check_scoremap(map);
  std::vector<Keypoint> keypoints;
  keypoints.reserve(static_cast<size_t>(map.num_bodyparts));
  const AxisWeights rows = blurred_axis(map.height);
  const AxisWeights columns = blurred_axis(map.width);
  std::vector<double> plane;
  for (int bodypart = 0; bodypart < map.num_bodyparts; ++bodypart) {
    keypoints.push_back(rule == DecodeRule::dgp
                            ? keypoint_by_dgp_rule(map, bodypart, rows, columns, plane)
                            : keypoint_by_dlc_rule(map, bodypart));
  }
  return keypoints;
}

}  // namespace posse
