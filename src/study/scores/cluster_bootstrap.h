/// Computes intervals, by a bootstrap, for numbers whose points come in groups that vary together,
/// such as clips of a video.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace posse {

/// Fewer points get no interval.
inline constexpr size_t kFewPoints = 20;

struct Interval {
  double low = 0;
  double high = 0;
};

struct BootstrapOptions {
  int num_samples = 2000;
  /// Share that lies within the interval, in (0, 1).
  double share = 0.95;
  uint64_t seed = 20240229;
  /// Groups are frames of one recording in the order of time: blocks of them are drawn, whose mean
  /// length their memory decides.
  bool over_time = false;
};

/// A number made of sums over points, as sqrt(sums[0] / sums[1]).
using StatisticOfSums = std::function<double(std::span<const double> sums)>;

/// Percentile interval of a statistic: groups are drawn with replacement, as many as there are, and
/// whole. Samples in which the statistic is NaN (nothing to divide by) are left out.
///
/// Over time (BootstrapOptions) blocks of groups in sequence are drawn, of geometric lengths and
/// around the end (the stationary bootstrap), whose mean is the stationary_block_length() of what
/// the statistic changes by without each group.
///
/// The same sums give the same interval on every machine.
/// @param sums  [groups, terms], each group's sums over its points
/// @return NaN, NaN with fewer than two groups
/// Source: Field and Welsh, Journal of the Royal Statistical Society B 69, 2007; over time Politis
/// and Romano, Journal of the American Statistical Association 89, 1994.
Interval cluster_bootstrap(std::span<const double> sums, size_t num_terms,
                           const StatisticOfSums& statistic, const BootstrapOptions& options = {});

/// Sums of points by their groups, for cluster_bootstrap; groups without a point are no groups.
class GroupSums {
 public:
  explicit GroupSums(size_t num_terms) : num_terms_(num_terms) {}
  /// @param group  any number; @param terms  of one point, as many as there are
  void add(int64_t group, std::span<const double> terms);

  size_t num_groups() const { return groups_.size(); }
  std::vector<double> total() const;
  double value(const StatisticOfSums& statistic) const { return statistic(total()); }
  Interval interval(const StatisticOfSums& statistic, const BootstrapOptions& options = {}) const;

 private:
  size_t num_terms_;
  std::vector<int64_t> groups_;  ///< sorted
  std::vector<double> sums_;     ///< [groups, terms]
};

/// Share of points, or of pictures, that lie within something, with its interval over groups.
class ShareWithin {
 public:
  void add(int64_t group, bool within);

  size_t count() const { return count_; }
  size_t num_groups() const { return sums_.num_groups(); }
  /// In [0, 1]; NaN without points.
  double value() const;
  /// NaN, NaN with fewer than kFewPoints points or two groups.
  Interval interval(const BootstrapOptions& options = {}) const;

 private:
  GroupSums sums_{2};
  size_t count_ = 0;
};

}  // namespace posse
