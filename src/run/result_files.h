/// The tables of a run: consensus, uncertainty, and on request the members.
#pragma once

#include <memory>

#include "ensemble/ensemble.h"
#include "run/run_video.h"

namespace posse {

/// Writes all tables of a run row by row, with constant memory; they appear under their names in
/// finish().
///
/// The .h5 holds beside the plain table, under /posse: time_seconds, members_std (per-axis standard
/// deviation of the members' keypoints), map_covariance (of the consensus map), num_members and
/// member_distance; docs/results.md describes them. The wide csv holds the same per axis in the
/// columns of eks.
class ResultFiles {
 public:
  /// @throws Error(io), or what the table writers refuse about names.
  ResultFiles(const Ensemble& ensemble, const ResultPaths& paths, const RunOptions& options);
  ~ResultFiles();
  ResultFiles(const ResultFiles&) = delete;
  ResultFiles& operator=(const ResultFiles&) = delete;

  void append(const FrameResult& result);
  void finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Rough size of all tables and of the journal per frame, for --dry-run.
double estimated_bytes_per_frame(const Ensemble& ensemble, const RunOptions& options);

}  // namespace posse
