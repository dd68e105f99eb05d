/// Chooses frames that differ from each other, or that stand for others, by their features.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace posse {

/// Points in a feature space, [points, width] row-major.
struct FeatureRows {
  size_t width = 0;
  std::vector<float> values;

  size_t size() const { return width == 0 ? 0 : values.size() / width; }
  std::span<const float> row(size_t i) const { return {values.data() + i * width, width}; }
};

/// Euclidean.
double feature_distance(std::span<const float> a, std::span<const float> b);

/// What is chosen from: a point and what is asked of it.
struct Spot {
  size_t group = 0;      ///< its video
  double weight = 0;     ///< at least 0
  bool special = false;  ///< of which only some may be chosen: without the animal
};

struct CentreLimits {
  std::vector<int> seats;  ///< [groups] at most
  size_t count = 0;        ///< in all
  size_t special = 0;      ///< of them at most
};

/// Whether the spot may not stand beside those chosen before, as a picture that looks the same.
using IsRepeat = std::function<bool(size_t spot, std::span<const size_t> chosen)>;

/// Greedy k-centre, weighted: again and again the spot of the largest weight times distance (and
/// 0.05) to the nearest anchor or chosen spot; without any of these the largest weight. Ties go to
/// the first. Where seats are left because groups have no more spots, other groups get them.
/// Source: Sener and Savarese, ICLR 2018 (core-set), with weights.
/// @param anchors  what is there already, as what is labelled
/// @return in the order of choice
std::vector<size_t> weighted_centres(std::span<const Spot> spots, const FeatureRows& features,
                                     const FeatureRows& anchors, const CentreLimits& limits,
                                     const IsRepeat& is_repeat);

/// For every group: k-means (as many clusters as seats, begun at spots far from each other and from
/// the anchors), and of each cluster the spot nearest to its mean. Weights do not count.
std::vector<size_t> typical_spots(std::span<const Spot> spots, const FeatureRows& features,
                                  const FeatureRows& anchors, const CentreLimits& limits,
                                  const IsRepeat& is_repeat);

}  // namespace posse
