/// The private state of an Ensemble, and the way of frames through it; for ensemble.cc alone.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "consensus/track/evidence_finder.h"
#include "ensemble/cut_frames.h"
#include "ensemble/ensemble.h"
#include "ensemble/member_parts.h"
#include "ensemble/precision_check.h"
#include "network/backend.h"

namespace posse {

/// What one worker owns.
struct EnsembleWorker {
  std::unique_ptr<Workspace> workspace;
  std::vector<std::unique_ptr<PrefixActivations>> prefixes;
  FrameBatch batch;
  std::vector<std::vector<uint8_t>> pictures;  ///< of the batch, where networks see other than it
  EvidenceFinder evidence;
};

/// Members that are computed together because they begin alike and see the same, or a single one.
struct MemberGroup {
  int prefix = -1;
  FrameView view;
  bool takes_boxes = false;
  std::vector<int> members;  ///< numbers within the part that is loaded
};

struct Ensemble::State {
  EnsembleOptions options;
  std::vector<MemberNetwork> members;
  std::vector<std::string> warnings;
  std::vector<std::string> notes;
  BodypartAlignment alignment;
  std::shared_ptr<const Backend> backend;
  int num_threads = 1;

  std::vector<MemberPart> parts;  ///< that are in memory together; several: one after another

  std::mutex running;
  std::unique_ptr<EnsembleExecutor> executor;
  std::optional<Extent> compiled_for;
  size_t loaded_part = 0;  ///< of the executor
  std::vector<MemberGroup> groups;
  std::vector<EnsembleWorker> workers;
  FrameBundle single;                       ///< of run_frame()
  std::optional<PrecisionCheck> precision;  ///< of the last frames looked at
  /// Where a device's memory is full: frames and members at a time that it holds; 0: all.
  struct Held {
    int frames = 0;
    size_t members = 0;
    bool operator==(const Held&) const = default;
  };
  Held held, told;

  struct Run;

  /// True if the networks compute with fewer digits than float32, and no frames have shown yet that
  /// this is enough.
  bool needs_precision_check() const { return !precision && backend->in_full_precision(); }
  /// As Ensemble::run(), without a look at the precision. The caller holds `running`.
  RunTimings run_frames(const EnsembleRun& run);
  /// The same networks on another backend, nothing loaded.
  std::unique_ptr<State> on(std::shared_ptr<const Backend> other) const;
  /// As Ensemble::check_precision(). The caller holds `running`.
  void check_precision(std::span<const VideoFrame> frames, const EnsembleRun& how);

  /// As those of the Ensemble.
  void check_boxes(const FrameBoxes& boxes) const;
  double prepare(Extent frame);
  /// Where the choice of the device was left to posse: compiles the networks, on the next device
  /// where they fail.
  void settle_device();
  /// More parts with half as many members, since the device's memory is full. @return false where
  /// there is one member at a time already
  bool halve_parts();
  /// Keeps what the executor knows of the device's memory.
  void note_memory();
  void unload();
  /// Compiles a part for frames of this size, unless that is done.
  /// @param is_trial  to see whether the device computes the networks: again before they are run
  void load(size_t part, Extent frame, bool is_trial = false);
  /// As many workers as the plan says, at least.
  void make_workers(const ExecutionPlan& plan);
  ConsensusEngine engine_for(const EnsembleRun& run) const;
  void compute(size_t group_index, const EnsembleRun& run, FrameBundle& bundle,
               EnsembleWorker& worker) const;
  /// A worker's batch. @param first_of_part  number of its first frame in the bundle, where it
  /// holds a part of it: maps are added behind those of the frames before
  void run_batch(const MemberGroup& group, const EnsembleRun& run, const size_t* first_of_part,
                 FrameBundle& bundle, EnsembleWorker& worker) const;
  /// @param evidence  also finds the frames' evidence; null: not wanted
  void combine(const EnsembleRun& run, FrameBundle& bundle, ConsensusEngine& engine,
               EvidenceFinder* evidence) const;
  DecodeRule consensus_rule() const;
  int batch_norm_frames() const;
  ExecutionPlan plan(Extent frame) const;
};

}  // namespace posse
