#include "base/median.h"

#include <algorithm>
#include <cstddef>

#include "base/error.h"

namespace posse {

double upper_median_of(std::span<double> values) {
  POSSE_ASSERT(!values.empty());
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

double median_of(std::span<double> values) {
  const double upper = upper_median_of(values);
  if (values.size() % 2 == 1) return upper;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  return 0.5 * (*std::max_element(values.begin(), middle) + upper);
}

}  // namespace posse
