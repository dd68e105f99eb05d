#include "support/synthetic_weights.h"

#include <gtest/gtest.h>

#include <bit>
#include <cstring>

#include "network/architecture.h"

namespace posse::testing {
namespace {

/// CRC-32C (Castagnoli), bit by bit.
uint32_t crc32c(const void* data, size_t size) {
  const auto* bytes = static_cast<const unsigned char*>(data);
  uint32_t crc = ~0U;
  for (size_t i = 0; i < size; ++i) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78U : 0U);
  }
  return ~crc;
}

TEST(SyntheticWeights, TheGeneratorGivesItsPublishedNumbers) {
  EXPECT_EQ(fnv1a64(""), 0xcbf29ce484222325ULL);
  EXPECT_EQ(fnv1a64("a"), 0xaf63dc4c8601ec8cULL);
  EXPECT_EQ(fnv1a64("pose/part_pred/block4/biases"), 0x0e48676ef9b77688ULL);
  EXPECT_EQ(synthetic_uniform("a", 0), -0.25653815269470215);
  EXPECT_EQ(synthetic_uniform("a", 1), 0.5077086687088013);
}

struct Vector {
  Variable variable;
  uint64_t seed;
  uint32_t first_bits;
  uint32_t crc;
};

class SyntheticTensors : public ::testing::TestWithParam<Vector> {};

// The recipe's own test vectors, written down from an implementation in Python.
TEST_P(SyntheticTensors, AreTheRecipesBitForBit) {
  const Tensor tensor = synthetic_tensor(GetParam().variable, {.seed = GetParam().seed});
  EXPECT_EQ(std::bit_cast<uint32_t>(tensor.data()[0]), GetParam().first_bits);
  EXPECT_EQ(crc32c(tensor.data(), tensor.values().size_bytes()), GetParam().crc);
}

const Vector kVectors[] = {
    {{"resnet_v1_50/conv1/weights", {7, 7, 3, 64}}, 0, 0x3b0c6e09, 0x19a73bd8},
    {{"resnet_v1_50/block1/unit_1/bottleneck_v1/conv2/weights", {3, 3, 64, 64}},
     0,
     0xbda2297e,
     0xff98edd5},
    {{"resnet_v1_50/block1/unit_1/bottleneck_v1/conv3/BatchNorm/gamma", {256}},
     0,
     0x3e8eca4e,
     0x530e0ee4},
    {{"resnet_v1_50/block1/unit_1/bottleneck_v1/conv3/BatchNorm/moving_variance", {256}},
     0,
     0x3f1b7218,
     0x282a3f01},
    {{"pose/part_pred/block4/weights", {3, 3, 6, 2048}}, 0, 0x3cb31c85, 0x68ff8723},
    {{"pose/part_pred/block4/weights", {3, 3, 6, 2048}}, 7, 0x3c28ab26, 0x03347977},
    {{"pose/locref_pred/block4/biases", {12}}, 0, 0x3da20620, 0xac2083f6},
    {{"MobilenetV2/expanded_conv_1/depthwise/depthwise_weights", {3, 3, 96, 1}},
     0,
     0x3ed766bf,
     0x85116383},
    {{"efficientnet/efficientnet-b0/blocks_1/se/conv2d_1/bias", {96}}, 0, 0x3f70a766, 0x48fa846d},
};
INSTANTIATE_TEST_SUITE_P(OfEveryKind, SyntheticTensors, ::testing::ValuesIn(kVectors));

TEST(SyntheticWeights, GivenPartBiasesReplaceTheDrawnOnes) {
  const Variable biases{"pose/part_pred/block4/biases", {2}};
  const Tensor drawn = synthetic_tensor(biases);
  EXPECT_NEAR(drawn.data()[0], -4, 1);  // by the recipe: -4 + u, u in [-1, 1)
  const Tensor given = synthetic_tensor(biases, {.part_bias = {7.5, -1}});
  EXPECT_EQ(given.data()[0], 7.5F);
  EXPECT_EQ(given.data()[1], -1.0F);
}

TEST(SyntheticWeights, FitTheirGraph) {
  NetworkSpec spec{.family = NetworkFamily::mobilenet_v2, .mobilenet_width = 0.35};
  spec.scope = "MobilenetV2/";
  const Graph graph = build_graph(spec);
  EXPECT_NO_THROW(check_weights(graph, synthetic_weights(graph), "synthetic"));
}

}  // namespace
}  // namespace posse::testing
