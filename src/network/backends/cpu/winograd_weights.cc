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

constexpr int kMostFrequencies = 36;
constexpr int64_t kMostColumns = 32;

/// G g G^T of the kernels of up to kMostColumns output channels for one input channel. Loops over
/// the columns are innermost, so that they vectorise.
class KernelColumns {
 public:
  explicit KernelColumns(const Transform& transform) : t_(transform) {}

  void transform(const TensorView& weights, int64_t in_channel, int64_t first, int64_t count) {
    const int64_t in = weights.shape[1];
    for (int64_t c = 0; c < count; ++c) {
      const float* g = weights.data + ((first + c) * in + in_channel) * 9;
      for (int k = 0; k < 9; ++k) kernel_[k][c] = static_cast<double>(g[k]);
    }
    for (int a = 0; a < t_.side(); ++a) {
      const auto& row = t_.weights[static_cast<size_t>(a)];
      for (int x = 0; x < 3; ++x)
        combine(row, kernel_[x], kernel_[3 + x], kernel_[6 + x], half_[x]);
      for (int b = 0; b < t_.side(); ++b) {
        const auto& column = t_.weights[static_cast<size_t>(b)];
        combine(column, half_[0], half_[1], half_[2], frequencies_[a * t_.side() + b]);
      }
    }
  }
  const double* frequency(int f) const { return frequencies_[f]; }

 private:
  using Row = double[kMostColumns];
  static void combine(const std::array<double, 3>& by, const Row& x, const Row& y, const Row& z,
                      Row& to) {
    for (int64_t c = 0; c < kMostColumns; ++c) to[c] = by[0] * x[c] + by[1] * y[c] + by[2] * z[c];
  }

  const Transform& t_;
  Row kernel_[9] = {};
  Row half_[3] = {};
  Row frequencies_[kMostFrequencies] = {};
};

/// The largest gain from a transformed input to an output, of the channel whose transformed weights
/// have these magnitudes, summed over the input channels.
double worst_gain(const Transform& t, const double* magnitudes) {
  double worst = 0;
  for (const auto& row : t.output_gain) {
    for (const auto& col : t.output_gain) {
      double sum = 0;
      for (int f = 0; f < t.side() * t.side(); ++f) {
        const auto i = static_cast<size_t>(f / t.side()), j = static_cast<size_t>(f % t.side());
        sum += row[i] * col[j] * t.input_gain[i] * t.input_gain[j] * magnitudes[f];
      }
      worst = std::max(worst, sum);
    }
  }
  return worst;
}

}  // namespace

Tensor winograd_weights(const TensorView& weights, int outputs, const Kernels& kernels) {
  const Transform& t = transform_of(outputs);
  const int64_t out = weights.shape.at(0), in = weights.shape.at(1);
  const int64_t columns = kernels.gemm_columns;
  POSSE_ASSERT(columns <= kMostColumns);
  const int64_t padded_in = (in + kernels.lanes - 1) / kernels.lanes * kernels.lanes;
  const int64_t panels = (out + columns - 1) / columns;
  const int frequencies = t.side() * t.side();
  Tensor packed({frequencies, panels, padded_in, columns});
  std::fill(packed.values().begin(), packed.values().end(), 0.0F);
  for (int64_t panel = 0; panel < panels; ++panel) {
    KernelColumns kernel(t);
    const int64_t first = panel * columns, count = std::min(columns, out - first);
    for (int64_t i = 0; i < in; ++i) {
      kernel.transform(weights, i, first, count);
      for (int f = 0; f < frequencies; ++f) {
        float* to = packed.data() + ((f * panels + panel) * padded_in + i) * columns;
        for (int64_t c = 0; c < count; ++c) to[c] = static_cast<float>(kernel.frequency(f)[c]);
      }
    }
  }
  return packed;
}

double winograd_error_bound(const TensorView& weights, int outputs) {
  const Transform& t = transform_of(outputs);
  const int64_t out = weights.shape.at(0), in = weights.shape.at(1);
  const int frequencies = t.side() * t.side();
  double worst = 0, most_weight = 0;
  for (int64_t first = 0; first < out; first += kMostColumns) {
    const int64_t count = std::min(kMostColumns, out - first);
    KernelColumns kernel(t);
    double magnitude[kMostFrequencies][kMostColumns] = {};
    for (int64_t i = 0; i < in; ++i) {
      kernel.transform(weights, i, first, count);
      for (int f = 0; f < frequencies; ++f) {
        for (int64_t c = 0; c < kMostColumns; ++c) {
          magnitude[f][c] += std::fabs(kernel.frequency(f)[c]);
        }
      }
    }
    for (int64_t c = 0; c < count; ++c) {
      double of_channel[kMostFrequencies];
      for (int f = 0; f < frequencies; ++f) of_channel[f] = magnitude[f][c];
      worst = std::max(worst, worst_gain(t, of_channel));
      double weight = 0;
      const float* g = weights.data + (first + c) * in * 9;
      for (int64_t k = 0; k < in * 9; ++k) weight += std::fabs(static_cast<double>(g[k]));
      most_weight = std::max(most_weight, weight);
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
