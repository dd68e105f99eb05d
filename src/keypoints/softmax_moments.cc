#include "keypoints/softmax_moments.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/error.h"

namespace posse {

AxisWeights plain_axis(int length) {
  AxisWeights axis;
  for (int i = 0; i < length; ++i) {
    axis.mass.push_back(1);
    axis.first.push_back(i);
    axis.second.push_back(static_cast<double>(i) * i);
  }
  return axis;
}

AxisWeights blurred_axis(int length) {
  const double side = std::exp(-0.5);
  const std::array<double, 3> kernel = {side / (1 + 2 * side), 1 / (1 + 2 * side),
                                        side / (1 + 2 * side)};
  AxisWeights axis;
  for (int i = 0; i < length; ++i) {
    double mass = 0;
    double first = 0;
    double second = 0;
    for (int cell = std::max(i - 1, 0); cell <= std::min(i + 1, length - 1); ++cell) {
      const double part = kernel[static_cast<size_t>(cell - i + 1)];
      mass += part;
      first += part * cell;
      second += part * cell * cell;
    }
    axis.mass.push_back(mass);
    axis.first.push_back(first);
    axis.second.push_back(second);
  }
  return axis;
}

CellMoments moments_from_sums(const MomentSums& sums) {
  const double x = sums.x / sums.mass;
  const double y = sums.y / sums.mass;
  // Rounding can leave a variance of a single cell a hair below zero.
  return {.x = x,
          .y = y,
          .xx = std::max(sums.xx / sums.mass - x * x, 0.0),
          .xy = sums.xy / sums.mass - x * y,
          .yy = std::max(sums.yy / sums.mass - y * y, 0.0)};
}

std::optional<CellMoments> softmax_moments(std::span<const double> logits, const AxisWeights& rows,
                                           const AxisWeights& columns) {
  const size_t height = rows.mass.size();
  const size_t width = columns.mass.size();
  POSSE_ASSERT(logits.size() == height * width && !logits.empty());
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  double highest = -kInfinity;
  for (const double logit : logits) {
    if (std::isnan(logit)) {
      return std::nullopt;
    }
    highest = std::max(highest, logit);
  }
  if (highest == -kInfinity) {
    return std::nullopt;
  }
  MomentSums sums;
  for (size_t row = 0; row < height; ++row) {
    double mass = 0;
    double first = 0;
    double second = 0;
    for (size_t col = 0; col < width; ++col) {
      const double logit = logits[row * width + col];
      const double weight = logit == highest ? 1.0 : std::exp(logit - highest);
      mass += weight * columns.mass[col];
      first += weight * columns.first[col];
      second += weight * columns.second[col];
    }
    sums.mass += rows.mass[row] * mass;
    sums.x += rows.mass[row] * first;
    sums.y += rows.first[row] * mass;
    sums.xx += rows.mass[row] * second;
    sums.xy += rows.first[row] * first;
    sums.yy += rows.second[row] * mass;
  }
  return moments_from_sums(sums);
}

}  // namespace posse
