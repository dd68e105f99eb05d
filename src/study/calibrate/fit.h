/// Fits the predictive model to labelled frames, and finds out whether it is worth having.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "calibration/calibration.h"
#include "calibration/predictive_model.h"
#include "study/judge/judged_frames.h"

namespace posse {

/// A labelled point with what the members that were not trained on it say.
struct FitPoint {
  size_t bodypart = 0;
  SpreadFacts facts;
  double dx = 0;  ///< label minus consensus, px
  double dy = 0;
  double likelihood = 0;  ///< of the consensus
  int64_t group = 0;      ///< that folds keep together
  int64_t unit = 0;       ///< that intervals draw
  int64_t video = 0;
  bool unseen_video = false;  ///< no judge was trained on any picture of its video
  size_t picture = 0;
};

/// The points of a method that have a position, a label and at least one judge.
std::vector<FitPoint> fit_points(const JudgedFrames& judged, const JudgedMethod& method);

struct FitOptions {
  /// True: without the members' spread and the map.
  bool constant = false;
  /// Least a, px: the labels' noise per axis.
  double floor = 0;
  /// [bodyparts] 1 for those that have nothing of their own; empty: as with_few_points() says of
  /// the points.
  std::vector<char> pooled{};
};

/// [bodyparts] 1 for those with fewer than kFewPoints points: too few to say anything of their own.
std::vector<char> with_few_points(std::span<const FitPoint> points, size_t num_bodyparts);

/// Maximum of the mean log density of a two-dimensional Student t distribution with 4 degrees of
/// freedom, which lets points that the members took for other bodyparts weigh little; then each
/// bodypart's scale from the median of its squared Mahalanobis distances, drawn to 1 by 20 points.
/// Bodyparts with too few points get the scale 1 and the mean spread of all bodyparts. The same
/// points give the same model.
/// @throws Error(invalid_value) without points
PredictiveModel fit_model(std::span<const FitPoint> points, size_t num_bodyparts,
                          const FitOptions& options = {});

/// Minus the log density of that Student t distribution; its scale is the covariance given.
double robust_log_score(double dx, double dy, const Covariance& scale);

/// Every point with the model that was fitted without its fold. Folds hold whole groups: five, or
/// as many as there are groups; with one group, five rows of pictures one after another.
struct CrossFit {
  std::vector<Covariance> model;     ///< [points]
  std::vector<Covariance> constant;  ///< [points]
  double score_model = 0;            ///< mean of robust_log_score; smaller is better
  double score_constant = 0;
  double gain_error = 0;       ///< standard error of the difference, over groups
  bool constant_wins = false;  ///< the model gains nothing
  size_t num_folds = 0;
  std::vector<size_t> fold;  ///< [points] that it was left out with
  const std::vector<Covariance>& chosen() const { return constant_wins ? constant : model; }
};

/// The points' groups, each once, in an order that the seed decides.
std::vector<int64_t> shuffled_groups(std::span<const FitPoint> points, uint64_t seed);

CrossFit cross_fit(std::span<const FitPoint> points, size_t num_bodyparts, double floor);

/// A model that was fitted to other points, with folds of these: bounds and chances are then
/// counted outside the folds all the same. Scores are not compared.
CrossFit fit_elsewhere(std::span<const FitPoint> points, const PredictiveModel& model);

/// Squared Mahalanobis distance d^2 of each point under the covariance given for it.
std::vector<double> squared_radii(std::span<const FitPoint> points,
                                  std::span<const Covariance> covariances);

/// Least squares of log10(squared error) on log10(likelihood + 0.001); the threshold is the
/// likelihood at which the line reaches `failure_distance`, within [0, 1]. NaN with fewer than two
/// points or equal likelihoods. Source: keypoint_moseq/calibration.py of keypoint-moseq.
MoseqNoise moseq_noise(std::span<const FitPoint> points, double failure_distance);

}  // namespace posse
