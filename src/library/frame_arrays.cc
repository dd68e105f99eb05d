#include "library/frame_arrays.h"

#include <cmath>
#include <initializer_list>

namespace posse {
namespace {

void append(std::vector<double>& array, std::initializer_list<double> values) {
  array.insert(array.end(), values);
}

}  // namespace

posse_frame FrameArrays::fill(const FrameResult& frame) {
  for (auto* array :
       {&keypoints_, &covariances_, &spreads_, &members_, &radius90_, &chance_seen_}) {
    array->clear();
  }
  const double nan = std::nan("");
  for (size_t p = 0; p < frame.consensus.size(); ++p) {
    const ConsensusKeypoint& point = frame.consensus[p];
    const Covariance& covariance = !frame.calibrated.empty() ? frame.calibrated[p].covariance
                                   : !frame.track.empty()    ? frame.track[p].covariance
                                                             : point.map_covariance;
    append(keypoints_, {point.keypoint.x, point.keypoint.y, point.keypoint.likelihood});
    append(covariances_, {covariance.xx, covariance.xy, covariance.yy});
    append(spreads_, {point.std_x, point.std_y});
    radius90_.push_back(frame.calibrated.empty() ? nan : frame.calibrated[p].radius90);
    chance_seen_.push_back(frame.track.empty() ? nan : frame.track[p].chance_seen);
  }
  for (const Keypoint& point : frame.members)
    append(members_, {point.x, point.y, point.likelihood});
  return {.struct_size = sizeof(posse_frame),
          .frame_index = frame.frame_index,
          .time_seconds = frame.time_seconds,
          .num_bodyparts = frame.consensus.size(),
          .num_members = frame.num_members(),
          .keypoints = keypoints_.data(),
          .covariances = covariances_.data(),
          .spreads = spreads_.data(),
          .members = members_.data(),
          .radius90 = radius90_.data(),
          .chance_seen = chance_seen_.data()};
}

}  // namespace posse
