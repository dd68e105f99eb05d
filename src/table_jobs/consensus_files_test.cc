#include "table_jobs/consensus_files.h"

#include <gtest/gtest.h>

#include "base/files.h"
#include "results/table/table_reader.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

std::string stem_of(const std::vector<fs::path>& files) { return common_stem(files); }

TEST(ConsensusFiles, AreNamedAfterTheVideoThatDeepLabCutsNamesAgreeOn) {
  EXPECT_EQ(stem_of({"a/mouse1DLC_resnet50_taskshuffle1_100.h5",
                     "b/mouse1DLC_resnet50_taskshuffle2_100.csv"}),
            "mouse1");
  // two videos: what the names share, which is not a video
  EXPECT_EQ(
      stem_of({"mouse1DLC_resnet50_taskshuffle1_100.h5", "mouse2DLC_resnet50_taskshuffle1_100.h5"}),
      "mouse");
}

TEST(ConsensusFiles, AreNamedAfterWhatOtherNamesShare) {
  EXPECT_EQ(stem_of({"eye_seed-0.csv", "eye_seed-1.csv", "eye_seed-12.csv"}), "eye_seed");
  EXPECT_EQ(stem_of({"seed0.csv", "other.csv"}), "consensus");
  EXPECT_EQ(stem_of({"alone.csv"}), "alone");
  EXPECT_EQ(stem_of({"left.cam.csv", "left.cam2.csv"}), "left.cam");
  // e with acute and with grave accent begin with the same byte
  EXPECT_EQ(stem_of({"caf\u00e9.csv", "caf\u00e8.csv"}), "caf");
  // Latin-1: no character was cut through
  EXPECT_EQ(stem_of({"caf\xe9_seed0.csv", "caf\xe9_seed1.csv"}), "caf\xe9_seed");
}

TEST(ConsensusFiles, TablesHoldWhatTheConsensusIs) {
  const TemporaryFolder scratch;
  const fs::path& folder = scratch.path();
  // two members, 3 and 4 px on either side of (10, 20); a distance of 5 px each
  Poses left{.bodyparts = {"snout"}, .frame_index = {0}, .keypoints = {{7, 16, 0.9}}};
  Poses right{.bodyparts = {"snout"}, .frame_index = {0}, .keypoints = {{13, 24, 0.9}}};
  const std::vector<Poses> members = {left, right};
  const ConsensusSources sources{
      .names = {"a", "b"}, .members = members, .method = TableMethod::mean};
  const TableConsensus consensus{
      consensus_of_poses(members, {.method = KeypointMethod::mean}), {}, {}, {}};
  for (const char* name : {"table.csv", "table.h5"}) {
    write_consensus_table(folder / name, consensus, sources);
    const Poses read = read_pose_table(folder / name).table.poses;
    EXPECT_EQ(read.bodyparts, left.bodyparts);
    EXPECT_EQ(read.at(0, 0).x, 10);
    EXPECT_EQ(read.at(0, 0).y, 20);
  }
}

}  // namespace
}  // namespace posse
