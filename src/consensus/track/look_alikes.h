/// Which bodyparts the members take for one another.
#pragma once

#include <cstddef>
#include <vector>

#include "consensus/track/frame_evidence.h"

namespace posse {

struct LookAlikeOptions {
  /// Two bodyparts look alike if on average at least this share of one's evidence lies at the
  /// other's main place, away from its own; in [0, 1].
  double least_confusion = 0.015;
  /// Bodyparts whose main places share a box in more than this share of frames lie close together
  /// by nature, and never make a group; in [0, 1].
  double most_together = 0.5;
};

/// Gathers, frame by frame, how much of each bodypart's evidence lies at the others' places; memory
/// does not depend on the number of frames.
class LookAlikes {
 public:
  explicit LookAlikes(size_t num_bodyparts, LookAlikeOptions options = {});
  void add(const FrameEvidence& frame);

  /// Mean share of a's evidence in the box of b's main place, its own one with the most evidence;
  /// frames in which the two main places share a box, or have none, count as 0. In [0, 1]; 0
  /// without frames.
  double confusion(size_t a, size_t b) const;
  /// Share of frames in which the main places of the two share a box; in [0, 1].
  double together(size_t a, size_t b) const;

  /// Groups of two or more bodyparts, sorted. Pairs are joined from the most confused down, unless
  /// that would bring two close ones, or more than kMostGroupParts, into one group.
  std::vector<std::vector<int>> groups() const;

 private:
  struct Pair {
    double confusion = 0;
    size_t a = 0;
    size_t b = 0;
  };
  std::vector<Pair> confused_pairs() const;
  bool may_join(const std::vector<size_t>& group_of, size_t a, size_t b) const;

  size_t num_bodyparts_;
  LookAlikeOptions options_;
  double num_frames_ = 0;
  std::vector<double> confused_;  ///< [bodyparts, bodyparts]
  std::vector<double> together_;  ///< [bodyparts, bodyparts]
};

}  // namespace posse
