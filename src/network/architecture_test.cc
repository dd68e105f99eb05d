#include "network/architecture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <functional>

#include "base/error.h"
#include "network/mobilenet_v2.h"

namespace posse {
namespace {

using ::testing::HasSubstr;

NetworkSpec resnet(int depth) {
  return {.family = NetworkFamily::resnet,
          .resnet_depth = depth,
          .scope = "resnet_v1_" + std::to_string(depth) + "/"};
}

NetworkSpec mobilenet(double width) {
  NetworkSpec spec{.family = NetworkFamily::mobilenet_v2, .mobilenet_width = width};
  spec.scope = "MobilenetV2/";
  spec.batch_norm_mode = BatchNormMode::frame;
  return spec;
}

NetworkSpec efficientnet(int number) {
  NetworkSpec spec{.family = NetworkFamily::efficientnet, .efficientnet_number = number};
  spec.scope = "efficientnet/efficientnet-b" + std::to_string(number) + "/";
  return spec;
}

/// Variables and numbers of a backbone without its heads.
struct Size {
  int64_t num_variables = 0;
  int64_t num_values = 0;
  bool operator==(const Size&) const = default;
};

Size backbone_size(const NetworkSpec& spec) {
  Size size;
  for (const Variable& variable : graph_variables(build_graph(spec))) {
    if (variable.name.starts_with("pose/")) continue;
    ++size.num_variables;
    size.num_values += num_elements(variable.shape);
  }
  return size;
}

// Counted in released snapshots and pretrained checkpoints of these networks.
TEST(BuildGraph, ResnetsHaveTheVariablesOfTheirSnapshots) {
  EXPECT_EQ(backbone_size(resnet(50)), (Size{265, 23561152}));
  EXPECT_EQ(backbone_size(resnet(101)), (Size{520, 42605504}));
  EXPECT_EQ(backbone_size(resnet(152)), (Size{775, 58295232}));
}

TEST(BuildGraph, MobilenetsHaveTheVariablesOfTheirSnapshots) {
  EXPECT_EQ(backbone_size(mobilenet(1.0)), (Size{260, 2257984}));
  EXPECT_EQ(backbone_size(mobilenet(0.75)), (Size{260, 1382064}));
  EXPECT_EQ(backbone_size(mobilenet(0.5)), (Size{260, 706224}));
  EXPECT_EQ(backbone_size(mobilenet(0.35)), (Size{260, 410208}));
}

TEST(BuildGraph, EfficientnetsHaveTheVariablesOfTheirSnapshots) {
  const Size expected[] = {{304, 3634844},  {432, 6160512},  {432, 7267314},  {489, 10187560},
                           {603, 16863832}, {731, 27456752}, {845, 39623816}, {1030, 62449040}};
  for (int number = 0; number < 8; ++number) {
    EXPECT_EQ(backbone_size(efficientnet(number)), expected[number]) << "b" << number;
  }
}

TEST(BuildGraph, MapsHaveTwiceTheRoundedUpSixteenthOfTheFrame) {
  const Graph graph = build_graph(resnet(50));
  const auto map_of = [&](Extent frame) {
    return node_extents(graph, frame)[static_cast<size_t>(graph.scoremap_logits)];
  };
  EXPECT_EQ(map_of({747, 832}), (Extent{94, 104}));
  EXPECT_EQ(map_of({480, 640}), (Extent{60, 80}));
  EXPECT_EQ(map_of({384, 464}), (Extent{48, 58}));
  EXPECT_EQ(map_of({1, 1}), (Extent{2, 2}));
}

TEST(BuildGraph, EveryFamilyHasStrideEight) {
  for (const NetworkSpec& spec : {resnet(101), mobilenet(0.5), efficientnet(4)}) {
    const Graph graph = build_graph(spec);
    EXPECT_EQ(graph.stride, 8);
    const auto extents = node_extents(graph, {.height = 161, .width = 128});
    EXPECT_EQ(extents[static_cast<size_t>(graph.scoremap_logits)], (Extent{22, 16}))
        << net_type(spec);
    EXPECT_EQ(extents[static_cast<size_t>(graph.locref)], (Extent{22, 16})) << net_type(spec);
  }
}

/// Dilation of the 3x3 convolution of a unit.
int dilation_of(const Graph& graph, const std::string& unit) {
  return graph.nodes.at(static_cast<size_t>(find_node(graph, unit + "/conv2/conv"))).dilation;
}

TEST(BuildGraph, TheOutputStrideTurnsStridesIntoDilation) {
  NetworkSpec spec = resnet(50);
  struct Expected {
    int output_stride, block3_last, block4;
    Extent map;
  };
  // Frame 128x128; the heads double the map.
  for (const Expected& e : {Expected{32, 1, 1, {8, 8}}, Expected{16, 1, 2, {16, 16}},
                            Expected{8, 2, 4, {32, 32}}, Expected{4, 4, 8, {64, 64}}}) {
    spec.output_stride = e.output_stride;
    const Graph graph = build_graph(spec);
    EXPECT_EQ(dilation_of(graph, "block3/unit_6"), e.block3_last) << e.output_stride;
    EXPECT_EQ(dilation_of(graph, "block4/unit_1"), e.block4) << e.output_stride;
    EXPECT_EQ(node_extents(graph, {128, 128})[static_cast<size_t>(graph.scoremap_logits)], e.map);
    EXPECT_EQ(graph.stride, e.output_stride / 2);
  }
}

TEST(BuildGraph, TheHeadsStrideIsFree) {
  NetworkSpec spec = resnet(50);
  spec.deconvolution_stride = 4;
  const Graph graph = build_graph(spec);
  EXPECT_EQ(graph.stride, 4);
  EXPECT_EQ(node_extents(graph, {64, 80})[static_cast<size_t>(graph.locref)], (Extent{16, 20}));
}

TEST(BuildGraph, ImpossibleStridesAreRefused) {
  for (const int stride : {0, 2, 12, 64}) {
    NetworkSpec spec = resnet(50);
    spec.output_stride = stride;
    EXPECT_THROW(build_graph(spec), Error) << stride;
  }
  NetworkSpec spec = mobilenet(1);
  spec.output_stride = 8;
  EXPECT_THROW(build_graph(spec), Error);
  spec = efficientnet(0);
  spec.deconvolution_stride = 3;
  EXPECT_THROW(build_graph(spec), Error);
}

TEST(BuildGraph, WithoutLocrefThereIsNone) {
  NetworkSpec spec = mobilenet(0.35);
  spec.has_locref = false;
  EXPECT_EQ(build_graph(spec).locref, -1);
}

TEST(BuildGraph, TheBatchNormModeReachesEveryNorm) {
  NetworkSpec spec = resnet(50);
  spec.batch_norm_mode = BatchNormMode::frame;
  const Graph graph = build_graph(spec);
  EXPECT_TRUE(std::all_of(graph.nodes.begin(), graph.nodes.end(), [](const Node& node) {
    return node.kind != OpKind::batch_norm || node.batch_norm_mode == BatchNormMode::frame;
  }));
}

TEST(MakeDivisible, RoundsToEightButNeverLosesATenth) {
  EXPECT_EQ(make_divisible(32 * 0.35), 16);  // 11.2 -> 8 would lose more than a tenth
  EXPECT_EQ(make_divisible(16 * 0.35), 8);
  EXPECT_EQ(make_divisible(96 * 0.35), 32);  // 33.6
  EXPECT_EQ(make_divisible(20), 24);         // halves round up
  EXPECT_EQ(make_divisible(1), 8);
}

class DetectNetwork : public ::testing::TestWithParam<NetworkSpec> {};

TEST_P(DetectNetwork, FindsWhatTheGraphWasBuiltFrom) {
  NetworkSpec spec = GetParam();
  spec.num_bodyparts = 7;
  std::vector<Variable> variables = graph_variables(build_graph(spec));
  variables.push_back({"global_step", {}});
  variables.push_back({variables[0].name + "/Momentum", variables[0].shape});
  const NetworkSpec found = detect_network(variables, "snapshot-1");
  EXPECT_EQ(net_type(found), net_type(spec));
  EXPECT_EQ(found.scope, spec.scope);
  EXPECT_EQ(found.num_bodyparts, 7);
  EXPECT_TRUE(found.has_locref);
  EXPECT_EQ(found.batch_norm_mode, spec.batch_norm_mode);
  EXPECT_TRUE(found.unused_heads.empty());
}

INSTANTIATE_TEST_SUITE_P(EveryNetwork, DetectNetwork,
                         ::testing::Values(resnet(50), resnet(101), resnet(152), mobilenet(0.35),
                                           mobilenet(0.5), mobilenet(0.75), mobilenet(1),
                                           efficientnet(0), efficientnet(1), efficientnet(2),
                                           efficientnet(3), efficientnet(4), efficientnet(5),
                                           efficientnet(6), efficientnet(7)),
                         [](const auto& param) {
                           std::string name = net_type(param.param);
                           std::replace_if(
                               name.begin(), name.end(),
                               [](char c) { return c == '-' || c == '.'; }, '_');
                           return name;
                         });

TEST(NetType, IsThatOfPoseCfg) {
  EXPECT_EQ(net_type(resnet(152)), "resnet_152");
  EXPECT_EQ(net_type(mobilenet(1)), "mobilenet_v2_1.0");
  EXPECT_EQ(net_type(mobilenet(0.35)), "mobilenet_v2_0.35");
  EXPECT_EQ(net_type(efficientnet(3)), "efficientnet-b3");
}

TEST(DetectedHeads, ThoseOfTrainingAreNamedAndLeftOut) {
  NetworkSpec spec = resnet(50);
  spec.num_bodyparts = 3;
  std::vector<Variable> variables = graph_variables(build_graph(spec));
  variables.push_back({"pose/intermediate_supervision/block4/weights", {3, 3, 3, 1024}});
  variables.push_back({"pose/pairwise_pred/block4/weights", {3, 3, 2 * 3 * 2, 2048}});
  EXPECT_THAT(detect_network(variables, "s").unused_heads,
              ::testing::ElementsAre("intermediate_supervision", "pairwise_pred"));
}

TEST(DetectedHeads, LocrefMayBeAbsent) {
  NetworkSpec spec = resnet(50);
  spec.has_locref = false;
  EXPECT_FALSE(detect_network(graph_variables(build_graph(spec)), "s").has_locref);
}

TEST(DetectedScope, MayDifferForEfficientnets) {
  for (const std::string scope : {"efficientnet-b2/", "model/efficientnet-b2/"}) {
    NetworkSpec spec = efficientnet(2);
    spec.scope = scope;
    const NetworkSpec found = detect_network(graph_variables(build_graph(spec)), "s");
    EXPECT_EQ(found.scope, scope);
    EXPECT_EQ(found.efficientnet_number, 2);
  }
}

/// The error for the variables of a 5-part network after `change`.
Error refusal(const NetworkSpec& base, const std::function<void(std::vector<Variable>&)>& change) {
  NetworkSpec spec = base;
  spec.num_bodyparts = 5;
  std::vector<Variable> variables = graph_variables(build_graph(spec));
  change(variables);
  try {
    detect_network(variables, "train/snapshot-9");
  } catch (const Error& error) {
    return error;
  }
  return {ErrorKind::usage, "accepted"};
}

Shape& shape_of(std::vector<Variable>& variables, const std::string& name) {
  const auto found = std::find_if(variables.begin(), variables.end(),
                                  [&](const Variable& v) { return v.name == name; });
  return found->shape;
}

TEST(RefusedNetworks, MultiAnimalModels) {
  const Error error = refusal(efficientnet(0), [](auto& variables) {
    variables.push_back({"pose/pairwise_pred/block4/weights", {3, 3, 6, 320}});
  });
  EXPECT_EQ(error.kind(), ErrorKind::unsupported);
  EXPECT_THAT(error.message(), HasSubstr("multi-animal"));
  EXPECT_THAT(error.message(), HasSubstr("train/snapshot-9"));
}

TEST(RefusedNetworks, MultiAnimalModelsWithIdentity) {
  const Error error = refusal(efficientnet(0), [](auto& variables) {
    shape_of(variables, "pose/part_pred/block4/weights") = {3, 3, 8, 320};
  });
  EXPECT_EQ(error.kind(), ErrorKind::unsupported);
  EXPECT_THAT(error.message(), HasSubstr("identity channels (5 bodyparts, 8 score channels)"));
}

TEST(RefusedNetworks, FusionNetworks) {
  for (const std::string scope :
       {"decoder_filters/decoder_parallel_1", "upsampled_features/block4"}) {
    const Error error = refusal(resnet(50), [&](auto& variables) {
      variables.push_back({scope + "/weights", {1, 1, 512, 128}});
    });
    EXPECT_EQ(error.kind(), ErrorKind::unsupported);
    EXPECT_THAT(error.message(), HasSubstr("fusion network"));
  }
}

TEST(RefusedNetworks, BackbonesWithoutHeads) {
  const Error error = refusal(mobilenet(1), [](auto& variables) {
    std::erase_if(variables, [](const Variable& v) { return v.name.starts_with("pose/"); });
  });
  EXPECT_EQ(error.kind(), ErrorKind::unsupported);
  EXPECT_THAT(error.message(), HasSubstr("mobilenet_v2_1.0 without pose heads"));
  EXPECT_THAT(error.notes().hint, HasSubstr("pretrained"));
}

TEST(RefusedNetworks, UnknownOnesTellWhatTheyHave) {
  const Error error = refusal(resnet(50), [](auto& variables) {
    for (Variable& variable : variables) variable.name.insert(0, "inception/");
  });
  EXPECT_EQ(error.kind(), ErrorKind::unsupported);
  EXPECT_THAT(error.notes().have, HasSubstr("inception"));
}

TEST(RefusedNetworks, MobilenetsOfAnUnknownWidth) {
  const Error error = refusal(mobilenet(1), [](auto& variables) {
    shape_of(variables, "MobilenetV2/expanded_conv_16/project/weights") = {1, 1, 960, 448};
  });
  EXPECT_EQ(error.kind(), ErrorKind::unsupported);
  EXPECT_THAT(error.message(), HasSubstr("448"));
}

TEST(RefusedNetworks, HeadsOfAnImpossibleShape) {
  const Error error = refusal(resnet(50), [](auto& variables) {
    shape_of(variables, "pose/part_pred/block4/weights") = {3, 3, 5};
  });
  EXPECT_EQ(error.kind(), ErrorKind::shape_mismatch);
  EXPECT_THAT(error.message(), HasSubstr("[3, 3, 5]"));
}

TEST(RefusedNetworks, HeadsBeyondAnyReason) {
  // Without channels a shape of any size has no values, so that no file size contradicts it.
  for (const Shape& shape : {Shape{3, 3, int64_t{1} << 40, 0}, Shape{3, 3, 10'001, 2048},
                             Shape{int64_t{1} << 33, int64_t{1} << 33, 5, 0}}) {
    const Error error = refusal(resnet(50), [&](auto& variables) {
      shape_of(variables, "pose/part_pred/block4/weights") = shape;
    });
    EXPECT_EQ(error.kind(), ErrorKind::shape_mismatch);
    EXPECT_THAT(error.message(), HasSubstr(to_string(shape)));
  }
}

TEST(RefusedNetworks, EmptySnapshots) {
  EXPECT_THROW(detect_network(std::vector<Variable>{}, "s"), Error);
}

}  // namespace
}  // namespace posse
