#include "cameras/camera_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <fstream>
#include <random>
#include <sstream>

#include "base/error.h"
#include "cameras/calibration.h"
#include "simd/pack.h"
#include "support/shared_data.h"
#include "support/synthetic_cameras.h"

namespace posse {
namespace {

using Eigen::Vector2d;
using Eigen::Vector3d;

CameraModel lens() {
  CameraModel camera{
      .name = "lens", .size = {800, 600}, .fx = 900, .fy = 880, .cx = 400, .cy = 300, .skew = 2};
  camera.rotation = rotation_of({0.2, -0.4, 0.1});
  camera.translation = {0.3, -0.2, 12};
  return camera;
}

CameraModel distorting_lens() {
  CameraModel camera = lens();
  camera.distortion = {.k1 = -0.3,
                       .k2 = 0.1,
                       .p1 = 0.002,
                       .p2 = -0.001,
                       .k3 = 0.01,
                       .k4 = 0.05,
                       .k5 = -0.02,
                       .k6 = 0.003,
                       .s1 = 0.001,
                       .s2 = -0.002,
                       .s3 = 0.0015,
                       .s4 = 0.0005};
  return camera;
}

CameraModel fisheye_lens() {
  CameraModel camera = lens();
  camera.fisheye = true;
  camera.distortion = {.k1 = 0.05, .k2 = -0.01, .p1 = 0.003, .p2 = -0.0005};
  return camera;
}

void expect_jacobian_of_differences(const CameraModel& camera) {
  const Vector3d point(1.1, -0.7, 2.0);
  const auto projection = camera.project(point);
  constexpr double kStep = 1e-5;
  for (int axis = 0; axis < 3; ++axis) {
    const Vector3d shift = kStep * Vector3d::Unit(axis);
    const Vector2d slope =
        (camera.project(point + shift).pixel - camera.project(point - shift).pixel) / (2 * kStep);
    // central differences: rounding 1e-13 * 500 px / 1e-5 and truncation of the third derivative
    // times 1e-10
    EXPECT_LT((projection.jacobian.col(axis) - slope).cwiseAbs().maxCoeff(), 1e-6);
  }
}

TEST(CameraModel, JacobianIsTheDerivativeOfTheProjection) {
  expect_jacobian_of_differences(lens());
  expect_jacobian_of_differences(distorting_lens());
  expect_jacobian_of_differences(fisheye_lens());
}

TEST(CameraModel, APointOnTheAxisLandsOnThePrincipalPoint) {
  for (CameraModel camera : {lens(), distorting_lens(), fisheye_lens()}) {
    const Vector3d point = camera.rotation.transpose() * (Vector3d(0, 0, 5) - camera.translation);
    EXPECT_LT((camera.project(point).pixel - Vector2d(400, 300)).norm(), 1e-10);
  }
}

TEST(CameraModel, TheRationalModelDividesByItsLastThreeCoefficients) {
  CameraModel camera;
  camera.distortion = {.k1 = 0.1, .k4 = 0.5};
  // x = 1, y = 0: r2 = 1, so (1 + 0.1) / (1 + 0.5)
  EXPECT_NEAR(camera.project({1, 0, 1}).pixel.x(), 1.1 / 1.5, 1e-15);
}

TEST(CameraModel, AnEquidistantFisheyeMapsAngleToRadius) {
  CameraModel camera;
  camera.fisheye = true;
  const double angle = 1.2;
  EXPECT_NEAR(camera.project({std::sin(angle), 0, std::cos(angle)}).pixel.x(), angle, 1e-15);
}

TEST(CameraModel, UndistortingUndoesTheLens) {
  for (CameraModel camera : {distorting_lens(), fisheye_lens()}) {
    camera.skew = 0;
    const Vector3d point(1.1, -0.7, 2.0);
    const Vector3d seen = camera.rotation * point + camera.translation;
    Vector2d pixel = camera.project(point).pixel;
    camera.undistort(&pixel.x(), &pixel.y(), 1);
    // five rounds of a contraction by about |k1| r2 * 3 = 0.02 here
    EXPECT_NEAR(pixel.x(), seen.x() / seen.z(), 1e-8);
    EXPECT_NEAR(pixel.y(), seen.y() / seen.z(), 1e-8);
  }
}

TEST(CameraModel, PointsBehindTheCameraHaveNoPixel) {
  EXPECT_TRUE(std::isnan(CameraModel{}.project({0.1, 0.2, -1}).pixel.x()));
}

TEST(CameraModel, RotationsAreOrthogonalAndTurnAboutTheirAxis) {
  const Vector3d axis(0.3, -0.5, 0.7);
  const Eigen::Matrix3d rotation = rotation_of(axis);
  EXPECT_LT((rotation * rotation.transpose() - Eigen::Matrix3d::Identity()).norm(), 1e-14);
  EXPECT_LT((rotation * axis - axis).norm(), 1e-14);
  EXPECT_NEAR(rotation.trace(), 1 + 2 * std::cos(axis.norm()), 1e-14);
  EXPECT_EQ(rotation_of(Vector3d::Zero()), Eigen::Matrix3d::Identity());
}

constexpr const char* kTwoCameras = R"(
[cam_10]
name = "back"
size = [640, 480]
matrix = [[500, 0, 320], [0, 510, 240], [0, 0, 1]]
distortions = [0.1, 0, 0, 0, 0]
rotation = [0, 0, 0]
translation = [0, 0, 1]
fisheye = true
[cam_2]
name = "front"
size = [640, 480]
matrix = [[500.0, 0.0, 320.0], [0.0, 510.0, 240.0], [0.0, 0.0, 1.0]]
distortions = []
rotation = [0.0, 0.0, 0.0]
translation = [0.0, 0.0, 1.0]
[metadata]
error = 2.1
)";

TEST(Calibration, CamerasComeInOrderOfTheirTablesNames) {
  const auto cameras = parse_calibration(kTwoCameras, "calibration.toml");
  ASSERT_EQ(cameras.size(), 2);
  EXPECT_EQ(cameras[0].name, "back");  // "cam_10" sorts before "cam_2"
  EXPECT_TRUE(cameras[0].fisheye);
  EXPECT_EQ(cameras[0].distortion.k1, 0.1);
  EXPECT_EQ(cameras[1].fy, 510);
  EXPECT_FALSE(cameras[1].fisheye);
}

void expect_broken(const std::string& from, const std::string& to, const std::string& message) {
  std::string text = kTwoCameras;
  text.replace(text.find(from), from.size(), to);
  try {
    parse_calibration(text, "rig.toml");
    ADD_FAILURE() << "accepted: " << to;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::bad_file);
    EXPECT_THAT(error.what(), ::testing::HasSubstr("rig.toml"));
    EXPECT_THAT(error.what(), ::testing::HasSubstr(message));
  }
}

TEST(Calibration, MistakesAreNamed) {
  expect_broken("name = \"back\"", "nam = \"back\"", "[cam_10]: 'name'");
  expect_broken("[640, 480]", "[640]", "'size'");
  expect_broken("[640, 480]", "[640, 63555555555599]", "'size'");
  expect_broken("[640, 480]", "[-1, 480]", "'size'");
  expect_broken("[0, 510, 240]", "[0, \"x\", 240]", "'matrix'");
  expect_broken("[[500, 0, 320]", "[[0, 0, 320]", "'matrix'");
  expect_broken("rotation = [0, 0, 0]", "rotation = [0, nan, 0]", "'rotation'");
  expect_broken("distortions = []", "distortions = 5", "'distortions'");
  expect_broken("[cam_2]", "[cam_2", "line 10");
  EXPECT_THROW(parse_calibration("[metadata]\nerror = 1\n", "empty.toml"), Error);
  EXPECT_THROW(parse_calibration("camera = 3\n", "flat.toml"), Error);
}

TEST(Calibration, TheFlyRigIsRead) {
  POSSE_SHARED_OR_SKIP(file, "eks/fly/calibration.toml");
  std::stringstream text;
  text << std::ifstream(file).rdbuf();
  const auto cameras = parse_calibration(text.str(), "calibration.toml");
  ASSERT_EQ(cameras.size(), 3);
  EXPECT_EQ(cameras[2].name, "Cam-C");
  EXPECT_EQ(cameras[2].distortion.k1, -6468.60716369641);
  EXPECT_EQ(cameras[1].translation.z(), 137.52668448420522);
}

TEST(CameraModel, PacksAreLinearisedAsSinglePoints) {
  CameraModel pinhole = testing::camera_looking_from("a", 0.4);
  pinhole.skew = 2;
  pinhole.distortion = {-0.1, 0.02, 1e-3, -2e-3, 0.01, 0.02, -0.01, 0.005, 1e-3, 2e-3, -1e-3, 5e-4};
  CameraModel fisheye = pinhole;
  fisheye.fisheye = true;
  std::mt19937 random(testing::seed_of_this_test());
  std::normal_distribution<double> normal;
  for (const CameraModel& camera : {pinhole, fisheye}) {
    std::array<Pack, 3> points;
    for (Pack& axis : points) {
      for (size_t l = 0; l < kPackSize; ++l) axis[l] = 2 * normal(random);
    }
    points[2][3] = -100;  // behind the camera
    std::array<Pack, 6> jacobian;
    std::array<Pack, 2> offset;
    camera.linearise(points.data(), jacobian.data(), offset.data());
    for (size_t l = 0; l < kPackSize; ++l) {
      const Vector3d point(points[0][l], points[1][l], points[2][l]);
      const auto [pixel, derivative] = camera.project(point);
      if (l == 3) {
        EXPECT_TRUE(std::isnan(offset[0][l]) && std::isnan(offset[1][l]));
        continue;
      }
      for (Eigen::Index i = 0; i < 2; ++i) {
        Vector3d row;
        for (Eigen::Index axis = 0; axis < 3; ++axis)
          row(axis) = jacobian[static_cast<size_t>(3 * i + axis)][l];
        EXPECT_LT((row - derivative.row(i).transpose()).norm(), 1e-11);  // rounding of some 50
        EXPECT_NEAR(offset[static_cast<size_t>(i)][l] + row.dot(point), pixel(i), 1e-10);
      }
    }
  }
}

}  // namespace
}  // namespace posse
