// Every backend against `reference`, operator by operator: all sizes modulo the strides, odd
// channel counts, dilations, and the chains that backends fuse.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "network/architecture.h"
#include "network/backend.h"
#include "network/backends/reference/reference_backend.h"
#include "network/graph_builder.h"
#include "support/golden_networks.h"
#include "support/shared_data.h"
#include "support/synthetic_weights.h"

namespace posse {
namespace {

/// Of the output's range. Float32 sums of up to 9 * 128 products stay below 2e-6 in any order;
/// Winograd transforms of 4x4 tiles multiply rounding by about ten.
constexpr double kLimit = 2e-5;
// Whole networks that normalise with statistics taken when they run amplify float noise.
constexpr double kNormedLimit = 5e-3;

/// Random pictures of one size.
struct Pictures {
  Pictures(Extent extent, int count, unsigned seed) : batch{extent.height, extent.width, {}} {
    std::mt19937 random(seed);
    std::uniform_int_distribution<int> level(0, 255);
    bytes.resize(static_cast<size_t>(count));
    for (auto& picture : bytes) {
      picture.resize(static_cast<size_t>(extent.height * extent.width * 3));
      for (uint8_t& value : picture) value = static_cast<uint8_t>(level(random));
      batch.frames.push_back(picture.data());
    }
  }
  Pictures(const Pictures&) = delete;
  Pictures& operator=(const Pictures&) = delete;

  std::vector<std::vector<uint8_t>> bytes;
  FrameBatch batch;
};

/// The operator under test, appended to a map of `channels` channels with values of order 1.
struct OperatorCase {
  std::string name;
  int channels;
  std::function<NodeId(GraphBuilder&, NodeId)> append;
};

Graph graph_of(const OperatorCase& op) {
  GraphBuilder builder;
  builder.graph().input_scale = {64, 64, 64};
  const NodeId lifted =
      builder.conv2d("lift", builder.input(), op.channels, {}, "lift/weights", "lift/biases");
  builder.graph().scoremap_logits = op.append(builder, lifted);
  return builder.take();
}

const std::vector<Extent>& sizes() {
  static const std::vector<Extent> kAll = {{16, 24}, {17, 25}, {18, 23},
                                           {19, 26}, {13, 8},  {5, 39}};
  return kAll;
}

OperatorCase convolution(const std::string& name, int in, int out, const ConvOptions& options) {
  return {name, in, [=](GraphBuilder& b, NodeId from) {
            return b.conv2d("op", from, out, options, "op/weights", "op/biases");
          }};
}

OperatorCase depthwise(const std::string& name, int channels, const ConvOptions& options) {
  return {name, channels, [=](GraphBuilder& b, NodeId from) {
            return b.depthwise_conv2d("op", from, options, "op/depthwise_weights");
          }};
}

OperatorCase transposed(const std::string& name, int in, int out, int kernel, int stride,
                        PaddingRule padding = PaddingRule::same) {
  return {name, in, [=](GraphBuilder& b, NodeId from) {
            return b.conv2d_transpose("op", from, out, kernel, stride, "op/weights", "op/biases",
                                      padding);
          }};
}

std::vector<OperatorCase> convolutions() {
  constexpr PaddingRule kSlim = PaddingRule::slim_same;
  return {
      convolution("pointwise", 24, 40, {}),
      convolution("pointwise_odd_channels", 19, 37, {}),
      convolution("pointwise_stride2", 16, 32, {.stride = 2}),
      convolution("conv3", 32, 64, {.kernel = 3}),
      convolution("conv3_wide", 128, 128, {.kernel = 3}),
      convolution("conv3_odd_channels", 13, 21, {.kernel = 3}),
      convolution("conv3_stride2_same", 16, 24, {.kernel = 3, .stride = 2}),
      convolution("conv3_stride2_slim", 16, 24, {.kernel = 3, .stride = 2, .padding = kSlim}),
      convolution("conv3_dilation2", 32, 32, {.kernel = 3, .dilation = 2, .padding = kSlim}),
      convolution("conv3_dilation4", 16, 48, {.kernel = 3, .dilation = 4, .padding = kSlim}),
      convolution("conv3_dilation8", 16, 16, {.kernel = 3, .dilation = 8, .padding = kSlim}),
      convolution("conv3_valid", 16, 16, {.kernel = 3, .padding = PaddingRule::valid}),
      convolution("conv5_stride2", 8, 16, {.kernel = 5, .stride = 2}),
      convolution("conv7_stride2_slim", 3, 64, {.kernel = 7, .stride = 2, .padding = kSlim}),
      depthwise("depthwise3", 40, {.kernel = 3}),
      depthwise("depthwise3_odd_channels", 27, {.kernel = 3}),
      depthwise("depthwise3_stride2", 48, {.kernel = 3, .stride = 2}),
      depthwise("depthwise5", 24, {.kernel = 5}),
      depthwise("depthwise5_stride2", 24, {.kernel = 5, .stride = 2}),
      transposed("transposed3_stride2", 64, 5, 3, 2),
      transposed("transposed3_stride1", 32, 7, 3, 1),
      transposed("transposed3_stride4", 32, 6, 3, 4),
      transposed("transposed5_stride2", 16, 3, 5, 2),
      transposed("transposed3_one_channel", 48, 1, 3, 2),
      transposed("transposed3_all", 48, 5, 3, 2, PaddingRule::valid),
      transposed("transposed1_all", 48, 5, 1, 1, PaddingRule::valid),
      transposed("transposed3_torch", 48, 5, 3, 2, PaddingRule::slim_same),
  };
}

OperatorCase normed(BatchNormMode mode, Activation kind, const std::string& name) {
  return {"conv_norm_" + std::string(to_string(mode)) + "_" + name, 24,
          [=](GraphBuilder& b, NodeId from) {
            const NodeId conv = b.conv2d("conv", from, 40, {.kernel = 3}, "conv/weights");
            const NodeId norm =
                b.batch_norm("norm", conv, "conv/BatchNorm", {.epsilon = 1e-3, .mode = mode});
            return kind == Activation::none ? norm : b.activation("op", norm, kind);
          }};
}

std::vector<OperatorCase> norms_and_activations() {
  std::vector<OperatorCase> cases;
  const std::pair<Activation, std::string> kinds[] = {{Activation::none, "alone"},
                                                      {Activation::relu, "relu"},
                                                      {Activation::relu6, "relu6"},
                                                      {Activation::swish, "swish"},
                                                      {Activation::sigmoid, "sigmoid"}};
  for (const auto& [kind, name] : kinds) {
    cases.push_back(normed(BatchNormMode::moving, kind, name));
    cases.push_back(normed(BatchNormMode::frame, kind, name));
    cases.push_back({"activation_" + name, 17, [kind = kind](GraphBuilder& b, NodeId from) {
                       return b.activation("op", from, kind);
                     }});
  }
  cases.push_back({"norm_of_a_map_used_twice", 16, [](GraphBuilder& b, NodeId from) {
                     const NodeId norm = b.batch_norm("norm", from, "norm/BatchNorm", {});
                     return b.add("op", from, norm);
                   }});
  return cases;
}

/// A bottleneck unit as in ResNet: the sum is fused by backends.
NodeId bottleneck(GraphBuilder& b, NodeId from, int stride, BatchNormMode mode) {
  const BatchNormOptions norm{.epsilon = 1e-5, .mode = mode};
  NodeId x = b.conv2d("c1", from, 16, {}, "c1/weights");
  x = b.activation("r1", b.batch_norm("n1", x, "c1/BatchNorm", norm), Activation::relu);
  x = b.conv2d("c2", x, 16, {.kernel = 3, .stride = stride, .padding = PaddingRule::slim_same},
               "c2/weights");
  x = b.activation("r2", b.batch_norm("n2", x, "c2/BatchNorm", norm), Activation::relu);
  x = b.batch_norm("n3", b.conv2d("c3", x, b.channels(from), {}, "c3/weights"), "c3/BatchNorm",
                   norm);
  const NodeId shortcut = stride == 1 ? from : b.subsample("shortcut", from, stride);
  return b.activation("op", b.add("sum", shortcut, x), Activation::relu);
}

/// Operators of PyTorch's networks.
std::vector<OperatorCase> torch_operators() {
  const auto shuffled = [](const std::string& name, int in) {
    return OperatorCase{
        name, in, [](GraphBuilder& b, NodeId from) { return b.pixel_shuffle("op", from, 2); }};
  };
  return {
      {"group_norm", 64,
       [](GraphBuilder& b, NodeId from) { return b.torch_group_norm("op", from, "op", 32, 1e-5); }},
      {"group_norm_odd", 21,
       [](GraphBuilder& b, NodeId from) { return b.torch_group_norm("op", from, "op", 7, 1e-5); }},
      {"group_norm_with_sum", 32,
       [](GraphBuilder& b, NodeId from) {
         const NodeId conv = b.conv2d("conv", from, 32, {.kernel = 3}, "conv/weights");
         const NodeId norm = b.torch_group_norm("norm", conv, "norm", 8, 1e-5);
         return b.activation("op", b.add("sum", from, norm), Activation::relu);
       }},
      {"max_pool_torch", 24,
       [](GraphBuilder& b, NodeId from) {
         return b.max_pool("op", from, 3, 2, PaddingRule::slim_same);
       }},
      shuffled("pixel_shuffle", 64),
      shuffled("pixel_shuffle_odd", 20),
      {"resize_of_a_map", 12,
       [](GraphBuilder& b, NodeId from) {
         return b.resize("op", from, {11, 31});
       }},
      {"antialiased_resize_of_a_map", 12,
       [](GraphBuilder& b, NodeId from) {
         return b.resize("op", from, {5, 31}, true);
       }},
      {"antialiased_resize_of_the_picture", 8,
       [](GraphBuilder& b, NodeId from) {
         const NodeId resized = b.resize("resize", b.input(), {7, 9}, true);
         return b.conv2d("op", resized, b.channels(from), {.kernel = 3}, "op/weights");
       }},
      {"resize_of_the_picture", 8,
       [](GraphBuilder& b, NodeId from) {
         const NodeId resized = b.resize("resize", b.input(), {24, 20});
         const NodeId conv = b.conv2d("conv", resized, b.channels(from), {.kernel = 3, .stride = 2},
                                      "conv/weights");
         return b.resize("op", conv, {9, 9});
       }},
      {"concat", 24,
       [](GraphBuilder& b, NodeId from) {
         const NodeId first = b.conv2d("first", from, 5, {}, "first/weights");
         const NodeId second = b.conv2d("second", from, 18, {}, "second/weights");
         return b.concat("op", {first, second, from});
       }},
  };
}

std::vector<OperatorCase> pools_and_sums() {
  std::vector<OperatorCase> cases = {
      {"max_pool_same", 24,
       [](GraphBuilder& b, NodeId from) {
         return b.max_pool("op", from, 3, 2, PaddingRule::same);
       }},
      {"max_pool_of_negative_values", 5,
       [](GraphBuilder& b, NodeId from) {
         const NodeId low =
             b.conv2d("low", from, 8, {}, "low/weights", "pose/part_pred/block4/biases");
         return b.max_pool("op", low, 3, 2, PaddingRule::same);
       }},
      {"subsample2", 20, [](GraphBuilder& b, NodeId from) { return b.subsample("op", from, 2); }},
      {"squeeze_excite", 40,
       [](GraphBuilder& b, NodeId from) {
         NodeId x = b.global_mean("mean", from);
         x = b.conv2d("reduce", x, 10, {}, "se/conv2d/kernel", "se/conv2d/bias");
         x = b.activation("swish", x, Activation::swish);
         x = b.conv2d("expand", x, 40, {}, "se/conv2d_1/kernel", "op/se/conv2d_1/bias");
         x = b.activation("gate", x, Activation::sigmoid);
         return b.multiply("op", from, x);
       }},
      {"inverted_residual", 24,
       [](GraphBuilder& b, NodeId from) {
         const BatchNormOptions frame{.epsilon = 1e-3, .mode = BatchNormMode::frame};
         NodeId x = b.batch_norm("n1", b.conv2d("expand", from, 144, {}, "e/weights"), "e", frame);
         x = b.activation("r1", x, Activation::relu6);
         x = b.depthwise_conv2d("dw", x, {.kernel = 3}, "d/depthwise_weights");
         x = b.activation("r2", b.batch_norm("n2", x, "d", frame), Activation::relu6);
         x = b.batch_norm("n3", b.conv2d("project", x, 24, {}, "p/weights"), "p", frame);
         return b.add("op", x, from);
       }},
  };
  for (const BatchNormMode mode : {BatchNormMode::moving, BatchNormMode::frame}) {
    for (const int stride : {1, 2}) {
      cases.push_back(
          {"bottleneck_" + std::string(to_string(mode)) + std::to_string(stride), 32,
           [=](GraphBuilder& b, NodeId from) { return bottleneck(b, from, stride, mode); }});
    }
  }
  return cases;
}

/// All that run here, `reference` included: for it the whole-run rules below are what is tested.
std::vector<const Backend*> available_backends() {
  std::vector<const Backend*> tested;
  for (const Backend* backend : backends()) {
    if (!backend->why_unavailable()) tested.push_back(backend);
  }
  return tested;
}

/// Frame `index` of a batch's map.
std::span<const float> frame_of(const Tensor& maps, int64_t index) {
  const int64_t size = maps.size() / maps.dim(0);
  return maps.values().subspan(static_cast<size_t>(index * size), static_cast<size_t>(size));
}

class OperatorAgreement : public ::testing::TestWithParam<OperatorCase> {};

TEST_P(OperatorAgreement, OfEveryBackendWithReference) {
  const Graph graph = graph_of(GetParam());
  const Weights weights = testing::synthetic_weights(graph);
  for (const Backend* backend : available_backends()) {
    const auto executor = backend->compile(graph, weights, {.tune = false});
    const auto workspace = executor->make_workspace();
    for (const Extent size : sizes()) {
      const Pictures pictures(size, 2, testing::seed_of_this_test());
      NetworkOutput output;
      executor->run(pictures.batch, false, *workspace, output);
      for (int64_t i = 0; i < 2; ++i) {
        const auto expected =
            evaluate_all_nodes(graph, weights, pictures.batch.frames[static_cast<size_t>(i)], size);
        const Tensor& map = expected[static_cast<size_t>(graph.scoremap_logits)];
        ASSERT_EQ(output.scoremap_logits.shape(), (Shape{2, map.dim(0), map.dim(1), map.dim(2)}));
        EXPECT_LE(testing::relative_to_range(frame_of(output.scoremap_logits, i), map.values()),
                  kLimit)
            << backend->name() << " at " << size.width << "x" << size.height << ", frame " << i;
      }
    }
  }
}

std::string case_name(const ::testing::TestParamInfo<OperatorCase>& info) {
  return info.param.name;
}
INSTANTIATE_TEST_SUITE_P(Convolutions, OperatorAgreement, ::testing::ValuesIn(convolutions()),
                         case_name);
INSTANTIATE_TEST_SUITE_P(NormsAndActivations, OperatorAgreement,
                         ::testing::ValuesIn(norms_and_activations()), case_name);
INSTANTIATE_TEST_SUITE_P(OfTorch, OperatorAgreement, ::testing::ValuesIn(torch_operators()),
                         case_name);
INSTANTIATE_TEST_SUITE_P(PoolsAndSums, OperatorAgreement, ::testing::ValuesIn(pools_and_sums()),
                         case_name);

/// A MobileNetV2 with few channels, and its weights.
struct SmallNetwork {
  explicit SmallNetwork(BatchNormMode mode = BatchNormMode::frame) {
    NetworkSpec spec{.family = NetworkFamily::mobilenet_v2, .mobilenet_width = 0.35};
    spec.scope = "MobilenetV2/";
    spec.num_bodyparts = 3;
    spec.batch_norm_mode = mode;
    graph = build_graph(spec);
    weights = testing::synthetic_weights(graph);
  }
  Graph graph;
  Weights weights;
};

bool same_bits(std::span<const float> a, std::span<const float> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

TEST(NetworkRuns, DoNotDependOnTheBatch) {
  const SmallNetwork network;
  const Pictures pictures({47, 66}, 3, testing::seed_of_this_test());
  for (const Backend* backend : available_backends()) {
    SCOPED_TRACE(backend->name());
    const auto executor = backend->compile(network.graph, network.weights, {.tune = false});
    const auto workspace = executor->make_workspace();
    NetworkOutput together;
    executor->run(pictures.batch, true, *workspace, together);
    ASSERT_EQ(together.locref.shape(), (Shape{3, 6, 10, 3, 2}));
    for (int64_t i = 0; i < 3; ++i) {
      NetworkOutput alone;
      executor->run({47, 66, {pictures.batch.frames[static_cast<size_t>(i)]}}, true, *workspace,
                    alone);
      EXPECT_TRUE(same_bits(alone.scoremap_logits.values(), frame_of(together.scoremap_logits, i)));
      EXPECT_TRUE(same_bits(alone.locref.values(), frame_of(together.locref, i)));
    }
  }
}

TEST(NetworkRuns, OverABatchOfOneFrameAreThoseOfTheFrame) {
  const SmallNetwork by_frame, over_batch(BatchNormMode::batch);
  const Pictures pictures({47, 66}, 1, testing::seed_of_this_test());
  for (const Backend* backend : available_backends()) {
    SCOPED_TRACE(backend->name());
    NetworkOutput expected, got;
    for (const auto& [network, output] : {std::pair(&by_frame, &expected), {&over_batch, &got}}) {
      const auto executor = backend->compile(network->graph, network->weights, {.tune = false});
      executor->run(pictures.batch, true, *executor->make_workspace(), *output);
    }
    EXPECT_LE(
        testing::relative_to_range(got.scoremap_logits.values(), expected.scoremap_logits.values()),
        kNormedLimit);
  }
}

TEST(NetworkRuns, OverABatchAgreeWithReferenceAndDependOnItsFramesAlone) {
  const SmallNetwork network(BatchNormMode::batch);
  const Pictures pictures({47, 66}, 11, testing::seed_of_this_test());  // more than go at once
  FrameBatch turned = pictures.batch;
  std::swap(turned.frames.front(), turned.frames.back());
  NetworkOutput reference;
  const auto plain = backends().back()->compile(network.graph, network.weights, {});
  plain->run(pictures.batch, true, *plain->make_workspace(), reference);
  for (const Backend* backend : available_backends()) {
    SCOPED_TRACE(backend->name());
    const auto executor = backend->compile(network.graph, network.weights, {.tune = false});
    const auto workspace = executor->make_workspace();
    NetworkOutput output, with_turned, alone;
    executor->run(pictures.batch, true, *workspace, output);
    EXPECT_LE(testing::relative_to_range(output.scoremap_logits.values(),
                                         reference.scoremap_logits.values()),
              kNormedLimit);
    EXPECT_LE(testing::relative_to_range(output.locref.values(), reference.locref.values()),
              kNormedLimit);
    executor->run(turned, true, *workspace, with_turned);
    EXPECT_LE(testing::relative_to_range(frame_of(with_turned.scoremap_logits, 0),
                                         frame_of(output.scoremap_logits, 10)),
              kNormedLimit);
    executor->run({47, 66, {pictures.batch.frames[0]}}, true, *workspace, alone);
    EXPECT_GT(testing::relative_to_range(alone.scoremap_logits.values(),
                                         frame_of(output.scoremap_logits, 0)),
              0.01);
  }
}

TEST(NetworkRuns, DoNotDependOnEarlierSizes) {
  const SmallNetwork network;
  const Pictures small({33, 47}, 1, testing::seed_of_this_test());
  const Pictures large({80, 64}, 2, testing::seed_of_this_test() + 1);
  for (const Backend* backend : available_backends()) {
    SCOPED_TRACE(backend->name());
    const auto executor = backend->compile(network.graph, network.weights, {.tune = false});
    const auto workspace = executor->make_workspace();
    NetworkOutput first, other, again;
    executor->run(small.batch, true, *workspace, first);
    executor->run(large.batch, true, *workspace, other);
    executor->run(small.batch, true, *workspace, again);
    EXPECT_TRUE(same_bits(first.scoremap_logits.values(), again.scoremap_logits.values()));
    EXPECT_TRUE(same_bits(first.locref.values(), again.locref.values()));
  }
}

TEST(NetworkRuns, GiveLocrefOnlyWhenAsked) {
  const SmallNetwork network;
  const Pictures pictures({32, 32}, 1, testing::seed_of_this_test());
  for (const Backend* backend : available_backends()) {
    SCOPED_TRACE(backend->name());
    const auto executor = backend->compile(network.graph, network.weights, {.tune = false});
    const auto workspace = executor->make_workspace();
    NetworkOutput output;
    executor->run(pictures.batch, true, *workspace, output);
    EXPECT_FALSE(output.locref.empty());
    executor->run(pictures.batch, false, *workspace, output);
    EXPECT_TRUE(output.locref.empty());
    EXPECT_EQ(output.scoremap_logits.shape(), (Shape{1, 4, 4, 3}));
  }
}

TEST(NetworkRuns, AnEmptyBatchGivesEmptyMaps) {
  const SmallNetwork network;
  for (const Backend* backend : available_backends()) {
    SCOPED_TRACE(backend->name());
    const auto executor = backend->compile(network.graph, network.weights, {.tune = false});
    const auto workspace = executor->make_workspace();
    NetworkOutput output;
    executor->run({32, 32, {}}, true, *workspace, output);
    EXPECT_TRUE(output.scoremap_logits.empty());
    EXPECT_TRUE(output.locref.empty());
  }
}

TEST(NetworkRuns, WeightsThatDoNotFitAreRefused) {
  SmallNetwork network;
  network.weights.erase("MobilenetV2/Conv_1/weights");
  for (const Backend* backend : available_backends()) {
    EXPECT_ANY_THROW(backend->compile(network.graph, network.weights, {.tune = false}))
        << backend->name();
  }
}

}  // namespace
}  // namespace posse
