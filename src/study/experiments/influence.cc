#include "study/experiments/influence.h"

#include <array>
#include <cmath>
#include <set>

namespace posse {
namespace {

const double kNaN = std::nan("");

/// Mean and variance (by n) of the values at a place.
struct Moments {
  double mean = 0, variance = 0, count = 0;
};

Moments moments_of(const MemberValues& values, std::span<const char> included, char side,
                   size_t place, bool strict) {
  double sum = 0, count = 0, squares = 0;
  bool is_sound = true;
  const auto counts = [&](size_t m) {
    return (included[m] != 0) == (side != 0) && !std::isnan(values.at(m, place));
  };
  for (size_t m = 0; m < values.num_members; ++m) {
    if (counts(m)) {
      sum += values.at(m, place);
      count += 1;
    } else if ((included[m] != 0) == (side != 0)) {
      is_sound = false;
    }
  }
  if (count == 0 || (strict && !is_sound)) return {kNaN, kNaN, count};
  const double mean = sum / count;
  for (size_t m = 0; m < values.num_members; ++m) {
    if (counts(m)) squares += (values.at(m, place) - mean) * (values.at(m, place) - mean);
  }
  return {mean, squares / count, count};
}

/// Mean over the places of one member; NaN without any.
double mean_of_member(const MemberValues& values, size_t member, std::span<const size_t> places) {
  double sum = 0, count = 0;
  for (const size_t place : places) {
    const double value = values.at(member, place);
    if (std::isnan(value)) continue;
    sum += value;
    count += 1;
  }
  return count > 0 ? sum / count : kNaN;
}

}  // namespace

Influence influence_of(const MemberValues& values, std::span<const char> included, bool strict) {
  Influence influence;
  for (const char one : included) ++(one != 0 ? influence.num_included : influence.num_excluded);
  for (size_t place = 0; place < values.num_places; ++place) {
    const Moments in = moments_of(values, included, 1, place, strict);
    const Moments out = moments_of(values, included, 0, place, strict);
    influence.bias.push_back(in.mean - out.mean);
    influence.variance.push_back(in.variance - out.variance);
    influence.standard_error.push_back(std::sqrt(in.variance / in.count) -
                                       std::sqrt(out.variance / out.count));
  }
  return influence;
}

MeanInfluence mean_influence(const MemberValues& values, std::span<const char> included,
                             std::span<const size_t> places, std::span<const size_t> unit,
                             const BootstrapOptions& options) {
  GroupSums sums(4);
  std::array<std::set<size_t>, 2> units;
  for (size_t m = 0; m < values.num_members; ++m) {
    const double mean = mean_of_member(values, m, places);
    if (std::isnan(mean)) continue;
    const bool is_in = included[m] != 0;
    units.at(is_in ? 1 : 0).insert(unit[m]);
    const std::array<double, 4> terms = {is_in ? mean : 0, is_in ? 1.0 : 0, is_in ? 0 : mean,
                                         is_in ? 0 : 1.0};
    sums.add(static_cast<int64_t>(unit[m]), terms);
  }
  const StatisticOfSums difference = [](std::span<const double> s) {
    return s[0] / s[1] - s[2] / s[3];
  };
  if (units[0].empty() || units[1].empty()) return {kNaN, {kNaN, kNaN}};
  MeanInfluence result{sums.value(difference), {kNaN, kNaN}};
  if (units[0].size() >= 2 && units[1].size() >= 2)
    result.interval = sums.interval(difference, options);
  return result;
}

}  // namespace posse
