#include "cameras/epipolar.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "base/error.h"
#include "cameras/camera_model.h"
#include "support/synthetic_cameras.h"

namespace posse {
namespace {

const std::vector<Eigen::Vector3d> kPoints = {
    {0, 0, 0}, {1.5, -0.4, 0.8}, {-2, 1, 1}, {0.3, 2.2, -1.7}, {-1.1, -1.9, 0.2}};

Point seen_by(const CameraModel& camera, const Point& offset, const Eigen::Vector3d& point) {
  const auto pixel = camera.project(point).pixel;
  return {pixel.x() + offset.x, pixel.y() + offset.y};
}

TEST(EpipolarGeometry, OfCamerasHoldsForWhatBothProject) {
  const CameraModel a = testing::camera_looking_from("a", 0);
  CameraModel b = testing::camera_looking_from("b", 0.7);
  b.translation.y() += 0.5;
  const Point at{640, 20};  // where b's picture lies in the video
  const EpipolarGeometry geometry = epipolar_geometry(a, {}, b, at);
  for (const Eigen::Vector3d& point : kPoints) {
    const Point p = geometry.straight_a(seen_by(a, {}, point));
    const Point q = geometry.straight_b(seen_by(b, at, point));
    EXPECT_NEAR(geometry.difference(p, q), 0, 1e-3);  // undistort() is not exact
    EXPECT_NEAR(geometry.exchanged().difference(q, p), geometry.difference(p, q), 1e-9);
    EXPECT_GT(geometry.difference(p, {q.x, q.y + 20}), 5);
  }
  EXPECT_TRUE(is_fundamental(geometry.fundamental));
  Matrix3 printed = geometry.fundamental;  // with four digits
  for (double& value : printed) value = std::stod(fmt::format("{:.3e}", value));
  EXPECT_TRUE(is_fundamental(printed));
}

TEST(EpipolarGeometry, DifferenceIsTheDistanceFromTheLineWhereTheOtherViewIsTheSame) {
  // Turned by 30 degrees in both views: x cos + y sin is shared.
  const double c = std::cos(M_PI / 6);
  const double s = std::sin(M_PI / 6);
  const EpipolarGeometry geometry = affine_epipolar({c, s, -c, -s, 0});
  EXPECT_NEAR(geometry.difference({0, 0}, {-50 * s, 50 * c}), 0, 1e-12);  // along the line
  EXPECT_NEAR(geometry.difference({0, 0}, {7 * c, 7 * s}), 7, 1e-12);     // across
  EXPECT_EQ(same_x_geometry().difference({3, 7}, {5.5, 90}), 2.5);
  EXPECT_EQ(same_y_geometry().difference({3, 7}, {5.5, 90}), 83);
  EXPECT_TRUE(std::isnan(geometry.difference({NAN, 0}, {1, 1})));
}

TEST(EpipolarGeometry, NeedsTwoPlaces) {
  const CameraModel a = testing::camera_looking_from("a", 0);
  EXPECT_THROW(epipolar_geometry(a, {}, a, {}), Error);
}

TEST(EpipolarGeometry, MatricesOfRankTwoAreToldFromOthers) {
  EXPECT_TRUE(is_fundamental(same_x_geometry().fundamental));
  EXPECT_FALSE(is_fundamental({1, 0, 0, 0, 1, 0, 0, 0, 1}));
  EXPECT_FALSE(is_fundamental({500, 0, 320, 0, 500, 240, 0, 0, 1}));  // a camera's own matrix
  EXPECT_FALSE(is_fundamental({0, 0, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_FALSE(is_fundamental({0, 0, 1, 0, 0, 1, 0, 0, 1}));  // rank 1
  EXPECT_FALSE(is_fundamental({0, 0, -1, 0, NAN, 0, 1, 0, 0}));
}

constexpr const char* kMirror = R"(
[mirror]
fundamental = [[0, 0, -1], [0, 0, 0], [1, 0, 0]]
[left]
views = [3, 1]
fundamental = [[0, 0, 0], [0, 0, -1], [0, 2.0, 4]]
)";

TEST(ViewCalibration, OfMatricesIsRead) {
  const ViewCalibration views = parse_view_calibration(kMirror, "views.toml");
  ASSERT_EQ(views.num_views, 3U);
  EXPECT_EQ(views.between(0, 1)->difference({3, 7}, {5, 70}), 2);
  EXPECT_EQ(views.between(1, 0)->difference({5, 70}, {3, 7}), 2);
  // From view 3 to 1: 2 y - y' + 4 = 0, normals of lengths 2 and 1.
  EXPECT_NEAR(views.between(2, 0)->difference({0, 10}, {0, 34}), 10 / std::sqrt(2.5), 1e-12);
  EXPECT_NEAR(views.between(0, 2)->difference({0, 34}, {0, 10}), 10 / std::sqrt(2.5), 1e-12);
  EXPECT_FALSE(views.between(1, 2));
}

constexpr const char* kTiles = R"(
[cam_0]
name = "left"
size = [640, 480]
matrix = [[500, 0, 320], [0, 500, 240], [0, 0, 1]]
distortions = [0, 0, 0, 0, 0]
rotation = [0, 0, 0]
translation = [0, 0, 0]
[cam_1]
name = "right"
size = [640, 480]
matrix = [[500, 0, 320], [0, 500, 240], [0, 0, 1]]
distortions = [0, 0, 0, 0, 0]
rotation = [0, 0, 0]
translation = [-1, 0, 0]
offset_in_video = [640, 8]
)";

TEST(ViewCalibration, OfCamerasSideBySideHasEpipolarLinesAlongRows) {
  const ViewCalibration views = parse_view_calibration(kTiles, "tiles.toml");
  ASSERT_EQ(views.num_views, 2U);
  const EpipolarGeometry& geometry = *views.between(0, 1);
  const Point p = geometry.straight_a({100, 50});
  EXPECT_NEAR(geometry.difference(p, geometry.straight_b({700, 58})), 0, 1e-9);
  EXPECT_NEAR(geometry.difference(p, geometry.straight_b({1100, 61})), 3, 1e-9);
}

void expect_broken(const std::string& text, const std::string& from, const std::string& to,
                   const std::string& message) {
  std::string broken = text;
  broken.replace(broken.find(from), from.size(), to);
  try {
    parse_view_calibration(broken, "rig.toml");
    ADD_FAILURE() << "accepted: " << to;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::bad_file);
    EXPECT_THAT(error.what(), ::testing::HasSubstr("rig.toml"));
    EXPECT_THAT(error.what(), ::testing::HasSubstr(message));
  }
}

TEST(ViewCalibration, MistakesAreNamed) {
  expect_broken(kMirror, "[1, 0, 0]]", "[1, 0]]", "[mirror]: 'fundamental'");
  expect_broken(kMirror, "[1, 0, 0]]", "[1, nan, 0]]", "[mirror]: 'fundamental'");
  expect_broken(kMirror, "[[0, 0, -1], [0, 0, 0], [1, 0, 0]]",
                "[[500, 0, 320], [0, 500, 240], [0, 0, 1]]", "of rank 2");
  expect_broken(kMirror, "[3, 1]", "[3, 3]", "[left]: 'views'");
  expect_broken(kMirror, "[3, 1]", "[0, 1]", "[left]: 'views'");
  expect_broken(kMirror, "[3, 1]", "[1.5, 1]", "[left]: 'views'");
  expect_broken(kMirror, "[3, 1]", "[2, 1]", "no other table");
  expect_broken(kMirror, "views = [3, 1]\nfundamental", "views = [3, 1]\nfundamentl",
                "[left]: 'fundamental'");
  expect_broken(kTiles, "[640, 8]", "[640]", "'offset_in_video'");
  expect_broken(kTiles, "[-1, 0, 0]", "[0, 0, 0]", "at one place");
  expect_broken(kTiles, "rotation = [0, 0, 0]", "rotatio = [0, 0, 0]", "'rotation'");
  EXPECT_THROW(parse_view_calibration("", "empty.toml"), Error);
  EXPECT_THROW(parse_view_calibration("[a]\nname = \"a\"\n", "one.toml"), Error);
}

}  // namespace
}  // namespace posse
