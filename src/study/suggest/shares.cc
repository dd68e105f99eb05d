#include "study/suggest/shares.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

namespace posse {
namespace {

constexpr double kMostShare = 0.4;

/// SplitMix64: a generator that is the same in every library. Source: Steele, Lea and Flood,
/// OOPSLA 2014.
class SplitMix {
 public:
  explicit SplitMix(uint64_t seed) : state_(seed) {}
  uint64_t next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  /// Equally likely numbers below `end`, which is above 0.
  uint64_t below(uint64_t end) {
    const uint64_t lost = (~uint64_t{0} % end + 1) % end;  // 2^64 mod end
    for (;;) {
      const uint64_t value = next();
      if (value <= ~uint64_t{0} - lost) return value % end;
    }
  }

 private:
  uint64_t state_;
};

}  // namespace

std::vector<int> share_out(std::span<const double> weights, int count) {
  std::vector<int> seats(weights.size());
  if (weights.empty() || count <= 0) return seats;
  double least = 0;
  for (const double weight : weights)
    if (weight > 0 && (least == 0 || weight < least)) least = weight;
  if (least == 0) least = 1;
  const auto weight_of = [&](size_t i) { return weights[i] > 0 ? weights[i] : least; };
  std::vector<size_t> order(weights.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return weight_of(a) > weight_of(b); });
  int left = count;
  for (const size_t i : order) {
    if (left == 0) return seats;
    seats[i] = 1;
    --left;
  }
  const auto videos = static_cast<double>(weights.size());
  const int most = std::max(static_cast<int>(std::ceil(kMostShare * count)),
                            static_cast<int>(std::ceil(count / videos)));
  for (; left > 0; --left) {
    size_t best = weights.size();
    for (size_t i = 0; i < weights.size(); ++i) {
      if (seats[i] >= most) continue;
      if (best == weights.size() ||
          weight_of(i) / (2 * seats[i] + 1) > weight_of(best) / (2 * seats[best] + 1))
        best = i;
    }
    ++seats[best];  // the limit lets all seats be given: videos * most >= count
  }
  return seats;
}

std::vector<int> share_out(std::span<const double> weights, std::span<const size_t> groups,
                           int count) {
  size_t num_groups = 0;
  for (const size_t group : groups) num_groups = std::max(num_groups, group + 1);
  std::vector<double> of_group(num_groups);
  for (size_t i = 0; i < weights.size(); ++i) of_group[groups[i]] += weights[i];
  const std::vector<int> counts = share_out(of_group, count);
  std::vector<int> seats(weights.size());
  for (size_t group = 0; group < num_groups; ++group) {
    std::vector<size_t> members;
    std::vector<double> own;
    for (size_t i = 0; i < weights.size(); ++i) {
      if (groups[i] != group) continue;
      members.push_back(i);
      own.push_back(weights[i]);
    }
    const std::vector<int> within = share_out(own, counts[group]);
    for (size_t k = 0; k < members.size(); ++k) seats[members[k]] = within[k];
  }
  return seats;
}

std::vector<uint64_t> draw_of(uint64_t population, uint64_t count, uint64_t seed) {
  std::set<uint64_t> drawn;
  count = std::min(count, population);
  SplitMix random(seed);
  for (uint64_t j = population - count; j < population; ++j) {
    const uint64_t t = random.below(j + 1);
    if (!drawn.insert(t).second) drawn.insert(j);
  }
  return {drawn.begin(), drawn.end()};
}

}  // namespace posse
