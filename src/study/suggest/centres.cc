#include "study/suggest/centres.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace posse {
namespace {

constexpr double kFar = std::numeric_limits<double>::infinity();
constexpr double kLeastFar = 0.05;  ///< so that weights count among spots that are all alike
constexpr int kRounds = 25;         ///< of k-means

/// [spots] distance to the nearest anchor; infinite without any.
std::vector<double> distance_to_anchors(const FeatureRows& features, const FeatureRows& anchors) {
  std::vector<double> nearest(features.size(), kFar);
  for (size_t i = 0; i < features.size(); ++i) {
    for (size_t a = 0; a < anchors.size(); ++a)
      nearest[i] = std::min(nearest[i], feature_distance(features.row(i), anchors.row(a)));
  }
  return nearest;
}

/// One choice after another within the limits.
class Chooser {
 public:
  Chooser(std::span<const Spot> spots, const FeatureRows& features, std::vector<double> nearest,
          CentreLimits limits, IsRepeat is_repeat)
      : spots_(spots),
        features_(features),
        nearest_(std::move(nearest)),
        limits_(std::move(limits)),
        is_repeat_(std::move(is_repeat)),
        gone_(spots.size()) {}

  void choose_all(bool weighted) {
    while (chosen.size() < limits_.count) {
      const size_t best = find_best(weighted);
      if (best == spots_.size()) return;
      gone_[best] = 1;
      if (is_repeat_ && is_repeat_(best, chosen)) continue;
      take(best);
    }
  }
  /// Groups without spots leave their seats to others.
  void forget_seats() {
    limits_.seats.assign(limits_.seats.size(), static_cast<int>(spots_.size()));
  }

  std::vector<size_t> chosen;

 private:
  size_t find_best(bool weighted) const {
    size_t best = spots_.size();
    double highest = -1;
    for (size_t i = 0; i < spots_.size(); ++i) {
      const Spot& spot = spots_[i];
      if (gone_[i] != 0 || limits_.seats[spot.group] <= 0) continue;
      if (spot.special && limits_.special == 0) continue;
      const double far = kLeastFar + (nearest_[i] == kFar ? 1 : nearest_[i]);
      const double value = weighted ? spot.weight * far : far;
      if (value > highest) highest = value, best = i;
    }
    return best;
  }
  void take(size_t spot) {
    chosen.push_back(spot);
    --limits_.seats[spots_[spot].group];
    if (spots_[spot].special) --limits_.special;
    for (size_t i = 0; i < spots_.size(); ++i)
      nearest_[i] = std::min(nearest_[i], feature_distance(features_.row(i), features_.row(spot)));
  }

  std::span<const Spot> spots_;
  const FeatureRows& features_;
  std::vector<double> nearest_;
  CentreLimits limits_;
  IsRepeat is_repeat_;
  std::vector<uint8_t> gone_;
};

/// Means of clusters of some rows, by Lloyd's iteration.
FeatureRows means_of_clusters(const FeatureRows& features, std::span<const size_t> rows,
                              FeatureRows means) {
  const size_t width = features.width;
  std::vector<size_t> cluster(rows.size(), 0);
  for (int round = 0; round < kRounds; ++round) {
    bool changed = round == 0;
    for (size_t r = 0; r < rows.size(); ++r) {
      size_t best = 0;
      double least = kFar;
      for (size_t k = 0; k < means.size(); ++k) {
        const double d = feature_distance(features.row(rows[r]), means.row(k));
        if (d < least) least = d, best = k;
      }
      changed = changed || cluster[r] != best;
      cluster[r] = best;
    }
    if (!changed) break;
    std::vector<double> sums(means.values.size());
    std::vector<size_t> counts(means.size());
    for (size_t r = 0; r < rows.size(); ++r) {
      ++counts[cluster[r]];
      for (size_t j = 0; j < width; ++j)
        sums[cluster[r] * width + j] += static_cast<double>(features.row(rows[r])[j]);
    }
    for (size_t k = 0; k < means.size(); ++k) {
      if (counts[k] == 0) continue;
      for (size_t j = 0; j < width; ++j)
        means.values[k * width + j] =
            static_cast<float>(sums[k * width + j] / static_cast<double>(counts[k]));
    }
  }
  return means;
}

}  // namespace

double feature_distance(std::span<const float> a, std::span<const float> b) {
  float sum = 0;
  for (size_t j = 0; j < a.size(); ++j) sum += (a[j] - b[j]) * (a[j] - b[j]);
  return std::sqrt(static_cast<double>(sum));
}

std::vector<size_t> weighted_centres(std::span<const Spot> spots, const FeatureRows& features,
                                     const FeatureRows& anchors, const CentreLimits& limits,
                                     const IsRepeat& is_repeat) {
  Chooser chooser(spots, features, distance_to_anchors(features, anchors), limits, is_repeat);
  chooser.choose_all(true);
  chooser.forget_seats();
  chooser.choose_all(true);
  return chooser.chosen;
}

std::vector<size_t> typical_spots(std::span<const Spot> spots, const FeatureRows& features,
                                  const FeatureRows& anchors, const CentreLimits& limits,
                                  const IsRepeat& is_repeat) {
  std::vector<size_t> chosen;
  size_t special_left = limits.special;
  for (size_t group = 0; group < limits.seats.size(); ++group) {
    std::vector<size_t> rows;
    for (size_t i = 0; i < spots.size(); ++i)
      if (spots[i].group == group) rows.push_back(i);
    CentreLimits own{.seats = std::vector<int>(limits.seats.size()),
                     .count = rows.size(),
                     .special = rows.size()};
    own.seats[group] = limits.seats[group];
    Chooser begin(spots, features, distance_to_anchors(features, anchors), own, {});
    begin.choose_all(false);
    FeatureRows means{.width = features.width, .values = {}};
    for (const size_t spot : begin.chosen)
      means.values.insert(means.values.end(), features.row(spot).begin(), features.row(spot).end());
    means = means_of_clusters(features, rows, std::move(means));
    for (size_t k = 0; k < means.size() && chosen.size() < limits.count; ++k) {
      std::sort(rows.begin(), rows.end(), [&](size_t a, size_t b) {
        const double da = feature_distance(features.row(a), means.row(k));
        const double db = feature_distance(features.row(b), means.row(k));
        return da < db || (da == db && a < b);
      });
      for (const size_t row : rows) {
        if (std::find(chosen.begin(), chosen.end(), row) != chosen.end()) continue;
        if (spots[row].special && special_left == 0) continue;
        if (is_repeat && is_repeat(row, chosen)) continue;
        special_left -= spots[row].special ? 1 : 0;
        chosen.push_back(row);
        break;
      }
    }
  }
  return chosen;
}

}  // namespace posse
