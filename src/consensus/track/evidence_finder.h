/// Finds a frame's evidence for tracking in the members' maps.
#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "consensus/grid.h"
#include "consensus/track/evidence_mixture.h"
#include "consensus/track/frame_evidence.h"

namespace posse {

/// Finds places and evidence, frame by frame; keeps scratch memory for one frame, so use one finder
/// per thread.
///
/// A bodypart's own places are up to kMostOwnPlaces cells: the highest of its evidence, then the
/// highest outside the boxes of those before, as long as they exceed twice the uniform value; at
/// least one where any member votes. Members on other grids are brought to the finest
/// (resample_member); their votes are read from their own maps. A member with a NaN logit for a
/// bodypart, or with -inf everywhere, does not vote for it, nor one that was not shown the place.
///
/// A vote is the member's largest cell within two cells of the place, plus its location refinement
/// there; without one (or for the dgp rule) the expectation of its softmax over the 5 x 5 cells
/// around that cell.
class EvidenceFinder {
 public:
  /// @param members  all of one frame, at least one, with equal numbers of bodyparts.
  /// @param stated  [members, bodyparts] keypoints already decoded from the same maps, or empty:
  /// for members of the dgp rule their likelihood is the w of FrameEvidence.
  /// @throws Error(invalid_value) without members; Error(shape_mismatch) if the numbers of
  /// bodyparts differ; Error as check_scoremap.
  FrameEvidence find(std::span<const MemberMap> members, std::span<const Keypoint> stated = {});

 private:
  void align(std::span<const MemberMap> members);
  void add_member(size_t member, DecodeRule rule, std::span<const Keypoint> stated);
  void find_highest_cells(const FrameEvidence& frame);
  void find_places(FrameEvidence& frame);
  void find_boxes(const FrameEvidence& frame);
  double box_mass(size_t bodypart, size_t place) const;
  void find_evidence(std::span<const MemberMap> members, FrameEvidence& frame) const;
  size_t num_cells() const {
    return static_cast<size_t>(grid_.height) * static_cast<size_t>(grid_.width);
  }

  Grid grid_;
  /// True: members saw different parts of the frame.
  bool some_unseen_ = false;
  size_t num_bodyparts_ = 0;
  /// [members] maps of [height, width, bodyparts].
  std::vector<const float*> logits_;
  /// [members] maps brought to the grid, where it was needed.
  std::vector<std::vector<float>> resampled_;
  /// Sum of the members' weighted softmax maps, without the background.
  EvidenceMixture mixture_;
  /// [bodyparts] weight w of one member.
  std::vector<double> weights_;
  /// [bodyparts] sum of 1 - w.
  std::vector<double> background_;
  /// [bodyparts]
  std::vector<int> num_voting_;
  /// [members][bodyparts]
  std::vector<std::vector<char>> votes_;
  std::vector<EvidenceMixture::Found> found_;
  /// [bodyparts] of -height, cell: cells that may be places, in order.
  std::vector<std::vector<std::pair<float, int>>> highest_cells_;
  /// [places] row * width + col.
  std::vector<int> place_cells_;
  /// [places] the cells of its box that lie in no box of an earlier place of the same bodypart
  std::vector<std::vector<size_t>> boxes_;
};

}  // namespace posse
