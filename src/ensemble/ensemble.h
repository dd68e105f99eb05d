/// An ensemble of pose networks, which is opened once and run over many videos and pictures.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/image.h"
#include "base/stop.h"
#include "consensus/bodypart_alignment.h"
#include "ensemble/frame_boxes.h"
#include "ensemble/frame_result.h"
#include "ensemble/member_network.h"
#include "ensemble/options.h"
#include "ensemble/pipeline.h"

namespace posse {

/// Where the time of a run went, in seconds; stages overlap, and those of several workers add up.
struct RunTimings {
  double decode_seconds = 0;
  double network_seconds = 0;    ///< summed over workers
  double consensus_seconds = 0;  ///< summed over workers
  double sink_seconds = 0;       ///< delivering results: writing, callbacks
  double wall_seconds = 0;
};

/// What a run needs to know beside the ensemble.
struct EnsembleRun {
  /// Next frame, false at the end; all frames must have one size. Called from one thread.
  std::function<bool(VideoFrame&)> source;
  ConsensusMethod consensus = ConsensusMethod::mean;
  /// Also fill FrameResult::scoremap_logits, the consensus map.
  bool keep_consensus_scoremap = false;
  /// Also fill FrameResult::evidence, for tracking.
  bool keep_evidence = false;
  /// Have the members' locref computed also where their decode rule does not use it. What the
  /// networks said is in FrameBundle::outputs in any case.
  bool want_locref = false;
  /// Every network sees the whole picture, whatever its project's box: for labelled pictures, which
  /// were cut when they were extracted.
  bool whole_pictures = false;
  /// Boxes that frames are cut to for members of Lightning Pose; nullptr: whole frames.
  const FrameBoxes* boxes = nullptr;
  /// Finished frames in order, on the calling thread.
  std::function<void(FrameBundle&)> sink;
  /// Called on the calling thread now and then where nothing is sunk for long: while members run
  /// one part after another.
  std::function<void()> still_at_work;
  const StopFlag* stop = nullptr;
  /// Where the precision is below fp32: do not hold keypoints against those of fp32. For measuring
  /// speed, on pictures that show nothing.
  bool without_precision_check = false;
};

/// Not copyable; run() and predict() may be called from one thread at a time (a second caller
/// waits).
class Ensemble {
 public:
  /// Opens every member, checks that they fit together; networks are compiled by the first run,
  /// when the frame size is known, or now if posse is to choose the device (--device auto, where a
  /// card works).
  ///
  /// @param paths  members (project folders, train folders, snapshot prefixes) or folders whose
  /// direct sub-folders are members, in this order; columns follow the first member's bodyparts.
  /// @throws Error as find_members and open_network; Error(usage) without any member;
  /// Error(shape_mismatch) if bodyparts differ and options.common_bodyparts is not set.
  static Ensemble open(std::span<const std::filesystem::path> paths,
                       const EnsembleOptions& options = {});
  /// With a backend of the caller's; options.backend, device and ort_library are not looked at.
  static Ensemble open(std::span<const std::filesystem::path> paths, const EnsembleOptions& options,
                       std::shared_ptr<const Backend> backend);
  ~Ensemble();
  Ensemble(Ensemble&&) noexcept;
  Ensemble& operator=(Ensemble&&) noexcept;

  const std::vector<MemberNetwork>& members() const;
  /// Names of the result's columns, in order.
  const std::vector<std::string>& bodyparts() const;
  const BodypartAlignment& alignment() const;
  const EnsembleOptions& options() const;
  /// What else there was where the members lie, members left out, networks that came twice: a
  /// sentence each. What is odd in one member is MemberNetwork::warnings.
  const std::vector<std::string>& warnings() const;
  /// What --device auto passed over: a sentence each.
  const std::vector<std::string>& notes() const;
  /// How the consensus keypoint is read: dlc if all members are read that way, else dgp.
  DecodeRule consensus_rule() const;
  int num_threads() const;
  /// As Backend::numerics(): "cpu", "onnxruntime cuda fp32".
  std::string backend_name() const;
  /// On what the networks run; empty before they are compiled.
  ExecutionFacts execution_facts() const;
  /// Bytes of weights held for all members; 0 before the networks are compiled.
  int64_t weight_bytes() const;
  /// Bytes of activations and scratch of all workers, as grown so far.
  int64_t workspace_bytes() const;
  /// Networks whose beginning is shared by several members, computed once per frame.
  int num_shared_prefixes() const;

  /// @throws Error(shape_mismatch) if a member's box does not lie within frames of this size.
  void check_frame(Extent frame) const;
  /// @throws Error(usage) if no member takes boxes (MemberNetwork::takes_boxes)
  void check_boxes(const FrameBoxes& boxes) const;
  /// Parts of the members that are in memory one after another; 1: all are together.
  int num_parts() const;
  /// True if frames are cut for any member (MemberNetwork::crop).
  bool cuts_frames() const;
  /// Loads the weights and compiles the networks for frames of this size, unless that is done.
  /// Where they do not fit into a device's memory together, half as many, down to one.
  /// @return seconds taken.
  double prepare(Extent frame);
  /// After Error(device_memory): fewer networks at a time from now on, none of them loaded.
  /// prepare() does so by itself. @return false where they run one by one already
  bool run_fewer_members();
  /// What was found out since the last call and changes no result, a sentence each: that a device's
  /// memory is full, and what was done about it.
  std::vector<std::string> take_notes();
  /// Threads for the reader of a video, where the networks run on a device: it may outrun one.
  int decoder_threads(Extent frame) const;
  /// Frames per network call for frames of this size, as the backend plans them.
  int batch_size(Extent frame) const;
  /// True if the networks compute with fewer digits than float32.
  bool has_reduced_precision() const;
  /// Where the networks compute with fewer digits than float32 (EnsembleOptions::precision):
  /// computes these frames in float32 as well, on the same device, and compares every member's
  /// keypoints. Else nothing. The result is in execution_facts(). Without a call, run() and
  /// run_frame() look at the first frames they are given.
  /// @param frames  of one size, spread over what is to be run
  /// @param how  its boxes and whole_pictures
  /// @throws Error(unavailable) if they lie too far apart, as require_precision()
  void check_precision(std::span<const VideoFrame> frames, const EnsembleRun& how = {});
  /// Consecutive frames whose statistics batch norm takes together: the N of --batch-norm batch:N,
  /// where a member's network depends on it; else 1. A run() takes its frames N by N from the
  /// first; the last ones, if they are fewer, are completed with the frames at their places in the
  /// batch before, as DeepLabCut does. Fewer than N frames in all are a batch of their own.
  int batch_norm_frames() const;

  /// Runs all members over all frames of the source. Positions are in pixels of the whole frame,
  /// also where members see a part of it; the maps in FrameBundle::outputs are of that part.
  /// @throws Error of members, source or sink; as check_frame, check_boxes and FrameBoxes::box_of.
  RunTimings run(const EnsembleRun& run);
  /// What run() says of one frame, at once: with one worker no thread is started and the last
  /// call's memory is used again. source, sink and stop are not looked at, and no bundle is filled
  /// up for batch norm. @throws Error as run()
  FrameResult run_frame(VideoFrame frame, const EnsembleRun& run);
  /// Consensus and members' keypoints of single pictures, which need not be of one size.
  /// @param whole_pictures  as EnsembleRun::whole_pictures
  std::vector<FrameResult> predict(std::span<const Image> images,
                                   ConsensusMethod consensus = ConsensusMethod::mean,
                                   bool whole_pictures = false);

 private:
  struct State;
  friend struct State;
  explicit Ensemble(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace posse
