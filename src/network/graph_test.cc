#include "network/graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "base/error.h"
#include "network/graph_builder.h"

namespace posse {
namespace {

using ::testing::HasSubstr;

TEST(Padding, SamePutsTheExtraCellAfter) {
  EXPECT_EQ(padding_amount(PaddingRule::same, 6, 3, 2, 1), (PaddingAmount{0, 1}));
  EXPECT_EQ(padding_amount(PaddingRule::same, 7, 3, 2, 1), (PaddingAmount{1, 1}));
  EXPECT_EQ(padding_amount(PaddingRule::same, 9, 5, 2, 1), (PaddingAmount{2, 2}));
  EXPECT_EQ(padding_amount(PaddingRule::same, 8, 5, 2, 1), (PaddingAmount{1, 2}));
}

TEST(Padding, SameOfADilatedKernelGrowsWithItsReach) {
  EXPECT_EQ(padding_amount(PaddingRule::same, 10, 3, 1, 2), (PaddingAmount{2, 2}));
  EXPECT_EQ(padding_amount(PaddingRule::same, 10, 3, 1, 4), (PaddingAmount{4, 4}));
}

TEST(Padding, SlimSameDoesNotDependOnTheLength) {
  for (const int64_t length : {5, 6, 7, 8}) {
    EXPECT_EQ(padding_amount(PaddingRule::slim_same, length, 3, 2, 1), (PaddingAmount{1, 1}));
    EXPECT_EQ(padding_amount(PaddingRule::slim_same, length, 7, 2, 1), (PaddingAmount{3, 3}));
  }
}

TEST(Padding, SlimSameWithoutStrideIsSame) {
  EXPECT_EQ(padding_amount(PaddingRule::slim_same, 10, 3, 1, 2), (PaddingAmount{2, 2}));
}

TEST(Padding, PointwiseConvolutionsAndValidPadNothing) {
  EXPECT_EQ(padding_amount(PaddingRule::same, 7, 1, 2, 1), PaddingAmount{});
  EXPECT_EQ(padding_amount(PaddingRule::valid, 7, 3, 2, 1), PaddingAmount{});
}

TEST(Padding, FillsExactlyWhatTheOutputsRead) {
  // By definition: the last output's window ends inside the padded input and not a whole stride
  // before its end, and nothing is padded that no window reads.
  for (const PaddingRule rule : {PaddingRule::same, PaddingRule::slim_same, PaddingRule::valid}) {
    for (int64_t length = 5; length < 20; ++length) {
      for (const int kernel : {1, 3, 5}) {
        for (const int stride : {1, 2, 3}) {
          const PaddingAmount pad = padding_amount(rule, length, kernel, stride, 1);
          const int64_t out = output_length(rule, length, kernel, stride, 1);
          const int64_t padded = length + pad.before + pad.after;
          const int64_t last_end = (out - 1) * stride + kernel;
          EXPECT_LE(last_end, padded);
          EXPECT_LT(padded - last_end, stride);
        }
      }
    }
  }
}

TEST(Padding, ATransposedConvolutionIsCroppedAsTensorFlowDoes) {
  EXPECT_EQ(transpose_crop(PaddingRule::same, 3, 2), 0);
  EXPECT_EQ(transpose_crop(PaddingRule::same, 3, 1), 1);
  EXPECT_EQ(transpose_crop(PaddingRule::same, 3, 4), 0);
  EXPECT_EQ(transpose_crop(PaddingRule::same, 5, 2), 1);
  EXPECT_EQ(transpose_crop(PaddingRule::slim_same, 3, 2), 1);
  EXPECT_EQ(transpose_crop(PaddingRule::valid, 3, 2), 0);
  EXPECT_EQ(transpose_length(PaddingRule::valid, 30, 3, 2), 61);
  EXPECT_EQ(transpose_length(PaddingRule::slim_same, 30, 3, 2), 60);
}

/// conv 7x7/2 (slim), pool 3x3/2, valid 3x3, transposed x2.
Graph small_graph() {
  GraphBuilder builder;
  const NodeId conv = builder.conv2d("conv", builder.input(), 4,
                                     {.kernel = 7, .stride = 2, .padding = PaddingRule::slim_same},
                                     "conv/weights", "conv/biases");
  const NodeId norm = builder.batch_norm("norm", conv, "conv/BatchNorm", {.epsilon = 1e-3});
  const NodeId pool = builder.max_pool("pool", norm, 3, 2, PaddingRule::same);
  const NodeId valid =
      builder.conv2d("valid", pool, 5, {.kernel = 3, .padding = PaddingRule::valid}, "v/weights");
  builder.graph().scoremap_logits =
      builder.conv2d_transpose("head", valid, 2, 3, 2, "head/weights", "head/biases");
  return builder.take();
}

Weights zero_weights(const Graph& graph) {
  Weights weights;
  for (const Variable& variable : graph_variables(graph)) {
    Tensor tensor(variable.shape);
    for (float& value : tensor.values()) value = 0;
    weights.emplace(variable.name, std::move(tensor));
  }
  return weights;
}

TEST(NodeExtents, FollowEveryRule) {
  const std::vector<Extent> extents = node_extents(small_graph(), {.height = 79, .width = 65});
  const std::vector<Extent> expected = {{79, 65}, {40, 33}, {40, 33}, {20, 17}, {18, 15}, {36, 30}};
  EXPECT_EQ(extents, expected);
}

TEST(NodeExtents, ATooSmallFrameIsRefusedByNameOfTheLayer) {
  try {
    node_extents(small_graph(), {.height = 8, .width = 100});
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::shape_mismatch);
    EXPECT_THAT(error.message(), HasSubstr("'valid'"));
    EXPECT_THAT(error.message(), HasSubstr("100x8"));
  }
  EXPECT_THROW(node_extents(small_graph(), {.height = 0, .width = 100}), Error);
}

TEST(GraphVariables, HaveTheShapesThatTensorFlowStores) {
  const std::vector<Variable> variables = graph_variables(small_graph());
  std::vector<std::string> lines;
  for (const Variable& v : variables) lines.push_back(v.name + " " + to_string(v.shape));
  EXPECT_THAT(lines, ::testing::ElementsAre(
                         "conv/weights [7, 7, 3, 4]", "conv/biases [4]", "conv/BatchNorm/gamma [4]",
                         "conv/BatchNorm/beta [4]", "conv/BatchNorm/moving_mean [4]",
                         "conv/BatchNorm/moving_variance [4]", "v/weights [3, 3, 4, 5]",
                         "head/weights [3, 3, 2, 5]", "head/biases [2]"));
}

/// Kind and message of the error that check_weights gives after `damage`.
std::pair<ErrorKind, std::string> error_after(const std::function<void(Weights&)>& damage) {
  const Graph graph = small_graph();
  Weights weights = zero_weights(graph);
  check_weights(graph, weights, "snapshot-7");  // sound before
  damage(weights);
  try {
    check_weights(graph, weights, "snapshot-7");
  } catch (const Error& error) {
    return {error.kind(), error.message()};
  }
  return {ErrorKind::usage, "no error"};
}

TEST(CheckWeights, NamesAMissingVariableAndTheFile) {
  const auto [kind, message] = error_after([](Weights& w) { w.erase("v/weights"); });
  EXPECT_EQ(kind, ErrorKind::not_found);
  EXPECT_THAT(message, HasSubstr("'v/weights'"));
  EXPECT_THAT(message, HasSubstr("snapshot-7"));
}

TEST(CheckWeights, TellsFoundAndExpectedShape) {
  const auto [kind, message] = error_after([](Weights& w) {
    w.at("head/weights") = Tensor(Shape{3, 3, 5, 2});
  });
  EXPECT_EQ(kind, ErrorKind::shape_mismatch);
  EXPECT_THAT(message, HasSubstr("[3, 3, 5, 2]"));
  EXPECT_THAT(message, HasSubstr("[3, 3, 2, 5]"));
}

TEST(CheckWeights, RefusesNanAndInfiniteValues) {
  for (const float bad : {std::nanf(""), std::numeric_limits<float>::infinity(),
                          -std::numeric_limits<float>::infinity()}) {
    const auto [kind, message] =
        error_after([&](Weights& w) { w.at("v/weights").values()[17] = bad; });
    EXPECT_EQ(kind, ErrorKind::bad_file);
    EXPECT_THAT(message, HasSubstr("'v/weights'"));
    EXPECT_THAT(message, HasSubstr("element 17"));
  }
}

TEST(CheckWeights, RefusesANegativeVariance) {
  const auto [kind, message] =
      error_after([](Weights& w) { w.at("conv/BatchNorm/moving_variance").values()[1] = -0.5F; });
  EXPECT_EQ(kind, ErrorKind::bad_file);
  EXPECT_THAT(message, HasSubstr("negative variance"));
}

TEST(FindNode, GivesTheIdOrMinusOne) {
  const Graph graph = small_graph();
  EXPECT_EQ(find_node(graph, "pool"), 3);
  EXPECT_EQ(find_node(graph, "poo"), -1);
}

}  // namespace
}  // namespace posse
