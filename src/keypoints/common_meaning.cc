#include "keypoints/common_meaning.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace posse {
namespace {

double limited_logit(double probability) {
  const double p = std::clamp(probability, kLeastPeak, 1 - kLeastPeak);
  return std::log(p / (1 - p));
}

/// One bodypart's map: every `step`-th value from the first.
struct Plane {
  float* first;
  size_t count;
  size_t step;
  float& at(size_t cell) const { return first[cell * step]; }
};

/// NaN if any value is.
float highest_of(const Plane& plane) {
  float highest = -std::numeric_limits<float>::infinity();
  bool has_nan = false;
  for (size_t i = 0; i < plane.count; ++i) {
    highest = std::max(highest, plane.at(i));
    has_nan = has_nan || std::isnan(plane.at(i));
  }
  return has_nan ? std::numeric_limits<float>::quiet_NaN() : highest;
}

void convert_bump(const Plane& plane) {
  const auto highest = static_cast<double>(highest_of(plane));
  const double peak = limited_logit(highest);
  for (size_t i = 0; i < plane.count; ++i) {
    const auto value = static_cast<double>(plane.at(i));
    // The first differences below the peak are kept by log1p, where a logarithm would round them.
    const double below = highest > 0 ? std::max((value - highest) / highest, kLeastShare - 1) : 0;
    plane.at(i) = static_cast<float>(highest > 0 ? peak + kSharpening * std::log1p(below)
                                                 : peak + (value - highest));
    if (std::isnan(highest)) plane.at(i) = std::numeric_limits<float>::quiet_NaN();
  }
}

void convert_spatial_logits(const Plane& plane) {
  const auto highest = static_cast<double>(highest_of(plane));
  double sum = 0;
  for (size_t i = 0; i < plane.count; ++i) {
    sum += std::exp(static_cast<double>(plane.at(i)) - highest);
  }
  const double peak = limited_logit(1 / sum / kSharpestMass);
  for (size_t i = 0; i < plane.count; ++i) {
    plane.at(i) =
        std::isnan(highest)
            ? std::numeric_limits<float>::quiet_NaN()
            : static_cast<float>(kSharpening * (static_cast<double>(plane.at(i)) - highest) + peak);
  }
}

}  // namespace

void to_common_meaning(MapMeaning meaning, Tensor& maps) {
  if (meaning == MapMeaning::logits || maps.empty()) return;
  const auto parts = static_cast<size_t>(maps.dim(3));
  const auto cells = static_cast<size_t>(maps.dim(1) * maps.dim(2));
  for (int64_t frame = 0; frame < maps.dim(0); ++frame) {
    float* first = maps.data() + static_cast<size_t>(frame) * cells * parts;
    for (size_t part = 0; part < parts; ++part) {
      const Plane plane{first + part, cells, parts};
      if (meaning == MapMeaning::bump) {
        convert_bump(plane);
      } else {
        convert_spatial_logits(plane);
      }
    }
  }
}

}  // namespace posse
