#include "network/flops.h"

#include <gtest/gtest.h>

#include "network/architecture.h"

namespace posse {
namespace {

TEST(GraphFlops, OfResnet50AreTheKnownOnes) {
  // Counted layer by layer by an independent program: 41.31 GFLOP at 464x384 with 4 bodyparts,
  // heads of the scoremap only.
  const Graph graph = build_graph({.family = NetworkFamily::resnet,
                                   .resnet_depth = 50,
                                   .scope = "resnet_v1_50/",
                                   .num_bodyparts = 4});
  EXPECT_NEAR(graph_flops(graph, {.height = 384, .width = 464}, false) * 1e-9, 41.31, 0.005);
  EXPECT_GT(graph_flops(graph, {.height = 384, .width = 464}, true),
            graph_flops(graph, {.height = 384, .width = 464}, false));
}

}  // namespace
}  // namespace posse
