#include "study/calibrate/fit.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <numbers>
#include <random>

#include "base/error.h"
#include "smoothing/tuning/simplex_search.h"
#include "study/judge/error_tables.h"
#include "study/scores/distance_summary.h"
#include "study/scores/gaussian_scores.h"

namespace posse {
namespace {

constexpr double kFreedom = 4;     ///< degrees of freedom of the Student t distribution
constexpr double kShrinkage = 20;  ///< points that draw a bodypart's scale to 1
constexpr size_t kMostFolds = 5;
constexpr double kLeastStd = 0.05;  ///< px, below which no consensus is that exact

bool has_nan(const Covariance& c) {
  return std::isnan(c.xx) || std::isnan(c.xy) || std::isnan(c.yy);
}

/// Means over the points, for each bodypart; those of all bodyparts for the pooled ones and where
/// one has none.
std::vector<Covariance> pooled(std::span<const FitPoint> points, std::span<const char> is_pooled,
                               Covariance SpreadFacts::*which) {
  const size_t num_bodyparts = is_pooled.size();
  std::vector<Covariance> sums(num_bodyparts + 1);
  std::vector<double> counts(num_bodyparts + 1, 0.0);
  for (const FitPoint& point : points) {
    const Covariance& c = point.facts.*which;
    if (has_nan(c)) continue;
    for (const size_t row : {point.bodypart, num_bodyparts}) {
      sums[row].xx += c.xx;
      sums[row].xy += c.xy;
      sums[row].yy += c.yy;
      counts[row] += 1;
    }
  }
  std::vector<Covariance> means;
  for (size_t p = 0; p < num_bodyparts; ++p) {
    const size_t row = counts[p] > 0 && is_pooled[p] == 0 ? p : num_bodyparts;
    const double count = std::max(counts[row], 1.0);
    means.push_back({sums[row].xx / count, sums[row].xy / count, sums[row].yy / count});
  }
  return means;
}

/// Median of d^2 against that of a normal distribution.
double median_scale(std::vector<double> d2) {
  return quantile(std::move(d2), 0.5) / (2 * std::numbers::ln2);
}

void set_scales(std::span<const FitPoint> points, std::span<const char> is_pooled,
                PredictiveModel& model) {
  std::vector<std::vector<double>> d2(model.scale.size());
  for (const FitPoint& point : points) {
    d2[point.bodypart].push_back(
        squared_mahalanobis(point.dx, point.dy, model.covariance(point.bodypart, point.facts)));
  }
  for (size_t p = 0; p < d2.size(); ++p) {
    const auto count = static_cast<double>(d2[p].size());
    if (count == 0 || is_pooled[p] != 0) continue;
    model.scale[p] = (count * median_scale(d2[p]) + kShrinkage) / (count + kShrinkage);
  }
}

}  // namespace

std::vector<FitPoint> fit_points(const JudgedFrames& judged, const JudgedMethod& method) {
  std::vector<FitPoint> points;
  for (size_t i = 0; i < judged.pictures.size(); ++i) {
    if (method.judged[i] == 0) continue;
    for (size_t p = 0; p < judged.num_bodyparts(); ++p) {
      const size_t at = judged.at(i, p);
      const Point& label = judged.labels[at];
      const Keypoint& keypoint = method.keypoints[at];
      if (std::isnan(label.x) || !std::isfinite(keypoint.x) || !std::isfinite(keypoint.y) ||
          judged.num_members[at] < 1) {
        continue;
      }
      points.push_back({.bodypart = p,
                        .facts = {.num_members = judged.num_members[at],
                                  .members = judged.member_covariance[at],
                                  .map = method.covariance[at]},
                        .dx = label.x - keypoint.x,
                        .dy = label.y - keypoint.y,
                        .likelihood = keypoint.likelihood,
                        .group = judged.pictures[i].clip,
                        .unit = judged.pictures[i].group,
                        .video = judged.pictures[i].video,
                        .unseen_video = judged.pictures[i].unseen_video,
                        .picture = i});
    }
  }
  return points;
}

std::vector<char> with_few_points(std::span<const FitPoint> points, size_t num_bodyparts) {
  std::vector<size_t> counts(num_bodyparts, 0);
  for (const FitPoint& point : points) ++counts[point.bodypart];
  std::vector<char> few;
  for (const size_t count : counts) few.push_back(count < kFewPoints ? 1 : 0);
  return few;
}

double robust_log_score(double dx, double dy, const Covariance& scale) {
  const double d2 = squared_mahalanobis(dx, dy, scale);
  // ln of Gamma((nu + 2) / 2) / (Gamma(nu / 2) nu pi) = ln(1 / (2 pi)) in two dimensions
  return std::log(2 * std::numbers::pi) + 0.5 * std::log(determinant(scale)) +
         0.5 * (kFreedom + 2) * std::log1p(d2 / kFreedom);
}

PredictiveModel fit_model(std::span<const FitPoint> points, size_t num_bodyparts,
                          const FitOptions& options) {
  if (points.empty()) throw Error(ErrorKind::invalid_value, "there is no labelled point to fit to");
  PredictiveModel model{.constant = options.constant};
  const std::vector<char> is_pooled =
      options.pooled.empty() ? with_few_points(points, num_bodyparts) : options.pooled;
  model.pooled_members = pooled(points, is_pooled, &SpreadFacts::members);
  model.pooled_map = pooled(points, is_pooled, &SpreadFacts::map);
  model.scale.assign(num_bodyparts, 1.0);
  const double floor = std::max(options.floor, kLeastStd);
  const auto set = [&](std::span<const double> logs) {
    model.a = floor + std::exp(std::clamp(logs[0], -15.0, 15.0));
    if (options.constant) return;
    model.beta = std::exp(std::clamp(logs[1], -15.0, 15.0));
    model.c = std::exp(std::clamp(logs[2], -15.0, 15.0));
  };
  const auto objective = [&](std::span<const double> logs) {
    set(logs);
    double sum = 0;
    for (const FitPoint& p : points)
      sum += robust_log_score(p.dx, p.dy, model.covariance(p.bodypart, p.facts));
    return sum / static_cast<double>(points.size());
  };
  std::vector<double> squares;
  for (const FitPoint& p : points) squares.push_back(p.dx * p.dx + p.dy * p.dy);
  const double start = std::log(std::max(std::sqrt(median_scale(squares)), 2 * floor));
  const SimplexMinimum best = minimise_by_simplex(
      options.constant ? std::vector{start} : std::vector{start, std::log(0.5), std::log(0.3)},
      objective);
  set(best.place);
  set_scales(points, is_pooled, model);
  return model;
}

std::vector<int64_t> shuffled_groups(std::span<const FitPoint> points, uint64_t seed) {
  std::vector<int64_t> groups;
  for (const FitPoint& p : points) groups.push_back(p.group);
  std::sort(groups.begin(), groups.end());
  groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  std::mt19937_64 generator(seed);
  for (size_t i = groups.size(); i-- > 1;) std::swap(groups[i], groups[generator() % (i + 1)]);
  return groups;
}

namespace {

/// [points] number of the fold that each point is left out with.
std::vector<size_t> folds_of(std::span<const FitPoint> points, size_t& num_folds) {
  const std::vector<int64_t> units = shuffled_groups(points, 1);
  const bool by_picture = units.size() < 2;
  std::vector<size_t> folds;
  if (by_picture) {
    size_t last = 0;
    for (const FitPoint& p : points) last = std::max(last, p.picture);
    num_folds = std::min(kMostFolds, last + 1);
    for (const FitPoint& p : points) folds.push_back(p.picture * num_folds / (last + 1));
    return folds;
  }
  num_folds = std::min(kMostFolds, units.size());
  std::map<int64_t, size_t> fold_of;
  for (size_t i = 0; i < units.size(); ++i) fold_of[units[i]] = i % num_folds;
  for (const FitPoint& p : points) folds.push_back(fold_of.at(p.group));
  return folds;
}

/// Mean gain of the model over a constant, and its standard error over groups.
void compare(std::span<const FitPoint> points, CrossFit& fit) {
  std::map<int64_t, std::array<double, 2>> groups;  // gain and points
  const auto count = static_cast<double>(points.size());
  for (size_t i = 0; i < points.size(); ++i) {
    const double model = robust_log_score(points[i].dx, points[i].dy, fit.model[i]);
    const double constant = robust_log_score(points[i].dx, points[i].dy, fit.constant[i]);
    fit.score_model += model / count;
    fit.score_constant += constant / count;
    groups[points[i].group][0] += constant - model;
    groups[points[i].group][1] += 1;
  }
  const double gain = fit.score_constant - fit.score_model;
  const auto num_groups = static_cast<double>(groups.size());
  double squares = 0;
  for (const auto& [group, sums] : groups) {
    const double residual = sums[0] - gain * sums[1];
    squares += residual * residual;
  }
  if (num_groups > 1) fit.gain_error = std::sqrt(squares * num_groups / (num_groups - 1)) / count;
  fit.constant_wins = !(gain > 0);
}

}  // namespace

CrossFit cross_fit(std::span<const FitPoint> points, size_t num_bodyparts, double floor) {
  CrossFit fit;
  const std::vector<size_t> folds = folds_of(points, fit.num_folds);
  fit.model.resize(points.size());
  fit.constant.resize(points.size());
  const std::vector<char> few = with_few_points(points, num_bodyparts);
  for (size_t fold = 0; fold < fit.num_folds; ++fold) {
    std::vector<FitPoint> others;
    for (size_t i = 0; i < points.size(); ++i)
      if (folds[i] != fold) others.push_back(points[i]);
    if (others.empty()) others.assign(points.begin(), points.end());
    const PredictiveModel model = fit_model(others, num_bodyparts, {.floor = floor, .pooled = few});
    const PredictiveModel constant =
        fit_model(others, num_bodyparts, {.constant = true, .floor = floor, .pooled = few});
    for (size_t i = 0; i < points.size(); ++i) {
      if (folds[i] != fold) continue;
      fit.model[i] = model.covariance(points[i].bodypart, points[i].facts);
      fit.constant[i] = constant.covariance(points[i].bodypart, points[i].facts);
    }
  }
  fit.fold = folds;
  compare(points, fit);
  return fit;
}

CrossFit fit_elsewhere(std::span<const FitPoint> points, const PredictiveModel& model) {
  CrossFit fit;
  fit.fold = folds_of(points, fit.num_folds);
  for (const FitPoint& point : points)
    fit.model.push_back(model.covariance(point.bodypart, point.facts));
  return fit;
}

std::vector<double> squared_radii(std::span<const FitPoint> points,
                                  std::span<const Covariance> covariances) {
  std::vector<double> d2;
  for (size_t i = 0; i < points.size(); ++i)
    d2.push_back(squared_mahalanobis(points[i].dx, points[i].dy, covariances[i]));
  return d2;
}

MoseqNoise moseq_noise(std::span<const FitPoint> points, double failure_distance) {
  constexpr double kPseudocount = 0.001;
  const auto count = static_cast<double>(points.size());
  double x = 0, y = 0, xx = 0, xy = 0, used = 0;
  for (const FitPoint& p : points) {
    const double square = p.dx * p.dx + p.dy * p.dy;
    if (square <= 0) continue;
    const double confidence = std::log10(p.likelihood + kPseudocount), error = std::log10(square);
    x += confidence;
    y += error;
    xx += confidence * confidence;
    xy += confidence * error;
    used += 1;
  }
  const double nan = std::nan("");
  const double spread = used * xx - x * x;
  if (count < 2 || used < 2 || spread <= 1e-12 * used * xx) return {nan, nan, nan};
  MoseqNoise noise;
  noise.slope = (used * xy - x * y) / spread;
  noise.intercept = (y - noise.slope * x) / used;
  const double at = (2 * std::log10(failure_distance) - noise.intercept) / noise.slope;
  noise.conf_threshold =
      noise.slope < 0 ? std::clamp(std::pow(10.0, at) - kPseudocount, 0.0, 1.0) : nan;
  return noise;
}

}  // namespace posse
