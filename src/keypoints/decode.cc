#include "keypoints/decode.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "keypoints/lightning_rule.h"
#include "keypoints/row_kernels.h"
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
          .y = pixel_from_cell(moments->y, map.stride_of_rows()),
          .likelihood = likelihood_around(map, bodypart, moments->x, moments->y)};
}

/// A cell's centre plus its location refinement.
Keypoint keypoint_of_cell(const ScoremapView& map, int row, int col, int bodypart) {
  const PixelOffset offset = locref_offset(map, row, col, bodypart);
  return {.x = pixel_from_cell(col, map.stride) + offset.x,
          .y = pixel_from_cell(row, map.stride_of_rows()) + offset.y,
          .likelihood = sigmoid(map.logit(row, col, bodypart))};
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
  return keypoint_of_cell(map, best_row, best_col, bodypart);
}

size_t row_length(const ScoremapView& map) {
  return static_cast<size_t>(map.width) * static_cast<size_t>(map.num_bodyparts);
}

/// By the vector kernels; nullopt where a logit is NaN or the sum is outside the range in which
/// float32 can be trusted.
std::vector<std::optional<Keypoint>> quick_by_dgp_rule(const ScoremapView& map,
                                                       const AxisWeights& rows,
                                                       const AxisWeights& columns) {
  const size_t count = row_length(map);
  std::vector<double> mass(padded_row(count), 0.0);
  std::vector<double> first(padded_row(count), 0.0);
  for (size_t row = 0; row < rows.mass.size(); ++row) {
    row_kernels().add_softmax(map.logits + row * count, count, rows.mass[row], rows.first[row],
                              mass.data(), first.data());
  }
  std::vector<std::optional<Keypoint>> keypoints(static_cast<size_t>(map.num_bodyparts));
  for (size_t j = 0; j < keypoints.size(); ++j) {
    double sum = 0;
    double x = 0;
    double y = 0;
    for (size_t col = 0; col < columns.mass.size(); ++col) {
      const size_t i = col * keypoints.size() + j;
      sum += columns.mass[col] * mass[i];
      x += columns.first[col] * mass[i];
      y += columns.mass[col] * first[i];
    }
    if (sum > kLeastTrustedSum && sum < kMostTrustedSum) {  // false for NaN
      keypoints[j] = {.x = pixel_from_cell(x / sum, map.stride),
                      .y = pixel_from_cell(y / sum, map.stride_of_rows()),
                      .likelihood = likelihood_around(map, static_cast<int>(j), x / sum, y / sum)};
    }
  }
  return keypoints;
}

/// By the vector kernels; exact. All nullopt if there is a NaN anywhere.
std::vector<std::optional<Keypoint>> quick_by_dlc_rule(const ScoremapView& map) {
  std::vector<std::optional<Keypoint>> keypoints(static_cast<size_t>(map.num_bodyparts));
  const size_t count = row_length(map);
  std::vector<float> highest(padded_row(count), -std::numeric_limits<float>::infinity());
  std::vector<float> highest_row(padded_row(count), -1.0F);
  for (int row = 0; row < map.height; ++row) {
    if (row_kernels().keep_highest(map.logits + static_cast<size_t>(row) * count, count,
                                   static_cast<float>(row), highest.data(), highest_row.data())) {
      return keypoints;
    }
  }
  for (size_t j = 0; j < keypoints.size(); ++j) {
    size_t best = j;
    for (size_t i = j; i < count; i += keypoints.size()) {
      if (highest[i] > highest[best] ||
          (highest[i] == highest[best] && highest_row[i] < highest_row[best])) {
        best = i;
      }
    }
    keypoints[j] =
        highest_row[best] < 0
            ? missing_keypoint()
            : keypoint_of_cell(map, static_cast<int>(highest_row[best]),
                               static_cast<int>(best / keypoints.size()), static_cast<int>(j));
  }
  return keypoints;
}

}  // namespace

std::string_view to_string(DecodeRule rule) { return name_of(rule); }

Keypoint missing_keypoint() {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  return {.x = kNan, .y = kNan, .likelihood = 0};
}

namespace {

std::vector<Keypoint> decode_by_lightning_rule(const ScoremapView& map, bool whole_shift) {
  std::vector<Keypoint> keypoints;
  for (int bodypart = 0; bodypart < map.num_bodyparts; ++bodypart) {
    keypoints.push_back(keypoint_by_lightning_rule(map, bodypart, whole_shift));
    keypoints.back().x += map.offset_x;  // a missing one stays NaN
    keypoints.back().y += map.offset_y;
  }
  return keypoints;
}

}  // namespace

std::vector<Keypoint> decode_keypoints(const ScoremapView& map, DecodeRule rule,
                                       Arithmetic arithmetic) {
  check_scoremap(map);
  if (rule == DecodeRule::lp || rule == DecodeRule::lp_correct) {
    return decode_by_lightning_rule(map, rule == DecodeRule::lp_correct);
  }
  std::vector<std::optional<Keypoint>> quick(static_cast<size_t>(map.num_bodyparts));
  const AxisWeights rows = blurred_axis(map.height);
  const AxisWeights columns = blurred_axis(map.width);
  if (arithmetic == Arithmetic::fast) {
    quick =
        rule == DecodeRule::dgp ? quick_by_dgp_rule(map, rows, columns) : quick_by_dlc_rule(map);
  }
  std::vector<Keypoint> keypoints;
  keypoints.reserve(quick.size());
  std::vector<double> plane;
  for (int bodypart = 0; bodypart < map.num_bodyparts; ++bodypart) {
    const std::optional<Keypoint>& found = quick[static_cast<size_t>(bodypart)];
    keypoints.push_back(found ? *found
                        : rule == DecodeRule::dgp
                            ? keypoint_by_dgp_rule(map, bodypart, rows, columns, plane)
                            : keypoint_by_dlc_rule(map, bodypart));
    keypoints.back().x += map.offset_x;  // a missing one stays NaN
    keypoints.back().y += map.offset_y;
  }
  return keypoints;
}

}  // namespace posse
