/// Computes how many networks an experiment needs: chance of outliers, size of an effect, power of
/// a test.
#pragma once

#include <cstddef>
#include <span>

namespace posse {

/// Chance that a draw of `drawn` of `total` frames without replacement holds at least one of the
/// `outliers`: 1 - Hypergeometric(0). NaN if more are drawn, or are outliers, than there are.
double chance_of_outlier(size_t total, size_t outliers, size_t drawn);

/// |mean(second) - mean(first)| / sd(first), sd by n. NaN without values; infinite where the first
/// group does not vary.
double glass_delta(std::span<const double> first, std::span<const double> second);

/// Power of the two-sided t test of two independent groups with equal variance.
/// @param effect  difference of the means in standard deviations
/// @param n1,n2  sizes of the groups, need not be whole. @param alpha  in (0, 1)
double t_test_power(double effect, double n1, double n2, double alpha);

/// Size of the first group at which the power is reached with n2 = ratio * n1; NaN where the effect
/// is 0 or not finite, or ten million are not enough.
double t_test_size(double effect, double ratio, double alpha, double power);

/// P(T <= t) of the noncentral t distribution, to about 1e-10.
/// Source: T = (Z + shift) / sqrt(chi2 / freedom), integrated over sqrt(chi2 / freedom).
double noncentral_t_cdf(double t, double freedom, double shift);

}  // namespace posse
