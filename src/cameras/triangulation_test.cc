#include "cameras/triangulation.h"

#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "support/synthetic_cameras.h"

namespace posse {
namespace {

using Eigen::MatrixXd;
using Eigen::Vector2d;
using Eigen::Vector3d;
using testing::camera_looking_from;
using testing::Scene;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// The smallest right singular vector of one model's equations, by Eigen's Jacobi SVD.
Vector3d point_by_svd(const std::vector<CameraModel>& cameras,
                      const std::vector<Vector2d>& pixels) {
  MatrixXd equations(2 * cameras.size(), 4);
  for (size_t c = 0; c < cameras.size(); ++c) {
    Vector2d place = pixels[c];
    cameras[c].undistort(&place.x(), &place.y(), 1);
    Eigen::Matrix<double, 3, 4> projection;
    projection << cameras[c].rotation, cameras[c].translation;
    const auto row = static_cast<Eigen::Index>(2 * c);
    equations.row(row) = place.x() * projection.row(2) - projection.row(0);
    equations.row(row + 1) = place.y() * projection.row(2) - projection.row(1);
  }
  const Eigen::Vector4d v =
      Eigen::JacobiSVD<MatrixXd>(equations, Eigen::ComputeFullV).matrixV().col(3);
  return v.head<3>() / v(3);
}

TEST(Triangulation, ExactPixelsGiveTheExactPoint) {
  const Scene scene(3, 0.0);
  for (const auto method : {Triangulation::pair_median, Triangulation::joint}) {
    const FrameArray points = triangulate(scene.cameras, scene.spans(), 0, method);
    for (size_t t = 0; t < scene.truth.size(); ++t) {
      for (size_t axis = 0; axis < 3; ++axis) {
        // undistorting in five rounds leaves 1e-9 of 1 in direction, times a distance of 20
        EXPECT_NEAR(points.at(t, axis), scene.truth[t](static_cast<Eigen::Index>(axis)), 1e-6);
      }
    }
  }
}

TEST(Triangulation, AgreesWithASingularValueDecompositionWhereViewsContradict) {
  const Scene scene(3, 3.0, 70, 1);
  const FrameArray joint = triangulate(scene.cameras, scene.spans(), 0, Triangulation::joint);
  const FrameArray pairs = triangulate(scene.cameras, scene.spans(), 0, Triangulation::pair_median);
  for (size_t t = 0; t < 70; ++t) {
    std::vector<Vector2d> pixels;
    for (const auto& view : scene.views)
      pixels.emplace_back(view[0].at(t, 0).x, view[0].at(t, 0).y);
    const Vector3d expected = point_by_svd(scene.cameras, pixels);
    const auto pair = [&](size_t a, size_t b) {
      return point_by_svd({scene.cameras[a], scene.cameras[b]}, {pixels[a], pixels[b]});
    };
    const std::vector<Vector3d> of_pairs{pair(0, 1), pair(0, 2), pair(1, 2)};
    for (Eigen::Index axis = 0; axis < 3; ++axis) {
      std::vector<double> column{of_pairs[0](axis), of_pairs[1](axis), of_pairs[2](axis)};
      std::sort(column.begin(), column.end());
      // normal equations square the condition, about 1e3: rounding 1e-16 * 1e6 of coordinates of
      // order 1
      EXPECT_NEAR(joint.at(t, static_cast<size_t>(axis)), expected(axis), 1e-9);
      EXPECT_NEAR(pairs.at(t, static_cast<size_t>(axis)), column[1], 1e-9);
    }
  }
}

TEST(Triangulation, AMissingViewIsLeftToTheOthersAndOneViewIsNotEnough) {
  Scene scene(3, 0.0);
  for (Poses& member : scene.views[0]) member.at(5, 0).x = kNan;
  for (size_t c = 0; c < 2; ++c) {
    for (Poses& member : scene.views[c]) member.at(6, 0) = {kNan, kNan, 0};
  }
  for (const auto method : {Triangulation::pair_median, Triangulation::joint}) {
    const FrameArray points = triangulate(scene.cameras, scene.spans(), 0, method);
    EXPECT_NEAR(points.at(5, 1), scene.truth[5].y(), 1e-6);  // as above
    EXPECT_TRUE(std::isnan(points.at(6, 0)));
    EXPECT_NEAR(points.at(7, 2), scene.truth[7].z(), 1e-6);
  }
}

TEST(Triangulation, ViewsThatAreNearlyParallelOrOppositeAreSolvedToo) {
  // depth hangs on a baseline of a hundredth of the distance, seen with errors of 3 px: the two
  // smallest singular values are of one size
  for (const double apart : {0.01, std::numbers::pi - 0.01, 0.1}) {
    const Scene scene({camera_looking_from("a", 0.3), camera_looking_from("b", 0.3 + apart)}, 3.0,
                      200, 1);
    const FrameArray points = triangulate(scene.cameras, scene.spans(), 0, Triangulation::joint);
    for (size_t t = 0; t < 200; ++t) {
      const Vector3d expected = point_by_svd(
          scene.cameras, {{scene.views[0][0].at(t, 0).x, scene.views[0][0].at(t, 0).y},
                          {scene.views[1][0].at(t, 0).x, scene.views[1][0].at(t, 0).y}});
      const Vector3d found(points.at(t, 0), points.at(t, 1), points.at(t, 2));
      // the condition is up to 1e5 here, squared by the normal equations: 1e-16 * 1e10
      EXPECT_LT((found - expected).norm(), 1e-6 * (1 + expected.norm()))
          << apart << ", frame " << t;
    }
  }
}

}  // namespace
}  // namespace posse
