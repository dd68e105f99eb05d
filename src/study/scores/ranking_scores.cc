#include "study/scores/ranking_scores.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"

namespace posse {
namespace {

std::vector<size_t> order_of(std::span<const double> values) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return values[a] < values[b]; });
  return order;
}

/// Calls visit(begin, end) for each run of equal values in `order`.
template <class Visitor>
void for_equal_values(std::span<const double> values, const std::vector<size_t>& order,
                      const Visitor& visit) {
  for (size_t begin = 0; begin < order.size();) {
    size_t end = begin + 1;
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    visit(begin, end);
    begin = end;
  }
}

struct Areas {
  double aurc = 0;
  double augrc = 0;
};

Areas areas_of(std::span<const double> errors_in_order) {
  Areas areas;
  const auto count = static_cast<double>(errors_in_order.size());
  double sum = 0, kept = 0;
  for (const double error : errors_in_order) {
    sum += error;
    kept += 1;
    areas.aurc += sum / kept / count;
    areas.augrc += sum / count / count;
  }
  return areas;
}

}  // namespace

std::vector<double> average_ranks(std::span<const double> values) {
  const std::vector<size_t> order = order_of(values);
  std::vector<double> ranks(values.size());
  for_equal_values(values, order, [&](size_t begin, size_t end) {
    const double rank = 0.5 * static_cast<double>(begin + 1 + end);
    for (size_t i = begin; i < end; ++i) ranks[order[i]] = rank;
  });
  return ranks;
}

double spearman(std::span<const double> a, std::span<const double> b) {
  POSSE_ASSERT(a.size() == b.size());
  const std::vector<double> ranks_a = average_ranks(a), ranks_b = average_ranks(b);
  const double mean = 0.5 * static_cast<double>(a.size() + 1);
  double ab = 0, aa = 0, bb = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    ab += (ranks_a[i] - mean) * (ranks_b[i] - mean);
    aa += (ranks_a[i] - mean) * (ranks_a[i] - mean);
    bb += (ranks_b[i] - mean) * (ranks_b[i] - mean);
  }
  return aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : std::nan("");
}

namespace {

/// Errors in the order of the spreads; of equal spreads their mean.
std::vector<double> errors_by_spread(std::span<const double> errors,
                                     std::span<const double> spreads) {
  const std::vector<size_t> order = order_of(spreads);
  std::vector<double> in_order(errors.size());
  for_equal_values(spreads, order, [&](size_t begin, size_t end) {
    double sum = 0;
    for (size_t i = begin; i < end; ++i) sum += errors[order[i]];
    for (size_t i = begin; i < end; ++i) in_order[i] = sum / static_cast<double>(end - begin);
  });
  return in_order;
}

}  // namespace

RiskCoverage risk_coverage(std::span<const double> errors, std::span<const double> spreads) {
  POSSE_ASSERT(errors.size() == spreads.size());
  const double nan = std::nan("");
  if (errors.empty()) return {nan, nan, nan, nan};
  const std::vector<double> in_order = errors_by_spread(errors, spreads);
  const Areas areas = areas_of(in_order);
  std::vector<double> sorted(errors.begin(), errors.end());
  std::sort(sorted.begin(), sorted.end());
  const Areas best = areas_of(sorted);
  const auto count = static_cast<double>(errors.size());
  const double mean = std::accumulate(sorted.begin(), sorted.end(), 0.0) / count;
  const double by_chance = mean * (count + 1) / (2 * count);
  const bool differ = sorted.front() < sorted.back();
  return {.aurc = areas.aurc,
          .augrc = areas.augrc,
          .aurc_scaled = differ ? (areas.aurc - best.aurc) / (mean - best.aurc) : nan,
          .augrc_scaled = differ ? (areas.augrc - best.augrc) / (by_chance - best.augrc) : nan};
}

std::vector<RiskPoint> risk_curve(std::span<const double> errors, std::span<const double> spreads,
                                  size_t most_points) {
  POSSE_ASSERT(errors.size() == spreads.size());
  const std::vector<double> in_order = errors_by_spread(errors, spreads);
  const size_t count = in_order.size(), points = std::min(count, most_points);
  std::vector<RiskPoint> curve;
  double sum = 0;
  for (size_t k = 1; k <= count; ++k) {
    sum += in_order[k - 1];
    if (k * points / count == (k - 1) * points / count) continue;
    curve.push_back(
        {static_cast<double>(k) / static_cast<double>(count), sum / static_cast<double>(k)});
  }
  return curve;
}

double auroc(std::span<const char> failures, std::span<const double> spreads) {
  POSSE_ASSERT(failures.size() == spreads.size());
  const std::vector<double> ranks = average_ranks(spreads);
  double sum = 0, positives = 0;
  for (size_t i = 0; i < failures.size(); ++i) {
    if (failures[i] == 0) continue;
    sum += ranks[i];
    positives += 1;
  }
  const double negatives = static_cast<double>(failures.size()) - positives;
  if (positives == 0 || negatives == 0) return std::nan("");
  return (sum - positives * (positives + 1) / 2) / (positives * negatives);
}

}  // namespace posse
