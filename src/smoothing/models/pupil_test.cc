#include "smoothing/models/pupil.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "base/error.h"
#include "support/dense_oracle.h"
#include "support/golden_tables.h"
#include "support/shared_data.h"
#include "support/synthetic_tracks.h"

namespace posse {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// Members that see a circle whose diameter and centre wander around a mean.
std::vector<Poses> circle_members(size_t num_frames, double error, size_t num_members = 4) {
  std::mt19937 random(testing::seed_of_this_test());
  std::normal_distribution<double> normal;
  std::vector<Poses> members(num_members, testing::constant_poses(num_frames, 4, {}));
  for (Poses& member : members)
    member.bodyparts = {"pupil_left_r", "pupil_top_r", "pupil_right_r", "pupil_bottom_r"};
  double d = 0, cx = 0, cy = 0;
  for (size_t t = 0; t < num_frames; ++t) {
    d = 0.99 * d + 0.3 * normal(random);
    cx = 0.95 * cx + 0.5 * normal(random);
    cy = 0.95 * cy + 0.5 * normal(random);
    const double radius = (20 + d) / 2;
    for (Poses& member : members) {
      const auto at = [&](double x, double y) {
        return Keypoint{60 + cx + x + error * normal(random), 50 + cy + y + error * normal(random),
                        0.95};
      };
      member.at(t, 0) = at(-radius, 0);
      member.at(t, 1) = at(0, -radius);
      member.at(t, 2) = at(radius, 0);
      member.at(t, 3) = at(0, radius);
    }
  }
  return members;
}

TEST(Pupil, EveryMarkKeepsItsOwnLabel) {
  const auto members = circle_members(300, 0.1);
  const auto result = smooth_pupil(members);
  ASSERT_EQ(result.tracks.bodyparts[1], "pupil_bottom_r");
  for (size_t t = 0; t < 300; ++t) {
    for (size_t k = 0; k < 4; ++k) {
      for (size_t axis = 0; axis < 2; ++axis) {
        const size_t lane = 2 * k + axis;
        EXPECT_NEAR(result.tracks.position.at(t, lane), result.tracks.ensemble_position.at(t, lane),
                    1.0);  // errors of 0.1
      }
    }
    const double diameter = result.tracks.position.at(t, 4) - result.tracks.position.at(t, 6);
    EXPECT_NEAR(result.state.at(t, 0), diameter, 1e-10);  // right minus left
  }
}

TEST(Pupil, AgreesWithTheDenseGaussianConditional) {
  auto members = circle_members(25, 0.5);
  for (Poses& member : members) member.at(7, 1) = {kNan, kNan, kNan};
  const auto result = smooth_pupil(members, {.diameter_s = 0.97, .centre_s = 0.9});
  const FrameArray& seen = result.tracks.ensemble_position;
  // spec: mean diameter and centre over time from the ensemble; here recomputed from the complete
  // frames' definition
  const auto median = [](std::vector<double> v) {
    std::erase_if(v, [](double x) { return std::isnan(x); });
    std::sort(v.begin(), v.end());
    return (v[(v.size() - 1) / 2] + v[v.size() / 2]) / 2;
  };
  std::vector<std::vector<double>> circles(3);
  for (size_t t = 0; t < 25; ++t) {
    const double* p = seen.row(t);  // top, bottom, right, left
    const auto apart = [&](int a, int b) {
      return std::hypot(p[2 * a] - p[2 * b], p[2 * a + 1] - p[2 * b + 1]);
    };
    const double q = std::sqrt(2.0);
    circles[0].push_back(median({apart(0, 1), apart(2, 3), q * apart(0, 3), q * apart(0, 2),
                                 q * apart(1, 3), q * apart(1, 2)}));
    circles[1].push_back(median({median({p[0], p[2]}), (p[4] + p[6]) / 2}));
    circles[2].push_back(median({(p[1] + p[3]) / 2, median({p[5], p[7]})}));
  }
  testing::WideVector mean(3);
  testing::WideVector variance = testing::WideVector::Zero(3);
  for (Eigen::Index i = 0; i < 3; ++i) {
    const auto& values = circles[static_cast<size_t>(i)];
    mean(i) = 0;
    for (const double v : values) mean(i) += v / 25.0L;
    for (const double v : values) variance(i) += (v - mean(i)) * (v - mean(i)) / 25.0L;
  }
  testing::WideVector transition(3);
  transition << 0.97L, 0.9L, 0.9L;
  testing::DenseModel model{.transition = transition.asDiagonal(),
                            .process = {},
                            .initial_mean = testing::WideVector::Zero(3),
                            .initial_variance = variance.asDiagonal(),
                            .observation = testing::WideMatrix(8, 3)};
  model.process = (variance.array() * (1 - transition.array().square())).matrix().asDiagonal();
  model.initial_mean(0) = mean(0);
  model.observation << 0, 1, 0, -0.5, 0, 1, 0, 1, 0, 0.5, 0, 1, 0.5, 1, 0, 0, 0, 1, -0.5, 1, 0, 0,
      0, 1;
  Eigen::MatrixXd y(25, 8);
  Eigen::MatrixXd r(25, 8);
  for (Eigen::Index t = 0; t < 25; ++t) {
    for (Eigen::Index i = 0; i < 8; ++i) {
      y(t, i) = seen.at(static_cast<size_t>(t), static_cast<size_t>(i)) -
                static_cast<double>(mean(i % 2 == 0 ? 1 : 2));
      r(t, i) = result.tracks.ensemble_variance.at(static_cast<size_t>(t), static_cast<size_t>(i));
    }
  }
  const auto dense = testing::condition(model, y, r);
  EXPECT_NEAR(result.negative_log_likelihood, static_cast<double>(dense.negative_log_likelihood),
              1e-8);
  for (size_t t = 0; t < 25; ++t) {
    const testing::WideVector x = model.observation * dense.mean[t];
    const testing::WideMatrix v =
        model.observation * dense.variance[t] * model.observation.transpose();
    for (size_t i = 0; i < 8; ++i) {
      const auto e = static_cast<Eigen::Index>(i);
      EXPECT_NEAR(result.tracks.position.at(t, i),
                  static_cast<double>(x(e) + mean(i % 2 == 0 ? 1 : 2)), 1e-9);
      EXPECT_NEAR(result.tracks.posterior_variance.at(t, i), static_cast<double>(v(e, e)), 1e-9);
    }
  }
}

TEST(Pupil, TheTunedParametersAreALocalMaximumOfTheLikelihood) {
  const auto members = circle_members(400, 0.3);
  const auto best = smooth_pupil(members);
  for (const double shift : {-0.002, 0.002}) {
    const auto diameter =
        smooth_pupil(members, {.diameter_s = best.diameter_s + shift, .centre_s = best.centre_s});
    const auto centre =
        smooth_pupil(members, {.diameter_s = best.diameter_s, .centre_s = best.centre_s + shift});
    EXPECT_GT(diameter.negative_log_likelihood, best.negative_log_likelihood);
    EXPECT_GT(centre.negative_log_likelihood, best.negative_log_likelihood);
  }
}

TEST(Pupil, OneGivenParameterIsKeptAndTheOtherTuned) {
  const auto members = circle_members(200, 0.3);
  const auto result = smooth_pupil(members, {.diameter_s = 0.9999});
  EXPECT_EQ(result.diameter_s, 0.9999);
  EXPECT_GT(result.centre_s, 0.5);
  EXPECT_LT(result.centre_s, 1.0);
}

TEST(Pupil, MissingMarksAndFramesAreBridged) {
  auto members = circle_members(200, 0.1);
  for (Poses& member : members) {
    for (size_t t = 50; t < 60; ++t) member.at(t, 1) = {kNan, kNan, kNan};
    for (size_t k = 0; k < 4; ++k) member.at(120, k) = {kNan, kNan, kNan};
  }
  const auto result = smooth_pupil(members);
  for (const double x : result.tracks.position.values()) EXPECT_TRUE(std::isfinite(x));
  EXPECT_GT(result.state_variance.at(120, 1), result.state_variance.at(100, 1));
}

TEST(Pupil, OrderOfMembersDoesNotMatter) {
  auto members = circle_members(100, 0.3);
  const PupilOptions given{.diameter_s = 0.99, .centre_s = 0.95};
  const auto before = smooth_pupil(members, given);
  std::reverse(members.begin(), members.end());
  const auto after = smooth_pupil(members, given);
  for (size_t t = 0; t < 100; ++t)
    EXPECT_NEAR(before.state.at(t, 0), after.state.at(t, 0), 1e-11);  // sums reordered
}

TEST(Pupil, ParametersCloseToOneGiveAConstantCircle) {
  const auto result =
      smooth_pupil(circle_members(100, 0.3), {.diameter_s = 1 - 1e-13, .centre_s = 1 - 1e-13});
  for (size_t t = 1; t < 100; ++t) {
    for (size_t i = 0; i < 3; ++i) {
      // 100 steps of variance 2e-13 times the spread, some 1 px^2, and a pull of 1e-11 towards 0
      EXPECT_NEAR(result.state.at(t, i), result.state.at(0, i), 1e-6);
    }
  }
}

TEST(Pupil, ASmallParameterFollowsTheMarks) {
  // without memory each frame is a fit of its own, against a diameter of 0 and the mean centre
  const auto result =
      smooth_pupil(circle_members(100, 0.01), {.diameter_s = 1e-6, .centre_s = 1e-6});
  for (size_t t = 1; t < 100; ++t) {
    const auto& seen = result.tracks.ensemble_position;
    // marks err by 0.005 px; a prior some 1 px wide weighs 1e-4 against them, on 20 px
    EXPECT_NEAR(result.state.at(t, 0), seen.at(t, 4) - seen.at(t, 6), 0.05);
    EXPECT_NEAR(result.tracks.position.at(t, 0), seen.at(t, 0), 0.05);
  }
}

TEST(Pupil, BadInputIsAnError) {
  auto members = circle_members(20, 0.1);
  EXPECT_THROW(smooth_pupil(members, {.diameter_s = 1.0}), Error);
  EXPECT_THROW(smooth_pupil(members, {.centre_s = 0.0}), Error);
  PupilOptions other;
  other.names[2] = "pupil_east";
  EXPECT_THROW(smooth_pupil(members, other), Error);
  for (Poses& member : members) {
    for (Keypoint& keypoint : member.keypoints) keypoint = {kNan, kNan, 0};
  }
  EXPECT_THROW(smooth_pupil(members), Error);
}

TEST(Pupil, TheExampleRecordingGivesPlausibleCircles) {
  POSSE_SHARED_OR_SKIP(eks, "eks");
  const auto result = smooth_pupil(testing::read_members(eks / "ibl-pupil", ""));
  EXPECT_GT(result.diameter_s, 0.9);
  EXPECT_GT(result.centre_s, 0.5);
  for (size_t t = 0; t < 2000; ++t) {
    EXPECT_GT(result.state.at(t, 0), 10);  // the points lie some 20 px apart throughout
    EXPECT_LT(result.state.at(t, 0), 30);
    EXPECT_LT(result.tracks.position.at(t, 1),
              result.tracks.position.at(t, 3));  // top above bottom
    EXPECT_GT(result.tracks.position.at(t, 4), result.tracks.position.at(t, 6));  // right of left
  }
}

}  // namespace
}  // namespace posse
