#include "consensus/keypoint_consensus.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/median.h"
#include "base/memory.h"
#include "consensus/geometric_median.h"
#include "keypoints/decode.h"

namespace posse {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

double mean_of(std::span<const double> values) {
  double sum = 0;
  for (const double value : values) {
    sum += value;
  }
  return sum / static_cast<double>(values.size());
}

/// Sorts.
double trimmed_mean_of(std::vector<double>& values, double trim) {
  std::ranges::sort(values);
  const auto cut = static_cast<size_t>(trim * static_cast<double>(values.size()));
  return mean_of(std::span<const double>(values).subspan(cut, values.size() - 2 * cut));
}

/// x, y and likelihood of the members that count, each [members]; and room for sorting them, so
/// that a table costs no allocations per keypoint.
struct Columns {
  std::vector<double> x, y;
  std::vector<double>
      weight;  ///< likelihood; where it is not known the mean of the known ones, or 1
  std::vector<double> likelihood;  ///< those that are known, or a single 1
  mutable std::vector<double> copy;
  mutable std::vector<Point> points;
};

void fill(Columns& columns, std::span<const Keypoint> members, double min_likelihood) {
  columns.x.clear();
  columns.y.clear();
  columns.weight.clear();
  columns.likelihood.clear();
  for (const Keypoint& member : members) {
    const bool known = !std::isnan(member.likelihood);
    if (!std::isfinite(member.x) || !std::isfinite(member.y) ||
        (known && member.likelihood < min_likelihood)) {
      continue;
    }
    columns.x.push_back(member.x);
    columns.y.push_back(member.y);
    columns.weight.push_back(member.likelihood);
    if (known) columns.likelihood.push_back(member.likelihood);
  }
  if (columns.likelihood.size() == columns.x.size()) return;
  if (columns.likelihood.empty()) columns.likelihood.push_back(1);
  const double usual = mean_of(columns.likelihood);
  for (double& weight : columns.weight) weight = std::isnan(weight) ? usual : weight;
}

template <class Reduce>
Keypoint each_column(const Columns& columns, Reduce reduce) {
  return {.x = reduce(columns.x), .y = reduce(columns.y), .likelihood = reduce(columns.likelihood)};
}

/// Reduces copies of the columns, which may be reordered.
template <class Reduce>
Keypoint each_copied_column(const Columns& columns, Reduce reduce) {
  return each_column(columns, [&](const std::vector<double>& values) {
    columns.copy = values;
    return reduce(columns.copy);
  });
}

Keypoint median_column(const Columns& columns) { return each_copied_column(columns, median_of); }

/// The plain mean where all weights are 0.
double weighted_mean_of(const std::vector<double>& values, const std::vector<double>& weights) {
  double total = 0;
  for (const double weight : weights) {
    total += weight;
  }
  if (total == 0) {
    return mean_of(values);
  }
  double sum = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    sum += weights[i] / total * values[i];
  }
  return sum;
}

Keypoint weighted_mean(const Columns& columns) {
  return {.x = weighted_mean_of(columns.x, columns.weight),
          .y = weighted_mean_of(columns.y, columns.weight),
          .likelihood = weighted_mean_of(columns.likelihood, columns.likelihood)};
}

Keypoint most_confident(const Columns& columns) {
  const double highest = *std::ranges::max_element(columns.likelihood);
  const Keypoint centre = median_column(columns);
  size_t best = 0;
  double nearest = std::numeric_limits<double>::infinity();
  for (size_t i = 0; i < columns.x.size(); ++i) {
    const double distance = std::hypot(columns.x[i] - centre.x, columns.y[i] - centre.y);
    if (columns.weight[i] >= highest && distance < nearest) {
      best = i;
      nearest = distance;
    }
  }
  return {.x = columns.x[best], .y = columns.y[best], .likelihood = highest};
}

Keypoint at_geometric_median(const Columns& columns) {
  columns.points.clear();
  for (size_t i = 0; i < columns.x.size(); ++i) {
    columns.points.push_back({.x = columns.x[i], .y = columns.y[i]});
  }
  const Point centre = geometric_median(columns.points);
  columns.copy = columns.likelihood;
  return {.x = centre.x, .y = centre.y, .likelihood = median_of(columns.copy)};
}

Keypoint locate(const Columns& columns, const KeypointConsensusOptions& options) {
  switch (options.method) {
    case KeypointMethod::mean:
      return each_column(columns, mean_of);
    case KeypointMethod::median:
      return median_column(columns);
    case KeypointMethod::weighted_mean:
      return weighted_mean(columns);
    case KeypointMethod::most_confident:
      return most_confident(columns);
    case KeypointMethod::geometric_median:
      return at_geometric_median(columns);
    case KeypointMethod::trimmed_mean:
      return each_copied_column(columns, [&](std::vector<double>& values) {
        return trimmed_mean_of(values, options.trim);
      });
  }
  POSSE_ASSERT(false);
}

Covariance covariance_of(const Columns& columns) {
  if (columns.x.empty()) {
    return {kNan, kNan, kNan};
  }
  const double x = mean_of(columns.x);
  const double y = mean_of(columns.y);
  Covariance sum;
  for (size_t i = 0; i < columns.x.size(); ++i) {
    sum.xx += (columns.x[i] - x) * (columns.x[i] - x);
    sum.xy += (columns.x[i] - x) * (columns.y[i] - y);
    sum.yy += (columns.y[i] - y) * (columns.y[i] - y);
  }
  const auto count = static_cast<double>(columns.x.size());
  return {.xx = sum.xx / count, .xy = sum.xy / count, .yy = sum.yy / count};
}

/// As consensus_of_keypoints(), with the members in `columns`.
KeypointConsensus consensus_of(const Columns& columns, const KeypointConsensusOptions& options) {
  KeypointConsensus result{.keypoint = missing_keypoint(), .covariance = covariance_of(columns)};
  result.std_x = std::sqrt(result.covariance.xx);
  result.std_y = std::sqrt(result.covariance.yy);
  result.num_members = static_cast<int>(columns.x.size());
  if (result.num_members >= options.min_members && result.num_members > 0) {
    result.keypoint = locate(columns, options);
  }
  for (size_t i = 0; i < columns.x.size(); ++i) {
    const double distance =
        std::hypot(columns.x[i] - result.keypoint.x, columns.y[i] - result.keypoint.y);
    result.num_agreeing +=
        distance <= options.agreement_radius ? 1 : 0;  // false for a missing consensus
  }
  return result;
}

void check_aligned(std::span<const Poses> members) {
  if (members.empty()) {
    throw Error(ErrorKind::invalid_value, "a consensus needs at least one member");
  }
  for (size_t m = 1; m < members.size(); ++m) {
    if (members[m].bodyparts != members[0].bodyparts ||
        members[m].frame_index != members[0].frame_index) {
      throw Error(ErrorKind::shape_mismatch,
                  fmt::format("member {} has other bodyparts or frames than member 0", m));
    }
  }
}

}  // namespace

void KeypointConsensusOptions::validate() const {
  const auto fail = [](const char* option, double value, const char* expected) {
    throw Error(ErrorKind::invalid_value,
                fmt::format("{} is {}, but must be {}", option, value, expected));
  };
  if (!(min_likelihood >= 0 && min_likelihood <= 1)) {
    fail("min_likelihood", min_likelihood, "in [0, 1]");
  }
  if (min_members < 1) {
    fail("min_members", min_members, "at least 1");
  }
  if (!(trim >= 0 && trim < 0.5)) {
    fail("trim", trim, "in [0, 0.5)");
  }
  if (!(agreement_radius >= 0)) {
    fail("agreement_radius", agreement_radius, "at least 0");
  }
}

KeypointConsensus consensus_of_keypoints(std::span<const Keypoint> members,
                                         const KeypointConsensusOptions& options) {
  Columns columns;
  fill(columns, members, options.min_likelihood);
  return consensus_of(columns, options);
}

PoseConsensus consensus_of_poses(std::span<const Poses> members,
                                 const KeypointConsensusOptions& options) {
  options.validate();
  check_aligned(members);
  PoseConsensus result{.poses = {.bodyparts = members[0].bodyparts,
                                 .frame_index = members[0].frame_index,
                                 .keypoints = {}},
                       .details = {}};
  const size_t count = members[0].keypoints.size();
  reserve_large(result.poses.keypoints, count);
  reserve_large(result.details, count);
  Columns columns;
  std::vector<Keypoint> keypoints(members.size());
  for (size_t i = 0; i < count; ++i) {
    for (size_t m = 0; m < members.size(); ++m) {
      keypoints[m] = members[m].keypoints[i];
    }
    fill(columns, keypoints, options.min_likelihood);
    result.details.push_back(consensus_of(columns, options));
    result.poses.keypoints.push_back(result.details.back().keypoint);
  }
  return result;
}

}  // namespace posse
