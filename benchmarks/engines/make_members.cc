// Snapshots of networks with made-up weights, for timing without a trained network.
//
// usage: posse_bench_members FOLDER NET COUNT   (NET: resnet_50, resnet_101, mobilenet_v2_0.35)
// writes FOLDER/NET-<i>/snapshot-1 and prints the prefixes; each has weights of its own.
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "network/architecture.h"
#include "support/checkpoint_writer.h"
#include "support/synthetic_weights.h"

namespace {

using namespace posse;

NetworkSpec spec_of(const std::string& net) {
  NetworkSpec spec{.num_bodyparts = 4};
  if (net == "resnet_50" || net == "resnet_101") {
    spec.resnet_depth = net == "resnet_50" ? 50 : 101;
    spec.scope = fmt::format("resnet_v1_{}/", spec.resnet_depth);
  } else if (net == "mobilenet_v2_0.35") {
    spec.family = NetworkFamily::mobilenet_v2;
    spec.mobilenet_width = 0.35;
    spec.scope = "MobilenetV2/";
  } else {
    fmt::print(stderr, "posse_bench_members: unknown network '{}'\n", net);
    std::exit(2);
  }
  return spec;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    fmt::print(stderr, "usage: {} FOLDER NET COUNT\n", argv[0]);
    return 2;
  }
  const Graph graph = build_graph(spec_of(argv[2]));
  for (int i = 0; i < std::atoi(argv[3]); ++i) {
    const auto prefix =
        std::filesystem::path(argv[1]) / fmt::format("{}-{}", argv[2], i + 1) / "snapshot-1";
    Weights weights = testing::synthetic_weights(graph, {.seed = static_cast<uint64_t>(i)});
    std::vector<testing::NamedTensor> variables;
    for (auto& [name, tensor] : weights) variables.push_back({name, std::move(tensor)});
    testing::write_checkpoint(prefix, variables);
    fmt::print("{}\n", prefix.string());
  }
  return 0;
}
