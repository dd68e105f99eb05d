// Networks as a whole against outputs that other programs computed from the same weights: the
// graphs DeepLabCut wrote, run by TensorFlow.js' kernels and in double precision (tf-graph), and a
// double precision implementation in numpy (spec-double).
#include "support/golden_networks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>

#include "base/npy.h"
#include "network/backend.h"
#include "network/backends/reference/reference_backend.h"
#include "support/shared_data.h"

namespace posse {
namespace {

namespace fs = std::filesystem;
using testing::EndpointStatistics;
using testing::GoldenCase;
using testing::load_golden_case;
using testing::read_endpoints;
using testing::relative_to_range;

struct Moments {
  double mean = 0, deviation = 0;
};

Moments moments_of(std::span<const float> values) {
  double sum = 0;
  for (const float v : values) sum += static_cast<double>(v);
  const double mean = sum / static_cast<double>(values.size());
  double squares = 0;
  for (const float v : values) squares += std::pow(static_cast<double>(v) - mean, 2);
  return {mean, std::sqrt(squares / static_cast<double>(values.size()))};
}

/// Everything a line of endpoints.tsv says, within `limit` of the endpoint's range.
void expect_statistics(std::span<const float> values, const EndpointStatistics& expected,
                       double limit) {
  const double allowed = limit * (expected.most - expected.least);
  const Moments found = moments_of(values);
  EXPECT_NEAR(found.mean, expected.mean, allowed);
  EXPECT_NEAR(found.deviation, expected.deviation, allowed);
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  EXPECT_NEAR(*least, expected.least, allowed);
  EXPECT_NEAR(*most, expected.most, allowed);
  for (size_t i = 0; i < expected.first.size(); ++i) {
    EXPECT_NEAR(values[i], expected.first[i], allowed) << "value " << i;
    const size_t from_end = values.size() - expected.last.size() + i;
    EXPECT_NEAR(values[from_end], expected.last[i], allowed) << "value " << from_end;
  }
}

struct CaseName {
  std::string folder;
  std::string name;
};

std::string test_name(const ::testing::TestParamInfo<CaseName>& info) {
  std::string name = info.param.folder + "_" + info.param.name;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c == '-' || c == '.'; }, '_');
  return name;
}

class GoldenNetworks : public ::testing::TestWithParam<CaseName> {};

TEST_P(GoldenNetworks, TheReferenceAgreesAtEveryEndpoint) {
  POSSE_SHARED_OR_SKIP(folder, "goldens/" + GetParam().folder);
  const GoldenCase golden = load_golden_case(folder, GetParam().name);
  const Graph graph = build_graph(golden.spec);
  const std::vector<Tensor> maps =
      evaluate_all_nodes(graph, golden.weights, golden.rgb.data(), golden.frame);
  double worst = 0;
  for (const EndpointStatistics& endpoint : read_endpoints(golden.folder / "endpoints.tsv")) {
    SCOPED_TRACE(endpoint.name);
    const NodeId node = find_node(graph, endpoint.name);
    ASSERT_GE(node, 0);
    const Tensor& map = maps[static_cast<size_t>(node)];
    ASSERT_EQ((Shape{1, map.dim(0), map.dim(1), map.dim(2)}), endpoint.shape);
    expect_statistics(map.values(), endpoint, golden.direct_limit);
    std::string file = endpoint.name;
    std::replace(file.begin(), file.end(), '/', '_');
    const fs::path whole = golden.folder / "endpoints" / (file + ".npy");
    if (!fs::exists(whole)) continue;
    const double difference = relative_to_range(map.values(), read_npy(whole).values());
    EXPECT_LE(difference, golden.direct_limit);
    worst = std::max(worst, difference);
  }
  RecordProperty("worst_endpoint", std::to_string(worst));
}

/// The node that computes an operation of TensorFlow's graph, found by the variable it reads; -1
/// for operations without variables.
NodeId node_of_operation(const Graph& graph, std::string name) {
  if (const size_t model = name.find("/model/"); model != std::string::npos) name.erase(model, 6);
  const size_t slash = name.rfind('/');
  if (slash == std::string::npos) return -1;
  const std::string scope = name.substr(0, slash + 1);
  const std::string operation = name.substr(slash + 1);
  const bool adds_bias = operation == "BiasAdd";
  const bool convolves = operation == "Conv2D" || operation == "depthwise" ||
                         operation == "BatchToSpaceND";  // the end of a dilated convolution
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    const bool of_scope = node.weights.starts_with(scope) &&
                          node.weights.find('/', scope.size()) == std::string::npos;
    const bool is_convolution = of_scope && !node.weights.empty() && (adds_bias || convolves) &&
                                node.bias.empty() != adds_bias;
    const bool is_norm = operation.starts_with("FusedBatchNorm") && node.gamma == scope + "gamma";
    if (is_convolution || is_norm) return static_cast<NodeId>(i);
  }
  return -1;
}

// Every convolution, bias and batch norm of the graphs that DeepLabCut wrote.
class GoldenOperations : public ::testing::TestWithParam<CaseName> {};

TEST_P(GoldenOperations, AgreeWithTheReferenceWhereverThereAreVariables) {
  POSSE_SHARED_OR_SKIP(folder, "goldens/" + GetParam().folder);
  const GoldenCase golden = load_golden_case(folder, GetParam().name);
  const Graph graph = build_graph(golden.spec);
  const std::vector<Tensor> maps =
      evaluate_all_nodes(graph, golden.weights, golden.rgb.data(), golden.frame);
  std::set<NodeId> compared;
  for (const EndpointStatistics& operation : read_endpoints(golden.folder / "nodes.tsv")) {
    const NodeId node = node_of_operation(graph, operation.name);
    if (node < 0 || operation.shape.at(0) != 1) continue;  // a dilated one between its two halves
    SCOPED_TRACE(operation.name);
    const Tensor& map = maps[static_cast<size_t>(node)];
    ASSERT_EQ((Shape{1, map.dim(0), map.dim(1), map.dim(2)}), operation.shape);
    expect_statistics(map.values(), operation, golden.direct_limit);
    compared.insert(node);
  }
  const auto with_variables =
      std::count_if(graph.nodes.begin(), graph.nodes.end(),
                    [](const Node& node) { return !node.weights.empty() || !node.gamma.empty(); });
  EXPECT_EQ(static_cast<int64_t>(compared.size()), with_variables);
}

/// The graph up to `node`, which becomes its output.
Graph cut_at(Graph graph, NodeId node) {
  graph.nodes.resize(static_cast<size_t>(node) + 1);
  graph.scoremap_logits = node;
  graph.locref = -1;
  return graph;
}

// The weights are prepared anew for each endpoint: of very deep networks every fifth must do.
TEST_P(GoldenNetworks, EveryBackendAgreesAtEveryEndpoint) {
  POSSE_SHARED_OR_SKIP(folder, "goldens/" + GetParam().folder);
  const GoldenCase golden = load_golden_case(folder, GetParam().name);
  const Graph graph = build_graph(golden.spec);
  for (const Backend* backend : backends()) {
    if (backend->why_unavailable() || backend->name() == "reference") continue;
    const auto endpoints = read_endpoints(golden.folder / "endpoints.tsv");
    const size_t step = endpoints.size() > 30 ? 5 : 1;
    for (size_t i = 0; i < endpoints.size(); i += step) {
      const EndpointStatistics& endpoint = endpoints[i];
      SCOPED_TRACE(std::string(backend->name()) + " " + endpoint.name);
      const NodeId node = find_node(graph, endpoint.name);
      ASSERT_GE(node, 0);
      const auto executor = backend->compile(cut_at(graph, node), golden.weights, {.tune = false});
      const auto workspace = executor->make_workspace();
      NetworkOutput output;
      executor->run({golden.frame.height, golden.frame.width, {golden.rgb.data()}}, false,
                    *workspace, output);
      ASSERT_EQ(output.scoremap_logits.shape(), endpoint.shape);
      expect_statistics(output.scoremap_logits.values(), endpoint, golden.fast_limit);
    }
  }
}

TEST_P(GoldenNetworks, EveryBackendAgreesAtTheOutputs) {
  POSSE_SHARED_OR_SKIP(folder, "goldens/" + GetParam().folder);
  const GoldenCase golden = load_golden_case(folder, GetParam().name);
  const Tensor logits = read_npy(golden.folder / "part_pred.double.npy");
  const Tensor locref = read_npy(golden.folder / "locref_pred.double.npy");
  for (const Backend* backend : backends()) {
    if (backend->why_unavailable()) continue;
    SCOPED_TRACE(backend->name());
    const auto executor =
        backend->compile(build_graph(golden.spec), golden.weights, {.tune = false});
    const auto workspace = executor->make_workspace();
    NetworkOutput output;
    executor->run({golden.frame.height, golden.frame.width, {golden.rgb.data()}}, true, *workspace,
                  output);
    const double limit = backend->name() == "reference" ? golden.direct_limit : golden.fast_limit;
    const double part_error = relative_to_range(output.scoremap_logits.values(), logits.values());
    const double locref_error = relative_to_range(output.locref.values(), locref.values());
    EXPECT_LE(part_error, limit);
    EXPECT_LE(locref_error, limit);
    std::printf("%s %s: logits %.1e, locref %.1e of the range\n", GetParam().name.c_str(),
                std::string(backend->name()).c_str(), part_error, locref_error);
  }
}

#ifdef POSSE_SLOW_TESTS
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(GoldenOperations);
const CaseName kCases[] = {{"tf-graph", "resnet50-p6-openfield"}, {"spec-double", "resnet152-p3"}};
#else
const CaseName kCases[] = {{"tf-graph", "resnet50-p6-tiny"},
                           {"tf-graph", "efficientnet-b0-p5"},
                           {"spec-double", "mobilenet_v2_1.0-p4-batch"},
                           {"spec-double", "mobilenet_v2_1.0-p4-moving"},
                           {"spec-double", "mobilenet_v2_0.35-p4-batch"},
                           {"spec-double", "resnet50-p6-stride8"}};
INSTANTIATE_TEST_SUITE_P(Cases, GoldenOperations, ::testing::Values(kCases[0], kCases[1]),
                         test_name);
#endif
INSTANTIATE_TEST_SUITE_P(Cases, GoldenNetworks, ::testing::ValuesIn(kCases), test_name);

}  // namespace
}  // namespace posse
