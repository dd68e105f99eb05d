/// Inflates the variance of a camera view that contradicts the others.
#pragma once

#include <vector>

#include "base/frame_array.h"

namespace posse {

struct InflationOptions {
  bool enabled = true;
  /// Squared Mahalanobis distance above which a view's variances are inflated, > 0.
  double distance = 5.0;
  /// Factor by which its variances grow in each round, > 1.
  double factor = 10.0;
  /// The fit uses frames whose largest variance lies below this percentile, in (0, 100].
  double quantile = 50.0;
  int most_rounds = 50;

  /// @throws Error(invalid_value)
  void validate() const;
};

struct InflationReport {
  int num_rounds = 0;         ///< that inflated something
  double share_inflated = 0;  ///< of all variances
};

/// Inflates variances in place until every view agrees with what the others predict of it.
///
/// Each round fits a factor analysis to the frames of small variance, predicts each view of each
/// frame from all of them, and multiplies the two variances of every view further off than
/// `distance`. Needs two views; with fewer, or fewer than two complete frames, nothing is changed.
/// Two views that contradict one another cannot tell which is wrong: both are inflated. Frames with
/// a missing coordinate are neither used nor inflated. Within this step variances count as at least
/// 1e-6 px^2, so that members in perfect agreement can be distrusted too.
/// @param centred   [frames, views * 2], px, NaN = missing.
/// @param variances [frames, views * 2], px^2.
/// @param num_latent  factors, at least 1.
/// Source: mA_compute_maha and fit loop of eks 4.6.2; factor analysis by SVD after D. Barber,
/// Bayesian Reasoning and Machine Learning, 2012, algorithm 21.1.
InflationReport inflate_variances(const FrameArray& centred, FrameArray& variances, int num_latent,
                                  const InflationOptions& options);

}  // namespace posse
