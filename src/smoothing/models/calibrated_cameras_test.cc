#include "smoothing/models/calibrated_cameras.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <limits>
#include <random>
#include <sstream>

#include "base/error.h"
#include "cameras/calibration.h"
#include "support/golden_tables.h"
#include "support/shared_data.h"
#include "support/synthetic_cameras.h"
#include "support/synthetic_tracks.h"

namespace posse {
namespace {

using Eigen::MatrixXd;
using Eigen::Vector2d;
using Eigen::Vector3d;
using Eigen::VectorXd;

using testing::Scene;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

CalibratedCamerasOptions with_s(double s) { return {.common = {.tuning = {.s = {s}}}}; }

TEST(CalibratedCameras, TheTruePathIsFound) {
  const Scene scene(3, 1.0, 300, 5);
  const auto result = smooth_calibrated_cameras(scene.members(), scene.cameras);
  double squares = 0;
  for (size_t t = 0; t < 300; ++t) {
    for (size_t axis = 0; axis < 3; ++axis) {
      const double error =
          result.points.at(t, axis) - scene.truth[t](static_cast<Eigen::Index>(axis));
      squares += error * error;
    }
  }
  // one pixel at a distance of 20 and focal length 900 is 0.022; five members, three cameras and
  // neighbours in time help, depth costs a factor of about two
  EXPECT_LT(std::sqrt(squares / 900), 0.02);
  EXPECT_TRUE(result.views.cameras[0].parameters[0].tuned);
}

TEST(CalibratedCameras, AMissingCameraIsBridgedByTheOthers) {
  Scene scene(3, 0.3);
  for (Poses& member : scene.views[2]) {
    for (size_t t = 20; t < 60; ++t) member.at(t, 0) = {kNan, kNan, kNan};
  }
  const auto result = smooth_calibrated_cameras(scene.members(), scene.cameras, with_s(1));
  for (size_t t = 20; t < 60; ++t) {
    const Vector2d expected = scene.cameras[2].project(scene.truth[t]).pixel;
    // members err by 0.3 px; depth from two cameras half a radian apart doubles that
    EXPECT_NEAR(result.views.cameras[2].position.at(t, 0), expected.x(), 2.0);
    EXPECT_TRUE(std::isnan(result.views.cameras[2].ensemble_position.at(t, 0)));
  }
  EXPECT_GT(result.point_variances.at(40, 2), result.point_variances.at(5, 2));
}

TEST(CalibratedCameras, EachCameraAddsItsOwnEnsembleVariance) {
  const Scene scene(3, 1.0);
  CalibratedCamerasOptions options = with_s(1);
  options.common.inflation.enabled = false;
  const auto predictive = smooth_calibrated_cameras(scene.members(), scene.cameras, options);
  options.common.state_variance_only = true;
  const auto state = smooth_calibrated_cameras(scene.members(), scene.cameras, options);
  for (size_t c = 0; c < 3; ++c) {
    const SmoothedTracks& tracks = predictive.views.cameras[c];
    const double added =
        tracks.posterior_variance.at(9, 1) - state.views.cameras[c].posterior_variance.at(9, 1);
    EXPECT_NEAR(added, tracks.ensemble_variance.at(9, 1), 1e-12);
  }
}

TEST(CalibratedCameras, TheUnitOfTheCalibrationDoesNotMatterWithRelativeFloors) {
  const Scene scene(3, 1.0);
  CalibratedCamerasOptions options = with_s(1);
  options.relative_floors = true;
  const auto before = smooth_calibrated_cameras(scene.members(), scene.cameras, options);
  auto in_metres = scene.cameras;
  for (CameraModel& camera : in_metres) camera.translation /= 1000;
  const auto after = smooth_calibrated_cameras(scene.members(), in_metres, options);
  for (size_t t = 0; t < 100; ++t) {
    // rounding only, of coordinates of some 100 px and lengths of some 20
    EXPECT_NEAR(before.views.cameras[1].position.at(t, 0), after.views.cameras[1].position.at(t, 0),
                1e-9);
    EXPECT_NEAR(before.views.cameras[2].posterior_variance.at(t, 1) /
                    after.views.cameras[2].posterior_variance.at(t, 1),
                1, 1e-9);
    EXPECT_NEAR(before.points.at(t, 0), 1000 * after.points.at(t, 0), 1e-10);
  }
}

TEST(CalibratedCameras, APointAtRestIsReturned) {
  Scene scene(3, 0.0);
  for (auto& view : scene.views) {
    for (Poses& member : view) {
      for (size_t t = 1; t < 100; ++t) member.at(t, 0) = member.at(0, 0);
    }
  }
  const auto result = smooth_calibrated_cameras(scene.members(), scene.cameras, with_s(1));
  for (size_t t = 0; t < 100; ++t) {
    for (size_t c = 0; c < 3; ++c) {
      // undistorting in five rounds leaves the starting point 1e-9 * 900 px off
      EXPECT_NEAR(result.views.cameras[c].position.at(t, 0), scene.views[c][0].at(0, 0).x, 1e-5);
      EXPECT_NEAR(result.views.cameras[c].position.at(t, 1), scene.views[c][0].at(0, 0).y, 1e-5);
    }
  }
}

TEST(CalibratedCameras, OrderOfMembersDoesNotMatter) {
  Scene scene(3, 1.0);
  const auto before = smooth_calibrated_cameras(scene.members(), scene.cameras, with_s(1));
  for (auto& view : scene.views) std::reverse(view.begin(), view.end());
  const auto after = smooth_calibrated_cameras(scene.members(), scene.cameras, with_s(1));
  for (size_t t = 0; t < 100; ++t) {
    EXPECT_NEAR(before.views.cameras[0].position.at(t, 1), after.views.cameras[0].position.at(t, 1),
                1e-9);  // sums reordered
  }
}

TEST(CalibratedCameras, UncertaintyGrowsWithinAGap) {
  Scene scene(3, 0.3);
  for (auto& view : scene.views) {
    for (Poses& member : view) {
      for (size_t t = 40; t < 51; ++t) member.at(t, 0) = {kNan, kNan, kNan};
    }
  }
  const auto variance =
      smooth_calibrated_cameras(scene.members(), scene.cameras, with_s(1)).point_variances;
  for (size_t t = 39; t < 45; ++t) {  // up to the middle, frame 45, and down again
    for (size_t axis = 0; axis < 3; ++axis) {
      EXPECT_LT(variance.at(t, axis), variance.at(t + 1, axis));
      EXPECT_GT(variance.at(90 - t - 1, axis), variance.at(90 - t, axis));
    }
  }
}

TEST(CalibratedCameras, AFisheyeCameraTakesPart) {
  Scene scene(3, 0.0);
  scene.cameras[2].fisheye = true;
  scene.cameras[2].distortion = {.k1 = 0.02, .k2 = -0.005};
  for (size_t t = 0; t < 100; ++t) {
    const Vector2d pixel = scene.cameras[2].project(scene.truth[t]).pixel;
    for (Poses& member : scene.views[2]) {
      member.at(t, 0).x = pixel.x();
      member.at(t, 0).y = pixel.y();
    }
  }
  const auto result = smooth_calibrated_cameras(scene.members(), scene.cameras, with_s(1e4));
  for (size_t t = 1; t < 100; ++t) {
    for (size_t axis = 0; axis < 3; ++axis) {
      // members agree exactly, so the observations alone decide: linearised within 0.05 of 20
      EXPECT_NEAR(result.points.at(t, axis), scene.truth[t](static_cast<Eigen::Index>(axis)), 1e-3);
    }
  }
}

TEST(CalibratedCameras, ACameraThatSeesAKeypointAloneKeepsItsOwnTrack) {
  Scene scene(2, 0.5);
  for (Poses& member : scene.views[1]) {
    for (size_t t = 0; t < 100; ++t) member.at(t, 0) = {kNan, kNan, 0};
  }
  const auto result = smooth_calibrated_cameras(scene.members(), scene.cameras);
  const SmoothedTracks& seen = result.views.cameras[0];
  EXPECT_TRUE(std::isnan(result.points.at(3, 0)));
  EXPECT_TRUE(std::isnan(result.views.cameras[1].position.at(3, 0)));
  EXPECT_TRUE(seen.parameters[0].tuned);
  for (size_t t = 0; t < 100; ++t) {
    const Vector2d expected = scene.cameras[0].project(scene.truth[t]).pixel;
    EXPECT_NEAR(seen.position.at(t, 0), expected.x(), 2.0);  // members err by 0.5 px
  }
  EXPECT_THAT(seen.warnings, ::testing::ElementsAre(::testing::HasSubstr("(100 frames)")));
}

TEST(CalibratedCameras, CamerasThatNeverSeeAKeypointTogetherKeepTheirOwnTracks) {
  Scene scene(3, 0.5);
  for (size_t c = 0; c < 3; ++c) {
    for (Poses& member : scene.views[c]) {
      for (size_t t = 0; t < 100; ++t) {
        if (t / 10 % 3 != c) member.at(t, 0) = {kNan, kNan, 0};
      }
    }
  }
  const auto result = smooth_calibrated_cameras(scene.members(), scene.cameras);
  EXPECT_TRUE(std::isnan(result.points.at(3, 0)));
  for (size_t c = 0; c < 3; ++c) {
    const SmoothedTracks& camera = result.views.cameras[c];
    for (size_t t = 0; t < 100; ++t) {
      ASSERT_TRUE(std::isfinite(camera.position.at(t, 0)));
      if (t / 10 % 3 != c) continue;
      EXPECT_NEAR(camera.position.at(t, 0), camera.ensemble_position.at(t, 0), 3.0);
    }
  }
  EXPECT_THAT(result.views.cameras[0].warnings,
              ::testing::ElementsAre(::testing::AllOf(::testing::HasSubstr("has no place in space"),
                                                      ::testing::HasSubstr("(40 frames)"),
                                                      ::testing::HasSubstr("(30 frames)"))));
}

TEST(CalibratedCameras, ACalibrationOfOtherCamerasIsAnError) {
  const Scene scene(3, 0.5);
  auto members = scene.members();
  members.pop_back();
  EXPECT_THROW(smooth_calibrated_cameras(members, scene.cameras), Error);
  auto calibration = scene.cameras;
  calibration[1].name = "cameraX";
  try {
    smooth_calibrated_cameras(scene.members(), calibration);
    FAIL() << "a camera without a model must be an error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::shape_mismatch);
    EXPECT_THAT(error.what(), ::testing::HasSubstr("cameraX"));
  }
  EXPECT_THROW(
      smooth_calibrated_cameras(std::span(members).first(1), std::span(scene.cameras).first(1)),
      Error);
}

/// The recursions as textbooks write them, with full covariance matrices: a second implementation.
struct TextbookFilter {
  const std::vector<CameraModel>& cameras;
  Vector3d m0;
  Eigen::Matrix3d s0, q;

  std::vector<Vector3d> smooth(const FrameArray& y, const FrameArray& r, double& likelihood) const {
    std::vector<Vector3d> means;
    std::vector<Eigen::Matrix3d> covariances;
    Vector3d m = m0;
    Eigen::Matrix3d p = s0;
    likelihood = 0;
    const auto lanes = static_cast<Eigen::Index>(y.num_lanes());
    for (size_t t = 0; t < y.num_frames(); ++t) {
      MatrixXd h(lanes, 3);
      VectorXd error(lanes);
      for (size_t c = 0; c < cameras.size(); ++c) {
        const auto [pixel, jacobian] = cameras[c].project(m);
        h.middleRows<2>(static_cast<Eigen::Index>(2 * c)) = jacobian;
        error.segment<2>(static_cast<Eigen::Index>(2 * c)) =
            Eigen::Map<const Vector2d>(y.row(t) + 2 * c) - pixel;
      }
      const MatrixXd noise = Eigen::Map<const VectorXd>(r.row(t), lanes).asDiagonal();
      const MatrixXd s = h * p * h.transpose() + noise;
      const MatrixXd gain = s.ldlt().solve(h * p).transpose();
      likelihood += 0.5 * (static_cast<double>(lanes) * std::log(2 * M_PI) +
                           std::log(s.determinant()) + error.dot(s.ldlt().solve(error)));
      m += gain * error;
      p = (p - gain * s * gain.transpose()).eval();
      means.push_back(m);
      covariances.push_back(p);
      p += q;
    }
    for (size_t t = means.size() - 1; t-- > 0;) {
      const Eigen::Matrix3d predicted = covariances[t] + q;
      const Eigen::Matrix3d gain = predicted.ldlt().solve(covariances[t]).transpose();
      means[t] += gain * (means[t + 1] - means[t]);
    }
    return means;
  }
};

TEST(CalibratedCameras, TheFlyAgreesWithTheTextbookRecursions) {
  POSSE_SHARED_OR_SKIP(fly, "eks/fly");
  std::stringstream text;
  text << std::ifstream(fly / "calibration.toml").rdbuf();
  const auto calibration = parse_calibration(text.str(), "calibration.toml");
  std::vector<std::vector<Poses>> views;
  views.reserve(calibration.size());
  std::vector<CameraMembers> members;
  for (const CameraModel& camera : calibration)
    views.push_back(testing::read_members(fly, camera.name));
  for (size_t c = 0; c < 3; ++c) members.push_back({calibration[c].name, views[c]});
  CalibratedCamerasOptions options;
  options.common.inflation.enabled = false;
  options.common.tuning.objective = TuningObjective::full;
  const auto result = smooth_calibrated_cameras(members, calibration, options);
  const std::vector<std::span<const Poses>> spans(views.begin(), views.end());
  for (const size_t k : {size_t{0}, size_t{5}, size_t{11}}) {
    const FrameArray points = triangulate(calibration, spans, k, Triangulation::pair_median);
    TextbookFilter filter{.cameras = calibration,
                          .m0 = Vector3d::Zero(),
                          .s0 = Eigen::Matrix3d::Zero(),
                          .q = Eigen::Matrix3d::Zero()};
    for (Eigen::Index axis = 0; axis < 3; ++axis) {
      std::vector<double> steps;
      double mean = 0;
      for (size_t t = 0; t < 500; ++t) mean += points.at(t, static_cast<size_t>(axis)) / 500;
      for (size_t t = 0; t < 500; ++t) {
        filter.s0(axis, axis) += std::pow(points.at(t, static_cast<size_t>(axis)) - mean, 2) / 500;
        if (t < 10) filter.m0(axis) += points.at(t, static_cast<size_t>(axis)) / 10;
        if (t > 0)
          steps.push_back(points.at(t, static_cast<size_t>(axis)) -
                          points.at(t - 1, static_cast<size_t>(axis)));
      }
      filter.s0(axis, axis) += 1e-4;
      const double median = percentile(steps, 50);
      for (double& step : steps) step = std::abs(step - median);
      filter.q(axis, axis) = result.views.cameras[0].parameters[k].s *
                             std::max(std::pow(1.4826 * percentile(steps, 50), 2), 1e-8);
    }
    FrameArray y(500, 6);
    FrameArray r(500, 6);
    for (size_t t = 0; t < 500; ++t) {
      for (size_t i = 0; i < 6; ++i) {
        y.at(t, i) = result.views.cameras[i / 2].ensemble_position.at(t, 2 * k + i % 2);
        r.at(t, i) =
            std::max(result.views.cameras[i / 2].ensemble_variance.at(t, 2 * k + i % 2), 1e-12);
      }
    }
    double likelihood = 0;
    const auto expected = filter.smooth(y, r, likelihood);
    EXPECT_NEAR(result.views.cameras[0].parameters[k].negative_log_likelihood / likelihood, 1,
                1e-9);
    for (size_t t = 0; t < 500; ++t) {
      for (size_t c = 0; c < 3; ++c) {
        const Vector2d pixel = calibration[c].project(expected[t]).pixel;
        // 1e-8 px as the specification asks, but where the textbook loses digits: its covariances
        // span eight orders
        ASSERT_NEAR(result.views.cameras[c].position.at(t, 2 * k), pixel.x(), 1e-8)
            << k << " " << t;
        ASSERT_NEAR(result.views.cameras[c].position.at(t, 2 * k + 1), pixel.y(), 1e-8)
            << k << " " << t;
      }
    }
  }
}

}  // namespace
}  // namespace posse
