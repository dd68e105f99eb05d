#include "table_jobs/smooth_jobs.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/files.h"
#include "results/table/table_reader.h"
#include "results/table/table_writer.h"
#include "smoothing/models/single_camera.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

/// A point that swings; members lie `offset` px beside it.
Poses swinging(double offset, const std::vector<std::string>& bodyparts = {"nose"},
               int64_t num_frames = 30) {
  Poses poses{.bodyparts = bodyparts, .frame_index = {}, .keypoints = {}};
  for (int64_t frame = 0; frame < num_frames; ++frame) {
    poses.frame_index.push_back(frame);
    const double t = static_cast<double>(frame);
    for (size_t part = 0; part < bodyparts.size(); ++part) {
      const double shift = 20 * static_cast<double>(part) + offset;
      poses.keypoints.push_back({50 + shift + 9 * std::sin(t / 5), 40 + shift + t, 0.9});
    }
  }
  return poses;
}

JobInputs from_memory(const std::vector<Poses>& members) {
  JobInputs inputs;
  for (size_t m = 0; m < members.size(); ++m)
    inputs.poses.push_back(
        {.name = "member " + std::to_string(m), .camera = "", .poses = members[m]});
  return inputs;
}

TEST(SmoothJobs, GiveTheSameForFilesAndForPosesInMemory) {
  const TemporaryFolder scratch;
  JobInputs files;
  std::vector<Poses> members;
  for (const double offset : {-1.0, 0.0, 2.5}) {
    members.push_back(swinging(offset));
    files.paths.push_back(scratch.path() / (std::to_string(members.size()) + ".h5"));
    write_pose_table(files.paths.back(), {.scorer = "net", .poses = members.back()});
  }
  const auto from_files = run_smooth_single(files, {}, {});
  const auto in_memory = run_smooth_single(from_memory(members), {}, {});
  const SmoothedTracks plain = smooth_single_camera(members);
  for (size_t t = 0; t < 30; ++t) {
    EXPECT_EQ(from_files.result.position.at(t, 0), plain.position.at(t, 0));
    EXPECT_EQ(in_memory.result.position.at(t, 0), plain.position.at(t, 0));
  }
  EXPECT_TRUE(from_files.report.files.empty());
  EXPECT_TRUE(from_files.report.record.empty());
}

TEST(SmoothJobs, LeaveARecordWithTheOptionsAsTheyAreDescribed) {
  const TemporaryFolder scratch;
  const fs::path out = scratch.path() / "smoothed.h5";
  SmoothSingleOptions options;
  options.tuning.s = {3};
  options.tuning.blocks = {{0}, {1}};
  options.common.wide_csv = scratch.path() / "wide.csv";
  options.common.s_frames = {{.start = 2, .stop = 9}};
  const std::vector<std::string> parts = {"nose", "tail"};
  const auto outcome =
      run_smooth_single(from_memory({swinging(0, parts), swinging(1, parts)}), out, options);
  EXPECT_EQ(outcome.report.files, (std::vector<fs::path>{out, options.common.wide_csv}));
  EXPECT_EQ(outcome.report.record, scratch.path() / "smoothed.h5.run.json");
  const auto record = nlohmann::json::parse(read_file(outcome.report.record));
  EXPECT_EQ(record["format"], 1);
  EXPECT_EQ(record["verb"], "smooth single");
  EXPECT_EQ(record["frames"], 30);
  EXPECT_EQ(record["options"]["s"], std::vector<double>{3});
  EXPECT_EQ(record["options"]["blocks"], "0;1");
  EXPECT_EQ(record["options"]["s-frames"], std::vector<std::string>{"2:9"});
  EXPECT_EQ(record["options"]["average"], "median");
  EXPECT_TRUE(record["options"]["variance"].is_null());
  EXPECT_EQ(record["smoothing"]["tail"]["s"], 3);
  EXPECT_EQ(record["smoothing"]["tail"]["tuned"], false);
  EXPECT_EQ(record["members"][1]["name"], "member 1");
  EXPECT_EQ(record["files"], (std::vector<std::string>{"smoothed.h5", "wide.csv"}));
}

TEST(SmoothJobs, SeveralCamerasTakeTheirPosesByCameraAndWriteATableEach) {
  const TemporaryFolder scratch;
  JobInputs inputs;
  for (const char* camera : {"top", "side"}) {
    for (const double offset : {0.0, 1.0})
      inputs.poses.push_back({camera, camera, swinging(offset, {"nose", "tail"})});
  }
  SmoothMultiOptions options;
  options.camera_names = {"top", "side"};
  options.tuning.s = {10};
  const auto outcome = run_smooth_multi(inputs, scratch.path() / "out", options);
  EXPECT_EQ(outcome.result.views.names, options.camera_names);
  EXPECT_EQ(outcome.report.files.size(), 2);
  EXPECT_TRUE(fs::exists(scratch.path() / "out" / "side.h5"));
  const auto record = nlohmann::json::parse(read_file(scratch.path() / "out" / "run.json"));
  EXPECT_EQ(record["members"][2]["camera"], "side");
  EXPECT_THROW(run_smooth_multi(inputs, scratch.path() / "out", options), Error);
  options.common.force = true;
  EXPECT_NO_THROW(run_smooth_multi(inputs, scratch.path() / "out", options));
  inputs.poses.resize(2);
  EXPECT_THROW(run_smooth_multi(inputs, {}, options), Error);  // "side" has none
}

TEST(SmoothJobs, CamerasWithOtherFramesAndAnotherOrderAreAligned) {
  JobInputs inputs;
  for (const double offset : {0.0, 1.0}) {
    inputs.poses.push_back({"a", "top", swinging(offset, {"nose", "tail"})});
    Poses side = swinging(offset, {"tail", "nose"});
    side.frame_index.pop_back();
    side.keypoints.resize(side.num_frames() * 2);
    inputs.poses.push_back({"b", "side", side});
  }
  SmoothMultiOptions options;
  options.camera_names = {"top", "side"};
  options.tuning.s = {10};
  const auto outcome = run_smooth_multi(inputs, {}, options);
  EXPECT_EQ(outcome.result.views.cameras[1].bodyparts, (std::vector<std::string>{"nose", "tail"}));
  EXPECT_EQ(outcome.result.views.cameras[1].frame_index.size(),
            outcome.result.views.cameras[0].frame_index.size());
  EXPECT_GE(outcome.report.warnings.size(), 1U);
}

TEST(SmoothJobs, TellHowFarTheyAreAndStopWhenAsked) {
  StopFlag stop;
  std::vector<std::string> stages;
  const JobHooks hooks{.progress =
                           [&](const Progress& progress) {
                             if (stages.empty() || stages.back() != progress.stage)
                               stages.push_back(progress.stage);
                             if (progress.stage == "tuning" && progress.done == 3) stop.request();
                           },
                       .note = {},
                       .warning = {},
                       .stop = &stop};
  try {
    run_smooth_single(from_memory({swinging(0), swinging(1)}), {}, {}, hooks);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::interrupted);
  }
  EXPECT_EQ(stages, (std::vector<std::string>{"smoothing", "tuning"}));
}

TEST(SmoothJobs, WarningsAboutTheDataAndCautionsAreToldAndKept) {
  Poses lost = swinging(0, {"nose", "tail"});
  for (size_t t = 0; t < lost.num_frames(); ++t) lost.at(t, 1) = {NAN, NAN, 0};
  std::vector<std::string> told;
  SmoothSingleOptions options;
  options.common.one_member = true;
  const auto outcome =
      run_smooth_single(from_memory({lost}), {}, options,
                        {.progress = {}, .note = {}, .warning = [&](const std::string& text) {
                           told.push_back(text);
                         }});
  ASSERT_EQ(outcome.report.warnings.size(), 2);  // of the table, and of the smoother
  EXPECT_EQ(outcome.report.warnings[1],
            "tail: no member found it in any frame; it is left missing");
  EXPECT_EQ(outcome.report.cautions.size(), 1);
  EXPECT_EQ(told.size(), 3);
}

TEST(SmoothJobs, MirroredViewsMustBeNamed) {
  EXPECT_THROW(run_smooth_mirrored(from_memory({swinging(0), swinging(1)}), {}, {}), Error);
}

/// The rows of `poses` but those of [begin, end): blank, or not there at all.
Poses without_rows(const Poses& poses, size_t begin, size_t end, bool leave_blank) {
  Poses result{.bodyparts = poses.bodyparts, .frame_index = {}, .keypoints = {}};
  for (size_t row = 0; row < poses.num_frames(); ++row) {
    const bool left_out = row >= begin && row < end;
    if (left_out && !leave_blank) continue;
    result.frame_index.push_back(poses.frame_index[row]);
    for (const Keypoint& point : poses.row(row))
      result.keypoints.push_back(left_out ? Keypoint{NAN, NAN, 0} : point);
  }
  return result;
}

TEST(SmoothJobs, MembersMayLeaveOutDifferentFrames) {
  const auto smoothed = [](bool leave_blank) {
    return run_smooth_single(from_memory({without_rows(swinging(-1), 8, 14, leave_blank),
                                          without_rows(swinging(1), 10, 18, leave_blank)}),
                             {}, {})
        .result;
  };
  const SmoothedTracks blank = smoothed(true), left_out = smoothed(false);
  ASSERT_EQ(left_out.frame_index.size(), 26);  // 10 to 13 are in neither
  for (size_t row = 0; row < 26; ++row) {
    const auto frame = static_cast<size_t>(left_out.frame_index[row]);
    EXPECT_DOUBLE_EQ(left_out.position.at(row, 0), blank.position.at(frame, 0));
    EXPECT_DOUBLE_EQ(left_out.posterior_variance.at(row, 1), blank.posterior_variance.at(frame, 1));
  }
}

TEST(SmoothJobs, CamerasMayLeaveOutDifferentFrames) {
  SmoothMultiOptions options;
  options.camera_names = {"top", "side"};
  options.tuning.s = {10};
  const auto smoothed = [&](bool leave_blank) {
    JobInputs inputs;
    for (const double offset : {0.0, 1.0}) {
      const Poses all = swinging(offset, {"nose", "tail"});
      inputs.poses.push_back({"top", "top", all});
      inputs.poses.push_back({"side", "side", without_rows(all, 8, 12, leave_blank)});
    }
    return run_smooth_multi(inputs, {}, options);
  };
  const auto blank = smoothed(true), left_out = smoothed(false);
  EXPECT_EQ(left_out.report.warnings,
            std::vector<std::string>{
                "camera 'side' lacks 4 of 30 frames that others have; nothing is seen there"});
  for (size_t row = 0; row < 30; ++row) {
    EXPECT_DOUBLE_EQ(left_out.result.views.cameras[1].position.at(row, 0),
                     blank.result.views.cameras[1].position.at(row, 0));
  }
}

}  // namespace
}  // namespace posse
