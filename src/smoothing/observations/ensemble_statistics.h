/// Computes statistics over members for each coordinate: position, variance and likelihood.
#pragma once

#include <span>

#include "base/frame_array.h"
#include "base/poses.h"

namespace posse {

/// How the members' positions become one.
enum class EnsembleAverage { median, mean };

/// What stands for the error of that position, in px^2.
enum class VarianceMode {
  confidence_weighted,  ///< variance over members, divided by the mean likelihood
  plain,                ///< variance over members
};

/// The variance given to a coordinate whose spread cannot be told: fewer than two members, or no
/// confidence at all.
inline constexpr double kUnknownVariance = 1000.0;

struct StatisticsOptions {
  EnsembleAverage average = EnsembleAverage::median;
  VarianceMode variance = VarianceMode::confidence_weighted;
  /// Predictions below this likelihood count as missing; in [0, 1], 0 keeps all, and so are those
  /// whose likelihood is not known. Raise it when lost members report far-off positions with low
  /// likelihood.
  double min_likelihood = 0.0;
  /// With a single member take 1 / likelihood as the variance. Such variances are not calibrated,
  /// so this must be asked for.
  bool allow_one_member = false;

  /// @throws Error(invalid_value)
  void validate() const;
};

/// One value per frame and coordinate, lanes [bodyparts, xy]; likelihood has one lane per bodypart.
struct EnsembleStatistics {
  /// Position in px; NaN where no member has a finite value.
  FrameArray position;
  /// Variance in px^2, finite, >= 0; kUnknownVariance where it cannot be told.
  FrameArray variance;
  /// Mean of the members' finite likelihoods; 1 where members found it and none of them has a
  /// likelihood; 0 where none found it.
  FrameArray likelihood;
};

/// Statistics over members, frame by frame.
///
/// Position: median (mean of the two middle values for an even count) or mean of the finite values.
/// Variance: population variance (divided by the count) of the finite values, at least two of them.
/// Non-finite inputs are ignored one by one; a frame or a member without anything finite does not
/// disturb the others.
/// @param members  at least two (one if allowed); equal bodyparts, in equal order, and equal frame
/// numbers.
/// @throws Error(shape_mismatch) naming the member that differs; Error(invalid_value) for too few
/// members. Source: ensemble() of eks 4.6.2, whose numbers result where all inputs are finite and
/// the likelihoods positive.
EnsembleStatistics summarise_ensemble(std::span<const Poses> members,
                                      const StatisticsOptions& options, int num_threads = 1);

/// Statistics of a single frame, for streams: `members` holds one row of bodyparts per member,
/// `position` and `variance` are [bodyparts, xy], `likelihood` is [bodyparts].
void summarise_frame(std::span<const std::span<const Keypoint>> members,
                     const StatisticsOptions& options, std::span<double> position,
                     std::span<double> variance, std::span<double> likelihood);

}  // namespace posse
