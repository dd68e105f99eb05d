#include "smoothing/models/single_camera.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "support/shared_data.h"
#include "support/synthetic_tracks.h"

namespace posse {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

SingleCameraOptions with_s(double s) { return {.tuning = {.s = {s}}}; }

std::vector<Poses> random_members(testing::SyntheticEnsemble options = {}) {
  options.seed = testing::seed_of_this_test();
  return testing::make_members(options);
}

void expect_near(const FrameArray& a, const FrameArray& b, double tolerance) {
  ASSERT_EQ(a.values().size(), b.values().size());
  for (size_t i = 0; i < a.values().size(); ++i)
    ASSERT_NEAR(a.values()[i], b.values()[i], tolerance);
}

TEST(SingleCamera, AConstantTrackIsReturned) {
  const std::vector<Poses> members(3, testing::constant_poses(50, 2, {123.25, 45.5, 0.9}));
  for (const double s : {1e-6, 1.0, 1e6}) {
    const auto result = smooth_single_camera(members, with_s(s));
    for (size_t t = 0; t < 50; ++t) {
      EXPECT_DOUBLE_EQ(result.position.at(t, 2), 123.25);
      EXPECT_DOUBLE_EQ(result.position.at(t, 3), 45.5);
    }
  }
}

TEST(SingleCamera, LargeSGivesTheEnsembleAverage) {
  const auto result = smooth_single_camera(random_members(), with_s(1e12));
  for (size_t t = 1; t < 60; ++t) {  // frame 0 also listens to the prior
    // the neighbours' weight is R / s, at most 1e3 / 1e12, on differences of a few px
    for (size_t i = 0; i < 6; ++i)
      EXPECT_NEAR(result.position.at(t, i), result.ensemble_position.at(t, i), 1e-8);
  }
}

TEST(SingleCamera, SmallSGivesAConstant) {
  const auto result = smooth_single_camera(random_members(), with_s(1e-14));
  for (size_t t = 1; t < 60; ++t)
    EXPECT_NEAR(result.position.at(t, 0), result.position.at(0, 0), 1e-9);
}

TEST(SingleCamera, ReversingTimeReversesTheResultExceptForThePrior) {
  const auto members = random_members({.num_frames = 80});
  auto reversed = members;
  for (Poses& member : reversed) {
    const size_t width = member.num_bodyparts();
    for (size_t t = 0; t < 80; ++t) {
      for (size_t k = 0; k < width; ++k)
        member.at(t, k) = members[&member - reversed.data()].at(79 - t, k);
    }
  }
  SingleCameraOptions anywhere;
  anywhere.starts_anywhere = true;  // without a prior, and with s found
  const auto whole = smooth_single_camera(members, anywhere);
  const auto turned = smooth_single_camera(reversed, anywhere);
  EXPECT_NEAR(whole.parameters[0].s, turned.parameters[0].s, 1e-5 * whole.parameters[0].s);
  for (size_t t = 0; t < 80; ++t) {
    EXPECT_NEAR(whole.position.at(t, 0), turned.position.at(79 - t, 0), 1e-5) << t;
    EXPECT_NEAR(whole.posterior_variance.at(t, 0), turned.posterior_variance.at(79 - t, 0), 1e-5);
  }
  const auto forward = smooth_single_camera(members, with_s(5));
  const auto backward = smooth_single_camera(reversed, with_s(5));
  for (size_t t = 40; t < 60; ++t) {
    // the prior on frame 0 fades by at least a factor of 2 per frame here: gone after 20 frames
    // from either end
    EXPECT_NEAR(forward.position.at(t - 10, 0), backward.position.at(79 - (t - 10), 0), 1e-5);
    EXPECT_NEAR(forward.posterior_variance.at(t - 10, 0),
                backward.posterior_variance.at(79 - (t - 10), 0), 1e-5);
  }
}

TEST(SingleCamera, OrderOfMembersDoesNotMatter) {
  auto members = random_members();
  const auto before = smooth_single_camera(members, with_s(3));
  std::reverse(members.begin(), members.end());
  expect_near(before.position, smooth_single_camera(members, with_s(3)).position,
              1e-11);  // sums in another order
}

TEST(SingleCamera, DoublingCoordinatesAndQuadruplingSDoublesPositions) {
  auto members = random_members();
  const auto before = smooth_single_camera(members, with_s(3));
  for (Poses& member : members) {
    for (Keypoint& keypoint : member.keypoints) keypoint.x *= 2, keypoint.y *= 2;
  }
  const auto after = smooth_single_camera(members, with_s(12));
  for (size_t i = 0; i < before.position.values().size(); ++i) {
    EXPECT_DOUBLE_EQ(after.position.values()[i],
                     2 * before.position.values()[i]);  // powers of two: no rounding
    EXPECT_DOUBLE_EQ(after.posterior_variance.values()[i],
                     4 * before.posterior_variance.values()[i]);
  }
}

TEST(SingleCamera, KeypointsDoNotInfluenceOneAnother) {
  auto members = random_members();
  const auto before = smooth_single_camera(members, {});
  for (Poses& member : members) {
    for (size_t t = 0; t < 60; ++t) member.at(t, 1) = {kNan, kNan, 0};
  }
  const auto after = smooth_single_camera(members, {});
  for (size_t t = 0; t < 60; ++t) {
    EXPECT_EQ(before.position.at(t, 0), after.position.at(t, 0));
    EXPECT_EQ(before.position.at(t, 5), after.position.at(t, 5));
    EXPECT_TRUE(std::isnan(after.position.at(t, 2)));
  }
  EXPECT_THAT(after.unobserved_bodyparts, ::testing::ElementsAre("part1"));
  EXPECT_TRUE(std::isnan(after.parameters[1].s));
  EXPECT_EQ(after.poses().at(0, 1).likelihood, 0);
}

TEST(SingleCamera, FramesWithoutAnyPredictionAreBridged) {
  auto members = random_members();
  for (Poses& member : members) {
    for (size_t t = 20; t < 30; ++t) member.at(t, 0) = {kNan, kNan, kNan};
  }
  const auto result = smooth_single_camera(members, {});
  for (const double x : result.position.values()) EXPECT_TRUE(std::isfinite(x));
  EXPECT_GT(result.posterior_variance.at(25, 0), result.posterior_variance.at(20, 0));
  EXPECT_TRUE(std::isnan(result.ensemble_position.at(25, 0)));
}

TEST(SingleCamera, TwoMembersAndOneBodypartWork) {
  const auto members = random_members({.num_members = 2, .num_bodyparts = 1});
  const auto result = smooth_single_camera(members, {});
  EXPECT_TRUE(result.calibrated);
  EXPECT_TRUE(result.parameters[0].tuned);
  EXPECT_TRUE(std::isfinite(result.position.at(59, 1)));
}

TEST(SingleCamera, OneMemberOnRequestIsLabelledUncalibrated) {
  const auto members = random_members({.num_members = 1});
  EXPECT_THROW(smooth_single_camera(members, {}), Error);
  const auto result = smooth_single_camera(members, {.ensemble = {.allow_one_member = true}});
  EXPECT_FALSE(result.calibrated);
}

TEST(SingleCamera, TheTunedSRecoversTheOneThatMadeTheData) {
  const auto members = random_members(
      {.num_members = 1, .num_frames = 4000, .num_bodyparts = 1, .step = 2.0, .member_error = 1.5});
  auto statistics = summarise_ensemble(members, {.allow_one_member = true});
  for (double& variance : statistics.variance.values()) variance = 1.5 * 1.5;
  const auto result =
      smooth_statistics(std::move(statistics), {"part0"}, members[0].frame_index, {});
  EXPECT_NEAR(result.parameters[0].s, 4.0,
              0.4);  // 8000 steps seen through noise: standard error about 3 %
}

TEST(SingleCamera, ABlockSharesOneS) {
  const auto members = random_members();
  const auto result = smooth_single_camera(members, {.tuning = {.blocks = {{0, 2}}}});
  EXPECT_EQ(result.parameters[0].s, result.parameters[2].s);
  EXPECT_NE(result.parameters[0].s, result.parameters[1].s);
  const auto own = smooth_single_camera(members, {});
  EXPECT_EQ(own.parameters[1].s, result.parameters[1].s);
  // a shared s cannot be likelier than two of their own
  EXPECT_GE(result.parameters[0].negative_log_likelihood + 1e-9,
            own.parameters[0].negative_log_likelihood + own.parameters[2].negative_log_likelihood);
}

TEST(SingleCamera, OnlyTheChosenFramesTuneS) {
  auto members = random_members({.num_frames = 120});
  const auto half =
      smooth_single_camera(members, {.tuning = {.frames = {{.start = 0, .stop = 60}}}});
  for (Poses& member : members) {
    for (size_t t = 60; t < 120; ++t)
      member.at(t, 0).y = member.at(t, 0).y + (t % 2 == 0 ? 0.5 : -0.5);
  }
  const auto other =
      smooth_single_camera(members, {.tuning = {.frames = {{.start = 0, .stop = 60}}}});
  EXPECT_NEAR(half.parameters[0].s, other.parameters[0].s,
              0.05 * half.parameters[0].s);  // only the prior has moved
}

TEST(SingleCamera, BadTuningOptionsAreErrors) {
  const auto members = random_members();
  const auto refuses = [&](const TuningOptions& tuning, const std::string& text) {
    try {
      smooth_single_camera(members, {.tuning = tuning});
      ADD_FAILURE() << "accepted, expected: " << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::invalid_value);
      EXPECT_THAT(error.what(), ::testing::HasSubstr(text));
    }
  };
  refuses({.s = {1, 2}}, "2 values of s for 3 keypoints");
  refuses({.s = {0}}, "positive");
  refuses({.s = {kNan}}, "positive");
  refuses({.frames = {{.start = 0, .stop = 61}}}, "0:61");
  refuses({.frames = {{.start = 5, .stop = 5}}}, "5:5");
  refuses({.frames = {{.start = 0, .stop = 20}, {.start = 10, .stop = 30}}}, "overlap");
  refuses({.blocks = {{0, 3}}}, "keypoint 3");
  refuses({.blocks = {{0, 1}, {1}}}, "two blocks");
}

TEST(SingleCamera, FewerThanTwoFramesIsAnError) {
  EXPECT_THROW(smooth_single_camera(random_members({.num_frames = 1}), with_s(1)), Error);
}

}  // namespace
}  // namespace posse
