/// What a run gave, kept as the library gave it and shown to Python as arrays.
#pragma once

#include <string>
#include <vector>

#include "base/frame_range.h"
#include "bindings.h"
#include "consensus/scoremap_consensus.h"
#include "ensemble/frame_result.h"

namespace posse {

/// Results of consecutive frames of one video, or of pictures.
struct FrameResults {
  FrameResults(size_t members, size_t bodyparts) : num_members(members), num_bodyparts(bodyparts) {}
  FrameResults(FrameResults&&) = default;
  FrameResults& operator=(FrameResults&&) = default;

  std::vector<FrameResult> frames;
  size_t num_members;
  size_t num_bodyparts;
  FrameRange range;  ///< of the video: what was asked for; of a chunk, what it holds
  ConsensusMethod consensus = ConsensusMethod::mean;
  std::vector<std::string> warnings;  ///< about the data
};

void bind_frame_results(py::module_& core);

}  // namespace posse
