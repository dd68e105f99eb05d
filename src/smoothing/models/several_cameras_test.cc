#include "smoothing/models/several_cameras.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "base/error.h"
#include "smoothing/models/mirrored_views.h"
#include "support/shared_data.h"
#include "support/synthetic_tracks.h"

namespace posse {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// Cameras that see the same points moving in space, each by its own affine projection.
struct Rig {
  explicit Rig(size_t num_cameras, size_t num_frames = 80, size_t num_members = 4,
               double error = 0.5, size_t num_bodyparts = 2)
      : views(num_cameras) {
    std::mt19937 random(testing::seed_of_this_test());
    std::normal_distribution<double> normal;
    for (size_t c = 0; c < num_cameras; ++c) {
      names.push_back("cam" + std::to_string(c));
      views[c].assign(num_members, testing::constant_poses(num_frames, num_bodyparts, {}));
    }
    std::vector<double> projection(num_cameras * 6);
    for (double& entry : projection) entry = normal(random);
    for (size_t k = 0; k < num_bodyparts; ++k) {
      std::vector<double> point(3, 0.0);
      for (size_t t = 0; t < num_frames; ++t) {
        for (double& coordinate : point) coordinate += 3 * normal(random);
        for (size_t c = 0; c < num_cameras; ++c) {
          const double* p = projection.data() + 6 * c;
          const double x = 200 + p[0] * point[0] + p[1] * point[1] + p[2] * point[2];
          const double y = 100 + p[3] * point[0] + p[4] * point[1] + p[5] * point[2];
          for (Poses& member : views[c]) {
            member.at(t, k) = {.x = x + error * normal(random),
                               .y = y + error * normal(random),
                               .likelihood = 0.9};
          }
        }
      }
    }
  }
  std::vector<CameraMembers> cameras() const {
    std::vector<CameraMembers> result;
    for (size_t c = 0; c < views.size(); ++c) result.push_back({names[c], views[c]});
    return result;
  }
  std::vector<std::string> names;
  std::vector<std::vector<Poses>> views;
};

SeveralCamerasOptions with_s(double s) { return {.tuning = {.s = {s}}}; }

TEST(SeveralCameras, AConstantTrackIsReturned) {
  const std::vector<Poses> members(3, testing::constant_poses(40, 1, {123.25, 45.5, 0.9}));
  const std::vector<CameraMembers> cameras{{"left", members}, {"right", members}};
  const auto result = smooth_several_cameras(cameras, with_s(2));
  for (size_t t = 0; t < 40; ++t) {
    EXPECT_DOUBLE_EQ(result.cameras[0].position.at(t, 0), 123.25);
    EXPECT_DOUBLE_EQ(result.cameras[1].position.at(t, 1), 45.5);
  }
}

TEST(SeveralCameras, OrderOfMembersDoesNotMatter) {
  Rig rig(3);
  const auto before = smooth_several_cameras(rig.cameras(), with_s(5));
  for (auto& view : rig.views) std::reverse(view.begin(), view.end());
  const auto after = smooth_several_cameras(rig.cameras(), with_s(5));
  for (size_t t = 0; t < 80; ++t) {
    EXPECT_NEAR(before.cameras[1].position.at(t, 2), after.cameras[1].position.at(t, 2),
                1e-9);  // sums reordered
  }
}

TEST(SeveralCameras, OrderOfCamerasDoesNotMatter) {
  const Rig rig(3);
  auto cameras = rig.cameras();
  const auto before = smooth_several_cameras(cameras, with_s(5));
  std::swap(cameras[0], cameras[2]);
  const auto after = smooth_several_cameras(cameras, with_s(5));
  for (size_t t = 0; t < 80; ++t) {
    EXPECT_NEAR(before.cameras[0].position.at(t, 1), after.cameras[2].position.at(t, 1),
                1e-9);  // sums reordered
  }
}

TEST(SeveralCameras, AMissingViewIsPredictedFromTheOthers) {
  Rig rig(3, 80, 4, 0.05);
  const auto complete = smooth_several_cameras(rig.cameras(), with_s(1));
  for (Poses& member : rig.views[1]) {
    for (size_t t = 30; t < 40; ++t) member.at(t, 0) = {kNan, kNan, kNan};
  }
  const auto partial = smooth_several_cameras(rig.cameras(), with_s(1));
  for (size_t t = 30; t < 40; ++t) {
    // the subspace has 3 of 6 axes, so two views fix the third to their own error; the track moves
    // by some 10 px
    EXPECT_NEAR(partial.cameras[1].position.at(t, 0), complete.cameras[1].position.at(t, 0), 0.5);
    EXPECT_TRUE(std::isnan(partial.cameras[1].ensemble_position.at(t, 0)));
    EXPECT_GT(partial.cameras[1].posterior_variance.at(t, 0),
              complete.cameras[1].posterior_variance.at(t, 0));
  }
}

/// Takes keypoint 0 from the views in the frames for which `is_hidden`(camera, frame).
template <typename IsHidden>
void hide(Rig& rig, IsHidden is_hidden) {
  for (size_t c = 0; c < rig.views.size(); ++c) {
    for (Poses& member : rig.views[c]) {
      for (size_t t = 0; t < member.num_frames(); ++t) {
        if (is_hidden(c, t)) member.at(t, 0) = {kNan, kNan, kNan};
      }
    }
  }
}

double largest_difference(const FrameArray& a, const FrameArray& b, size_t lane) {
  double largest = 0;
  for (size_t t = 0; t < a.num_frames(); ++t) {
    EXPECT_TRUE(std::isfinite(a.at(t, lane))) << "frame " << t;
    largest = std::max(largest, std::abs(a.at(t, lane) - b.at(t, lane)));
  }
  return largest;
}

// Each view is hidden in turn, so that no frame is complete; the other three decide where it is.
TEST(SeveralCameras, AKeypointThatNoFrameShowsToAllIsFoundInAllViews) {
  Rig rig(4, 120, 4, 0.05);
  const auto complete = smooth_several_cameras(rig.cameras(), with_s(5));
  hide(rig, [](size_t c, size_t t) { return t % 4 == c; });
  const auto partial = smooth_several_cameras(rig.cameras(), with_s(5));
  for (size_t c = 0; c < 4; ++c) {
    for (const size_t lane : {0, 1}) {
      EXPECT_LT(largest_difference(partial.cameras[c].position, complete.cameras[c].position, lane),
                0.5)
          << "camera " << c;
    }
  }
  EXPECT_THAT(partial.cameras[0].warnings,
              ::testing::ElementsAre(::testing::AllOf(
                  ::testing::HasSubstr("part0: no frames show it to all 4 cameras; the 120 frames"),
                  ::testing::HasSubstr("in 30 frames"))));
  EXPECT_THAT(complete.cameras[0].warnings, ::testing::IsEmpty());
}

// Three frames show it to all; a subspace of these alone is far from what the views show.
TEST(SeveralCameras, FewCommonFramesDoNotDecideAlone) {
  Rig rig(4, 120, 4, 0.05);
  hide(rig, [](size_t c, size_t t) { return t >= 3 && t % 4 == c; });
  const auto result = smooth_several_cameras(rig.cameras(), with_s(5));
  for (const SmoothedTracks& camera : result.cameras) {
    for (size_t t = 0; t < 120; ++t) {
      if (!std::isfinite(camera.ensemble_position.at(t, 0))) continue;
      EXPECT_NEAR(camera.position.at(t, 0), camera.ensemble_position.at(t, 0), 0.5) << t;
    }
  }
  EXPECT_THAT(result.cameras[0].warnings,
              ::testing::ElementsAre(::testing::HasSubstr("part0: 3 frames show it to all 4")));
}

TEST(SeveralCameras, CamerasThatShareNoFramesAreSmoothedApart) {
  Rig rig(5, 100, 4, 0.05);
  // cam0 and cam1 in the first half, cam2 and cam3 in the second, cam4 for itself in between
  hide(rig, [](size_t c, size_t t) {
    return c < 2 ? t >= 45 : c < 4 ? t < 55 : t < 45 || t >= 55;
  });
  auto options = with_s(5);
  options.tuning.s = {5, 7};
  const auto result = smooth_several_cameras(rig.cameras(), options);
  for (const SmoothedTracks& camera : result.cameras) {
    for (size_t t = 0; t < 100; ++t) {
      ASSERT_TRUE(std::isfinite(camera.position.at(t, 0)));
      if (!std::isfinite(camera.ensemble_position.at(t, 0))) continue;
      EXPECT_NEAR(camera.position.at(t, 0), camera.ensemble_position.at(t, 0), 1.0);
    }
    EXPECT_EQ(camera.parameters[0].s, 5);
    EXPECT_EQ(camera.parameters[1].s, 7);
  }
  EXPECT_THAT(result.cameras[0].warnings,
              ::testing::ElementsAre(::testing::HasSubstr(
                  "cam0 + cam1 (45 frames), cam2 + cam3 (45 frames), cam4 (10 frames)")));
  const auto tuned = smooth_several_cameras(rig.cameras(), {.tuning = {.blocks = {{0, 1}}}});
  EXPECT_EQ(tuned.cameras[0].parameters[0].s, tuned.cameras[4].parameters[1].s);
  options.tuning.s = {5, 7, 9};
  EXPECT_THROW(smooth_several_cameras(rig.cameras(), options), Error);
}

TEST(SeveralCameras, OneEmptyFrameEmptiesNothing) {
  Rig rig(2);
  for (auto& view : rig.views) {
    for (Poses& member : view) member.at(17, 1) = {kNan, kNan, kNan};
  }
  const auto result = smooth_several_cameras(rig.cameras(), {});
  for (const SmoothedTracks& camera : result.cameras) {
    for (const double x : camera.position.values()) EXPECT_TRUE(std::isfinite(x));
  }
}

TEST(SeveralCameras, ACameraThatNeverSeesAKeypointLeavesItToTheOthers) {
  Rig rig(3);
  for (Poses& member : rig.views[2]) {
    for (size_t t = 0; t < 80; ++t) member.at(t, 0) = {kNan, kNan, 0};
  }
  const auto result = smooth_several_cameras(rig.cameras(), with_s(5));
  EXPECT_THAT(result.cameras[2].unobserved_bodyparts, ::testing::ElementsAre("part0"));
  EXPECT_TRUE(std::isnan(result.cameras[2].position.at(10, 0)));
  EXPECT_TRUE(std::isfinite(result.cameras[0].position.at(10, 0)));
  EXPECT_TRUE(std::isfinite(result.cameras[2].position.at(10, 2)));
}

TEST(SeveralCameras, AKeypointNobodySeesIsReportedAndTheOthersAreFine) {
  Rig rig(2);
  for (auto& view : rig.views) {
    for (Poses& member : view) {
      for (size_t t = 0; t < 80; ++t) member.at(t, 0) = {kNan, kNan, 0};
    }
  }
  const auto result = smooth_several_cameras(rig.cameras(), {});
  EXPECT_THAT(result.cameras[0].unobserved_bodyparts, ::testing::ElementsAre("part0"));
  EXPECT_TRUE(std::isnan(result.cameras[0].parameters[0].s));
  EXPECT_TRUE(std::isfinite(result.cameras[1].position.at(10, 3)));
}

TEST(SeveralCameras, SubspacesOfOneTwoAndFourAxesWork) {
  const Rig rig(2);
  for (const int axes : {1, 2, 4}) {
    const auto result =
        smooth_several_cameras(rig.cameras(), {.tuning = {.s = {5}}, .num_latent = axes});
    for (const double x : result.cameras[0].position.values())
      EXPECT_TRUE(std::isfinite(x)) << axes;
  }
  EXPECT_THROW(smooth_several_cameras(rig.cameras(), {.num_latent = 0}), Error);
  EXPECT_THROW(smooth_several_cameras(rig.cameras(), {.num_latent = 5}), Error);
}

TEST(SeveralCameras, LargeSWithAllAxesGivesTheEnsembleMedian) {
  const Rig rig(2);
  SeveralCamerasOptions options = with_s(1e12);
  options.num_latent = 4;  // the whole space: nothing is projected away
  options.inflation.enabled = false;
  const auto result = smooth_several_cameras(rig.cameras(), options);
  for (size_t t = 1; t < 80; ++t) {  // frame 0 also listens to the prior
    for (size_t i = 0; i < 4; ++i) {
      EXPECT_NEAR(result.cameras[1].position.at(t, i), result.cameras[1].ensemble_position.at(t, i),
                  1e-6);
    }
  }
}

TEST(SeveralCameras, SmallSGivesAConstant) {
  const auto result = smooth_several_cameras(Rig(2).cameras(), with_s(1e-16));
  for (size_t t = 1; t < 80; ++t) {
    // what 80 frames pull, each by s / R = 1e-15 of residuals of up to 30 px, summed twice: 1e-10
    EXPECT_NEAR(result.cameras[0].position.at(t, 0), result.cameras[0].position.at(0, 0), 1e-9);
    EXPECT_NEAR(result.cameras[1].position.at(t, 3), result.cameras[1].position.at(0, 3), 1e-9);
  }
}

TEST(SeveralCameras, ReversingTimeReversesTheResultExceptForThePrior) {
  Rig rig(3);
  SeveralCamerasOptions options = with_s(50);
  options.quantile_to_keep = 100;  // all frames make mean and axes, in either direction
  const auto forward = smooth_several_cameras(rig.cameras(), options);
  for (auto& view : rig.views) {
    for (Poses& member : view) {
      for (size_t t = 0; t < 40; ++t) {
        for (size_t k = 0; k < 2; ++k) std::swap(member.at(t, k), member.at(79 - t, k));
      }
    }
  }
  const auto backward = smooth_several_cameras(rig.cameras(), options);
  for (size_t t = 30; t < 50; ++t) {
    for (size_t i = 0; i < 4; ++i) {
      // the prior on frame 0 fades by a factor of 2 per frame or more: 1e-9 after 30 frames
      EXPECT_NEAR(forward.cameras[1].position.at(t, i), backward.cameras[1].position.at(79 - t, i),
                  1e-6);
      EXPECT_NEAR(forward.cameras[1].posterior_variance.at(t, i),
                  backward.cameras[1].posterior_variance.at(79 - t, i), 1e-6);
    }
  }
}

TEST(SeveralCameras, UncertaintyGrowsWithinAGap) {
  Rig rig(2);
  for (auto& view : rig.views) {
    for (Poses& member : view) {
      for (size_t t = 30; t < 41; ++t) member.at(t, 0) = {kNan, kNan, kNan};
    }
  }
  SeveralCamerasOptions options = with_s(5);
  options.state_variance_only = true;
  const FrameArray variance =
      smooth_several_cameras(rig.cameras(), options).cameras[0].posterior_variance;
  for (size_t t = 29; t < 35; ++t) {  // up to the middle, frame 35, and down again
    EXPECT_LT(variance.at(t, 0), variance.at(t + 1, 0));
    EXPECT_GT(variance.at(70 - t - 1, 1), variance.at(70 - t, 1));
  }
}

TEST(SeveralCameras, PosteriorVarianceIsPredictiveUnlessTheStateAloneIsAskedFor) {
  const Rig rig(2);
  SeveralCamerasOptions options = with_s(5);
  const auto predictive = smooth_several_cameras(rig.cameras(), options);
  options.state_variance_only = true;
  const auto state = smooth_several_cameras(rig.cameras(), options);
  for (size_t t = 0; t < 80; ++t) {
    const double sum =
        state.cameras[0].posterior_variance.at(t, 1) + state.cameras[0].ensemble_variance.at(t, 1);
    EXPECT_DOUBLE_EQ(predictive.cameras[0].posterior_variance.at(t, 1), sum);
  }
}

TEST(SeveralCameras, MembersInPerfectAgreementAboutAContradictionEndTheInflation) {
  Rig rig(2, 80, 1, 0.0);
  for (auto& view : rig.views) {
    for (size_t t = 0; t < 80; t += 7) view[0].at(t, 0).x += 40;
    view.push_back(view[0]);  // identical members: variance 0 everywhere
  }
  const auto result = smooth_several_cameras(rig.cameras(), with_s(5));
  EXPECT_LE(result.inflation[0].num_rounds, 50);
  for (const double x : result.cameras[0].position.values()) EXPECT_TRUE(std::isfinite(x));
}

TEST(SeveralCameras, ThreadsDoNotChangeTheResult) {
  // three sets of keypoints that are filtered side by side; 5,100 steps, two threads' worth
  const Rig rig(3, 1700, 2, 0.5, 17);
  SeveralCamerasOptions options;
  const auto one = smooth_several_cameras(rig.cameras(), options);
  options.num_threads = 3;
  const auto three = smooth_several_cameras(rig.cameras(), options);
  EXPECT_TRUE(
      std::ranges::equal(one.cameras[2].position.values(), three.cameras[2].position.values()));
  for (size_t k = 0; k < 17; ++k)
    EXPECT_EQ(one.cameras[0].parameters[k].s, three.cameras[0].parameters[k].s);
}

TEST(SeveralCameras, CamerasThatDoNotFitAreNamed) {
  Rig rig(2);
  rig.views[1].pop_back();
  try {
    smooth_several_cameras(rig.cameras(), {});
    FAIL() << "other number of members must be an error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::shape_mismatch);
    EXPECT_THAT(error.what(),
                ::testing::HasSubstr("camera 'cam1' has 3 members, camera 'cam0' has 4"));
  }
  const Rig good(2);
  auto cameras = good.cameras();
  cameras[1].name = "cam0";
  EXPECT_THROW(smooth_several_cameras(cameras, {}), Error);
  EXPECT_THROW(smooth_several_cameras(std::vector<CameraMembers>{}, {}), Error);
  const Rig longer(2, 81);
  cameras = {good.cameras()[0], longer.cameras()[1]};
  EXPECT_THROW(smooth_several_cameras(cameras, {}), Error);
}

Poses named(std::vector<std::string> bodyparts) {
  Poses poses = testing::constant_poses(1, bodyparts.size(), {});
  for (size_t k = 0; k < bodyparts.size(); ++k) poses.keypoints[k].x = static_cast<double>(k);
  poses.bodyparts = std::move(bodyparts);
  return poses;
}

TEST(MirroredViews, OnlyTheSuffixIsTheCamera) {
  const std::vector<std::string> cameras{"top", "bot"};
  const auto views = split_mirrored(
      named({"nose_tip_top", "a_top_b_bot", "a_top_b_top", "nose_tip_bot", "lonely"}), cameras);
  EXPECT_THAT(views[0].bodyparts, ::testing::ElementsAre("nose_tip", "a_top_b"));
  EXPECT_EQ(views[0].at(0, 0).x, 0);
  EXPECT_EQ(views[0].at(0, 1).x, 2);
  EXPECT_EQ(views[1].at(0, 0).x, 3);
  EXPECT_EQ(views[1].at(0, 1).x, 1);
}

TEST(MirroredViews, CamerasThatCannotBeToldApartAreAnError) {
  const std::vector<std::string> cameras{"top", "left_top"};
  EXPECT_THROW(split_mirrored(named({"nose_top", "nose_left_top"}), cameras), Error);
  const std::vector<std::string> absent{"top", "side"};
  EXPECT_THROW(split_mirrored(named({"nose_top", "nose_bot"}), absent), Error);
  const std::vector<std::string> disjoint{"top", "bot"};
  EXPECT_THROW(split_mirrored(named({"nose_top", "tail_bot"}), disjoint), Error);
}

}  // namespace
}  // namespace posse
