/// Lays a frame's result out as the flat arrays of posse_frame.
#pragma once

#include <vector>

#include "ensemble/frame_result.h"
#include "posse/posse.h"

namespace posse {

/// Owns the arrays that a posse_frame points to; buffers are used again.
class FrameArrays {
 public:
  /// @return points into this object, until the next call
  posse_frame fill(const FrameResult& frame);

 private:
  std::vector<double> keypoints_, covariances_, spreads_, members_, radius90_, chance_seen_;
};

}  // namespace posse
