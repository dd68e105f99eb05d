#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include "network/backends/cpu/convolutions.h"
#include "network/backends/cpu/kernel_scratch.h"
#include "network/backends/cpu/kernels.h"
#include "network/backends/cpu/layer_weights.h"
#include "network/backends/cpu/machine.h"
#include "support/shared_data.h"

namespace posse::cpu {
namespace {

struct Problem {
  int64_t in = 48, out = 40, height = 5, width = 7;
  bool add = false;
  Activation activation = Activation::relu;
};

/// Row-major matrices [pixels, channels] and what comes of them.
struct Data {
  Tensor x, weights, bias, y;
};

Data random_data(const Problem& p, std::mt19937& random) {
  std::normal_distribution<double> normal;
  const auto filled = [&](Shape shape) {
    Tensor tensor(std::move(shape));
    for (float& value : tensor.values()) value = static_cast<float>(normal(random));
    return tensor;
  };
  const int64_t pixels = p.height * p.width;
  return {filled({pixels, p.in}), filled({p.out, p.in, 1, 1}), filled({p.out}),
          filled({pixels, p.out})};
}

/// A matrix laid out as a map of the machine, channels padded with zeros.
Tensor to_map(const Tensor& matrix, const Problem& p, const Machine& machine) {
  const int64_t channels = matrix.dim(1), padded = machine.padded(channels);
  Tensor map({matrix.dim(0) * padded});
  std::fill(map.values().begin(), map.values().end(), 0.0F);
  const MapView view = machine.map(map.data(), p.height, p.width, padded);
  for (int64_t i = 0; i < matrix.size(); ++i) {
    const int64_t c = i % channels, lanes = machine.lanes();
    map.data()[i / channels * view.pixel_stride + c / lanes * view.vector_stride + c % lanes] =
        matrix.values()[static_cast<size_t>(i)];
  }
  return map;
}

float value_at(const Tensor& map, const Problem& p, const Machine& machine, int64_t pixel,
               int64_t channel) {
  const MutableMapView view =
      machine.map(const_cast<float*>(map.data()), p.height, p.width, machine.padded(p.out));
  return view.data[pixel * view.pixel_stride + channel / machine.lanes() * view.vector_stride +
                   channel % machine.lanes()];
}

/// The kernel's result as a map.
Tensor product(const Problem& p, const Data& data, const Machine& machine) {
  Step step{.kind = StepKind::convolution, .name = "layer"};
  step.channels = static_cast<int>(p.out);
  step.weights_in = static_cast<int>(p.in);
  step.weights = data.weights.clone();
  step.bias.assign(data.bias.values().begin(), data.bias.values().end());
  const LayerWeights weights(step, machine, ConvolutionMethod::matrix, {});
  Tensor x = to_map(data.x, p, machine), y = to_map(data.y, p, machine);
  const int64_t in = machine.padded(p.in), out = machine.padded(p.out);
  Tensor scratch({matrix_scratch_floats(in, machine.lanes())});
  machine.kernels->matrix({.src = machine.map(x.data(), p.height, p.width, in),
                           .dst = machine.map(y.data(), p.height, p.width, out),
                           .weights = weights.matrix().data(),
                           .bias = weights.bias(),
                           .add_to_dst = p.add,
                           .activation = p.activation,
                           .scratch = scratch.data()});
  return y;
}

/// The definition, in double, and the most that float32 sums of these terms may be off: terms + 2
/// roundings (bias and sum with dst included), each of half a unit in the last place of at most
/// the sum of magnitudes.
void expect_right(const Problem& p, const Data& data, const Machine& machine) {
  const Tensor y = product(p, data, machine);
  for (int64_t pixel = 0; pixel < p.height * p.width; ++pixel) {
    for (int64_t o = 0; o < p.out; ++o) {
      double sum = static_cast<double>(data.bias.data()[o]), magnitude = std::fabs(sum);
      if (p.add) sum += static_cast<double>(data.y.data()[pixel * p.out + o]);
      if (p.add) magnitude += std::fabs(static_cast<double>(data.y.data()[pixel * p.out + o]));
      for (int64_t i = 0; i < p.in; ++i) {
        const double term = static_cast<double>(data.x.data()[pixel * p.in + i]) *
                            static_cast<double>(data.weights.data()[o * p.in + i]);
        sum += term;
        magnitude += std::fabs(term);
      }
      if (p.activation != Activation::none) sum = std::max(sum, 0.0);
      if (p.activation == Activation::relu6) sum = std::min(sum, 6.0);
      const double bound = magnitude * static_cast<double>(p.in + 2) / (1 << 24);
      ASSERT_NEAR(static_cast<double>(value_at(y, p, machine, pixel, o)), sum, bound)
          << p.in << " > " << p.out << ", pixel " << pixel << ", channel " << o;
    }
  }
}

class Matrix : public ::testing::TestWithParam<InstructionSet> {
 protected:
  std::mt19937 random_{testing::seed_of_this_test()};
};

INSTANTIATE_TEST_SUITE_P(InstructionSets, Matrix,
                         ::testing::ValuesIn(available_instruction_sets().begin(),
                                             available_instruction_sets().end()),
                         [](const auto& test) { return name_of(test.param); });

TEST_P(Matrix, EveryNumberOfPixelsAndOfOutputVectorsIsRight) {
  const Machine machine = machine_with(GetParam());
  for (int64_t width = 1; width <= 31; ++width) {
    for (const int64_t out : {3, 16, 40, 70}) {
      const Problem p = {.in = 19, .out = out, .height = 1, .width = width};
      expect_right(p, random_data(p, random_), machine);
    }
  }
}

TEST_P(Matrix, EveryEpilogueIsRight) {
  const Machine machine = machine_with(GetParam());
  for (const Activation activation : {Activation::none, Activation::relu, Activation::relu6}) {
    for (const bool add : {false, true}) {
      if (add && activation == Activation::relu6) continue;  // not offered
      const Problem p = {.add = add, .activation = activation};
      expect_right(p, random_data(p, random_), machine);
    }
  }
}

TEST_P(Matrix, PixelsThatLieWholePagesApartAndSeveralBlocksAreRight) {
  // 1,024 channels: rows are copied further apart; 150 pixels: three blocks of them.
  const Machine machine = machine_with(GetParam());
  const Problem p = {.in = 1024, .out = 33, .height = 10, .width = 15, .add = true};
  expect_right(p, random_data(p, random_), machine);
  const Problem wide = {.in = 64, .out = 1100, .height = 33, .width = 35};  // far weights
  expect_right(wide, random_data(wide, random_), machine);
}

TEST_P(Matrix, APixelsBitsDoNotDependOnHowManyThereAre) {
  const Machine machine = machine_with(GetParam());
  const Problem all = {.in = 80, .out = 64, .height = 1, .width = 29};
  const Data data = random_data(all, random_);
  const Tensor together = product(all, data, machine);
  for (int64_t pixel = 0; pixel < all.width; ++pixel) {
    Problem one = all;
    one.width = 1;
    const Data alone = {Tensor({1, all.in}, {data.x.data() + pixel * all.in, size_t{80}}),
                        data.weights.clone(), data.bias.clone(),
                        Tensor({1, all.out}, {data.y.data() + pixel * all.out, size_t{64}})};
    const Tensor y = product(one, alone, machine);
    for (int64_t o = 0; o < all.out; ++o) {
      ASSERT_EQ(value_at(y, one, machine, 0, o), value_at(together, all, machine, pixel, o));
    }
  }
}

/// The operation on `frames` maps that lie one behind the other, `height` and `width` of one.
Tensor operated(const Problem& p, int stride, int64_t frames, const Data& data,
                const Machine& machine) {
  Step step{.kind = StepKind::convolution, .name = "layer"};
  step.stride = stride;
  step.activation = p.activation;
  step.channels = static_cast<int>(p.out);
  step.weights_in = static_cast<int>(p.in);
  step.weights = data.weights.clone();
  step.bias.assign(data.bias.values().begin(), data.bias.values().end());
  const LayerWeights weights(step, machine, ConvolutionMethod::matrix, {});
  const StepShape shape = {
      .in = {p.height, p.width},
      .out = {(p.height + stride - 1) / stride, (p.width + stride - 1) / stride},
      .in_channels = machine.padded(p.in),
      .out_channels = machine.padded(p.out)};
  EXPECT_TRUE(matrix_fits(step, shape));
  const auto operation = make_convolution_operation(step, weights, shape, machine, {});
  Tensor x({frames * shape.in.height * shape.in.width * shape.in_channels});
  for (int64_t frame = 0; frame < frames; ++frame) {
    const Tensor part({p.height * p.width, p.in},
                      {data.x.data() + frame * p.height * p.width * p.in,
                       static_cast<size_t>(p.height * p.width * p.in)});
    const Tensor map = to_map(part, p, machine);
    std::copy_n(map.data(), map.size(), x.data() + frame * map.size());
  }
  Tensor y({frames * shape.out.height * shape.out.width * shape.out_channels});
  Tensor scratch({operation->scratch_bytes(frames) / static_cast<int64_t>(sizeof(float))});
  StepMemory memory;
  memory.input = {x.data(), x.size() / frames};
  memory.output = {y.data(), y.size() / frames};
  memory.scratch = scratch.data();
  operation->run(memory, 0, frames);
  return y;
}

TEST_P(Matrix, FramesTogetherAndStridesGiveTheBitsOfTheKernelOnThosePixels) {
  const Machine machine = machine_with(GetParam());
  constexpr int64_t kFrames = 3, kHeight = 5, kWidth = 6;
  for (const int stride : {1, 2}) {
    Problem p = {.in = 24, .out = 40, .height = kFrames * kHeight, .width = kWidth};
    const Data data = random_data(p, random_);
    p.height = kHeight;
    const Tensor together = operated(p, stride, kFrames, data, machine);
    Problem out = p;
    out.height = (kHeight + stride - 1) / stride;
    out.width = (kWidth + stride - 1) / stride;
    for (int64_t frame = 0; frame < kFrames; ++frame) {
      Data left = {Tensor({out.height * out.width, p.in}), data.weights.clone(), data.bias.clone(),
                   Tensor({out.height * out.width, p.out})};
      for (int64_t i = 0; i < out.height * out.width; ++i) {
        const int64_t pixel = i / out.width * stride * kWidth + i % out.width * stride;
        std::copy_n(data.x.data() + (frame * kHeight * kWidth + pixel) * p.in, p.in,
                    left.x.data() + i * p.in);
      }
      const Tensor expected = product(out, left, machine);
      EXPECT_EQ(std::memcmp(together.data() + frame * expected.size(), expected.data(),
                            expected.values().size_bytes()),
                0)
          << "stride " << stride << ", frame " << frame;
    }
  }
}

}  // namespace
}  // namespace posse::cpu
