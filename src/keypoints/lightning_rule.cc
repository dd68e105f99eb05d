#include "keypoints/lightning_rule.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "keypoints/common_meaning.h"
#include "keypoints/decode.h"

namespace posse {
namespace {

constexpr double kTemperature = 1000;
/// exp(-kNegligible) times the cells of any map is far below float32's rounding.
constexpr double kNegligible = 50;
constexpr std::array<double, 3> kToolsShift = {0.5, 1.5, 2.5};

struct Plane {
  int height = 0;
  int width = 0;
  std::vector<float> values;
  const float* row(int r) const { return values.data() + static_cast<size_t>(r * width); }
  float* row(int r) { return values.data() + static_cast<size_t>(r * width); }
};

Plane empty_plane(int height, int width) {
  return {height, width, std::vector<float>(static_cast<size_t>(height * width))};
}

/// Weights of the four cells around a point at fraction t behind the second, a = -0.75.
std::array<float, 4> cubic_weights(double t) {
  constexpr double kA = -0.75;
  const auto near = [](double x) { return ((kA + 2) * x - (kA + 3)) * x * x + 1; };
  const auto far = [](double x) { return ((kA * x - 5 * kA) * x + 8 * kA) * x - 4 * kA; };
  return {static_cast<float>(far(t + 1)), static_cast<float>(near(t)),
          static_cast<float>(near(1 - t)), static_cast<float>(far(2 - t))};
}

/// Twice the height: row 2i lies a quarter before cell i, row 2i + 1 a quarter behind it.
Plane doubled_rows(const Plane& in) {
  static const std::array<float, 4> kEven = cubic_weights(0.75);
  static const std::array<float, 4> kOdd = cubic_weights(0.25);
  Plane out = empty_plane(2 * in.height, in.width);
  for (int row = 0; row < out.height; ++row) {
    const std::array<float, 4>& w = row % 2 == 0 ? kEven : kOdd;
    const int first = row / 2 - (row % 2 == 0 ? 2 : 1);
    std::array<const float*, 4> from{};
    for (int i = 0; i < 4; ++i) {
      from[static_cast<size_t>(i)] = in.row(std::clamp(first + i, 0, in.height - 1));
    }
    float* to = out.row(row);
    for (int col = 0; col < in.width; ++col) {
      to[col] =
          from[0][col] * w[0] + from[1][col] * w[1] + from[2][col] * w[2] + from[3][col] * w[3];
    }
  }
  return out;
}

Plane transposed(const Plane& in) {
  Plane out = empty_plane(in.width, in.height);
  for (int row = 0; row < in.height; ++row) {
    for (int col = 0; col < in.width; ++col) out.row(col)[row] = in.row(row)[col];
  }
  return out;
}

/// (1, 4, 6, 4, 1) / 16 along the rows' axis, zeros outside.
Plane filtered_rows(const Plane& in) {
  constexpr std::array<float, 5> kTaps = {1.0F / 16, 4.0F / 16, 6.0F / 16, 4.0F / 16, 1.0F / 16};
  Plane out = empty_plane(in.height, in.width);
  for (int row = 0; row < in.height; ++row) {
    float* to = out.row(row);
    for (int tap = 0; tap < 5; ++tap) {
      const int from_row = row + tap - 2;
      if (from_row < 0 || from_row >= in.height) continue;
      const float* from = in.row(from_row);
      for (int col = 0; col < in.width; ++col)
        to[col] += kTaps[static_cast<size_t>(tap)] * from[col];
    }
  }
  return out;
}

Plane doubled(const Plane& in) {
  return transposed(filtered_rows(doubled_rows(transposed(filtered_rows(doubled_rows(in))))));
}

/// The softmax of the network's logits of the bodypart; nothing in it if there is none.
Plane softmax_of(const ScoremapView& map, int bodypart) {
  double highest = -std::numeric_limits<double>::infinity();
  bool sound = true;
  for (int row = 0; row < map.height; ++row) {
    for (int col = 0; col < map.width; ++col) {
      const double logit = map.logit(row, col, bodypart);
      sound = sound && !std::isnan(logit);
      highest = std::max(highest, logit);
    }
  }
  if (!sound || !std::isfinite(highest)) return {};
  Plane plane = empty_plane(map.height, map.width);
  double sum = 0;
  for (int row = 0; row < map.height; ++row) {
    for (int col = 0; col < map.width; ++col) {
      const double weight = std::exp((map.logit(row, col, bodypart) - highest) / kSharpening);
      plane.row(row)[col] = static_cast<float>(weight);
      sum += weight;
    }
  }
  for (float& value : plane.values) value = static_cast<float>(static_cast<double>(value) / sum);
  return plane;
}

/// In pixels of the plane.
Keypoint sharp_expectation(const Plane& plane) {
  const auto highest =
      static_cast<double>(*std::max_element(plane.values.begin(), plane.values.end()));
  const auto weight = [&](int row, int col) {
    const double below = kTemperature * (static_cast<double>(plane.row(row)[col]) - highest);
    return below > -kNegligible ? std::exp(below) : 0.0;
  };
  const auto least = static_cast<float>(highest - kNegligible / kTemperature);
  double mass = 0;
  double x = 0;
  double y = 0;
  for (int row = 0; row < plane.height; ++row) {
    const float* values = plane.row(row);
    for (int col = 0; col < plane.width; ++col) {
      if (values[col] < least) continue;
      const double w = weight(row, col);
      mass += w;
      x += w * col;
      y += w * row;
    }
  }
  Keypoint found{.x = x / mass, .y = y / mass, .likelihood = 0};
  constexpr int kReach = 2;
  const int centre_row = static_cast<int>(found.y);
  const int centre_col = static_cast<int>(found.x);
  for (int row = std::max(0, centre_row - kReach);
       row <= std::min(plane.height - 1, centre_row + kReach); ++row) {
    for (int col = std::max(0, centre_col - kReach);
         col <= std::min(plane.width - 1, centre_col + kReach); ++col) {
      found.likelihood += weight(row, col) / mass;
    }
  }
  return found;
}

}  // namespace

Keypoint keypoint_by_lightning_rule(const ScoremapView& map, int bodypart, bool whole_shift) {
  Plane plane = softmax_of(map, bodypart);
  if (plane.values.empty()) return missing_keypoint();
  for (int i = 0; i < map.doublings; ++i) plane = doubled(plane);
  Keypoint keypoint = sharp_expectation(plane);
  const int cell_pixels = 1 << map.doublings;  // of what the network saw
  const double exact = 0.5 * (cell_pixels - 1);
  const auto index = static_cast<size_t>(map.doublings - 1);
  const double shift = whole_shift || index >= kToolsShift.size() ? exact : kToolsShift[index];
  // The first cell's centre lies on the first pixel, half a cell behind the map's offset.
  keypoint.x = (keypoint.x - shift) * map.stride / cell_pixels + 0.5 * map.stride;
  keypoint.y =
      (keypoint.y - shift) * map.stride_of_rows() / cell_pixels + 0.5 * map.stride_of_rows();
  return keypoint;
}

}  // namespace posse
