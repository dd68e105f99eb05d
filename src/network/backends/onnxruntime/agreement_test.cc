// network_agreement_test.cc, which is part of this program, with the backend onnxruntime among
// those it runs; and whole networks of every family.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "network/architecture.h"
#include "network/backends/cpu/cpu_backend.h"
#include "network/backends/onnxruntime/golden.h"
#include "network/backends/onnxruntime/onnxruntime_backend.h"
#include "support/onnxruntime.h"
#include "support/synthetic_weights.h"

namespace posse::ort {
namespace {

/// Lets backends() find the library that tests have.
class NamedLibrary : public ::testing::Environment {
 public:
  void SetUp() override {
    const std::filesystem::path& library = testing::onnxruntime_library();
    if (!library.empty()) setenv("POSSE_ORT_LIBRARY", library.c_str(), 1);
  }
};
const auto* const kNamedLibrary = ::testing::AddGlobalTestEnvironment(new NamedLibrary);

struct FamilyCase {
  std::string name;
  NetworkSpec spec;
  bool is_slow = false;  ///< seconds each
};

/// The deeper ones.
std::vector<FamilyCase> large_families() {
  std::vector<FamilyCase> cases;
  for (const int depth : {101, 152}) {
    FamilyCase network{.name = fmt::format("resnet_{}", depth),
                       .spec = {.family = NetworkFamily::resnet, .resnet_depth = depth},
                       .is_slow = true};
    network.spec.scope = fmt::format("resnet_v1_{}/", depth);
    cases.push_back(network);
  }
  for (int number = 1; number <= 7; ++number) {
    FamilyCase network{
        .name = fmt::format("efficientnet_b{}", number),
        .spec = {.family = NetworkFamily::efficientnet, .efficientnet_number = number},
        .is_slow = number > 3};
    network.spec.scope = fmt::format("efficientnet/efficientnet-b{}/", number);
    cases.push_back(network);
  }
  return cases;
}

std::vector<FamilyCase> families() {
  NetworkSpec resnet{.family = NetworkFamily::resnet, .resnet_depth = 50};
  resnet.scope = "resnet_v1_50/";
  NetworkSpec mobilenet{.family = NetworkFamily::mobilenet_v2, .mobilenet_width = 0.35};
  mobilenet.scope = "MobilenetV2/";
  NetworkSpec efficientnet{.family = NetworkFamily::efficientnet, .efficientnet_number = 0};
  efficientnet.scope = "efficientnet/efficientnet-b0/";
  TorchSpec torch{.depth = 18, .group_norm = true, .scope = "backbone.model."};
  const auto layer = [](const std::string& scope, int channels) {
    return std::vector<TorchHeadLayer>{{.scope = scope, .channels = channels}};
  };
  torch.heads = {{"bodypart", layer("b.map", 3), layer("b.locref", 6)}};
  std::vector<FamilyCase> cases = {
      {"resnet_50", resnet},
      {"efficientnet_b0", efficientnet},
      {"torch_resnet",
       {.family = NetworkFamily::torch_resnet, .input_scale = {58, 57, 57}, .torch = torch}}};
  for (const auto mode : {BatchNormMode::moving, BatchNormMode::frame, BatchNormMode::batch}) {
    mobilenet.batch_norm_mode = mode;
    cases.push_back({"mobilenet_" + std::string(to_string(mode)), mobilenet});
  }
  for (FamilyCase& network : large_families()) cases.push_back(std::move(network));
  for (FamilyCase& network : cases) network.spec.num_bodyparts = 3;
  return cases;
}

/// POSSE_ORT_TEST_DEVICE tries the families on a card, with a library that POSSE_ORT_LIBRARY names.
std::string tested_device() {
  const char* named = std::getenv("POSSE_ORT_TEST_DEVICE");
  return named == nullptr ? "cpu" : named;
}

class OnnxRuntimeFamilies : public ::testing::TestWithParam<FamilyCase> {};

/// 1e-4 of the range; where the frames' own statistics norm, the limit of
/// network_agreement_test.cc.
TEST_P(OnnxRuntimeFamilies, AgreeWithOurEngineAtOddSizes) {
  POSSE_ONNXRUNTIME_OR_SKIP(file);
  if (GetParam().is_slow && std::getenv("POSSE_SLOW_TESTS") == nullptr) {
    GTEST_SKIP() << "takes long: scripts/check.sh slow does it, or POSSE_SLOW_TESTS=1";
  }
  const Graph graph = build_graph(GetParam().spec);
  const Weights weights = testing::damped_weights(graph);
  const double limit = golden_bound(graph) > 1e-3 ? 5e-3 : 1e-4;
  const auto own = cpu_backend().compile(graph, weights, {.tune = false});
  const auto other =
      open_onnxruntime(tested_device(), file)->compile(graph, weights, {.threads_per_operator = 2});
  const auto own_space = own->make_workspace();
  const auto other_space = other->make_workspace();
  for (const Extent extent : {Extent{79, 65}, Extent{96, 128}}) {
    const std::vector<uint8_t> first = golden_picture(extent);
    std::vector<uint8_t> second(first.rbegin(), first.rend());
    const FrameBatch batch{extent.height, extent.width, {first.data(), second.data()}};
    NetworkOutput expected, got;
    own->run(batch, true, *own_space, expected);
    other->run(batch, true, *other_space, got);
    EXPECT_EQ(got.scoremap_logits.shape(), expected.scoremap_logits.shape());
    EXPECT_EQ(got.locref.shape(), expected.locref.shape());
    EXPECT_LE(largest_error(expected.scoremap_logits.values(), got.scoremap_logits.values()),
              limit);
    EXPECT_LE(largest_error(expected.locref.values(), got.locref.values()), limit);
  }
}

/// Half of what golden_bound() allows a device: these are the networks it is stated by.
TEST_P(OnnxRuntimeFamilies, AgreeWithOurEngineInFloat16AsFarAsItsDigitsGo) {
  POSSE_ONNXRUNTIME_OR_SKIP(file);
  if (GetParam().is_slow && std::getenv("POSSE_SLOW_TESTS") == nullptr) {
    GTEST_SKIP() << "takes long: scripts/check.sh slow does it, or POSSE_SLOW_TESTS=1";
  }
  const Graph graph = build_graph(GetParam().spec);
  const Weights weights = testing::damped_weights(graph);
  const auto half = open_onnxruntime(tested_device(), file, Precision::fp16);
  const auto executor = half->compile(graph, weights, {.threads_per_operator = 2});
  const ExecutionFacts facts = executor->facts();
  EXPECT_EQ(facts.precision, "fp16");
  EXPECT_GT(facts.golden_error, 1e-5) << "computed in float32";
  EXPECT_LE(facts.golden_error, golden_bound(graph, Precision::fp16) / 2);
}

INSTANTIATE_TEST_SUITE_P(Networks, OnnxRuntimeFamilies, ::testing::ValuesIn(families()),
                         [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace posse::ort
