/// Smoothing at the end of a run, from the members' keypoints in its journal.
#pragma once

#include "ensemble/ensemble.h"
#include "run/journal.h"
#include "run/options.h"
#include "run/result_paths.h"

namespace posse {

/// Writes paths.smoothed: by the ensemble Kalman smoother with tuned s (kalman), or by its filter
/// with the default s (causal).
///
/// The smoother needs all frames at once: 24 bytes per member, bodypart and frame, and about as
/// much again. The filter takes constant memory. Rows are taken as equally spaced in time. A single
/// member gives variances from its likelihood.
void write_smoothed_run(const Ensemble& ensemble, const ResultPaths& paths,
                        const RunOptions& options, const JournalKey& key);

}  // namespace posse
