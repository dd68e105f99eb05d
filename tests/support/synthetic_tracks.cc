#include "support/synthetic_tracks.h"

#include <numeric>
#include <random>
#include <string>

namespace posse::testing {
namespace {

Poses empty_poses(size_t num_frames, size_t num_bodyparts) {
  Poses poses;
  for (size_t k = 0; k < num_bodyparts; ++k) poses.bodyparts.push_back("part" + std::to_string(k));
  poses.frame_index.resize(num_frames);
  std::iota(poses.frame_index.begin(), poses.frame_index.end(), int64_t{0});
  poses.keypoints.resize(num_frames * num_bodyparts);
  return poses;
}

}  // namespace

std::vector<Poses> make_members(const SyntheticEnsemble& options) {
  std::mt19937 random(options.seed);
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> likelihood(0.5, 1.0);
  std::vector<Poses> members(options.num_members,
                             empty_poses(options.num_frames, options.num_bodyparts));
  for (size_t k = 0; k < options.num_bodyparts; ++k) {
    double x = 100 + 50 * static_cast<double>(k);
    double y = 200;
    for (size_t t = 0; t < options.num_frames; ++t) {
      x += options.step * normal(random);
      y += options.step * normal(random);
      for (Poses& member : members) {
        member.at(t, k) = {.x = x + options.member_error * normal(random),
                           .y = y + options.member_error * normal(random),
                           .likelihood = likelihood(random)};
      }
    }
  }
  return members;
}

Poses constant_poses(size_t num_frames, size_t num_bodyparts, Keypoint keypoint) {
  Poses poses = empty_poses(num_frames, num_bodyparts);
  for (Keypoint& each : poses.keypoints) each = keypoint;
  return poses;
}

}  // namespace posse::testing
