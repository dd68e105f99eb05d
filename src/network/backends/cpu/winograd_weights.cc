#include "network/backends/cpu/winograd_weights.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "base/error.h"

namespace posse::cpu {
namespace {

/// The matrices of F(m x m, 3 x 3), by magnitude where only that matters.
struct Transform {
  int outputs;
  std::vector<std::array<double, 3>> weights;    ///< G, [side][3]
  std::vector<double> input_gain;                ///< row sums of |B^T|, [side]
  std::vector<std::vector<double>> output_gain;  ///< |A|, [outputs][side]
  int side() const { return outputs + 2; }
};

const Transform& transform_of(int outputs) {
  static const Transform four = {
      4,
      {{1 / 4., 0, 0},
       {-1 / 6., -1 / 6., -1 / 6.},
       {-1 / 6., 1 / 6., -1 / 6.},
       {1 / 24., 1 / 12., 1 / 6.},
       {1 / 24., -1 / 12., 1 / 6.},
       {0, 0, 1}},
      {10, 10, 10, 6, 6, 10},
      {{1, 1, 1, 1, 1, 0}, {0, 1, 1, 2, 2, 0}, {0, 1, 1, 4, 4, 0}, {0, 1, 1, 8, 8, 1}}};
  static const Transform two = {2,
                                {{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}},
                                {2, 2, 2, 2},
                                {{1, 1, 1, 0}, {0, 1, 1, 1}}};
  POSSE_ASSERT(outputs == 4 || outputs == 2);
  return outputs == 4 ? four : two;
}

/// G g G^T, [side * side].
void transform_kernel(const Transform& t, const float* g, double* out) {
  const int side = t.side();
  for (int a = 0; a < side; ++a) {
    std::array<double, 3> half{};
    for (int x = 0; x < 3; ++x) {
      for (int y = 0; y < 3; ++y) {
        half[static_cast<size_t>(x)] += t.weights[static_cast<size_t>(a)][static_cast<size_t>(y)] *
                                        static_cast<double>(g[3 * y + x]);
      }
    }
    for (int b = 0; b < side; ++b) {
      const auto& row = t.weights[static_cast<size_t>(b)];
      out[a * side + b] = half[0] * row[0] + half[1] * row[1] + half[2] * row[2];
    }
  }
}

constexpr int kMostFrequencies = 36;

}  // namespace

Tensor winograd_weights(const TensorView& weights, int outputs, const Kernels& kernels) {
  const Transform& t = transform_of(outputs);
  const int64_t out = weights.shape.at(0), in = weights.shape.at(1);
  const int64_t columns = kernels.gemm_columns;
  const int64_t padded_in = (in + kernels.lanes - 1) / kernels.lanes * kernels.lanes;
  const int64_t panels = (out + columns - 1) / columns;
  const int64_t frequencies = int64_t{t.side()} * t.side();
  Tensor packed({frequencies, panels, padded_in, columns});
  std::fill(packed.values().begin(), packed.values().end(), 0.0F);
  std::array<double, kMostFrequencies> transformed{};
  for (int64_t o = 0; o < out; ++o) {
    for (int64_t i = 0; i < in; ++i) {
      transform_kernel(t, weights.data + (o * in + i) * 9, transformed.data());
      float* to = packed.data() + (o / columns * padded_in + i) * columns + o % columns;
      for (int64_t f = 0; f < frequencies; ++f) {
        to[f * panels * padded_in * columns] =
            static_cast<float>(transformed[static_cast<size_t>(f)]);
      }
    }
  }
  return packed;
}

double winograd_error_bound(const TensorView& weights, int outputs) {
  const Transform& t = transform_of(outputs);
  const int64_t out = weights.shape.at(0), in = weights.shape.at(1);
  const int side = t.side();
  double worst = 0, most_weight = 0;
  std::array<double, kMostFrequencies> transformed{};
  for (int64_t o = 0; o < out; ++o) {
    std::array<double, kMostFrequencies> magnitude{};
    double weight = 0;
    for (int64_t i = 0; i < in; ++i) {
      const float* g = weights.data + (o * in + i) * 9;
      for (int k = 0; k < 9; ++k) weight += std::fabs(static_cast<double>(g[k]));
      transform_kernel(t, g, transformed.data());
      for (int f = 0; f < side * side; ++f) {
        magnitude[static_cast<size_t>(f)] += std::fabs(transformed[static_cast<size_t>(f)]);
      }
    }
    most_weight = std::max(most_weight, weight);
    for (const auto& row : t.output_gain) {
      for (const auto& col : t.output_gain) {
        double sum = 0;
        for (int a = 0; a < side; ++a) {
          for (int b = 0; b < side; ++b) {
            const auto i = static_cast<size_t>(a), j = static_cast<size_t>(b);
            sum += row[i] * col[j] * t.input_gain[i] * t.input_gain[j] *
                   magnitude[static_cast<size_t>(a * side + b)];
          }
        }
        worst = std::max(worst, sum);
      }
    }
  }
  if (most_weight == 0) return 0;
  // Roundings that a value passes: 1 of the weight, 4 per axis of the input transform, one per
  // channel of the sum, 4 per axis of the output transform, 1 for the bias.
  const double roundings = 1 + 8 + static_cast<double>(in) + 8 + 1;
  return roundings * worst / most_weight;
}

bool winograd_is_exact_enough(const TensorView& weights, int outputs) {
  const double terms = static_cast<double>(9 * weights.shape.at(1) + 1);
  constexpr double kMostGrowth = 64;
  return winograd_error_bound(weights, outputs) <= kMostGrowth * terms;
}

}  // namespace posse::cpu
