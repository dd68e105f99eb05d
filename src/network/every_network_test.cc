// Every network posse runs against a second implementation in double precision. The goldens, from
// other programs, cover some of them; this covers all, at an odd size.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "network/backend.h"
#include "support/golden_networks.h"
#include "support/plain_networks.h"
#include "support/shared_data.h"
#include "support/synthetic_weights.h"

namespace posse {
namespace {

using testing::evaluate_plainly;
using testing::PlainMap;
using testing::relative_to_range;

NetworkSpec resnet(int depth) {
  return {.family = NetworkFamily::resnet,
          .resnet_depth = depth,
          .scope = "resnet_v1_" + std::to_string(depth) + "/"};
}

NetworkSpec mobilenet(double width, BatchNormMode mode) {
  NetworkSpec spec{.family = NetworkFamily::mobilenet_v2, .mobilenet_width = width};
  spec.scope = "MobilenetV2/";
  spec.batch_norm_mode = mode;
  return spec;
}

NetworkSpec efficientnet(int number) {
  NetworkSpec spec{.family = NetworkFamily::efficientnet, .efficientnet_number = number};
  spec.scope = "efficientnet/efficientnet-b" + std::to_string(number) + "/";
  return spec;
}

/// Smooth shapes and noise, since a frame of noise alone would leave little after pooling.
std::vector<uint8_t> picture(Extent frame) {
  std::mt19937 random(testing::seed_of_this_test());
  std::vector<uint8_t> rgb;
  for (int64_t row = 0; row < frame.height; ++row) {
    for (int64_t col = 0; col < frame.width; ++col) {
      for (int channel = 0; channel < 3; ++channel) {
        const double wave = std::sin(0.21 * static_cast<double>(row) + channel) +
                            std::cos(0.17 * static_cast<double>(col) - channel);
        rgb.push_back(static_cast<uint8_t>(100 + 40 * wave + static_cast<double>(random() % 40)));
      }
    }
  }
  return rgb;
}

std::vector<float> floats(const PlainMap& map) { return {map.values.begin(), map.values.end()}; }

/// Fractions of an output's range, for `reference` and for faster backends: float32's rounding in a
/// direct evaluation, and in algorithms that trade some of it for speed. Statistics of one small
/// frame amplify it (the goldens' notes measure 3e-4 for MobileNetV2 0.35).
struct Limits {
  double direct = 1e-5;
  double fast = 1e-4;
};

Limits limits_of(const NetworkSpec& spec) {
  if (spec.family != NetworkFamily::mobilenet_v2) return {};
  return spec.batch_norm_mode == BatchNormMode::frame ? Limits{1e-3, 5e-3} : Limits{5e-5, 5e-4};
}

class EveryNetwork : public ::testing::TestWithParam<NetworkSpec> {};

TEST_P(EveryNetwork, AgreesWithASecondImplementation) {
  NetworkSpec spec = GetParam();
  spec.num_bodyparts = 3;
  const Extent frame{33, 53};
  const std::vector<uint8_t> rgb = picture(frame);
  const Graph graph = build_graph(spec);
  const Weights weights = testing::damped_weights(graph);
  const auto [logits, locref] = evaluate_plainly(spec, weights, rgb, frame);
  ASSERT_EQ(logits.height, 6);  // 2 ceil(33 / 16)
  ASSERT_EQ(logits.width, 8);
  for (const Backend* backend : backends()) {
    if (backend->why_unavailable()) continue;
    SCOPED_TRACE(backend->name());
    const auto executor = backend->compile(graph, weights, {.tune = false});
    const auto workspace = executor->make_workspace();
    NetworkOutput output;
    executor->run({frame.height, frame.width, {rgb.data()}}, true, *workspace, output);
    EXPECT_EQ(output.scoremap_logits.shape(), (Shape{1, 6, 8, 3}));
    const Limits limits = limits_of(spec);
    const double limit = backend->name() == "reference" ? limits.direct : limits.fast;
    const double part_error = relative_to_range(output.scoremap_logits.values(), floats(logits));
    const double locref_error = relative_to_range(output.locref.values(), floats(locref));
    EXPECT_LE(part_error, limit);
    EXPECT_LE(locref_error, limit);
    std::printf("%s %s: logits %.1e, locref %.1e of the range\n", net_type(spec).c_str(),
                std::string(backend->name()).c_str(), part_error, locref_error);
  }
}

std::string test_name(const ::testing::TestParamInfo<NetworkSpec>& info) {
  std::string name = net_type(info.param);
  if (info.param.family == NetworkFamily::mobilenet_v2) {
    name += "_" + std::string(to_string(info.param.batch_norm_mode));
  }
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c == '-' || c == '.'; }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(
    Networks, EveryNetwork,
    ::testing::Values(resnet(50), resnet(101), resnet(152), mobilenet(0.35, BatchNormMode::frame),
                      mobilenet(0.5, BatchNormMode::frame), mobilenet(0.75, BatchNormMode::frame),
                      mobilenet(1, BatchNormMode::frame), mobilenet(0.35, BatchNormMode::moving),
                      mobilenet(0.5, BatchNormMode::moving), mobilenet(0.75, BatchNormMode::moving),
                      mobilenet(1, BatchNormMode::moving), efficientnet(0), efficientnet(1),
                      efficientnet(2), efficientnet(3), efficientnet(4), efficientnet(5),
                      efficientnet(6), efficientnet(7)),
    test_name);

}  // namespace
}  // namespace posse
