/// The Nelder-Mead simplex search for the minimum of a smooth function of a few numbers.
#pragma once

#include <functional>
#include <span>
#include <vector>

namespace posse {

struct SimplexMinimum {
  std::vector<double> place;
  double value = 0;
};

/// Local minimum near `start`, to about 1e-7 in each number; the downhill simplex, restarted until
/// a restart gains nothing. With no number at all, the value alone. Source: J. A. Nelder, R. Mead,
/// The Computer Journal 7, 1965.
SimplexMinimum minimise_by_simplex(std::vector<double> start,
                                   const std::function<double(std::span<const double>)>& objective);

}  // namespace posse
