/// A calibration: the fitted model, its regions, what it was fitted for, and its file.
#pragma once

#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "calibration/chance_within.h"
#include "calibration/predictive_model.h"

namespace posse {

/// Ellipses within which a share of the truth lies: its squared Mahalanobis distance d^2 under the
/// model's covariance is at most a bound.
struct Region {
  /// Share of the truth that lies within, in (0, 1).
  double share = 0;
  /// Bound of d^2 over all bodyparts; infinite where nothing is promised.
  double bound = 0;
  /// True: the region holds for a new video, not only for more frames of these.
  bool over_videos = false;
  /// [bodyparts] bound of each: its own, or that of all.
  std::vector<double> bodyparts{};
  /// Share of the labelled points within, counted outside the fit, and its 95 % interval; NaN where
  /// it is not known.
  double held = std::numeric_limits<double>::quiet_NaN();
  double held_low = std::numeric_limits<double>::quiet_NaN();
  double held_high = std::numeric_limits<double>::quiet_NaN();
};

/// For keypoint-moseq: log10(squared error) = slope log10(likelihood + 0.001) + intercept, and the
/// likelihood below which it takes a keypoint for an outlier.
struct MoseqNoise {
  double slope = 0;
  double intercept = 0;
  double conf_threshold = 0;
};

struct Calibration {
  /// "mean", "median" or "track".
  std::string consensus;
  /// "dgp" or "dlc": how the consensus is read from its map.
  std::string rule;
  /// [members]
  std::vector<std::string> member_names;
  /// [members] SHA-256 of their weights.
  std::vector<std::string> member_hashes;
  /// [members] the rule that each one's keypoints are read by.
  std::vector<std::string> member_rules;
  std::vector<std::string> bodyparts;
  PredictiveModel model;
  /// Regions of 50, 80, 90 and 95 %, and what else was asked for.
  std::vector<Region> regions;
  /// True: a region holds all bodyparts of a frame at once.
  bool simultaneous = false;
  /// Share of the groups that the model was fitted to; 0: all.
  double split = 0;
  /// The sd it takes is the root of half the covariance's trace.
  ChanceWithin chance;
  MoseqNoise moseq;
  std::string labels_sha256;
  size_t num_points = 0;
  size_t num_pictures = 0;
  /// Bodyparts with fewer than 20 labelled points, whose uncertainty is that of all together.
  std::vector<std::string> pooled_bodyparts{};
  size_t num_videos_unseen = 0;
  /// What may be said, in one or two sentences.
  std::string guarantee;
  /// Mean log score of the model out of fold; smaller is better.
  double log_score_model = 0;
  double log_score_constant = 0;
};

/// What a calibration says of one keypoint.
struct CalibratedPoint {
  /// Covariance in px^2.
  Covariance covariance;
  /// Radius in px of the circle as large as the 90 % region.
  double radius90 = 0;
  /// Chance in [0, 1] that the truth lies within a radius of the position.
  double chance_within = 0;
};

/// NaN for a keypoint without facts (no member).
/// @param radius  px
CalibratedPoint calibrated_point(const Calibration& calibration, size_t bodypart,
                                 const SpreadFacts& facts, double radius);

/// The region of this share. @throws Error(bad_file) where there is none
const Region& region_of(const Calibration& calibration, double share);

/// One JSON object, schema 2. @throws Error(io)
void write_calibration(const Calibration& calibration, const std::filesystem::path& path);
/// @throws Error(not_found); Error(bad_file) naming what is missing or wrong
Calibration read_calibration(const std::filesystem::path& path);

}  // namespace posse
