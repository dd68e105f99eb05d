/// Runs frames through networks in order, with bounded memory and several threads: decode ->
/// networks -> combine -> sink.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/stop.h"
#include "ensemble/frame_result.h"
#include "network/backend.h"
#include "video/video_reader.h"

namespace posse {

/// Consecutive frames on their way, with what the networks said of them. Bundles are reused, so
/// their buffers are too.
struct FrameBundle {
  std::vector<VideoFrame> frames;  ///< the first num_frames + num_fillers are valid
  int64_t number = 0;              ///< counted from the run's first
  size_t num_frames = 0;
  size_t num_fillers = 0;  ///< frames behind them that only complete a batch: no results of theirs
  std::vector<NetworkOutput> outputs;  ///< [members]
  std::vector<FrameResult> results;    ///< [num_frames], made by combine
};

/// The work itself; every function may throw, the first exception ends the run and is rethrown by
/// run_pipeline.
struct PipelineWork {
  /// Next frame into the argument (buffers reused); false at the end. Called from one thread.
  std::function<bool(VideoFrame&)> source;
  /// If given: a bundle as it came from the source, on the thread that calls the source. May add
  /// fillers to a bundle that is not full.
  std::function<void(FrameBundle& bundle)> complete;
  /// Group `group` of networks over all frames of the bundle. Called from worker `worker`;
  /// different groups of one bundle run at the same time.
  std::function<void(size_t group, FrameBundle& bundle, size_t worker)> compute;
  /// When all groups are done with a bundle, by the worker that finished last.
  std::function<void(FrameBundle& bundle, size_t worker)> combine;
  /// Finished bundles in the order of the video, on the thread that called run_pipeline.
  std::function<void(FrameBundle& bundle)> sink;
};

struct PipelineOptions {
  size_t num_groups = 1;
  size_t num_members = 1;  ///< size of FrameBundle::outputs
  size_t num_workers = 1;
  size_t batch_size = 1;  ///< frames per bundle; the last one may hold fewer
};

/// Runs until the source ends or `stop` is requested; everything sunk by then is a gapless
/// beginning of the video.
///
/// Work items are (group, bundle). Workers take the items of as many bundles as there are workers
/// group by group, so that they work with the same weights at the same time. At most 2 * workers +
/// 2 bundles exist, whatever the video's length. What the sink sees does not depend on the number
/// of workers or on timing.
/// @throws whatever the work threw.
void run_pipeline(const PipelineOptions& options, const PipelineWork& work,
                  const StopFlag* stop = nullptr);

}  // namespace posse
