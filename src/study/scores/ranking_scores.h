/// Scores whether the stated spread puts the errors in order: the larger one, the larger the other.
#pragma once

#include <span>
#include <vector>

namespace posse {

/// Ranks from 1; equal values share the mean of their ranks. Source: scipy.stats.rankdata.
std::vector<double> average_ranks(std::span<const double> values);

/// Spearman's rank correlation; NaN with fewer than two points or where one side is constant.
double spearman(std::span<const double> a, std::span<const double> b);

/// Areas below risk-coverage curves: what error is left when the points of largest spread are given
/// up. Points of equal spread count as their mean error.
struct RiskCoverage {
  /// Mean over k of the mean error of the k points of least spread, px.
  double aurc = 0;
  /// Mean over k of (sum of those errors) / n, px.
  double augrc = 0;
  /// The same on a scale where 0 is the best order and 1 an order by chance; above 1 is worse than
  /// that. NaN where all errors are equal.
  double aurc_scaled = 0;
  double augrc_scaled = 0;
};

/// NaN without points. Source: Geifman and El-Yaniv, NeurIPS 2017 (AURC); Traub et al.,
/// arXiv 2407.01032 (AUGRC, which does not overweight few confident failures).
RiskCoverage risk_coverage(std::span<const double> errors, std::span<const double> spreads);

/// A point of the risk-coverage curve.
struct RiskPoint {
  double kept = 0;   ///< share of the points, those of least spread
  double error = 0;  ///< their mean error, px
};

/// At most `most_points` points of the curve that aurc is the mean of, the last with all kept;
/// every one where there are no more. None without points.
std::vector<RiskPoint> risk_curve(std::span<const double> errors, std::span<const double> spreads,
                                  size_t most_points);

/// Chance that a failure has the larger spread of a failure and another point, equal ones counting
/// half; NaN where there are no failures or nothing else.
/// @param failures  [points] 1 for a failure, else 0
double auroc(std::span<const char> failures, std::span<const double> spreads);

}  // namespace posse
