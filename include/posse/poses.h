/// Keypoints of one network over a video, and the joint keypoints of several networks.
///
///     posse::Poses poses;
///     poses.bodyparts = {"nose", "tail"};
///     poses.keypoints.push_back({10.5, 20.0, 0.9});  // of each frame, of each bodypart
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "posse/error.h"
#include "posse/frame.h"
#include "posse/options.h"
#include "posse/posse.h"

namespace posse {
inline namespace v1 {

/// One network's keypoints.
struct Poses {
  std::vector<std::string> bodyparts;
  std::vector<Keypoint> keypoints;        ///< [frames, bodyparts]
  std::vector<std::int64_t> frame_index;  ///< [frames] rising; empty: 0, 1, 2, ...
};

/// What several networks say together.
struct JointPoses {
  std::size_t num_frames = 0;
  std::size_t num_bodyparts = 0;
  std::vector<Keypoint> keypoints;      ///< [frames, bodyparts]
  std::vector<Covariance> covariances;  ///< [frames, bodyparts]
  std::vector<double> chance_seen;      ///< [frames, bodyparts] of a track; else empty
  std::vector<double> smoothing;        ///< [bodyparts] s of smoothing; else empty
  std::vector<std::string> warnings;
};

namespace detail {

using ArrayFunction = posse_status (*)(const posse_poses*, std::size_t, const char*, posse_result*);

static_assert(sizeof(Keypoint) == 3 * sizeof(double), "arrays are handed over in place");

inline JointPoses taken(const posse_result& result) {
  JointPoses poses;
  poses.num_frames = result.num_frames;
  poses.num_bodyparts = result.num_bodyparts;
  const std::size_t count = result.num_frames * result.num_bodyparts;
  for (std::size_t i = 0; i < count; ++i) {
    const double* const point = result.keypoints + 3 * i;
    const double* const covariance = result.covariances + 3 * i;
    poses.keypoints.push_back({point[0], point[1], point[2]});
    poses.covariances.push_back({covariance[0], covariance[1], covariance[2]});
  }
  if (result.chance_seen != nullptr)
    poses.chance_seen.assign(result.chance_seen, result.chance_seen + count);
  if (result.smoothing != nullptr)
    poses.smoothing.assign(result.smoothing, result.smoothing + result.num_bodyparts);
  poses.warnings = lines_of(result.warnings);
  return poses;
}

inline JointPoses combined(ArrayFunction function, const std::vector<Poses>& members,
                           const Options& options) {
  std::vector<std::string> names;  // of the bodyparts, in lines
  std::vector<posse_poses> tables;
  for (const Poses& member : members) names.push_back(text_of(member.bodyparts));
  for (std::size_t m = 0; m < members.size(); ++m) {
    const Poses& member = members[m];
    posse_poses table = {};
    table.struct_size = sizeof table;
    table.num_bodyparts = member.bodyparts.size();
    table.num_frames =
        member.bodyparts.empty() ? 0 : member.keypoints.size() / member.bodyparts.size();
    if (table.num_frames * table.num_bodyparts != member.keypoints.size())
      throw Error(POSSE_SHAPE_MISMATCH, "member " + std::to_string(m + 1) + " has " +
                                            std::to_string(member.keypoints.size()) +
                                            " keypoints, which are no whole frames of " +
                                            std::to_string(table.num_bodyparts) + " bodyparts");
    if (!member.frame_index.empty() && member.frame_index.size() != table.num_frames)
      throw Error(POSSE_SHAPE_MISMATCH, "member " + std::to_string(m + 1) + " has " +
                                            std::to_string(member.frame_index.size()) +
                                            " frame numbers for " +
                                            std::to_string(table.num_frames) + " frames");
    table.keypoints = member.keypoints.empty() ? nullptr : &member.keypoints.front().x;
    table.frame_index = member.frame_index.empty() ? nullptr : member.frame_index.data();
    table.bodyparts = names[m].c_str();
    tables.push_back(table);
  }
  posse_result result = {};
  result.struct_size = sizeof result;
  check(function(tables.data(), tables.size(), text_of(options).c_str(), &result));
  struct Free {
    posse_result& result;
    ~Free() { posse_free_result(&result); }
  } const free_at_end{result};
  return taken(result);
}

}  // namespace detail
}  // namespace v1
}  // namespace posse
