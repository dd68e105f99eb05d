/// Writes a frame's evidence as bytes, to keep on disk, and reads it back.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "consensus/track/frame_evidence.h"

namespace posse {

/// Little-endian; 28 bytes, 4 a bodypart, 14 a place, and 8 + 6 a member for each pair of bodypart
/// and place in `evidence`: with five members 250 to 950 bytes a bodypart, the more the closer
/// bodyparts lie to one another. frame_index and time_seconds are not among them: the record around
/// it has them.
std::vector<uint8_t> evidence_bytes(const FrameEvidence& frame);

/// The inverse, exactly, with frame_index 0 and time_seconds NaN.
/// @throws Error(bad_file) if the bytes are no evidence, or of other numbers of members or
/// bodyparts.
FrameEvidence evidence_from_bytes(std::span<const uint8_t> bytes, size_t num_members,
                                  size_t num_bodyparts);

}  // namespace posse
