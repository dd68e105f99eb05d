#include "table_jobs/consensus_job.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/files.h"
#include "results/table/table_writer.h"
#include "table_jobs/convert_job.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

Poses at(double x, double y) {
  return {.bodyparts = {"snout"}, .frame_index = {0}, .keypoints = {{x, y, 0.9}}};
}

/// Two tables of one video, named as DeepLabCut names them.
JobInputs two_tables(const fs::path& folder) {
  const JobInputs inputs{.paths = {folder / "mouseDLC_resnet50_taskshuffle1_100.csv",
                                   folder / "mouseDLC_resnet50_taskshuffle2_100.csv"},
                         .poses = {}};
  write_pose_table(inputs.paths[0], {.scorer = "one", .poses = at(7, 16)});
  write_pose_table(inputs.paths[1], {.scorer = "two", .poses = at(13, 24)});
  return inputs;
}

TEST(ConsensusJob, WritesTheTablesAndARecordOfWhatTheyAreMadeOf) {
  const TemporaryFolder scratch;
  const JobInputs inputs = two_tables(scratch.path());
  ConsensusOptions options{.keypoints = {.method = KeypointMethod::mean},
                           .format = TableFormat::both};
  const fs::path out = scratch.path() / "out";
  const auto outcome = run_consensus(inputs, out, options);
  EXPECT_EQ(outcome.result.poses.at(0, 0).x, 10);
  EXPECT_EQ(outcome.report.files, (std::vector<fs::path>{out / "mouseDLC_posseMean_2members.h5",
                                                         out / "mouseDLC_posseMean_2members.csv"}));
  const auto record = nlohmann::json::parse(read_file(out / "run.json"));
  EXPECT_EQ(record["verb"], "consensus");
  EXPECT_EQ(record["frames"], 1);
  EXPECT_EQ(record["options"]["method"], "mean");
  EXPECT_EQ(record["options"]["agreement-radius"], 10);
  EXPECT_EQ(record["members"][1]["name"], "mouseDLC_resnet50_taskshuffle2_100");
  EXPECT_EQ(record["members"][1]["bytes"], fs::file_size(inputs.paths[1]));
  EXPECT_EQ(record["files"][1], "mouseDLC_posseMean_2members.csv");
  EXPECT_THROW(run_consensus(inputs, out, options), Error);  // they exist
}

TEST(ConsensusJob, ASingleTableHasItsRecordBesideIt) {
  const TemporaryFolder scratch;
  const auto outcome = run_consensus(two_tables(scratch.path()), scratch.path() / "c.csv", {});
  EXPECT_EQ(outcome.report.record, scratch.path() / "c.csv.run.json");
  EXPECT_TRUE(fs::exists(outcome.report.record));
}

TEST(ConsensusJob, TakesPosesFromMemoryAndWritesNothingUnlessAsked) {
  const JobInputs inputs{.paths = {}, .poses = {{"a", "", at(1, 2)}, {"b", "", at(3, 4)}}};
  const auto outcome = run_consensus(inputs, {}, {});
  EXPECT_EQ(outcome.result.poses.at(0, 0).y, 3);
  EXPECT_TRUE(outcome.report.files.empty());
  EXPECT_THROW(run_consensus({.paths = {}, .poses = {inputs.poses[0]}}, {}, {}), Error);
}

TEST(ConvertJob, LeavesARecordBesideTheTable) {
  const TemporaryFolder scratch;
  const JobInputs inputs = two_tables(scratch.path());
  const JobReport report = run_convert(inputs.paths[0], scratch.path() / "c.h5", {});
  const auto record = nlohmann::json::parse(read_file(report.record));
  EXPECT_EQ(record["verb"], "convert");
  EXPECT_EQ(record["source"]["name"], inputs.paths[0].filename().string());
  EXPECT_EQ(record["files"], std::vector<std::string>{"c.h5"});
  EXPECT_THROW(run_convert(inputs.paths[0], scratch.path() / "c.h5", {}), Error);
  EXPECT_NO_THROW(run_convert(inputs.paths[0], scratch.path() / "c.h5", {.force = true}));
}

}  // namespace
}  // namespace posse
