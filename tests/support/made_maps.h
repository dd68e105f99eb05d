/// Makes members' maps with known bumps, for tests of tracking.
#pragma once

#include <cmath>
#include <vector>

#include "consensus/grid.h"

namespace posse {

/// A bump of logits at a pixel; `height` is the highest logit.
struct MadeBump {
  double x = 0;
  double y = 0;
  double height = 5;
  int bodypart = 0;
};

/// One member's maps: a floor of -9 with bumps two cells wide, and location refinement that points
/// at the nearest bump of the bodypart.
class MadeMember {
 public:
  MadeMember(int height, int width, int bodyparts, double stride,
             const std::vector<MadeBump>& bumps)
      : height_(height), width_(width), bodyparts_(bodyparts), stride_(stride) {
    for (int row = 0; row < height; ++row) {
      for (int col = 0; col < width; ++col) {
        for (int part = 0; part < bodyparts; ++part) add_cell(row, col, part, bumps);
      }
    }
  }

  MemberMap map(DecodeRule rule = DecodeRule::dlc) const {
    return {.map = {.logits = logits_.data(),
                    .locref = locref_.data(),
                    .height = height_,
                    .width = width_,
                    .num_bodyparts = bodyparts_,
                    .stride = stride_,
                    .locref_stdev = 1},
            .column_of_bodypart = {},
            .rule = rule};
  }
  /// All logits of one bodypart.
  void fill(int bodypart, float value) {
    for (size_t i = static_cast<size_t>(bodypart); i < logits_.size();
         i += static_cast<size_t>(bodyparts_)) {
      logits_[i] = value;
    }
  }
  std::vector<float>& logits() { return logits_; }

 private:
  void add_cell(int row, int col, int part, const std::vector<MadeBump>& bumps) {
    double logit = -9;
    double dx = 0;
    double dy = 0;
    for (const MadeBump& bump : bumps) {
      if (bump.bodypart != part) continue;
      const double x = bump.x - pixel_from_cell(col, stride_);
      const double y = bump.y - pixel_from_cell(row, stride_);
      const double here = bump.height - (x * x + y * y) / (3 * stride_ * stride_);
      if (here < logit) continue;
      logit = here;
      dx = x;
      dy = y;
    }
    logits_.push_back(static_cast<float>(logit));
    locref_.push_back(static_cast<float>(dx));
    locref_.push_back(static_cast<float>(dy));
  }

  int height_, width_, bodyparts_;
  double stride_;
  std::vector<float> logits_, locref_;
};

}  // namespace posse
