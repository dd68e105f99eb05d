/// Mass, centre and spread of the softmax of one bodypart's map, in double precision.
#pragma once

#include <optional>
#include <span>
#include <vector>

namespace posse {

/// What a cell of one axis contributes to the moments: per unit of mass at cell i, `mass` stays on
/// the map, and `first` and `second` are its contributions to the first and second moments about
/// cell 0.
struct AxisWeights {
  std::vector<double> mass;
  std::vector<double> first;
  std::vector<double> second;
};

/// Weights without blur: 1, i, i².
AxisWeights plain_axis(int length);

/// Weights of a map blurred with k = (0.27406862, 0.45186276, 0.27406862), exp(-i²/2) for i = -1,
/// 0, 1 divided by its sum, zeros outside the map: mass that leaves the map is lost. Blurring is
/// linear and its kernel separable, so that these weights on the unblurred map give the moments of
/// the blurred one exactly. Source: DeepGraphPose, models/fitdgp_util.py: make_gaussian_2d_kernel
/// with gauss_len = 1.
AxisWeights blurred_axis(int length);

/// Moments of a normalised map in cells; x along columns, y along rows.
struct CellMoments {
  double x = 0;   ///< mean column
  double y = 0;   ///< mean row
  double xx = 0;  ///< variance along columns, at least 0
  double xy = 0;  ///< covariance
  double yy = 0;  ///< variance along rows, at least 0
};

/// Sums from which CellMoments follow: of weight, weight * column, weight * row and the products.
struct MomentSums {
  double mass = 0;
  double x = 0, y = 0;
  double xx = 0, xy = 0, yy = 0;
};

/// Centre and central second moments.
CellMoments moments_from_sums(const MomentSums& sums);

/// Moments of softmax(logits) over the whole map under the axes' weights, renormalised.
///
/// `logits` is [height, width] of one bodypart, height = rows.mass.size(), width =
/// columns.mass.size(). The maximum is subtracted first, so that no logit overflows; cells of +inf
/// share all the mass.
/// @return nullopt if a logit is NaN or all are -inf: there is no such softmax.
std::optional<CellMoments> softmax_moments(std::span<const double> logits, const AxisWeights& rows,
                                           const AxisWeights& columns);

}  // namespace posse
