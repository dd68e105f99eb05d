#include "consensus/log_odds.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "keypoints/scoremap.h"

namespace posse {
namespace {

/// Running log(sum of exp(terms)).
class LogSum {
 public:
  void add(double term) {
    if (std::isnan(term) || std::isnan(highest_)) {
      highest_ = std::numeric_limits<double>::quiet_NaN();
    } else if (term > highest_) {
      sum_ = sum_ * std::exp(highest_ - term) + 1;
      highest_ = term;
    } else if (term > -std::numeric_limits<double>::infinity()) {
      sum_ += std::exp(term - highest_);
    }
  }
  double value() const { return sum_ > 0 ? highest_ + std::log(sum_) : highest_; }

 private:
  double highest_ = -std::numeric_limits<double>::infinity();
  double sum_ = 0;
};

/// log_sigmoid() of a logit and of its negative, to the same bits: they share what takes time.
struct LogSigmoids {
  explicit LogSigmoids(double logit) {
    const double rest = std::log1p(std::exp(logit >= 0 ? -logit : logit));
    yes = logit >= 0 ? -rest : logit - rest;
    no = logit >= 0 ? -logit - rest : -rest;
  }
  double yes;
  double no;
};

/// The middle of an odd number of values, or the two middle ones of an even number, in a sorted
/// sequence.
std::span<const double> middle(std::span<double> values) {
  POSSE_ASSERT(!values.empty());
  std::ranges::sort(values);
  const size_t first = (values.size() - 1) / 2;
  return values.subspan(first, values.size() % 2 == 1 ? 1 : 2);
}

}  // namespace

double logit_of_mean(std::span<const double> logits) {
  POSSE_ASSERT(!logits.empty());
  if (logits.size() == 1) {
    return logits.front();
  }
  LogSum yes;
  LogSum no;
  for (const double logit : logits) {
    const LogSigmoids sigmoids(logit);
    yes.add(sigmoids.yes);
    no.add(sigmoids.no);
  }
  return yes.value() - no.value();
}

double logit_of_weighted_mean(std::span<const double> logits, std::span<const double> weights) {
  POSSE_ASSERT(logits.size() == weights.size());
  LogSum yes;
  LogSum no;
  for (size_t i = 0; i < logits.size(); ++i) {
    if (weights[i] == 1) {
      return logits[i];
    }
    if (weights[i] > 0) {
      const double weight = std::log(weights[i]);
      const LogSigmoids sigmoids(logits[i]);
      yes.add(weight + sigmoids.yes);
      no.add(weight + sigmoids.no);
    }
  }
  return yes.value() - no.value();
}

double logit_of_median(std::span<double> logits) { return logit_of_mean(middle(logits)); }

double consensus_logit(std::span<double> logits, ConsensusMethod method) {
  return method == ConsensusMethod::mean ? logit_of_mean(logits) : logit_of_median(logits);
}

double consensus_probability(std::span<double> logits, ConsensusMethod method) {
  const std::span<const double> chosen = method == ConsensusMethod::mean ? logits : middle(logits);
  double sum = 0;
  for (const double logit : chosen) {
    sum += sigmoid(logit);
  }
  return sum / static_cast<double>(chosen.size());
}

}  // namespace posse
