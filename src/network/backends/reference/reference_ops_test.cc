// The plain operators against closed forms and numbers worked out by hand.
#include "network/backends/reference/reference_ops.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace posse::reference {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::FloatEq;

Tensor tensor(const Shape& shape, const std::vector<float>& values) { return {shape, values}; }

Tensor constant(const Shape& shape, float value) {
  return {shape, std::vector<float>(static_cast<size_t>(num_elements(shape)), value)};
}

std::vector<float> values_of(const Tensor& tensor) {
  return {tensor.values().begin(), tensor.values().end()};
}

Node convolution(OpKind kind, int channels, int kernel, int stride = 1, int dilation = 1,
                 PaddingRule padding = PaddingRule::same) {
  Node node{.kind = kind, .name = "op", .inputs = {0}, .channels = channels};
  node.kernel = kernel;
  node.stride = stride;
  node.dilation = dilation;
  node.padding = padding;
  return node;
}

TEST(ReferenceConv, OfOnesCountsTheTapsInside) {
  const Node node = convolution(OpKind::conv2d, 1, 3);
  const Tensor out = conv2d(node, constant({3, 4, 1}, 1), constant({3, 3, 1, 1}, 1), nullptr);
  EXPECT_THAT(values_of(out), ElementsAre(4, 6, 6, 4, 6, 9, 9, 6, 4, 6, 6, 4));
}

TEST(ReferenceConv, IsACorrelationNotAConvolution) {
  std::vector<float> kernel(9, 0);
  kernel[5] = 1;  // the tap to the right of the centre reads the cell to the right
  const Tensor in = tensor({1, 3, 1}, {1, 2, 3});
  const Tensor out =
      conv2d(convolution(OpKind::conv2d, 1, 3), in, tensor({3, 3, 1, 1}, kernel), nullptr);
  EXPECT_THAT(values_of(out), ElementsAre(2, 3, 0));
}

TEST(ReferenceConv, MixesChannelsAsStored) {
  const Tensor in = tensor({1, 1, 2}, {10, 1});
  const Tensor weights = tensor({1, 1, 2, 3}, {1, 2, 3, 4, 5, 6});  // [in, out]
  const Tensor bias = tensor({3}, {100, 200, 300});
  const Tensor out = conv2d(convolution(OpKind::conv2d, 3, 1), in, weights, &bias);
  EXPECT_THAT(values_of(out), ElementsAre(114, 225, 336));
}

TEST(ReferenceConv, StrideTwoStartsWhereThePaddingRuleSays) {
  const Tensor in = tensor({1, 4, 1}, {1, 2, 3, 4});
  std::vector<float> kernel(9, 0);
  kernel[3] = 100;
  kernel[4] = 10;
  kernel[5] = 1;
  const Tensor weights = tensor({3, 3, 1, 1}, kernel);
  // TensorFlow pads an even length after only: windows 1 2 3 and 3 4 0.
  EXPECT_THAT(values_of(conv2d(convolution(OpKind::conv2d, 1, 3, 2), in, weights, nullptr)),
              ElementsAre(123, 340));
  // tf_slim pads before and after: windows 0 1 2 and 2 3 4.
  const Node slim = convolution(OpKind::conv2d, 1, 3, 2, 1, PaddingRule::slim_same);
  EXPECT_THAT(values_of(conv2d(slim, in, weights, nullptr)), ElementsAre(12, 234));
}

TEST(ReferenceConv, DilationSpreadsTheTaps) {
  const Tensor in = tensor({1, 5, 1}, {1, 2, 3, 4, 5});
  std::vector<float> kernel(9, 0);
  kernel[3] = 100;
  kernel[5] = 1;
  const Node node = convolution(OpKind::conv2d, 1, 3, 1, 2);
  const Tensor out = conv2d(node, in, tensor({3, 3, 1, 1}, kernel), nullptr);
  EXPECT_THAT(values_of(out), ElementsAre(3, 4, 105, 200, 300));
}

TEST(ReferenceDepthwise, KeepsChannelsApart) {
  const Tensor in = tensor({1, 2, 2}, {1, 10, 2, 20});
  std::vector<float> kernel(18, 0);
  kernel[2 * 4] = 3;      // centre tap, channel 0
  kernel[2 * 3 + 1] = 5;  // left tap, channel 1
  const Tensor out = depthwise_conv2d(convolution(OpKind::depthwise_conv2d, 2, 3), in,
                                      tensor({3, 3, 2, 1}, kernel));
  EXPECT_THAT(values_of(out), ElementsAre(3, 0, 6, 50));
}

/// 1 ... 9, for a [3, 3, 1, 1] kernel.
Tensor counting_kernel() { return tensor({3, 3, 1, 1}, {1, 2, 3, 4, 5, 6, 7, 8, 9}); }

TEST(ReferenceTransposedConv, StrideTwoPutsTheKernelAtTwiceTheCellAndCropsTheEnd) {
  Tensor in = constant({2, 2, 1}, 0);
  in.data()[0] = 1;  // cell (0, 0): the whole kernel fits
  const Node node = convolution(OpKind::conv2d_transpose, 1, 3, 2);
  EXPECT_THAT(values_of(conv2d_transpose(node, in, counting_kernel(), nullptr)),
              ElementsAre(1, 2, 3, 0, 4, 5, 6, 0, 7, 8, 9, 0, 0, 0, 0, 0));
  in.data()[0] = 0;
  in.data()[3] = 1;  // cell (1, 1): its last row and column fall outside
  EXPECT_THAT(values_of(conv2d_transpose(node, in, counting_kernel(), nullptr)),
              ElementsAre(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 4, 5));
}

TEST(ReferenceTransposedConv, StrideOneIsCentred) {
  Tensor in = constant({3, 3, 1}, 0);
  in.data()[4] = 1;
  const Node node = convolution(OpKind::conv2d_transpose, 1, 3, 1);
  EXPECT_THAT(values_of(conv2d_transpose(node, in, counting_kernel(), nullptr)),
              ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9));
}

TEST(ReferenceTransposedConv, StoresOutputBeforeInputChannels) {
  const Tensor in = tensor({1, 1, 2}, {10, 1});
  const Tensor weights = tensor({1, 1, 3, 2}, {1, 2, 3, 4, 5, 6});  // [out, in]
  const Tensor bias = tensor({3}, {100, 200, 300});
  const Node node = convolution(OpKind::conv2d_transpose, 3, 1, 1);
  EXPECT_THAT(values_of(conv2d_transpose(node, in, weights, &bias)), ElementsAre(112, 234, 356));
}

Weights norm_weights() {
  Weights weights;
  weights.emplace("gamma", tensor({2}, {2, 1}));
  weights.emplace("beta", tensor({2}, {5, 0}));
  weights.emplace("mean", tensor({2}, {1, 10}));
  weights.emplace("variance", tensor({2}, {3, 0}));
  return weights;
}

Node norm_node(BatchNormMode mode) {
  Node node{.kind = OpKind::batch_norm, .name = "op", .inputs = {0}, .channels = 2};
  node.batch_norm_mode = mode;
  node.epsilon = 1;
  node.gamma = "gamma";
  node.beta = "beta";
  node.moving_mean = "mean";
  node.moving_variance = "variance";
  return node;
}

TEST(ReferenceBatchNorm, UsesTheStoredStatistics) {
  const Tensor in = tensor({1, 2, 2}, {1, 10, 5, 12});
  // channel 0: 2 (x - 1) / sqrt(3 + 1) + 5; channel 1: (x - 10) / sqrt(0 + 1)
  EXPECT_THAT(values_of(batch_norm(norm_node(BatchNormMode::moving), in, norm_weights())),
              ElementsAre(5, 0, 9, 2));
}

TEST(ReferenceBatchNorm, UsesTheFramesOwnBiasedVariance) {
  const Tensor in = tensor({1, 2, 2}, {1, 7, 5, 7});
  // channel 0: mean 3, variance 4; channel 1 is constant.
  const float step = static_cast<float>(2 * 2 / std::sqrt(5.0));
  EXPECT_THAT(values_of(batch_norm(norm_node(BatchNormMode::frame), in, norm_weights())),
              ElementsAre(FloatEq(5 - step), 0, FloatEq(5 + step), 0));
}

TEST(ReferenceBatchNorm, UsesTheStatisticsOfAllFramesOfABatch) {
  const Tensor first = tensor({1, 1, 2}, {1, 7}), second = tensor({1, 1, 2}, {5, 7});
  const Tensor* const frames[] = {&first, &second};
  const auto out = batch_norm(norm_node(BatchNormMode::batch), frames, norm_weights());
  // As one frame of both: channel 0 has mean 3 and variance 4, channel 1 is constant.
  const float step = static_cast<float>(2 * 2 / std::sqrt(5.0));
  ASSERT_EQ(out.size(), 2U);
  EXPECT_THAT(values_of(out[0]), ElementsAre(FloatEq(5 - step), 0));
  EXPECT_THAT(values_of(out[1]), ElementsAre(FloatEq(5 + step), 0));
}

std::vector<float> activated(Activation kind) {
  Node node{.kind = OpKind::activation, .name = "op", .inputs = {0}, .channels = 1};
  node.activation = kind;
  return values_of(activation(node, tensor({1, 4, 1}, {-200, 0, 1, 7})));
}

TEST(ReferenceActivation, FollowsItsFormula) {
  const float s1 = static_cast<float>(1 / (1 + std::exp(-1.0)));
  const float s7 = static_cast<float>(1 / (1 + std::exp(-7.0)));
  EXPECT_THAT(activated(Activation::none), ElementsAre(-200, 0, 1, 7));
  EXPECT_THAT(activated(Activation::relu), ElementsAre(0, 0, 1, 7));
  EXPECT_THAT(activated(Activation::relu6), ElementsAre(0, 0, 1, 6));
  EXPECT_THAT(activated(Activation::sigmoid), ElementsAre(0, 0.5F, FloatEq(s1), FloatEq(s7)));
  EXPECT_THAT(activated(Activation::swish), ElementsAre(0, 0, FloatEq(s1), FloatEq(7 * s7)));
}

TEST(ReferencePool, IgnoresThePadding) {
  const Tensor in = tensor({1, 4, 1}, {-1, -2, -3, -4});
  const Node node = convolution(OpKind::max_pool, 1, 3, 2);
  EXPECT_THAT(values_of(max_pool(node, in)), ElementsAre(-1, -3));
}

TEST(ReferenceSubsample, TakesTheEvenCells) {
  Node node{.kind = OpKind::subsample, .name = "op", .inputs = {0}, .channels = 1};
  node.stride = 2;
  const Tensor out = subsample(node, tensor({3, 3, 1}, {1, 2, 3, 4, 5, 6, 7, 8, 9}));
  EXPECT_THAT(values_of(out), ElementsAre(1, 3, 7, 9));
}

TEST(ReferenceSqueezeExcite, MeansAndScalesByChannel) {
  const Tensor in = tensor({1, 2, 2}, {1, 10, 3, 30});
  const Tensor mean = global_mean(in);
  EXPECT_EQ(mean.shape(), (Shape{1, 1, 2}));
  EXPECT_THAT(values_of(mean), ElementsAre(2, 20));
  EXPECT_THAT(values_of(multiply(in, mean)), ElementsAre(2, 200, 6, 600));
  EXPECT_THAT(values_of(add(in, in)), ElementsAre(2, 20, 6, 60));
}

TEST(ReferenceGroupNorm, NormalisesTheChannelsOfAGroupTogether) {
  Node node{.kind = OpKind::group_norm, .name = "op", .inputs = {0}, .channels = 4};
  node.groups = 2;
  node.gamma = "g";
  node.beta = "b";
  Weights weights;
  weights.emplace("g", tensor({4}, {1, 2, 1, 1}));
  weights.emplace("b", tensor({4}, {0, 0, 5, 0}));
  // The first group holds 1, 3, 5, 7: mean 4, variance 5; the second one value.
  const Tensor out = group_norm(node, tensor({1, 2, 4}, {1, 3, 9, 9, 5, 7, 9, 9}), weights);
  const float unit = 1 / std::sqrt(5.0F);
  EXPECT_FLOAT_EQ(out.data()[0], -3 * unit);
  EXPECT_FLOAT_EQ(out.data()[1], -2 * unit);
  EXPECT_FLOAT_EQ(out.data()[4], unit);
  EXPECT_FLOAT_EQ(out.data()[5], 6 * unit);
}

TEST(ReferencePixelShuffle, SpreadsChannelsAsTorchDoes) {
  Node node{.kind = OpKind::pixel_shuffle, .name = "op", .inputs = {0}, .channels = 1};
  node.stride = 2;
  const Tensor out = pixel_shuffle(node, tensor({1, 2, 4}, {1, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_EQ(out.shape(), (Shape{2, 4, 1}));
  EXPECT_THAT(values_of(out), ElementsAre(1, 2, 5, 6, 3, 4, 7, 8));
}

TEST(ReferenceResize, IsLinearBetweenCentresAndConstantBeyond) {
  Node node{.kind = OpKind::resize, .name = "op", .inputs = {0}, .channels = 1};
  node.resized = {1, 4};
  // Centres at 0.25, 0.75, 1.25, 1.75 of two cells with centres at 0.5 and 1.5.
  EXPECT_THAT(values_of(resize(node, tensor({1, 2, 1}, {0, 8}))), ElementsAre(0, 2, 6, 8));
  node.resized = {1, 1};
  EXPECT_THAT(values_of(resize(node, tensor({1, 4, 1}, {0, 2, 4, 90}))), ElementsAre(3));
}

TEST(ReferenceResize, AntialiasedIsTheMeanUnderATriangle) {
  Node node{.kind = OpKind::resize, .name = "op", .inputs = {0}, .channels = 1};
  node.antialias = true;
  node.resized = {1, 2};
  // Half as many cells: shares of 1, 3, 3 and 1 of 8, and of 3, 3 and 1 of 7 at the edges.
  EXPECT_THAT(values_of(resize(node, tensor({1, 4, 1}, {7, 14, 21, 0}))),
              ElementsAre(::testing::FloatEq(84.0F / 7), ::testing::FloatEq(77.0F / 7)));
  node.resized = {1, 4};  // more cells: as without it
  EXPECT_THAT(values_of(resize(node, tensor({1, 2, 1}, {0, 8}))), ElementsAre(0, 2, 6, 8));
}

TEST(ReferenceConcat, PutsChannelsBehindOneAnother) {
  const Tensor first = tensor({1, 2, 1}, {1, 2});
  const Tensor second = tensor({1, 2, 2}, {3, 4, 5, 6});
  const std::vector<const Tensor*> parts = {&first, &second};
  EXPECT_THAT(values_of(concat(parts)), ElementsAre(1, 3, 4, 2, 5, 6));
}

TEST(ReferenceTranspose, KeepsAllOrTorchsPart) {
  Node node{.kind = OpKind::conv2d_transpose, .name = "op", .inputs = {0}, .channels = 1};
  node.kernel = 3;
  node.stride = 2;
  const Tensor in = tensor({1, 1, 1}, {1});
  const Tensor weights = tensor({3, 3, 1, 1}, {1, 2, 3, 4, 5, 6, 7, 8, 9});
  node.padding = PaddingRule::valid;
  EXPECT_THAT(values_of(conv2d_transpose(node, in, weights, nullptr)),
              ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9));
  node.padding = PaddingRule::slim_same;  // torch: padding 1, output_padding 1
  EXPECT_THAT(values_of(conv2d_transpose(node, in, weights, nullptr)), ElementsAre(5, 6, 8, 9));
}

TEST(ReferenceInput, SubtractsTheMeanThenDivides) {
  Graph graph;
  graph.mean_pixel = {1, 2, 3};
  graph.input_scale = {1, 2, 4};
  const std::vector<uint8_t> rgb = {1, 4, 7, 255, 0, 3};
  const Tensor out = input(graph, rgb.data(), {.height = 1, .width = 2});
  EXPECT_THAT(values_of(out), ElementsAreArray({0.F, 1.F, 1.F, 254.F, -1.F, 0.F}));
}

}  // namespace
}  // namespace posse::reference
