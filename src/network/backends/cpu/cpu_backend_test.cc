#include "network/backends/cpu/cpu_backend.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <string>

#include "network/architecture.h"
#include "network/backends/reference/reference_backend.h"
#include "network/graph_builder.h"
#include "support/shared_data.h"
#include "support/synthetic_weights.h"

namespace posse::cpu {
namespace {

/// Smooth shapes and noise, so that neighbouring frames differ.
std::vector<uint8_t> picture(Extent extent, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<uint8_t> rgb(static_cast<size_t>(extent.height * extent.width * 3));
  for (int64_t row = 0; row < extent.height; ++row) {
    for (int64_t col = 0; col < extent.width; ++col) {
      for (int64_t c = 0; c < 3; ++c) {
        const double wave = std::sin(0.11 * static_cast<double>(row + 3 * c + seed)) *
                            std::cos(0.07 * static_cast<double>(col));
        rgb[static_cast<size_t>((row * extent.width + col) * 3 + c)] =
            static_cast<uint8_t>(110 + 90 * wave + static_cast<double>(random() % 40));
      }
    }
  }
  return rgb;
}

FrameBatch batch_of(const std::vector<std::vector<uint8_t>>& pictures, Extent extent) {
  FrameBatch batch{extent.height, extent.width, {}};
  for (const auto& rgb : pictures) batch.frames.push_back(rgb.data());
  return batch;
}

NetworkOutput run(const Executor& executor, const FrameBatch& batch, bool want_locref) {
  NetworkOutput output;
  executor.run(batch, want_locref, *executor.make_workspace(), output);
  return output;
}

/// Largest difference over the range (largest minus smallest) of `expected`.
double difference_of_range(const Tensor& found, const Tensor& expected) {
  EXPECT_EQ(found.shape(), expected.shape());
  if (found.shape() != expected.shape()) return INFINITY;
  const auto [low, high] = std::minmax_element(expected.values().begin(), expected.values().end());
  double worst = 0;
  for (size_t i = 0; i < expected.values().size(); ++i) {
    const double difference = std::fabs(static_cast<double>(found.values()[i]) -
                                        static_cast<double>(expected.values()[i]));
    if (!(difference <= worst)) worst = difference;  // keeps NaN
  }
  return worst / (static_cast<double>(*high) - static_cast<double>(*low));
}

bool same_bits(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() && std::memcmp(a.data(), b.data(), a.values().size_bytes()) == 0;
}

struct Case {
  std::string name;
  NetworkSpec spec;
  Extent frame;
  bool low_memory = false;
  double tolerance = 0;
  unsigned num_frames = 1;
};

std::vector<Case> cases() {
  NetworkSpec resnet = {
      .family = NetworkFamily::resnet, .scope = "resnet_v1_50/", .num_bodyparts = 3};
  NetworkSpec stride8 = resnet;
  stride8.output_stride = 8;
  NetworkSpec mobile = {.family = NetworkFamily::mobilenet_v2,
                        .mobilenet_width = 0.35,
                        .scope = "MobilenetV2/",
                        .num_bodyparts = 4};
  NetworkSpec mobile_frame = mobile;
  mobile_frame.batch_norm_mode = BatchNormMode::frame;
  NetworkSpec mobile_batch = mobile;
  mobile_batch.batch_norm_mode = BatchNormMode::batch;
  NetworkSpec wide = mobile;
  wide.mobilenet_width = 1.0;
  NetworkSpec efficient = {.family = NetworkFamily::efficientnet,
                           .efficientnet_number = 0,
                           .scope = "efficientnet/efficientnet-b0/",
                           .num_bodyparts = 5};
  // A direct float32 engine stays below 1e-5 of the range, Winograd below 1e-4; a network that
  // normalises with the frame's statistics amplifies float noise (spread of independent float32
  // implementations: 3e-4).
  return {{"resnet50_direct", resnet, {65, 79}, true, 1e-5},
          {"resnet50_winograd", resnet, {66, 80}, false, 1e-4},
          {"resnet50_stride8", stride8, {49, 58}, false, 1e-4},
          {"mobilenet_moving", mobile, {65, 79}, false, 1e-5},
          {"mobilenet_wide_moving", wide, {48, 64}, false, 1e-5},
          {"mobilenet_frame", mobile_frame, {96, 113}, false, 5e-3},
          {"mobilenet_batch", mobile_batch, {80, 97}, false, 5e-3, 3},
          {"efficientnet_b0", efficient, {65, 80}, false, 1e-5}};
}

class CpuAgainstReference : public ::testing::TestWithParam<Case> {};

TEST_P(CpuAgainstReference, TheWholeNetworkAgreesOnEveryInstructionSet) {
  const Case& test = GetParam();
  const Graph graph = build_graph(test.spec);
  const Weights weights = testing::synthetic_weights(graph);
  std::vector<std::vector<uint8_t>> pictures;
  for (unsigned i = 0; i < test.num_frames; ++i) pictures.push_back(picture(test.frame, 1 + i));
  const FrameBatch batch = batch_of(pictures, test.frame);
  const BackendOptions options = {.low_memory = test.low_memory};
  const auto expected = run(*reference_backend().compile(graph, weights, options), batch, true);
  for (const InstructionSet set : available_instruction_sets()) {
    const Backend* backend = cpu_backend_with(set);
    const auto found = run(*backend->compile(graph, weights, options), batch, true);
    EXPECT_LT(difference_of_range(found.scoremap_logits, expected.scoremap_logits), test.tolerance)
        << name_of(set);
    EXPECT_LT(difference_of_range(found.locref, expected.locref), test.tolerance) << name_of(set);
  }
}

INSTANTIATE_TEST_SUITE_P(Families, CpuAgainstReference, ::testing::ValuesIn(cases()),
                         [](const auto& test) { return test.param.name; });

class CpuBackend : public ::testing::TestWithParam<InstructionSet> {
 protected:
  const Backend* backend_ = cpu_backend_with(GetParam());
};

INSTANTIATE_TEST_SUITE_P(InstructionSets, CpuBackend,
                         ::testing::ValuesIn(available_instruction_sets().begin(),
                                             available_instruction_sets().end()),
                         [](const auto& test) { return name_of(test.param); });

TEST_P(CpuBackend, ResultsDoNotDependOnTheBatchBitForBit) {
  for (const bool frame_mode : {false, true}) {
    NetworkSpec spec = {.family = frame_mode ? NetworkFamily::mobilenet_v2 : NetworkFamily::resnet,
                        .mobilenet_width = 0.35,
                        .scope = frame_mode ? "MobilenetV2/" : "resnet_v1_50/",
                        .num_bodyparts = 2};
    if (frame_mode) spec.batch_norm_mode = BatchNormMode::frame;
    const Extent extent{40, 51};
    const Graph graph = build_graph(spec);
    const auto executor = backend_->compile(graph, testing::synthetic_weights(graph), {});
    std::vector<std::vector<uint8_t>> pictures;
    for (unsigned i = 0; i < 11; ++i) pictures.push_back(picture(extent, i));
    const FrameBatch all = batch_of(pictures, extent);
    const auto workspace = executor->make_workspace();
    NetworkOutput together;
    executor->run(all, true, *workspace, together);
    for (size_t i = 0; i < pictures.size(); ++i) {
      const FrameBatch one{extent.height, extent.width, {all.frames[i]}};
      NetworkOutput alone;
      executor->run(one, true, *workspace, alone);
      const auto same = [&](const Tensor& a, const Tensor& b) {
        return std::memcmp(a.data(), b.data() + static_cast<int64_t>(i) * a.size(),
                           a.values().size_bytes()) == 0;
      };
      EXPECT_TRUE(same(alone.scoremap_logits, together.scoremap_logits)) << "frame " << i;
      EXPECT_TRUE(same(alone.locref, together.locref)) << "frame " << i;
    }
  }
}

TEST_P(CpuBackend, ScoremapIsTheSameWithoutLocrefAndAfterOtherSizes) {
  const NetworkSpec spec = {.family = NetworkFamily::resnet, .scope = "resnet_v1_50/"};
  const Graph graph = build_graph(spec);
  const auto executor = backend_->compile(graph, testing::synthetic_weights(graph), {});
  const auto workspace = executor->make_workspace();
  const Extent extent{33, 47}, other{64, 81};
  const std::vector<std::vector<uint8_t>> small = {picture(extent, 3)}, large = {picture(other, 4)};
  NetworkOutput with, without, between;
  executor->run(batch_of(small, extent), true, *workspace, with);
  executor->run(batch_of(large, other), true, *workspace, between);
  executor->run(batch_of(small, extent), false, *workspace, without);
  EXPECT_TRUE(same_bits(with.scoremap_logits, without.scoremap_logits));
  EXPECT_TRUE(without.locref.empty());
}

TEST_P(CpuBackend, MembersWithAFrozenTrunkShareItAndGiveTheSameBits) {
  NetworkSpec spec = {.family = NetworkFamily::mobilenet_v2,
                      .mobilenet_width = 0.35,
                      .scope = "MobilenetV2/",
                      .num_bodyparts = 2};
  spec.batch_norm_mode = BatchNormMode::frame;
  const Graph graph = build_graph(spec);
  const Weights first = testing::synthetic_weights(graph);
  // Fine-tuned: everything from block 8 on differs.
  const Weights tuned = testing::synthetic_weights(graph, {.seed = 5});
  Weights second;
  bool frozen = true;
  for (const Variable& variable : graph_variables(graph)) {
    if (variable.name.find("expanded_conv_8") != std::string::npos) frozen = false;
    second.emplace(variable.name, (frozen ? first : tuned).at(variable.name).clone());
  }
  const Weights stranger = testing::synthetic_weights(graph, {.seed = 6});
  const std::vector<EnsembleMember> members = {
      {&graph, &first}, {&graph, &stranger}, {&graph, &second}};
  const auto ensemble = backend_->compile_ensemble(members, {});
  ASSERT_EQ(ensemble->num_prefixes(), 1);
  EXPECT_EQ(ensemble->prefix_of(0), 0);
  EXPECT_EQ(ensemble->prefix_of(1), -1);
  EXPECT_EQ(ensemble->prefix_of(2), 0);

  const Extent extent{64, 80};
  const std::vector<std::vector<uint8_t>> pictures = {picture(extent, 1), picture(extent, 2)};
  const FrameBatch batch = batch_of(pictures, extent);
  const auto workspace = ensemble->make_workspace();
  const auto activations = ensemble->make_prefix_activations(0);
  ensemble->run_prefix(0, batch, *workspace, *activations);
  int64_t alone_bytes = 0;
  for (int m = 0; m < 3; ++m) {
    const auto alone = backend_->compile(graph, *members[static_cast<size_t>(m)].weights, {});
    alone_bytes += alone->weight_bytes();
    const NetworkOutput expected = run(*alone, batch, true);
    NetworkOutput shared, whole;
    ensemble->run(m, batch, ensemble->prefix_of(m) < 0 ? nullptr : activations.get(), true,
                  *workspace, shared);
    ensemble->run(m, batch, nullptr, true, *workspace, whole);
    EXPECT_TRUE(same_bits(shared.scoremap_logits, expected.scoremap_logits)) << "member " << m;
    EXPECT_TRUE(same_bits(shared.locref, expected.locref)) << "member " << m;
    EXPECT_TRUE(same_bits(whole.scoremap_logits, expected.scoremap_logits)) << "member " << m;
  }
  // The shared blocks are an eighth of the weights; both of the group hold them once.
  EXPECT_LT(ensemble->weight_bytes(), alone_bytes);
}

}  // namespace
}  // namespace posse::cpu
