#include "cluster/run_plan_file.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "base/error.h"
#include "base/files.h"
#include "cluster/run_directory.h"
#include "support/errors.h"
#include "support/mutation.h"
#include "support/shared_data.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

ClusterVideo video_of(const std::string& name, std::optional<int64_t> num_frames) {
  ClusterVideo video{.id = name + ".0123456789ab",
                     .consensus = RunConsensus::track,
                     .fingerprint = std::string(64, 'f')};
  video.known.info = {.path = "/videos/" + name + ".mp4",
                      .width = 640,
                      .height = 480,
                      .fps = 29.97,
                      .container_num_frames = num_frames,
                      .codec = "h264"};
  video.known.input = {.path = video.known.info.path,
                       .num_bytes = 123,
                       .modified_seconds = 1700000000,
                       .sha256 = std::string(64, '0')};
  video.known.warnings = {"odd"};
  return video;
}

ClusterPlan plan_of_two() {
  ClusterPlan plan{.engine = "1.0",
                   .backend = "cpu",
                   .members = {"/models"},
                   .networks = {{"member-1", "/models/member-1", "abc"}},
                   .bodyparts = {"snout", "tail"},
                   .out = "/lab/run/results",
                   .unit_frames = 100};
  plan.run.frames = {.start = 10, .stop = 250, .step = 2};
  plan.run.track.look_alike = "paw1,paw2";
  plan.run.track.hide_below = 0.25;
  plan.run.keep_evidence = true;
  plan.ensemble.shuffle = 3;
  plan.ensemble.batch_norm = BatchNormChoice::parse("batch:4");
  plan.videos = {video_of("a", 300), video_of("b", std::nullopt)};
  plan.units = {{0, 10, 210}, {0, 210, 250}, {1, 10, std::nullopt}};
  plan.tasks = {{0, 2}, {2, 3}};
  return plan;
}

TEST(RunPlanFile, LeavesNoChoiceOfDevicesToOtherMachines) {
  ClusterPlan plan;
  plan.backend = "cpu";
  EXPECT_EQ(ensemble_of(plan).backend, "cpu");
  EXPECT_EQ(ensemble_of(plan).device, "");
  plan.backend = "onnxruntime cuda fp16";
  plan.ensemble.device = "auto";
  EXPECT_EQ(ensemble_of(plan).backend, "onnxruntime");
  EXPECT_EQ(ensemble_of(plan).device, "cuda");
  plan.ensemble.device = "cuda:1";
  EXPECT_EQ(ensemble_of(plan).device, "cuda:1");
}

TEST(ClusterPlan, IsReadAsItWasWritten) {
  const ClusterPlan plan = plan_of_two();
  const std::string text = to_text(plan);
  const ClusterPlan read = plan_from(text, "/lab/run/plan.json");
  EXPECT_EQ(to_text(read), text);
  EXPECT_EQ(read.units, plan.units);
  EXPECT_EQ(read.tasks, plan.tasks);
  EXPECT_EQ(read.run.frames, plan.run.frames);
  EXPECT_EQ(read.run.track.hide_below, 0.25);
  EXPECT_EQ(read.ensemble.shuffle, 3);
  EXPECT_EQ(read.ensemble.batch_norm.num_frames, 4);
  EXPECT_EQ(read.videos[0].known.info.fps, 29.97);
  EXPECT_FALSE(read.videos[1].known.info.container_num_frames);
}

TEST(ClusterPlan, RelativePathsAreOfTheFolderAboveTheRunAndCanBeMapped) {
  ClusterPlan plan = plan_of_two();
  plan.members = {"models"};
  plan.out = "run/results";
  plan.run.calibration = "/lab/c.json";
  const std::string text = to_text(plan);
  const ClusterPlan here = plan_from(text, "/lab/run/plan.json");
  EXPECT_EQ(here.members[0], "/lab/models");
  EXPECT_EQ(here.out, "/lab/run/results");
  const ClusterPlan there =
      plan_from(text, "/lab/run/plan.json", PathMap({"/lab=/mnt/x", "/videos/a.mp4=/fast/a.mp4"}));
  EXPECT_EQ(there.members[0], "/mnt/x/models");
  EXPECT_EQ(there.run.calibration, "/mnt/x/c.json");
  EXPECT_EQ(there.videos[0].known.info.path, "/fast/a.mp4");
  EXPECT_EQ(there.videos[1].known.info.path, "/videos/b.mp4");
  EXPECT_EQ(PathMap({"/lab=/x"})("/labour/y"), "/labour/y");
  EXPECT_EQ(PathMap({"/lab/=/x/"})("/lab/y"), "/x/y");
  EXPECT_THROW(PathMap({"/lab"}), Error);
  EXPECT_THROW(PathMap({"=/lab"}), Error);
}

// A key is of everything that decides the unit's bytes, and of nothing else.
TEST(ClusterPlan, KeysTellUnitsApart) {
  const ClusterPlan plan = plan_of_two();
  std::set<std::string> keys;
  for (const Unit& unit : plan.units) keys.insert(unit_key(plan, unit));
  ClusterPlan other = plan;
  other.videos[0].fingerprint = std::string(64, 'e');
  keys.insert(unit_key(other, other.units[0]));
  other = plan;
  other.run.keep_evidence = false;
  other.videos[0].consensus = RunConsensus::mean;
  keys.insert(unit_key(other, other.units[0]));
  EXPECT_EQ(keys.size(), 5U);

  other = plan;
  other.engine = "2.0";
  other.members = {"/elsewhere"};
  other.ensemble.threads = 7;
  other.ensemble.batch = 3;
  other.run.labeled_video = true;
  other.tasks = {{0, 3}};
  EXPECT_EQ(unit_key(other, other.units[0]), unit_key(plan, plan.units[0]));
  EXPECT_EQ(unit_name(plan.units[0], unit_key(plan, plan.units[0])).substr(0, 20),
            "000000010-000000210.");
  EXPECT_EQ(unit_name(plan.units[2], unit_key(plan, plan.units[2])).substr(0, 14),
            "000000010-end.");
}

TEST(PathMap, SaysWhatFitsNoPathAndTakesRelativeWordsFromTheRun) {
  const std::vector<fs::path> paths{"/lab/videos/a.mp4", "/lab/models"};
  const PathMap relative = PathMap({"videos=/fast"}).seen_from("/lab");
  EXPECT_EQ(relative(paths[0]), "/fast/a.mp4");
  EXPECT_NO_THROW(relative.require_use(paths));
  const Error error = testing::error_of([&] { PathMap({"/la=/x"}).require_use(paths); });
  EXPECT_EQ(error.kind(), ErrorKind::usage);
  EXPECT_EQ(error.notes().have, "/lab/videos/a.mp4");
  EXPECT_EQ(testing::error_of([&] {
              plan_from(to_text(plan_of_two()), "/lab/run/plan.json", PathMap({"/no=/x"}));
            }).kind(),
            ErrorKind::usage);
}

TEST(ClusterPlan, WhatIsNoPlanIsRefused) {
  const std::string text = to_text(plan_of_two());
  const auto kind_of = [](const std::string& bytes) {
    return testing::error_of([&] { plan_from(bytes, "/lab/run/plan.json"); }).kind();
  };
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string changed = text;
    const size_t at = changed.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return changed.replace(at, from.size(), to);
  };
  EXPECT_EQ(kind_of(""), ErrorKind::bad_file);
  EXPECT_EQ(kind_of("{}"), ErrorKind::bad_file);
  EXPECT_EQ(kind_of(text.substr(0, text.size() / 2)), ErrorKind::bad_file);
  EXPECT_EQ(kind_of(with("\"posse_plan\": 1", "\"posse_plan\": 2")), ErrorKind::unsupported);
  EXPECT_EQ(kind_of(with("\"a.0123456789ab\"", "\"../a\"")), ErrorKind::bad_file);
  EXPECT_EQ(kind_of(with("\"unit_frames\": 100", "\"unit_frames\": 0")), ErrorKind::bad_file);
  EXPECT_EQ(kind_of(with("\"width\": 640", "\"width\": -1")), ErrorKind::bad_file);
  EXPECT_EQ(kind_of(with("\"shuffle\": 3", "\"shuffle\": \"x\"")), ErrorKind::bad_file);
  EXPECT_EQ(testing::error_of([] { read_plan("/nonexistent"); }).kind(), ErrorKind::not_found);
}

// Damaged bytes give an error or a plan whose numbers can be used, never a crash.
TEST(ClusterPlan, SurvivesDamage) {
  const std::string text = to_text(plan_of_two());
  std::mt19937 random(testing::seed_of_this_test());
  for (int i = 0; i < 2000; ++i) {
    try {
      const ClusterPlan plan = plan_from(testing::mutated(text, random), "/lab/run/plan.json");
      for (const Unit& unit : plan.units) EXPECT_LT(unit.video, plan.videos.size());
    } catch (const Error&) {
    }
  }
}

TEST(VideoId, IsAPlainNameOfTheFileAndItsContents) {
  const std::string hash = "0123456789abcdef";
  EXPECT_EQ(video_id("/v/open arena.v2.mp4", hash), "open_arena.v2.0123456789ab");
  EXPECT_EQ(video_id("/v/.hidden.mp4", hash), "_hidden.0123456789ab");
  EXPECT_LE(video_id(fs::path("/v") / (std::string(250, 'x') + ".mp4"), hash).size(), 100U);
}

}  // namespace
}  // namespace posse
