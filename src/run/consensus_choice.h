/// Chooses the consensus that a run takes where none is asked for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "run/options.h"

namespace posse {

/// Members that a track should hear, and the widest --frames step at which it was measured to do
/// all bodyparts together no harm (docs/tracking.md, which lists single ones that it does harm).
inline constexpr size_t kTrackMembers = 3;
inline constexpr int64_t kTrackStep = 6;

/// What decides it.
struct ConsensusFacts {
  bool is_pictures = false;  ///< a folder of pictures or a picture, no video
  size_t num_members = 0;
  int64_t step = 1;                        ///< of the range of frames
  std::optional<int64_t> num_frames;       ///< of the range; nullopt: unknown
  std::optional<RunConsensus> there;       ///< of finished results that are kept
  std::optional<RunConsensus> stopped;     ///< of a stopped run that can go on with no other
  std::optional<RunConsensus> calibrated;  ///< what the calibration is for
};

struct ChosenConsensus {
  RunConsensus method = RunConsensus::mean;
  std::string why;  ///< half a sentence

  /// "consensus track: a video with 5 members"
  std::string to_string() const;
};

/// What was asked for; for `automatic` the first that applies of: the consensus of the results that
/// are there, of the calibration, of the stopped run; the track for a video with three members or
/// more; the mean.
ChosenConsensus choose_consensus(ConsensusChoice choice, const ConsensusFacts& facts);

}  // namespace posse
