// Snapshots that a Python program wrote, in the byte layout of TensorFlow's own, with the synthetic
// weights: reader, detection and numbers at once.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <ostream>

#include "base/files.h"
#include "checkpoint/tensorflow/tensorflow_checkpoint.h"
#include "network/load_network.h"
#include "support/shared_data.h"
#include "support/synthetic_weights.h"

namespace posse {
namespace {

namespace fs = std::filesystem;

struct MadeSnapshot {
  const char* arch;
  const char* name;
  const char* options;
  int num_shards;
};

std::ostream& operator<<(std::ostream& stream, const MadeSnapshot& made) {
  return stream << made.name;
}

class MadeSnapshots : public ::testing::TestWithParam<MadeSnapshot> {};

TEST_P(MadeSnapshots, HaveEveryNumberOfTheRecipe) {
  POSSE_SHARED_OR_SKIP(tool, "../tools/make_snapshot.py");
  const TemporaryFolder folder;
  const fs::path prefix = folder.path() / "snapshot-step2-final--0";
  const std::string command = "/usr/bin/python3 '" + tool.string() + "' --arch " + GetParam().arch +
                              " --parts 3 " + GetParam().options + " '" + prefix.string() +
                              "' >/dev/null 2>&1";
  if (std::system(command.c_str()) != 0) GTEST_SKIP() << "cannot run make_snapshot.py";
  const TensorFlowCheckpoint checkpoint = TensorFlowCheckpoint::open(prefix);
  EXPECT_EQ(checkpoint.num_data_files(), GetParam().num_shards);
  EXPECT_TRUE(checkpoint.verify().empty());
  const NetworkSpec spec = detect_network(checkpoint);
  EXPECT_EQ(net_type(spec), GetParam().arch);
  EXPECT_EQ(spec.num_bodyparts, 3);
  const Graph graph = build_graph(spec);
  const Weights read = load_weights(graph, checkpoint);
  const Weights made = testing::synthetic_weights(graph);
  ASSERT_EQ(checkpoint.variables().size(), made.size());
  for (const auto& [name, tensor] : made) {
    const auto found = read.at(name).values();
    EXPECT_TRUE(std::equal(found.begin(), found.end(), tensor.values().begin())) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Layouts, MadeSnapshots,
    ::testing::Values(MadeSnapshot{"resnet_50", "full_size", "", 1},
                      MadeSnapshot{"mobilenet_v2_0.5", "three_shards", "--shards 3", 3},
                      MadeSnapshot{"efficientnet-b0", "many_blocks", "--block-size 700", 1},
                      MadeSnapshot{"mobilenet_v2_0.75", "shards_and_blocks",
                                   "--shards 2 --block-size 1000", 2}),
    [](const auto& made) { return std::string(made.param.name); });

}  // namespace
}  // namespace posse
