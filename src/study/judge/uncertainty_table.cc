#include "study/judge/uncertainty_table.h"

#include <algorithm>
#include <cmath>

#include "study/judge/error_tables.h"
#include "study/scores/distance_summary.h"
#include "study/scores/gaussian_scores.h"

namespace posse {
namespace {

/// d^2 of the region of kRegionShares[index].
double bound_of(const StatedError& error, size_t index) {
  return error.bounds.at(index) > 0 ? error.bounds.at(index)
                                    : region_bound(kRegionShares.at(index));
}

/// Numbers of each point.
struct PointScores {
  std::vector<double> d2, pit, distance, trace, radius;
};

PointScores scores_of(std::span<const StatedError> errors) {
  PointScores scores;
  for (const StatedError& e : errors) {
    scores.d2.push_back(squared_mahalanobis(e.dx, e.dy, e.covariance));
    scores.pit.push_back(box_ordinate_pit(scores.d2.back()));
    scores.distance.push_back(std::hypot(e.dx, e.dy));
    scores.trace.push_back(trace(e.covariance));
    scores.radius.push_back(
        std::sqrt(bound_of(e, 2) * std::sqrt(std::max(0.0, determinant(e.covariance)))));
  }
  return scores;
}

void add_proper_scores(std::span<const StatedError> errors, UncertaintySummary& summary) {
  const auto count = static_cast<double>(errors.size());
  double traces = 0;
  for (const StatedError& e : errors) {
    const Covariance& c = e.covariance;
    summary.crps += 0.5 * (crps_normal(e.dx, std::sqrt(c.xx)) + crps_normal(e.dy, std::sqrt(c.yy)));
    summary.energy += std::isnan(e.energy)
                          ? energy_score_isotropic(std::hypot(e.dx, e.dy), std::sqrt(trace(c) / 2))
                          : e.energy;
    summary.log_score += log_score(e.dx, e.dy, c);
    traces += trace(c);
  }
  summary.crps /= count;
  summary.energy /= count;
  summary.log_score /= count;
  summary.sharpness = std::sqrt(traces / count / 2);
}

void add_quartiles(std::span<const StatedError> errors, const PointScores& scores,
                   const UncertaintyOptions& options, UncertaintySummary& summary) {
  std::vector<size_t> order(errors.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto spread = [&](size_t i) {
    return std::isnan(errors[i].order) ? scores.trace[i] : errors[i].order;
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return spread(a) < spread(b); });
  for (size_t quarter = 0; quarter < 4; ++quarter) {
    ShareWithin share;
    for (size_t i = quarter * order.size() / 4; i < (quarter + 1) * order.size() / 4; ++i)
      share.add(errors[order[i]].group, scores.d2[order[i]] <= bound_of(errors[order[i]], 2));
    summary.quartile_coverage.at(quarter) = share.value();
    summary.quartile_interval.at(quarter) = share.interval(options.bootstrap);
    summary.quartile_points.at(quarter) = share.count();
  }
}

}  // namespace

UncertaintySummary summarise_uncertainty(std::span<const StatedError> errors,
                                         const UncertaintyOptions& options) {
  UncertaintySummary summary{.bodypart = "all", .num_points = errors.size()};
  const PointScores scores = scores_of(errors);
  for (size_t i = 0; i < kRegionShares.size(); ++i) {
    ShareWithin share;
    for (size_t e = 0; e < errors.size(); ++e)
      share.add(errors[e].group, scores.d2[e] <= bound_of(errors[e], i));
    summary.coverage.at(i) = share.value();
    summary.coverage_interval.at(i) = share.interval(options.bootstrap);
    summary.num_groups = share.num_groups();
  }
  summary.pit_counts = pit_histogram(scores.pit);
  summary.calibration = calibration_error(scores.pit);
  summary.spread_skill = spread_skill(scores.distance, scores.trace);
  add_proper_scores(errors, summary);
  summary.radius90 = quantile(scores.radius, 0.5);
  summary.spearman = spearman(scores.distance, scores.trace);
  summary.risk = risk_coverage(scores.distance, scores.trace);
  summary.risk_curve = risk_curve(scores.distance, scores.trace, 60);
  std::vector<char> failures;
  for (const double d : scores.distance) failures.push_back(d > options.failure_distance ? 1 : 0);
  summary.num_failures = static_cast<size_t>(std::count(failures.begin(), failures.end(), 1));
  summary.auroc = auroc(failures, scores.trace);
  add_quartiles(errors, scores, options, summary);
  return summary;
}

namespace {

/// @param make  called with picture, bodypart, place in the arrays, label and keypoint
template <class Make>
std::vector<StatedError> gather(const JudgedFrames& judged, const JudgedMethod& method,
                                const Make& make) {
  std::vector<StatedError> errors;
  for (size_t i = 0; i < judged.pictures.size(); ++i) {
    if (method.judged[i] == 0) continue;
    for (size_t p = 0; p < judged.num_bodyparts(); ++p) {
      const size_t at = judged.at(i, p);
      const Point& label = judged.labels[at];
      const Keypoint& keypoint = method.keypoints[at];
      const Covariance covariance = make(i, p, at).first;
      if (std::isnan(label.x) || !std::isfinite(keypoint.x) || !std::isfinite(keypoint.y) ||
          std::isnan(covariance.xx) || std::isnan(covariance.xy) || std::isnan(covariance.yy)) {
        continue;
      }
      errors.push_back({.dx = label.x - keypoint.x,
                        .dy = label.y - keypoint.y,
                        .covariance = covariance,
                        .energy = make(i, p, at).second,
                        .order = std::nan(""),
                        .group = judged.pictures[i].group,
                        .bodypart = p,
                        .picture = i});
    }
  }
  return errors;
}

}  // namespace

std::vector<StatedError> raw_ensemble_errors(const JudgedFrames& judged,
                                             const JudgedMethod& method) {
  return gather(judged, method, [&](size_t picture, size_t part, size_t at) {
    std::vector<Point> points;
    for (const size_t m : judged.pictures[picture].members) {
      const Keypoint& k = judged.member(picture, m, part);
      if (std::isfinite(k.x) && std::isfinite(k.y)) points.push_back({k.x, k.y});
    }
    return std::pair(judged.member_covariance[at],
                     energy_score_of_points(points, judged.labels[at]));
  });
}

std::vector<StatedError> stated_errors(const JudgedFrames& judged, const JudgedMethod& method) {
  return gather(judged, method, [&](size_t, size_t, size_t at) {
    return std::pair(method.covariance[at], std::nan(""));
  });
}

}  // namespace posse
