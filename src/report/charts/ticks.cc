#include "report/charts/ticks.h"

#include <algorithm>
#include <cmath>

#include "report/charts/markup.h"

namespace posse {

std::vector<Tick> round_ticks(double least, double most, int number) {
  if (!(most > least) || !std::isfinite(most - least) || number < 1) return {};
  const double raw = (most - least) / number;
  const double power = std::pow(10, std::floor(std::log10(raw)));
  const double digit = raw / power;
  const double step = power * (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10);
  const int decimals = std::max(0, static_cast<int>(-std::floor(std::log10(step) + 1e-9)));
  std::vector<Tick> ticks;
  const double slack = 1e-9 * step;  // a limit that is a multiple itself counts
  for (double k = std::ceil((least - slack) / step); k * step <= most + slack; ++k)
    ticks.push_back({k * step, plain_number(k * step, decimals)});
  // One tick alone does not say how wide the axis is.
  return ticks.size() < 2 && number < 64 ? round_ticks(least, most, 2 * number) : ticks;
}

AxisRange axis_range(double least, double most, double margin_share) {
  if (!std::isfinite(least) || !std::isfinite(most)) return {};
  if (!(most > least)) return {least - 1, least + 1};
  const double margin = (most - least) * margin_share;
  return {least - margin, most + margin};
}

}  // namespace posse
