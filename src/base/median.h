/// The median of numbers.
#pragma once

#include <span>

namespace posse {

/// The middle one of at least one value, of an even number the mean of the two in the middle.
/// Reorders them. None may be NaN.
double median_of(std::span<double> values);

/// Likewise, but of an even number the upper one of the two in the middle.
double upper_median_of(std::span<double> values);

}  // namespace posse
