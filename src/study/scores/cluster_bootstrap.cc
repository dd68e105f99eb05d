#include "study/scores/cluster_bootstrap.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <random>

#include "base/error.h"
#include "study/scores/block_length.h"
#include "study/scores/distance_summary.h"

namespace posse {
namespace {

double ratio_of_sums(std::span<const double> sums) { return sums[0] / sums[1]; }

/// A number of [0, 1), the same with every standard library.
double draw_unit(std::mt19937_64& generator) {
  return static_cast<double>(generator() >> 11) * 0x1p-53;
}

/// A number of [0, count).
size_t draw_below(std::mt19937_64& generator, size_t count) {
  const double unit = draw_unit(generator);
  return std::min(static_cast<size_t>(unit * static_cast<double>(count)), count - 1);
}

/// What the statistic changes by without each group.
std::vector<double> influences(std::span<const double> sums, size_t num_terms,
                               const StatisticOfSums& statistic) {
  const size_t num_groups = sums.size() / num_terms;
  std::vector<double> total(num_terms, 0.0), without(num_terms), changes;
  for (size_t i = 0; i < sums.size(); ++i) total[i % num_terms] += sums[i];
  const double all = statistic(total);
  for (size_t group = 0; group < num_groups; ++group) {
    for (size_t term = 0; term < num_terms; ++term)
      without[term] = total[term] - sums[group * num_terms + term];
    const double change = all - statistic(without);
    changes.push_back(std::isnan(change) ? 0 : change);
  }
  return changes;
}

/// Groups one after another: each is the one after the last, or, with a chance of 1 / length, any.
class GroupDrawer {
 public:
  GroupDrawer(size_t num_groups, double mean_length, uint64_t seed)
      : num_groups_(num_groups), mean_length_(mean_length), generator_(seed) {}

  void start() { is_first_ = true; }
  size_t next() {
    const bool jumps = is_first_ || mean_length_ <= 1 || draw_unit(generator_) * mean_length_ < 1;
    last_ = jumps ? draw_below(generator_, num_groups_) : (last_ + 1) % num_groups_;
    is_first_ = false;
    return last_;
  }

 private:
  size_t num_groups_;
  double mean_length_;
  std::mt19937_64 generator_;
  size_t last_ = 0;
  bool is_first_ = true;
};

}  // namespace

Interval cluster_bootstrap(std::span<const double> sums, size_t num_terms,
                           const StatisticOfSums& statistic, const BootstrapOptions& options) {
  POSSE_ASSERT(num_terms > 0 && sums.size() % num_terms == 0);
  const size_t num_groups = sums.size() / num_terms;
  if (num_groups < 2) return {std::nan(""), std::nan("")};
  const double length =
      options.over_time ? stationary_block_length(influences(sums, num_terms, statistic)) : 1;
  GroupDrawer drawer(num_groups, length, options.seed);
  std::vector<double> values, drawn(num_terms);
  for (int sample = 0; sample < options.num_samples; ++sample) {
    std::fill(drawn.begin(), drawn.end(), 0.0);
    drawer.start();
    for (size_t i = 0; i < num_groups; ++i) {
      const double* group = sums.data() + drawer.next() * num_terms;
      for (size_t term = 0; term < num_terms; ++term) drawn[term] += group[term];
    }
    const double value = statistic(drawn);
    if (!std::isnan(value)) values.push_back(value);
  }
  std::sort(values.begin(), values.end());
  return {.low = quantile_of_sorted(values, (1 - options.share) / 2),
          .high = quantile_of_sorted(values, (1 + options.share) / 2)};
}

void GroupSums::add(int64_t group, std::span<const double> terms) {
  POSSE_ASSERT(terms.size() == num_terms_);
  const auto place = std::lower_bound(groups_.begin(), groups_.end(), group);
  const size_t row = static_cast<size_t>(place - groups_.begin());
  const auto first = static_cast<ptrdiff_t>(row * num_terms_);
  if (place == groups_.end() || *place != group) {
    groups_.insert(place, group);
    sums_.insert(sums_.begin() + first, num_terms_, 0.0);
  }
  for (size_t term = 0; term < num_terms_; ++term) sums_[row * num_terms_ + term] += terms[term];
}

std::vector<double> GroupSums::total() const {
  std::vector<double> total(num_terms_, 0.0);
  for (size_t i = 0; i < sums_.size(); ++i) total[i % num_terms_] += sums_[i];
  return total;
}

Interval GroupSums::interval(const StatisticOfSums& statistic,
                             const BootstrapOptions& options) const {
  return cluster_bootstrap(sums_, num_terms_, statistic, options);
}

void ShareWithin::add(int64_t group, bool within) {
  sums_.add(group, std::array{within ? 1.0 : 0.0, 1.0});
  ++count_;
}

double ShareWithin::value() const { return count_ > 0 ? sums_.value(ratio_of_sums) : std::nan(""); }

Interval ShareWithin::interval(const BootstrapOptions& options) const {
  if (count_ < kFewPoints) return {std::nan(""), std::nan("")};
  return sums_.interval(ratio_of_sums, options);
}

}  // namespace posse
