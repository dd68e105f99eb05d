/// Checks on judged pictures whether stated uncertainties are true.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/point.h"
#include "study/judge/judged_frames.h"
#include "study/scores/cluster_bootstrap.h"
#include "study/scores/coverage_scores.h"
#include "study/scores/ranking_scores.h"

namespace posse {

/// A point's error with what was stated of it.
struct StatedError {
  /// Label minus position, px.
  double dx = 0;
  double dy = 0;
  /// Covariance as it was stated, px^2.
  Covariance covariance;
  /// Energy score where the members are the sample; NaN: of the covariance.
  double energy = 0;
  /// Squared Mahalanobis distances within which the regions of kRegionShares lie; 0: the normal
  /// distribution's.
  std::array<double, 4> bounds{};
  /// What puts the points into quarters, least first; NaN: the covariance's trace.
  double order = 0;
  int64_t group = 0;
  size_t bodypart = 0;
  size_t picture = 0;
};

struct UncertaintyOptions {
  double failure_distance = 5;  ///< px: an error beyond is a failure
  BootstrapOptions bootstrap;
};

struct UncertaintySummary {
  std::string name;      ///< "raw ensemble", "map covariance", "track covariance" ...
  std::string method;    ///< whose positions: "mean", "track" ...
  std::string bodypart;  ///< "all" for all together
  size_t num_points = 0;
  size_t num_groups = 0;
  std::array<double, 4> coverage{};           ///< of the regions of kRegionShares
  std::array<Interval, 4> coverage_interval;  ///< NaN with few points or one group
  std::array<size_t, 10> pit_counts{};
  CalibrationError calibration;
  double spread_skill = 0;  ///< error / spread: 1 is right, above 1 the spread is too small
  double crps = 0;          ///< mean over points and axes, px
  double energy = 0;        ///< mean, px
  double log_score = 0;     ///< mean; infinite where a region is flat
  double sharpness = 0;     ///< sqrt(mean trace / 2), px
  double radius90 = 0;      ///< median radius of the circle as large as the 90 % region, px
  double spearman = 0;      ///< of error and spread
  RiskCoverage risk;
  std::vector<RiskPoint> risk_curve;  ///< at most 60 points
  double auroc = 0;                   ///< of failures
  size_t num_failures = 0;
  std::array<double, 4> quartile_coverage{};  ///< of the 90 % region, by StatedError::order
  std::array<Interval, 4> quartile_interval;
  std::array<size_t, 4> quartile_points{};
};

/// NaN where there are no points.
UncertaintySummary summarise_uncertainty(std::span<const StatedError> errors,
                                         const UncertaintyOptions& options);

/// The members' covariance about the mean of the members as if it were a region: an ensemble's
/// spread is no region, which this shows. Its energy score is that of the members.
std::vector<StatedError> raw_ensemble_errors(const JudgedFrames& judged,
                                             const JudgedMethod& method);

/// What the method itself states.
std::vector<StatedError> stated_errors(const JudgedFrames& judged, const JudgedMethod& method);

}  // namespace posse
