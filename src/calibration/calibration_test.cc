#include "calibration/calibration.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "base/files.h"

namespace posse {
namespace {

Calibration example() {
  Calibration calibration{.consensus = "median",
                          .rule = "dlc",
                          .member_names = {"one", "two"},
                          .member_hashes = {"aa", "bb"},
                          .member_rules = {"dlc", "dlc"},
                          .bodyparts = {"nose", "tail"}};
  calibration.model = {.constant = false,
                       .a = 2,
                       .beta = 0.5,
                       .c = 0.25,
                       .nu0 = 3,
                       .pooled_members = {{4, 1, 3}, {9, 0, 9}},
                       .pooled_map = {{1, 0, 1}, {2, 0, 2}},
                       .scale = {1, 2}};
  calibration.regions = {
      {.share = 0.5, .bound = 1, .over_videos = true, .bodyparts = {1, 1}},
      {.share = 0.9, .bound = 5, .over_videos = false, .bodyparts = {5, 6}},
      {.share = 0.95, .bound = HUGE_VAL, .over_videos = false, .bodyparts = {7, HUGE_VAL}}};
  calibration.split = 0.5;
  calibration.chance = {.center = 1,
                        .width = 0.5,
                        .radii = {2, 6},
                        .intercept = {-1, 1},
                        .slope = {-1, -2},
                        .farthest = 9,
                        .num_points = 7};
  calibration.labels_sha256 = "cc";
  calibration.guarantee = "none";
  calibration.num_points = 7;
  return calibration;
}

TEST(PredictiveModel, IsTheStatedSum) {
  const PredictiveModel model = example().model;
  const SpreadFacts facts{.num_members = 3, .members = {10, 2, 6}, .map = {8, 1, 4}};
  // S~ = (3 S0 + 2 S) / 5; 1 [4 I + (0.5 + 1/3) S~ + 0.0625 M]
  const Covariance c = model.covariance(0, facts);
  EXPECT_NEAR(c.xx, 4 + (0.5 + 1 / 3.0) * (3 * 4 + 2 * 10) / 5 + 0.0625 * 8, 1e-12);
  EXPECT_NEAR(c.xy, (0.5 + 1 / 3.0) * (3 * 1 + 2 * 2) / 5 + 0.0625 * 1, 1e-12);
  EXPECT_NEAR(c.yy, 4 + (0.5 + 1 / 3.0) * (3 * 3 + 2 * 6) / 5 + 0.0625 * 4, 1e-12);
}

TEST(PredictiveModel, OneMemberHasThePooledSpreadAndAConstantHasNone) {
  PredictiveModel model = example().model;
  const double nan = std::nan("");
  const SpreadFacts one{.num_members = 1, .members = {nan, nan, nan}, .map = {nan, nan, nan}};
  EXPECT_NEAR(model.covariance(1, one).xx, 2 * (4 + 1.5 * 9 + 0.0625 * 2), 1e-12);
  model.constant = true;
  EXPECT_NEAR(model.covariance(1, one).xx, 8, 1e-12);
  EXPECT_EQ(model.covariance(1, one).xy, 0);
}

TEST(SpreadFacts, DivideByOneLessThanTheMembersAndPassOverMissingOnes) {
  const double nan = std::nan("");
  const SpreadFacts facts = spread_of({{0, 0}, {nan, 1}, {2, 4}}, {1, 0, 1});
  EXPECT_EQ(facts.num_members, 2);
  EXPECT_DOUBLE_EQ(facts.members.xx, 2);
  EXPECT_DOUBLE_EQ(facts.members.xy, 4);
  EXPECT_DOUBLE_EQ(facts.members.yy, 8);
  EXPECT_TRUE(std::isnan(spread_of({{0, 0}}, {1, 0, 1}).members.xx));
}

TEST(Calibration, GivesRadiusAndChance) {
  const Calibration calibration = example();
  const SpreadFacts facts{.num_members = 3, .members = {10, 2, 6}, .map = {8, 1, 4}};
  const CalibratedPoint point = calibrated_point(calibration, 0, facts, 5);
  const Covariance& c = point.covariance;
  EXPECT_NEAR(std::pow(point.radius90, 4), 25 * (c.xx * c.yy - c.xy * c.xy), 1e-9);
  EXPECT_EQ(point.chance_within, calibration.chance.chance(std::sqrt((c.xx + c.yy) / 2), 5));
  const CalibratedPoint tail = calibrated_point(calibration, 1, facts, 5);
  const Covariance& t = tail.covariance;
  EXPECT_NEAR(std::pow(tail.radius90, 4), 36 * (t.xx * t.yy - t.xy * t.xy), 1e-9);
  EXPECT_EQ(&region_of(calibration, 0.95), &calibration.regions[2]);
  EXPECT_THROW(region_of(calibration, 0.99), Error);
  EXPECT_TRUE(std::isnan(calibrated_point(calibration, 0, {}, 5).radius90));
}

TEST(Calibration, ComesBackFromItsFile) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "c.json";
  Calibration written = example();
  written.pooled_bodyparts = {"tail"};
  written.regions[0].held = 0.75;
  written.regions[0].held_low = 0.6;
  written.regions[0].held_high = 0.9;
  write_calibration(written, path);
  const Calibration read = read_calibration(path);
  EXPECT_EQ(read.member_hashes, written.member_hashes);
  EXPECT_EQ(read.bodyparts, written.bodyparts);
  EXPECT_EQ(read.model.a, written.model.a);
  EXPECT_EQ(read.model.scale, written.model.scale);
  EXPECT_EQ(read.model.pooled_members[1].yy, 9);
  ASSERT_EQ(read.regions.size(), 3U);
  EXPECT_TRUE(std::isinf(read.regions[2].bound));
  EXPECT_EQ(read.regions[2].bodyparts, written.regions[2].bodyparts);
  EXPECT_TRUE(read.regions[0].over_videos);
  EXPECT_EQ(read.split, 0.5);
  EXPECT_EQ(read.chance.slope, written.chance.slope);
  EXPECT_EQ(read.chance.chance(2, 5), written.chance.chance(2, 5));
  EXPECT_EQ(read.num_points, 7U);
  EXPECT_EQ(read.pooled_bodyparts, written.pooled_bodyparts);
  EXPECT_EQ(read.regions[0].held, 0.75);
  EXPECT_EQ(read.regions[0].held_high, 0.9);
  EXPECT_TRUE(std::isnan(read.regions[1].held));
  EXPECT_TRUE(std::isnan(read.regions[1].held_low));
}

TEST(Calibration, RefusesOtherFiles) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "c.json";
  const auto refuses = [&](const std::string& text) {
    write_file(path, text);
    try {
      read_calibration(path);
    } catch (const Error& error) {
      return error.kind() == ErrorKind::bad_file;
    }
    return false;
  };
  const auto with = [](std::string text, const std::string& old, const std::string& put) {
    const size_t place = text.find(old);
    EXPECT_NE(place, std::string::npos) << old;
    return place == std::string::npos ? text : text.replace(place, old.size(), put);
  };
  EXPECT_TRUE(refuses("{}"));
  EXPECT_TRUE(refuses("no json"));
  write_calibration(example(), path);
  std::string text = read_file(path);
  EXPECT_TRUE(refuses(text.substr(0, text.size() / 2)));
  EXPECT_TRUE(refuses(with(text, "\"scale\"", "\"skale\"")));
  EXPECT_TRUE(refuses(with(text, "\"a\": 2.0", "\"a\": 0.0")));
  EXPECT_TRUE(refuses(with(text, "\"width\": 0.5", "\"width\": 0.0")));
  EXPECT_TRUE(refuses(with(text, "\"schema\": 2", "\"schema\": 1")));
  for (const double scale : {0.0, -1.0}) {
    Calibration flat = example();
    flat.model.scale[1] = scale;
    write_calibration(flat, path);
    EXPECT_THROW(read_calibration(path), Error) << scale;
  }
  try {
    const std::string without = with(text, "\"share\": 0.9,", "\"share\": 0.8,");
    write_file(path, without);
    read_calibration(path);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::bad_file);
    EXPECT_NE(error.message().find("c.json"), std::string::npos);
  }
}

}  // namespace
}  // namespace posse
