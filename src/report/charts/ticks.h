/// Chooses round numbers along an axis.
#pragma once

#include <string>
#include <vector>

namespace posse {

struct Tick {
  double value = 0;
  std::string label;
};

/// Multiples of 1, 2 or 5 times a power of ten within [least, most], about `number` of them, at
/// least one step apart; none if the range is empty or not finite.
std::vector<Tick> round_ticks(double least, double most, int number);

/// The range itself, widened where it is empty, so that an axis can be drawn: NaN gives [0, 1].
struct AxisRange {
  double least = 0;
  double most = 1;
};
AxisRange axis_range(double least, double most, double margin_share = 0.05);

}  // namespace posse
