#include "support/synthetic_cameras.h"

#include <random>
#include <utility>

#include "support/synthetic_tracks.h"

namespace posse::testing {
namespace {

std::vector<CameraModel> cameras_in_an_arc(size_t count) {
  std::vector<CameraModel> cameras;
  for (size_t c = 0; c < count; ++c) {
    cameras.push_back(camera_looking_from("camera" + std::string(1, static_cast<char>('A' + c)),
                                          -0.6 + 0.5 * static_cast<double>(c)));
  }
  return cameras;
}

}  // namespace

CameraModel camera_looking_from(const std::string& name, double angle) {
  CameraModel camera{.name = name, .size = {800, 600}, .fx = 900, .fy = 900, .cx = 400, .cy = 300};
  camera.distortion = {.k1 = -0.1, .k2 = 0.01};
  camera.rotation = rotation_of({0.1 * angle, angle, 0.05});
  camera.translation = {0.1, -0.1, 20};
  return camera;
}

Scene::Scene(size_t num_cameras, double error, size_t num_frames, size_t num_members)
    : Scene(cameras_in_an_arc(num_cameras), error, num_frames, num_members) {}

Scene::Scene(std::vector<CameraModel> models, double error, size_t num_frames, size_t num_members)
    : cameras(std::move(models)), views(cameras.size()) {
  std::mt19937 random(1);
  std::normal_distribution<double> normal;
  for (auto& view : views) view.assign(num_members, constant_poses(num_frames, 1, {}));
  Eigen::Vector3d point = Eigen::Vector3d::Zero();
  for (size_t t = 0; t < num_frames; ++t) {
    for (double& coordinate : point) coordinate += 0.05 * normal(random);
    truth.push_back(point);
    for (size_t c = 0; c < cameras.size(); ++c) {
      const Eigen::Vector2d pixel = cameras[c].project(point).pixel;
      for (Poses& member : views[c]) {
        member.at(t, 0) = {.x = pixel.x() + error * normal(random),
                           .y = pixel.y() + error * normal(random),
                           .likelihood = 0.9};
      }
    }
  }
}

std::vector<CameraMembers> Scene::members() const {
  std::vector<CameraMembers> result;
  for (size_t c = 0; c < cameras.size(); ++c) result.push_back({cameras[c].name, views[c]});
  return result;
}

}  // namespace posse::testing
