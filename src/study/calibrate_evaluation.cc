#include "study/calibrate_evaluation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "study/scores/distance_summary.h"
#include "study/scores/gaussian_scores.h"

namespace posse {
namespace {

class Calibrator {
 public:
  Calibrator(Evaluation& evaluation, const EvaluateOptions& options)
      : evaluation_(evaluation), options_(options) {}

  /// @param ensemble  nullptr for tables
  void calibrate(const Ensemble* ensemble, const JudgedMethod& main,
                 const std::optional<VideoSpread>& video_spread);

 private:
  CalibrationFitOptions fit_options() const;
  void describe_calibration(const Ensemble* ensemble, const JudgedMethod& main);
  void add_rows(const std::vector<StatedError>& raw, const std::vector<StatedError>& fitted);
  void add_pooled(std::span<const char> pooled);
  void add_suspects(const JudgedMethod& main);
  void add_video_coverage(std::vector<StatedError> errors, std::span<const FitPoint> points,
                          const VideoSpread& spread);
  double stated_radius90(size_t bodypart) const;
  std::string guarantee() const;

  Evaluation& evaluation_;
  const EvaluateOptions& options_;
  size_t num_region_videos_ = 0;  ///< unseen ones that the regions come from
};

/// The spread of a run's results divides by the number of members.
void Calibrator::add_video_coverage(std::vector<StatedError> errors,
                                    std::span<const FitPoint> points, const VideoSpread& spread) {
  for (size_t i = 0; i < errors.size(); ++i) {
    const double n = points[i].facts.num_members;
    errors[i].order *= (n - 1) / n;
  }
  evaluation_.video_coverage = video_coverage(errors, spread);
}

/// Points with the covariances given for them.
std::vector<StatedError> with_covariances(std::span<const FitPoint> points,
                                          std::span<const Covariance> covariances,
                                          std::span<const std::vector<double>> bounds) {
  std::vector<StatedError> errors;
  for (size_t i = 0; i < points.size(); ++i) {
    std::array<double, 4> of_point{};
    for (size_t s = 0; s < of_point.size(); ++s) of_point.at(s) = bounds[s][i];
    errors.push_back({.dx = points[i].dx,
                      .dy = points[i].dy,
                      .covariance = covariances[i],
                      .energy = std::nan(""),
                      .bounds = of_point,
                      .order = trace(points[i].facts.members),
                      .group = points[i].unit,
                      .bodypart = points[i].bodypart,
                      .picture = points[i].picture});
  }
  return errors;
}

std::string Calibrator::guarantee() const {
  const Calibration& c = evaluation_.calibration;
  const std::string proof =
      c.split > 0 ? "from videos that the fit did not use: at least 90 %, proven for videos drawn "
                    "alike"
                  : "cross-conformal: about 90 %, 80 % proven for videos drawn alike";
  const std::string of_points =
      c.split > 0 ? "from points that the fit did not use: at least 90 % were points drawn one by "
                    "one; those of a clip are alike, so about 90 %, not proven"
                  : "about 90 %, not proven, as points of a clip are alike";
  const std::string what =
      c.simultaneous ? "regions, all bodyparts of a frame at once," : "regions";
  if (region_of(c, 0.9).over_videos) {
    return fmt::format(
        "{} videos unseen by the members that judge them: 90 % {} hold for a new video like these "
        "({}); 95 % {}",
        num_region_videos_, what, proof,
        region_of(c, 0.95).over_videos ? "too" : "not (needs 19 videos)");
  }
  const std::string serving =
      c.split > 0 ? fmt::format(" ({} of them left out of the fit)", num_region_videos_) : "";
  return fmt::format(
      "90 % {} hold for more frames of {} ({}). There is no guarantee for a new video: for that, "
      "label 9 videos that no member saw; {} of {} labelled videos are such{}",
      what, evaluation_.judged.num_videos == 1 ? "this video" : "these videos", of_points,
      c.num_videos_unseen, evaluation_.judged.num_videos, serving);
}

CalibrationFitOptions Calibrator::fit_options() const {
  CalibrationFitOptions fit{.num_bodyparts = evaluation_.judged.num_bodyparts(),
                            .shares = {kRegionShares.begin(), kRegionShares.end()},
                            .simultaneous = options_.simultaneous,
                            .split = options_.split.value_or(0),
                            .floor = evaluation_.label_noise.value_or(0),
                            .bootstrap = uncertainty_options(evaluation_).bootstrap,
                            .radius = evaluation_.failure_distance};
  for (const double alpha : options_.alpha) {
    const bool is_there = std::any_of(fit.shares.begin(), fit.shares.end(), [&](double share) {
      return std::abs(share - (1 - alpha)) < 1e-9;
    });
    if (!is_there) fit.shares.push_back(1 - alpha);
  }
  return fit;
}

void Calibrator::calibrate(const Ensemble* ensemble, const JudgedMethod& main,
                           const std::optional<VideoSpread>& video_spread) {
  evaluation_.points = fit_points(evaluation_.judged, main);
  const std::vector<FitPoint>& points = evaluation_.points;
  if (points.size() < kFewPoints) {
    evaluation_.warnings.push_back(
        fmt::format("{} points judged out of bag: too few for intervals and calibration (at least "
                    "{})",
                    points.size(), kFewPoints));
    return;
  }
  FittedCalibration fitted = fit_calibration(points, fit_options());
  const std::vector<StatedError> errors =
      with_covariances(fitted.points, fitted.covariances, fitted.bounds);
  evaluation_.cross_fit = std::move(fitted.cross_fit);
  evaluation_.regions = std::move(fitted.checks);
  evaluation_.chance = fitted.chance_check;
  Calibration& c = evaluation_.calibration;
  c.model = std::move(fitted.model);
  c.regions = std::move(fitted.regions);
  for (size_t s = 0; s < c.regions.size(); ++s) {
    const RegionCheck& check = evaluation_.regions[s];
    const Interval& interval = options_.simultaneous ? check.poses_interval : check.points_interval;
    c.regions[s].held = options_.simultaneous ? check.poses : check.points;
    c.regions[s].held_low = interval.low;
    c.regions[s].held_high = interval.high;
  }
  c.chance = std::move(fitted.chance);
  add_pooled(fitted.pooled);
  std::set<int64_t> videos;
  for (const FitPoint& point : fitted.points)
    if (point.unseen_video) videos.insert(point.video);
  num_region_videos_ = videos.size();
  evaluation_.uncertainty.push_back(
      summarise_uncertainty(errors, uncertainty_options(evaluation_)));
  evaluation_.uncertainty.back().name = "calibrated";
  evaluation_.uncertainty.back().method = main.name;
  evaluation_.uncertainty.back().radius90 = stated_radius90(evaluation_.judged.num_bodyparts());
  add_rows(raw_ensemble_errors(evaluation_.judged, main), errors);
  if (options_.split) {
    evaluation_.notes.push_back(fmt::format(
        "--split: what the calibration holds is counted over the {} of {} points that its fit did "
        "not use",
        fitted.points.size(), points.size()));
  }
  if (video_spread) add_video_coverage(errors, fitted.points, *video_spread);
  describe_calibration(ensemble, main);
  add_suspects(main);
}

/// Median of what a run with this calibration states of the labelled points, px.
/// @param bodypart  or their number, for all
double Calibrator::stated_radius90(size_t bodypart) const {
  std::vector<double> radii;
  for (const FitPoint& point : evaluation_.points) {
    if (point.bodypart != bodypart && bodypart != evaluation_.judged.num_bodyparts()) continue;
    radii.push_back(
        calibrated_point(evaluation_.calibration, point.bodypart, point.facts, 1).radius90);
  }
  return quantile(std::move(radii), 0.5);
}

/// What the calibration was made for and from.
void Calibrator::describe_calibration(const Ensemble* ensemble, const JudgedMethod& main) {
  Calibration& c = evaluation_.calibration;
  c.consensus = main.name;
  if (ensemble != nullptr) {
    c.rule = std::string(to_string(ensemble->consensus_rule()));
    for (const MemberNetwork& member : ensemble->members()) {
      c.member_names.push_back(member.name);
      c.member_hashes.push_back(member.weights_sha256);
      c.member_rules.emplace_back(to_string(member.rule));
    }
  }
  c.bodyparts = evaluation_.judged.bodyparts;
  c.simultaneous = options_.simultaneous;
  c.split = options_.split.value_or(0);
  c.moseq = moseq_noise(evaluation_.points, evaluation_.failure_distance);
  c.labels_sha256 = evaluation_.labels_sha256;
  c.num_points = evaluation_.points.size();
  c.num_pictures = evaluation_.judged.pictures.size();
  std::map<int64_t, bool> unseen;
  for (const JudgedPicture& picture : evaluation_.judged.pictures) {
    const auto [place, is_new] = unseen.emplace(picture.video, picture.unseen_video);
    place->second = place->second && picture.unseen_video;
  }
  for (const auto& [video, is_unseen] : unseen) c.num_videos_unseen += is_unseen ? 1 : 0;
  c.log_score_model = evaluation_.cross_fit.score_model;
  c.log_score_constant = evaluation_.cross_fit.score_constant;
  c.guarantee = guarantee();
}

/// Names what has too few points, for people and for runs.
void Calibrator::add_pooled(std::span<const char> pooled) {
  std::vector<std::string> counted;
  for (size_t p = 0; p < pooled.size(); ++p) {
    if (pooled[p] == 0) continue;
    const std::string& name = evaluation_.judged.bodyparts[p];
    evaluation_.calibration.pooled_bodyparts.push_back(name);
    const auto count = std::count_if(evaluation_.points.begin(), evaluation_.points.end(),
                                     [&](const FitPoint& point) { return point.bodypart == p; });
    counted.push_back(fmt::format("{} has {} judged labels", name, count));
  }
  if (counted.empty()) return;
  evaluation_.warnings.push_back(fmt::format(
      "{}; {} are needed, so each such bodypart gets the radius of all bodyparts, which "
      "may be too small",
      list_names(counted), kFewPoints));
}

void Calibrator::add_rows(const std::vector<StatedError>& raw,
                          const std::vector<StatedError>& fitted) {
  const size_t parts = evaluation_.judged.num_bodyparts();
  const ErrorTable* table = nullptr;
  for (const ErrorTable& one : evaluation_.errors)
    if (!one.is_member && one.name == evaluation_.consensus) table = &one;
  POSSE_ASSERT(table != nullptr);
  const std::vector<std::string>& few = evaluation_.calibration.pooled_bodyparts;
  const auto is_pooled = [&](const std::string& name) {
    return std::find(few.begin(), few.end(), name) != few.end();
  };
  for (size_t p = 0; p <= parts; ++p) {
    const auto of_part = [&](const std::vector<StatedError>& all) {
      std::vector<StatedError> some;
      for (const StatedError& e : all)
        if (p == parts || e.bodypart == p) some.push_back(e);
      return summarise_uncertainty(some, uncertainty_options(evaluation_));
    };
    const UncertaintySummary before = of_part(raw), after = of_part(fitted);
    const ErrorRow& errors = table->rows[p];
    CalibratedRow row{.bodypart = errors.bodypart,
                      .num_points = errors.distances.count,
                      .rmse = errors.distances.rmse,
                      .median = errors.distances.median,
                      .rmse_interval = errors.rmse,
                      .spread_skill = before.spread_skill,
                      .spearman = before.spearman,
                      .raw90 = before.coverage[2],
                      .calibrated90 = after.coverage[2],
                      .calibrated90_interval = after.coverage_interval[2],
                      .radius90 = stated_radius90(p),
                      .pooled = p < parts && is_pooled(errors.bodypart),
                      .pooled_radius90 = std::nan("")};
    if (row.pooled) {
      row.pooled_radius90 = row.radius90;
      for (double* value :
           {&row.radius90, &row.calibrated90, &row.raw90, &row.spread_skill, &row.spearman})
        *value = std::nan("");
    }
    evaluation_.calibrated.push_back(std::move(row));
  }
}

/// Median distance of the judges' keypoints from the consensus, px.
double typical_distance(const JudgedFrames& judged, const FitPoint& point,
                        const JudgedMethod& method) {
  const Keypoint& consensus = method.keypoints[judged.at(point.picture, point.bodypart)];
  std::vector<double> distances;
  for (const size_t m : judged.pictures[point.picture].members) {
    const Keypoint& k = judged.member(point.picture, m, point.bodypart);
    if (std::isfinite(k.x) && std::isfinite(k.y))
      distances.push_back(std::hypot(k.x - consensus.x, k.y - consensus.y));
  }
  return quantile(std::move(distances), 0.5);
}

void Calibrator::add_suspects(const JudgedMethod& main) {
  const std::vector<Covariance>& covariances = evaluation_.cross_fit.constant;
  for (size_t i = 0; i < evaluation_.points.size(); ++i) {
    const FitPoint& point = evaluation_.points[i];
    // Where most members are elsewhere it is they who are in doubt, not the label.
    const double away = typical_distance(evaluation_.judged, point, main);
    const double stated = std::sqrt(trace(covariances[i]) / 2 + away * away / region_bound(0.5));
    const double distance = std::hypot(point.dx, point.dy);
    if (distance * distance <= region_bound(0.999) * stated * stated) continue;
    evaluation_.suspects.push_back({.picture = evaluation_.judged.pictures[point.picture].name,
                                    .bodypart = evaluation_.judged.bodyparts[point.bodypart],
                                    .distance = distance,
                                    .stated = stated,
                                    .ratio = distance / stated});
  }
  std::stable_sort(evaluation_.suspects.begin(), evaluation_.suspects.end(),
                   [](const SuspectLabel& a, const SuspectLabel& b) { return a.ratio > b.ratio; });
}

}  // namespace

UncertaintyOptions uncertainty_options(const Evaluation& evaluation) {
  UncertaintyOptions options{.failure_distance = evaluation.failure_distance, .bootstrap = {}};
  options.bootstrap.over_time = evaluation.judged.over_time;
  return options;
}

void calibrate_evaluation(Evaluation& evaluation, const EvaluateOptions& options,
                          const JudgedMethod& main, const Ensemble* ensemble,
                          const std::optional<VideoSpread>& video_spread) {
  Calibrator(evaluation, options).calibrate(ensemble, main, video_spread);
}

}  // namespace posse
