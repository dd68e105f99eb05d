/// The five kinds of ensemble Kalman smoothing as jobs: tables in, smoothed tracks out, written on
/// request with a record of what was done.
///
/// Shared by all: `inputs` are the members' tables; `out` is where results go, empty to write
/// nothing; targets that exist are refused unless forced, before anything is computed.
/// To add a smoother:
///  1. write it in src/smoothing/models, with its test: what the observations are, and the state
///     behind them (math in docs/math-smoothing.md);
///  2. describe its options in smooth_options.h: the command line, Python and run.json take them
///     from there;
///  3. add the job here, and what its record says to job_records.h; test both in
///     smooth_jobs_test.cc;
///  4. call it in src/cli/cmd_smooth.cc and remake docs/cli.md (scripts/make_cli_docs.py); bind it
///     in python/bindings/bind_table_jobs.cc, with a function in python/posse/tables.py, named in
///     __init__.py and _core.pyi;
///  5. let `posse run --smooth` make it too where it suits a run: SmoothChoice of
///     src/run/options.h and src/run/outputs/smoothed_table.cc.
///
/// @throws Error(usage) for targets, inputs and options that make no sense; Error(interrupted) when
/// stopped; and as the readers, the smoothers (smoothing/models) and the writers.
#pragma once

#include <filesystem>
#include <vector>

#include "smoothing/models/calibrated_cameras.h"
#include "smoothing/models/pupil.h"
#include "smoothing/models/smoothed_tracks.h"
#include "table_jobs/job.h"
#include "table_jobs/smooth_options.h"

namespace posse {

/// @param out  a table, .h5 or .csv
JobOutcome<SmoothedTracks> run_smooth_single(const JobInputs& inputs,
                                             const std::filesystem::path& out,
                                             const SmoothSingleOptions& options,
                                             const JobHooks& hooks = {});

/// Files belong to the camera whose name is part of theirs, poses to the one they name.
/// @param out  a folder, for <camera>.h5 and, with a calibration, points_3d.csv
/// @return points and their variances are empty without a calibration
JobOutcome<SmoothedSpace> run_smooth_multi(const JobInputs& inputs,
                                           const std::filesystem::path& out,
                                           const SmoothMultiOptions& options,
                                           const JobHooks& hooks = {});

/// @param out  a table, .h5 or .csv
JobOutcome<SmoothedTracks> run_smooth_mirrored(const JobInputs& inputs,
                                               const std::filesystem::path& out,
                                               const SmoothMirroredOptions& options,
                                               const JobHooks& hooks = {});

/// @param out  a table, .h5 or .csv
JobOutcome<SmoothedPupil> run_smooth_pupil(const JobInputs& inputs,
                                           const std::filesystem::path& out,
                                           const SmoothPupilOptions& options,
                                           const JobHooks& hooks = {});

/// Times of both cameras' frames, in a clock they share.
struct PawTimes {
  std::vector<double> left, right;  ///< [frames]; empty: read from files
};

/// @param out  a folder, for left.h5 and right.h5
JobOutcome<SmoothedCameras> run_smooth_paw(const JobInputs& inputs,
                                           const std::filesystem::path& out,
                                           const SmoothPawOptions& options,
                                           const JobHooks& hooks = {}, const PawTimes& times = {});

}  // namespace posse
