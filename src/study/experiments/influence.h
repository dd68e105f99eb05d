/// Computes the influence of a training frame on the networks that were trained on it.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "study/scores/cluster_bootstrap.h"

namespace posse {

/// A number of every member at every place: errors, or probabilities. A place is a frame and a
/// bodypart.
struct MemberValues {
  size_t num_members = 0;
  size_t num_places = 0;
  std::vector<double> values;  ///< [members, places]; NaN where there is none

  double at(size_t member, size_t place) const { return values[member * num_places + place]; }
};

/// Members trained on a frame against the others, place by place.
struct Influence {
  size_t num_included = 0, num_excluded = 0;
  std::vector<double> bias;            ///< [places] difference of the means, included less excluded
  std::vector<double> variance;        ///< [places] difference of the variances, by n
  std::vector<double> standard_error;  ///< [places] difference of sd / sqrt(n)
};

/// Members without a value at a place do not count there; NaN where no member is left on a side.
/// @param included  [members]
/// @param strict  a NaN of any member makes the place NaN, as the original has it
Influence influence_of(const MemberValues& values, std::span<const char> included,
                       bool strict = false);

/// The mean influence over some places, and its interval over members: units of members that were
/// trained on the same frames are drawn together, since what differs between networks is the
/// chance here.
struct MeanInfluence {
  double value = 0;   ///< NaN without members on both sides
  Interval interval;  ///< NaN with fewer than two units on either side
};

/// The mean over `places` of each member's values (those that are there), included less excluded.
/// @param unit  [members] of members trained alike
MeanInfluence mean_influence(const MemberValues& values, std::span<const char> included,
                             std::span<const size_t> places, std::span<const size_t> unit,
                             const BootstrapOptions& options = {});

}  // namespace posse
