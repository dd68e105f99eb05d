/// Mean and median of probabilities that are given and returned as logits, so that nothing
/// saturates.
#pragma once

#include <array>
#include <span>
#include <string_view>
#include <utility>

#include "base/enum_names.h"

namespace posse {

/// How the members' probabilities of a cell become one.
enum class ConsensusMethod { mean, median };

template <>
struct EnumNames<ConsensusMethod> {
  static constexpr std::array<std::pair<std::string_view, ConsensusMethod>, 2> kNames = {
      {{"mean", ConsensusMethod::mean}, {"median", ConsensusMethod::median}}};
};

/// Logit of the mean of sigmoid(logits): logsumexp(log p) - logsumexp(log(1 - p)).
///
/// Exact to rounding also where every p rounds to 0 or 1; infinite only where all logits are that
/// infinity, NaN if one is NaN. At least one logit. The original takes log(mean) - log(1 -
/// mean), which becomes infinite from about 37 on.
double logit_of_mean(std::span<const double> logits);

/// Logit of the weighted mean of probabilities; weights are above or equal 0 and sum to 1. As
/// logit_of_mean.
double logit_of_weighted_mean(std::span<const double> logits, std::span<const double> weights);

/// Logit of the median of sigmoid(logits): the middle logit, or logit_of_mean of the two middle
/// ones when their number is even. Sorts `logits`. None may be NaN.
double logit_of_median(std::span<double> logits);

/// logit_of_mean or logit_of_median; may sort `logits`.
double consensus_logit(std::span<double> logits, ConsensusMethod method);

/// Mean or median of sigmoid(logits), in [0, 1]; may sort `logits`.
double consensus_probability(std::span<double> logits, ConsensusMethod method);

}  // namespace posse
