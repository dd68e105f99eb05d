#include "table_jobs/consensus_job.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

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
  JobInputs inputs{.paths = {folder / "mouseDLC_resnet50_taskshuffle1_100.csv",
                             folder / "mouseDLC_resnet50_taskshuffle2_100.csv"},
                   .poses = {}};
  write_pose_table(inputs.paths[0], {.scorer = "one", .poses = at(7, 16)});
  write_pose_table(inputs.paths[1], {.scorer = "two", .poses = at(13, 24)});
  return inputs;
}

TEST(ConsensusJob, WritesTheTablesAndARecordOfWhatTheyAreMadeOf) {
  const TemporaryFolder scratch;
  const JobInputs inputs = two_tables(scratch.path());
  ConsensusJobOptions options{.method = TableMethod::mean, .format = TableFormat::both};
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

/// A member that walks to the right a px a frame, in frames first to 19 and then 60 to 79.
Poses walk(double off_x, int first) {
  Poses poses{.bodyparts = {"snout", "tail"}, .frame_index = {}, .keypoints = {}};
  for (int frame = first; frame < 80; frame = frame == 19 ? 60 : frame + 1) {
    poses.frame_index.push_back(frame);
    poses.keypoints.push_back({100 + off_x + frame, 60, 0.9});
    poses.keypoints.push_back({200, 90 + off_x, std::nan("")});  // its likelihood is not known
  }
  return poses;
}

JobInputs walks(int count) {
  JobInputs inputs;
  for (int k = 0; k < count; ++k)
    inputs.poses.push_back({std::string(1, static_cast<char>('a' + k)), "", walk(k - 1, 0)});
  return inputs;
}

TEST(ConsensusJob, TracksThroughGapsAndOutOfTwoMembersThatAreLostTogether) {
  JobInputs inputs = walks(5);
  for (size_t m : {0U, 1U, 2U}) {
    for (size_t row = 5; row < 9; ++row) {
      inputs.poses[m].poses.keypoints[2 * row].x = 300;
      inputs.poses[m].poses.keypoints[2 * row].likelihood = 0.6;
    }
  }
  const auto outcome = run_consensus(inputs, {}, {.method = TableMethod::track});
  const TableConsensus& track = outcome.result;
  ASSERT_EQ(track.poses.num_frames(), 40U);
  EXPECT_EQ(track.poses.frame_index[20], 60);
  ASSERT_EQ(track.track.size(), 80U);
  for (size_t row = 0; row < 40; ++row) {
    // The middle of the five members; the walk of the smoother lags behind a line by little.
    EXPECT_NEAR(track.poses.at(row, 0).x, 101 + static_cast<double>(track.poses.frame_index[row]),
                2)
        << row;
    EXPECT_NEAR(track.poses.at(row, 1).y, 91, 1) << row;
    // Likelihoods of 0.9 say 0.87 after a few frames; two of five members less.
    const bool lost = row > 3 && row < 11;
    EXPECT_GT(track.track[2 * row].chance_seen, lost ? 0.3 : 0.79) << row;
  }
  EXPECT_EQ(track.details[2 * 6].num_members, 2);
  EXPECT_TRUE(outcome.report.warnings.empty());
  const auto median = run_consensus(inputs, {}, {});
  EXPECT_EQ(median.result.poses.at(6, 0).x, 300);  // where the median goes
}

TEST(ConsensusJob, ATrackOfOneOrTwoTablesRunsAndSaysThatFewVote) {
  for (const int count : {1, 2}) {
    const auto outcome = run_consensus(walks(count), {}, {.method = TableMethod::track});
    EXPECT_NEAR(outcome.result.poses.at(3, 0).x, 103, 2);
    ASSERT_EQ(outcome.report.warnings.size(), 1U);
    EXPECT_NE(outcome.report.warnings[0].find("few votes"), std::string::npos);
  }
}

/// What the error says; empty without one.
std::string refused(const ConsensusJobOptions& options) {
  try {
    run_consensus(walks(3), {}, options);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    return error.what();
  }
  return "";
}

TEST(ConsensusJob, OptionsThatSayNothingOfTheMethodAreRefusedByName) {
  const auto expect_named = [](const std::string& text, const std::vector<std::string>& words) {
    for (const std::string& word : words)
      EXPECT_NE(text.find(word), std::string::npos) << text << " lacks " << word;
  };
  expect_named(refused({.track = {.look_alike = "snout,tail", .lag = 3}}),
               {"--look-alike, --track-lag say nothing", "--method median", "--method track"});
  expect_named(refused({.track = {.smooth = false}}), {"--track-smooth says nothing"});
  expect_named(refused({.cell = 8}), {"--cell says nothing"});
  expect_named(refused({.method = TableMethod::track, .keypoints = {.min_members = 2}}),
               {"--min-members says nothing of --method track"});
  EXPECT_EQ(refused({.method = TableMethod::track, .track = {.lag = 3}, .cell = 8}), "");
}

TEST(ConsensusJob, AMissingBodypartIsMissingInTheTrack) {
  JobInputs inputs = walks(3);
  for (NamedPoses& member : inputs.poses) {
    for (size_t row = 0; row < member.poses.num_frames(); ++row)
      member.poses.keypoints[2 * row + 1] = {std::nan(""), std::nan(""), 0};
  }
  const auto outcome = run_consensus(inputs, {}, {.method = TableMethod::track});
  EXPECT_TRUE(std::isnan(outcome.result.poses.at(0, 1).x));
  EXPECT_EQ(outcome.result.poses.at(0, 1).likelihood, 0);
  EXPECT_NEAR(outcome.result.poses.at(0, 0).x, 100, 2);
}

TEST(ConsensusJob, ATracksTableHoldsItsChancesAndItsRecordTheGroups) {
  const TemporaryFolder scratch;
  const fs::path out = scratch.path() / "track.h5";
  const auto outcome = run_consensus(
      walks(3), out, {.method = TableMethod::track, .track = {.look_alike = "snout,tail"}});
  EXPECT_EQ(outcome.result.groups, (std::vector<std::vector<int>>{{0, 1}}));
  const auto record = nlohmann::json::parse(read_file(outcome.report.record));
  EXPECT_EQ(record["track"]["groups"], std::vector<std::string>{"snout,tail"});
  EXPECT_EQ(record["track"]["bodyparts"][0]["frames_not_seen"], 0);
  EXPECT_EQ(record["options"]["method"], "track");
}

TEST(ConsensusJob, ATrackRefusesWhatCannotBe) {
  const JobInputs inputs = walks(3);
  const auto refused = [&](ConsensusJobOptions options) {
    options.method = TableMethod::track;
    EXPECT_THROW(run_consensus(inputs, {}, options), Error);
  };
  refused({.track = {.look_alike = "snout,paw"}});
  refused({.track = {.look_alike = "snout"}});
  refused({.cell = -1});
  refused({.cell = std::nan("")});
  refused({.track = {.hide_below = 2}});
  refused({.track = {.lag = -1}});
  EXPECT_THROW(run_consensus({}, {}, {.method = TableMethod::track}), Error);
}

TEST(ConsensusJob, HideBelowLeavesOutWhatIsHardlySeen) {
  const auto outcome =
      run_consensus(walks(3), {}, {.method = TableMethod::track, .track = {.hide_below = 1}});
  EXPECT_TRUE(std::isnan(outcome.result.poses.at(0, 0).x));  // no chance is 1
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

TEST(ConvertJob, AScorerMakesTheFolderAndAFolderIsNoFile) {
  const TemporaryFolder scratch;
  const JobInputs inputs = two_tables(scratch.path());
  const fs::path source = scratch.path() / "clipDLC_resnet50_tMar1shuffle1_100.csv";
  fs::copy_file(inputs.paths[0], source);
  const JobReport report =
      run_convert(source, scratch.path() / "new", {.read = {.scorer = "DLC_mine"}});
  EXPECT_EQ(report.files.front(), scratch.path() / "new" / "clipDLC_mine.h5");
  fs::create_directory(scratch.path() / "x.h5");
  const auto said = [&](const auto& work) -> std::string {
    try {
      work();
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_THAT(said([&] { run_convert(source, scratch.path() / "x.h5", {.force = true}); }),
              testing::HasSubstr("is a folder"));
  EXPECT_THAT(said([&] { run_consensus(inputs, scratch.path() / "x.h5", {.force = true}); }),
              testing::HasSubstr("is a folder"));
}

}  // namespace
}  // namespace posse
