#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "network/backends/cpu/kernel_scratch.h"
#include "network/backends/cpu/kernels.h"
#include "network/backends/cpu/machine.h"
#include "network/backends/cpu/winograd_weights.h"
#include "support/shared_data.h"

namespace posse::cpu {
namespace {

constexpr double kRoundingUnit = 1.0 / (1 << 24);

Tensor random_tensor(Shape shape, std::mt19937& random, double scale) {
  Tensor tensor(std::move(shape));
  std::normal_distribution<double> normal(0, scale);
  for (float& value : tensor.values()) value = static_cast<float>(normal(random));
  return tensor;
}

struct Problem {
  int64_t in = 48, out = 40, height = 11, width = 14;
  int dilation = 1, outputs = 4;
  int64_t frames = 2;
};

/// Winograd through the kernel table of one instruction set, in both layouts of maps; [frames,
/// height, width, out].
Tensor winograd(const Problem& p, const Tensor& x, const Tensor& weights, const Machine& machine) {
  const int64_t in = machine.padded(p.in), out = machine.padded(p.out), cells = p.height * p.width;
  Tensor src({p.frames, cells * in}), dst({p.frames, cells * out});
  std::fill(src.values().begin(), src.values().end(), 0.0F);
  const MapView in_map = machine.map(src.data(), p.height, p.width, in);
  const MapView out_map = machine.map(dst.data(), p.height, p.width, out);
  const auto at = [&](const MapView& map, int64_t cell, int64_t channel) {
    return cell * map.pixel_stride + channel / machine.lanes() * map.vector_stride +
           channel % machine.lanes();
  };
  for (int64_t f = 0; f < p.frames; ++f) {
    for (int64_t cell = 0; cell < cells; ++cell) {
      for (int64_t c = 0; c < p.in; ++c) {
        src.data()[f * cells * in + at(in_map, cell, c)] = x.data()[(f * cells + cell) * p.in + c];
      }
    }
  }
  const Tensor packed = winograd_weights(weights.view(), p.outputs, *machine.kernels);
  const int64_t tiles = winograd_num_tiles(p.frames, p.height, p.width, p.dilation, p.outputs);
  const int64_t columns = machine.kernels->gemm_columns;
  const int64_t capacity = tiles / 2 + 1;  // two blocks, the second shorter
  Tensor transformed({winograd_scratch_floats(p.outputs, in, capacity, machine.lanes())});
  Tensor products({winograd_scratch_floats(p.outputs, (out + columns - 1) / columns * columns,
                                           capacity, machine.lanes())});
  for (int64_t first = 0; first < tiles; first += capacity) {
    machine.kernels->winograd({.outputs = p.outputs,
                               .src = machine.map(src.data(), p.height, p.width, in),
                               .dst = machine.map(dst.data(), p.height, p.width, out),
                               .src_frame_stride = cells * in,
                               .dst_frame_stride = cells * out,
                               .dilation = p.dilation,
                               .first_tile = first,
                               .num_tiles = std::min(capacity, tiles - first),
                               .tile_capacity = capacity,
                               .weights = packed.data(),
                               .transformed = transformed.data(),
                               .products = products.data()});
  }
  Tensor y({p.frames, p.height, p.width, p.out});
  for (int64_t f = 0; f < p.frames; ++f) {
    for (int64_t cell = 0; cell < cells; ++cell) {
      for (int64_t c = 0; c < p.out; ++c) {
        y.data()[(f * cells + cell) * p.out + c] =
            dst.data()[f * cells * out + at(out_map, cell, c)];
      }
    }
  }
  return y;
}

/// The definition, in double.
std::vector<double> direct(const Problem& p, const Tensor& x, const Tensor& weights) {
  std::vector<double> y;
  for (int64_t f = 0; f < p.frames; ++f) {
    for (int64_t row = 0; row < p.height; ++row) {
      for (int64_t col = 0; col < p.width; ++col) {
        for (int64_t o = 0; o < p.out; ++o) {
          double sum = 0;
          for (int64_t k = 0; k < 9; ++k) {
            const int64_t r = row + (k / 3 - 1) * p.dilation, c = col + (k % 3 - 1) * p.dilation;
            if (r < 0 || r >= p.height || c < 0 || c >= p.width) continue;
            const float* from = x.data() + ((f * p.height + r) * p.width + c) * p.in;
            for (int64_t i = 0; i < p.in; ++i) {
              sum += static_cast<double>(from[i]) *
                     static_cast<double>(weights.data()[(o * p.in + i) * 9 + k]);
            }
          }
          y.push_back(sum);
        }
      }
    }
  }
  return y;
}

double largest(std::span<const float> values) {
  double most = 0;
  for (const float v : values) most = std::max(most, std::fabs(static_cast<double>(v)));
  return most;
}

/// Largest sum of |weight| over the output channels.
double largest_weight_sum(const Tensor& weights) {
  double most = 0;
  const int64_t each = weights.size() / weights.dim(0);
  for (int64_t o = 0; o < weights.dim(0); ++o) {
    double sum = 0;
    for (int64_t k = 0; k < each; ++k) {
      sum += std::fabs(static_cast<double>(weights.data()[o * each + k]));
    }
    most = std::max(most, sum);
  }
  return most;
}

double worst_error(const Tensor& found, const std::vector<double>& expected) {
  double worst = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    const double error = std::fabs(static_cast<double>(found.values()[i]) - expected[i]);
    if (!(error <= worst)) worst = error;  // keeps NaN
  }
  return worst;
}

class Winograd : public ::testing::TestWithParam<InstructionSet> {
 protected:
  std::mt19937 random_{testing::seed_of_this_test()};
};

INSTANTIATE_TEST_SUITE_P(InstructionSets, Winograd,
                         ::testing::ValuesIn(available_instruction_sets().begin(),
                                             available_instruction_sets().end()),
                         [](const auto& test) { return name_of(test.param); });

TEST_P(Winograd, StaysWithinItsErrorBoundAtEverySizeAndDilation) {
  const Machine machine = machine_with(GetParam());
  for (const int outputs : {2, 4}) {
    for (const int dilation : {1, 2, 3}) {
      for (const Extent extent : {Extent{1, 1}, {3, 5}, {4, 8}, {11, 14}, {13, 9}}) {
        const Problem p = {.height = extent.height,
                           .width = extent.width,
                           .dilation = dilation,
                           .outputs = outputs};
        const Tensor x = random_tensor({p.frames, p.height, p.width, p.in}, random_, 1);
        const Tensor weights = random_tensor({p.out, p.in, 3, 3}, random_, 0.1);
        const double error = worst_error(winograd(p, x, weights, machine), direct(p, x, weights));
        const double bound = winograd_error_bound(weights.view(), outputs) * kRoundingUnit *
                             largest(x.values()) * largest_weight_sum(weights);
        EXPECT_LE(error, bound) << extent.height << "x" << extent.width;
        // Errors of random signs add up to far less than the worst case; a bound a hundred times
        // tighter still catches any wrong term, which is off by the size of the values.
        EXPECT_LE(error, bound / 100) << extent.height << "x" << extent.width;
      }
    }
  }
}

TEST_P(Winograd, WorstCaseInputStaysWithinTheErrorBound) {
  // Signs chosen so that every product of the definition adds up: the largest values that occur.
  const Machine machine = machine_with(GetParam());
  for (const int outputs : {2, 4}) {
    const Problem p = {
        .in = 64, .out = 32, .height = 8, .width = 8, .outputs = outputs, .frames = 1};
    Tensor x({1, p.height, p.width, p.in});
    std::fill(x.values().begin(), x.values().end(), 0.9999999F);
    Tensor weights({p.out, p.in, 3, 3});
    std::fill(weights.values().begin(), weights.values().end(), 0.3333333F);
    const double error = worst_error(winograd(p, x, weights, machine), direct(p, x, weights));
    EXPECT_LE(error, winograd_error_bound(weights.view(), outputs) * kRoundingUnit *
                         largest(x.values()) * largest_weight_sum(weights));
  }
}

TEST(WinogradErrorBound, OrdinaryWeightsAreExactEnoughAndTheSmallerTileIsMoreExact) {
  std::mt19937 random(testing::seed_of_this_test());
  for (const int64_t channels : {32, 64, 256}) {
    const Tensor weights = random_tensor({channels, channels, 3, 3}, random, 0.05);
    EXPECT_TRUE(winograd_is_exact_enough(weights.view(), 4));
    EXPECT_LT(4 * winograd_error_bound(weights.view(), 2), winograd_error_bound(weights.view(), 4));
  }
}

TEST(WinogradErrorBound, KernelsThatTheTransformAmplifiesMostFallBack) {
  // All weight in one corner meets the largest factors of all three transforms.
  Tensor weights({32, 4, 3, 3});
  std::fill(weights.values().begin(), weights.values().end(), 0.0F);
  for (int64_t k = 0; k < 32 * 4; ++k) weights.data()[k * 9 + 8] = 1;
  EXPECT_FALSE(winograd_is_exact_enough(weights.view(), 4));
  EXPECT_TRUE(winograd_is_exact_enough(weights.view(), 2));
}

}  // namespace
}  // namespace posse::cpu
