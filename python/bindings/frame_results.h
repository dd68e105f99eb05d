/// Keeps what a run gave as the library gave it, and shows it to Python as arrays.
#pragma once

#include <string>
#include <vector>

#include "base/frame_range.h"
#include "base/tensor.h"
#include "bindings.h"
#include "consensus/scoremap_consensus.h"
#include "ensemble/frame_result.h"
#include "run/options.h"

namespace posse {

/// What one member's network said of consecutive frames, bodyparts in the ensemble's order.
class MemberMaps {
 public:
  /// @param columns  the network's channel of each bodypart; must outlive this.
  explicit MemberMaps(const std::vector<int>& columns, size_t expected_frames = 0)
      : columns_(&columns), expected_frames_(expected_frames) {}

  /// Takes the first `num_frames` frames of [frames, height, width, channels].
  void append(const Tensor& logits, size_t num_frames);
  /// Float32 [frames, height, width, bodyparts]; what was kept is gone then.
  py::array_t<float> take();

 private:
  const std::vector<int>* columns_;
  size_t expected_frames_;
  size_t num_frames_ = 0;
  size_t height_ = 0;
  size_t width_ = 0;
  std::vector<float> values_;
};

/// Results of consecutive frames of one video, or of pictures.
struct FrameResults {
  FrameResults(size_t members, size_t bodyparts) : num_members(members), num_bodyparts(bodyparts) {}
  FrameResults(FrameResults&&) = default;
  FrameResults& operator=(FrameResults&&) = default;

  std::vector<FrameResult> frames;
  size_t num_members;
  size_t num_bodyparts;
  std::string bbox;  ///< as RunOptions::bbox
  FrameRange range;  ///< of the video: what was asked for; of a chunk, what it holds
  RunConsensus consensus = RunConsensus::mean;
  std::vector<std::string> warnings;        ///< about the data
  std::vector<std::string> video_warnings;  ///< those of them that are about the video
  std::vector<FrameResult> untracked;       ///< of a track: the frames as the networks gave them
  TrackChoices choices;                     ///< of a track
  std::vector<std::string> track_warnings;  ///< about it, also among the warnings
  std::string track_report;                 ///< `track` of a run.json
  std::vector<std::string> names;           ///< of the bodyparts, as the report has them
  std::vector<MemberMaps> maps;             ///< [members] if they were asked for, else empty
};

void bind_frame_results(py::module_& core);

}  // namespace posse
