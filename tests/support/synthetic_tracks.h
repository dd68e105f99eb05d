/// Makes ensembles with known truth for tests.
#pragma once

#include <cstddef>
#include <vector>

#include "base/poses.h"

namespace posse::testing {

struct SyntheticEnsemble {
  size_t num_members = 5;
  size_t num_frames = 60;
  size_t num_bodyparts = 3;
  double step = 1.5;          ///< standard deviation of the true random walk, px per frame
  double member_error = 1.0;  ///< standard deviation of a member's error, px
  unsigned seed = 1;
};

/// Members that saw random walks; likelihoods in (0.5, 1]. Bodyparts "part0", "part1", ...
std::vector<Poses> make_members(const SyntheticEnsemble& options);

/// Poses of one member in which every keypoint of every frame is `keypoint`.
Poses constant_poses(size_t num_frames, size_t num_bodyparts, Keypoint keypoint);

}  // namespace posse::testing
