/// Runs `posse evaluate` and `posse calibrate` as functions: members and labels in, numbers out.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "calibration/calibration.h"
#include "ensemble/options.h"
#include "study/calibrate/fit.h"
#include "study/calibrate/fit_calibration.h"
#include "study/evaluate_options.h"
#include "study/judge/error_tables.h"
#include "study/judge/judged_frames.h"
#include "study/judge/uncertainty_table.h"
#include "study/judge/video_coverage.h"
#include "study/judge/warnings.h"
#include "study/members/map_store.h"
#include "study/original_rows.h"

namespace posse {

/// A label that the members, who agree, do not share.
struct SuspectLabel {
  std::string picture;
  std::string bodypart;
  /// Distance from the consensus in px.
  double distance = 0;
  /// Standard deviation per axis in px that was to be expected: the usual error, and how far most
  /// members are from the consensus.
  double stated = 0;
  /// Distance / stated.
  double ratio = 0;
};

/// One bodypart of the consensus, before and after calibration outside its folds.
struct CalibratedRow {
  std::string bodypart;
  size_t num_points = 0;
  /// Error in px.
  double rmse = 0, median = 0;
  Interval rmse_interval;
  /// Spread-skill ratio of the raw ensemble.
  double spread_skill = 0;
  /// Spearman's correlation of error and raw spread.
  double spearman = 0;
  /// Coverage of the raw ensemble's 90 % region.
  double raw90 = 0;
  double calibrated90 = 0;
  Interval calibrated90_interval;
  /// Median radius in px; NaN for a pooled one.
  double radius90 = 0;
  /// Fewer than kFewPoints points: nothing of its own is stated, what a run states of it is that of
  /// all bodyparts together.
  bool pooled = false;
  /// Median in px of what a run states of it then; else NaN.
  double pooled_radius90 = 0;
};

struct Evaluation {
  JudgedFrames judged;
  std::string labels_scorer;
  std::string labels_sha256;
  std::vector<std::string> membership_sources;  ///< [members]
  std::vector<ErrorTable> errors;
  std::vector<PairedDifference> differences;
  std::vector<Sureness> sureness;  ///< [members]
  std::vector<UncertaintySummary> uncertainty;
  std::string consensus;                  ///< of what follows
  std::string consensus_why;              ///< half a sentence
  std::vector<CalibratedRow> calibrated;  ///< [bodyparts + 1]; empty with too few points
  std::vector<FitPoint> points;
  CrossFit cross_fit;
  std::vector<RegionCheck> regions;             ///< as calibration.regions; empty likewise
  std::optional<ChanceCheck> chance;            ///< with `calibrated`
  Calibration calibration;                      ///< for use
  std::optional<VideoCoverage> video_coverage;  ///< with --video-results
  std::vector<SuspectLabel> suspects;           ///< largest ratio first
  std::vector<OriginalRow> original;
  std::optional<double> label_noise;      ///< px per axis, over all bodyparts
  std::vector<double> label_noise_parts;  ///< [bodyparts], of a second rater; empty without
  double failure_distance = 5;
  std::vector<double> pck_radii;
  std::vector<std::string> notes;     ///< what was found and how it was taken
  std::vector<std::string> warnings;  ///< what a person should look at
  bool training_frames = false;       ///< not out of bag: no estimate of error
};

/// Judges labelled pictures by the members that were not trained on them.
///
/// `members` are networks, or tables of keypoints of one video alone (judge_tables()).
/// @throws Error(usage) where it is not known on what a member was trained, saying how to tell, and
/// for options that contradict each other; Error(not_found) for files that options name;
/// Error(shape_mismatch) where labels and networks share no bodypart; Error(interrupted); of the
/// readers and networks
Evaluation evaluate(std::span<const std::filesystem::path> members,
                    const std::filesystem::path& labels, const EvaluateOptions& options,
                    const EnsembleOptions& networks, const JobHooks& hooks = {});

/// Fits a calibration to labelled pictures (Evaluation::calibration) and writes it; the track and
/// the smoother are looked at only where the consensus may be the track: where it is asked for, or
/// with three members or more where nothing is.
/// @param out  calibration.json; empty: nothing is written
/// @throws as evaluate; Error(usage) for fewer than kFewPoints points, for training frames, and
/// for a split that leaves too few, and where `out` exists and not `force`
Evaluation calibrate(std::span<const std::filesystem::path> members,
                     const std::filesystem::path& labels, const std::filesystem::path& out,
                     bool force, const EvaluateOptions& options, const EnsembleOptions& networks,
                     const JobHooks& hooks = {});

}  // namespace posse
