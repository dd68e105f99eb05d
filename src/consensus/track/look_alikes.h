/// Finds the bodyparts that members take for one another.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "consensus/track/frame_evidence.h"

namespace posse {

struct LookAlikeOptions {
  /// Two bodyparts look alike if on average at least this share of one's evidence lies at the
  /// other's main place, away from its own; in [0, 1].
  double least_confusion = 0.015;
  /// Bodyparts whose main places share a box in more than this share of frames lie close together
  /// by nature, and make no group but for the next; in [0, 1].
  double most_together = 0.5;
  /// Two that lie close together are a group if at least this share of their votes is nearer to
  /// where the other is; in [0, 1].
  double least_crossed = 0.05;
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
  /// Share of the two's votes, each at its own main place, that are nearer to the median of the
  /// other's votes at the other's main place than to that of its own, over frames in which the two
  /// places share a box, of those whose medians are more than a cell apart: members that take one
  /// for the other there. In [0, 1]; 0 without votes. Frames in which either has fewer than four
  /// votes (votes_at) do not count: the median of three is one member's vote.
  double crossed(size_t a, size_t b) const;

  /// Pairs of the groups that lie close together by nature, their main places in one box in more
  /// than most_together of the frames, and are not crossed: as two cannot be at one place, they
  /// push one another away for nothing.
  std::vector<std::pair<int, int>> close_pairs(const std::vector<std::vector<int>>& groups) const;

  /// Groups of two or more bodyparts, sorted. First pairs that lie close together, from the most
  /// crossed down, no bodypart in two of them: a third one would find no place beside them. Then
  /// pairs are joined from the most confused down, unless that would bring two close ones, or more
  /// than kMostGroupParts, into one group.
  std::vector<std::vector<int>> groups() const;

 private:
  struct Pair {
    double confusion = 0;
    size_t a = 0;
    size_t b = 0;
  };
  void add_crossed(const FrameEvidence& frame, const std::vector<int>& main);
  std::vector<Pair> confused_pairs() const;
  std::vector<Pair> crossed_pairs() const;
  bool may_join(const std::vector<size_t>& group_of, size_t a, size_t b) const;

  size_t num_bodyparts_;
  LookAlikeOptions options_;
  double num_frames_ = 0;
  std::vector<double> confused_;  ///< [bodyparts, bodyparts]
  std::vector<double> together_;  ///< [bodyparts, bodyparts]
  std::vector<double> crossed_;   ///< [bodyparts, bodyparts], votes
  std::vector<double> votes_;     ///< [bodyparts, bodyparts], out of which those are
};

}  // namespace posse
