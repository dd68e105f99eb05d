#include "smoothing/tuning/search.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include "base/error.h"

namespace posse {
namespace {

constexpr int kGridSize = 33;
constexpr double kPlaceTolerance = 1e-7;
constexpr int kMostBrentRounds = 60;

/// Brent's minimum search turned inside out: ask next() where to look, tell report() what was
/// there.
class BrentSearch {
 public:
  /// Starts at `best`, which lies in [low, high].
  BrentSearch(double low, double best, double high, double value)
      : low_(low), high_(high), best_(best), second_(best), third_(best) {
    best_value_ = second_value_ = third_value_ = value;
  }

  bool done() const {
    return num_rounds_ >= kMostBrentRounds ||
           std::abs(best_ - middle()) <= 2 * tolerance() - 0.5 * (high_ - low_);
  }
  double best() const { return best_; }
  double best_value() const { return best_value_; }
  int num_rounds() const { return num_rounds_; }

  double next() {
    if (!try_parabola()) {
      previous_step_ = best_ < middle() ? high_ - best_ : low_ - best_;
      step_ = kGolden * previous_step_;
    }
    const double step = std::abs(step_) >= tolerance() ? step_ : std::copysign(tolerance(), step_);
    asked_ = best_ + step;
    return asked_;
  }

  void report(double value) {
    ++num_rounds_;
    if (value <= best_value_) {
      (asked_ < best_ ? high_ : low_) = best_;
      third_ = second_, third_value_ = second_value_;
      second_ = best_, second_value_ = best_value_;
      best_ = asked_, best_value_ = value;
      return;
    }
    (asked_ < best_ ? low_ : high_) = asked_;
    if (value <= second_value_ || second_ == best_) {
      third_ = second_, third_value_ = second_value_;
      second_ = asked_, second_value_ = value;
    } else if (value <= third_value_ || third_ == best_ || third_ == second_) {
      third_ = asked_, third_value_ = value;
    }
  }

 private:
  static constexpr double kGolden = 0.3819660112501051;

  double middle() const { return 0.5 * (low_ + high_); }
  double tolerance() const { return kPlaceTolerance; }

  /// Proposes the vertex of the parabola through the three best points; false when that is not to
  /// be trusted.
  bool try_parabola() {
    if (std::abs(previous_step_) <= tolerance()) return false;
    const double r = (best_ - second_) * (best_value_ - third_value_);
    double q = (best_ - third_) * (best_value_ - second_value_);
    double p = (best_ - third_) * q - (best_ - second_) * r;
    q = 2 * (q - r);
    if (q > 0) p = -p;
    q = std::abs(q);
    const double before_previous = previous_step_;
    const bool inside = p > q * (low_ - best_) && p < q * (high_ - best_);
    if (!inside || std::abs(p) >= std::abs(0.5 * q * before_previous)) return false;
    previous_step_ = step_;
    step_ = p / q;
    const double place = best_ + step_;
    if (place - low_ < 2 * tolerance() || high_ - place < 2 * tolerance()) {
      step_ = best_ < middle() ? tolerance() : -tolerance();
    }
    return true;
  }

  double low_, high_;
  double best_, second_, third_;
  double best_value_, second_value_, third_value_;
  double step_ = 0, previous_step_ = 0;
  double asked_ = 0;
  int num_rounds_ = 0;
};

double grid_point(int index) {
  return kLeastLogS + (kMostLogS - kLeastLogS) * index / (kGridSize - 1);
}

std::vector<BrentSearch> bracket_by_grid(size_t num_blocks, const BlockObjective& objective) {
  std::vector<int> lowest(num_blocks, 0);
  std::vector<double> lowest_value(num_blocks, std::numeric_limits<double>::infinity());
  for (int index = 0; index < kGridSize; ++index) {
    const std::vector<double> candidates(num_blocks, grid_point(index));
    const std::vector<double> values = objective(candidates);
    for (size_t b = 0; b < num_blocks; ++b) {
      if (!(values[b] < lowest_value[b])) continue;
      lowest[b] = index;
      lowest_value[b] = values[b];
    }
  }
  std::vector<BrentSearch> searches;
  for (size_t b = 0; b < num_blocks; ++b) {
    searches.emplace_back(grid_point(std::max(0, lowest[b] - 1)), grid_point(lowest[b]),
                          grid_point(std::min(kGridSize - 1, lowest[b] + 1)), lowest_value[b]);
  }
  return searches;
}

}  // namespace

std::vector<Minimum> minimise_exactly(size_t num_blocks, const BlockObjective& objective) {
  std::vector<BrentSearch> searches = bracket_by_grid(num_blocks, objective);
  const auto unfinished = [](const BrentSearch& search) { return !search.done(); };
  while (std::any_of(searches.begin(), searches.end(), unfinished)) {
    std::vector<double> candidates(num_blocks);
    for (size_t b = 0; b < num_blocks; ++b) {
      candidates[b] = searches[b].done() ? searches[b].best() : searches[b].next();
    }
    const std::vector<double> values = objective(candidates);
    for (size_t b = 0; b < num_blocks; ++b) {
      if (!searches[b].done()) searches[b].report(values[b]);
    }
  }
  std::vector<Minimum> minima;
  for (const BrentSearch& search : searches) {
    minima.push_back({.log_s = search.best(),
                      .value = search.best_value(),
                      .num_rounds = kGridSize + search.num_rounds()});
  }
  return minima;
}

namespace {

/// Adam on one block, as eks runs it.
class EksSearch {
 public:
  explicit EksSearch(double log_s) : log_s_(log_s) {}

  bool done() const { return done_; }
  double log_s() const { return log_s_; }
  int num_rounds() const { return num_rounds_; }

  void step(double loss, double slope) {
    constexpr double kGradientScale = 0.25;  // meant as a learning rate; Adam divides it out again
    constexpr double kFirstDecay = 0.9;
    constexpr double kSecondDecay = 0.999;
    constexpr double kLeastDivisor = 1e-8;
    constexpr int kMostRounds = 300;
    ++num_rounds_;
    const double gradient = kGradientScale * slope;
    first_moment_ = kFirstDecay * first_moment_ + (1 - kFirstDecay) * gradient;
    second_moment_ = kSecondDecay * second_moment_ + (1 - kSecondDecay) * gradient * gradient;
    const double first = first_moment_ / (1 - std::pow(kFirstDecay, num_rounds_));
    const double second = second_moment_ / (1 - std::pow(kSecondDecay, num_rounds_));
    log_s_ -= first / (std::sqrt(second) + kLeastDivisor);
    const double tolerance = 0.01 * std::abs(std::log(std::max(previous_loss_, 1e-12))) + 1e-6;
    done_ = (std::isfinite(previous_loss_) && std::abs(loss - previous_loss_) < tolerance) ||
            num_rounds_ >= kMostRounds;
    previous_loss_ = loss;
  }

 private:
  double log_s_;
  double first_moment_ = 0;
  double second_moment_ = 0;
  double previous_loss_ = std::numeric_limits<double>::infinity();
  int num_rounds_ = 0;
  bool done_ = false;
};

std::vector<double> places(const std::vector<EksSearch>& searches, double shift) {
  std::vector<double> log_s;
  for (const EksSearch& search : searches) {
    log_s.push_back(std::clamp(search.log_s(), kLeastLogS, kMostLogS) + shift);
  }
  return log_s;
}

}  // namespace

std::vector<Minimum> minimise_as_eks(std::span<const double> initial_log_s,
                                     const BlockObjective& objective) {
  constexpr double kDifference =
      1e-4;  // central differences: about 1e-8 of the slope, both from rounding and truncation
  std::vector<EksSearch> searches(initial_log_s.begin(), initial_log_s.end());
  const auto unfinished = [](const EksSearch& search) { return !search.done(); };
  while (std::any_of(searches.begin(), searches.end(), unfinished)) {
    const std::vector<double> here = objective(places(searches, 0));
    const std::vector<double> above = objective(places(searches, kDifference));
    const std::vector<double> below = objective(places(searches, -kDifference));
    for (size_t b = 0; b < searches.size(); ++b) {
      if (searches[b].done()) continue;
      const bool inside = searches[b].log_s() > kLeastLogS && searches[b].log_s() < kMostLogS;
      searches[b].step(here[b], inside ? (above[b] - below[b]) / (2 * kDifference) : 0.0);
    }
  }
  const std::vector<double> values = objective(places(searches, 0));
  std::vector<Minimum> minima;
  for (size_t b = 0; b < searches.size(); ++b) {
    minima.push_back({.log_s = std::clamp(searches[b].log_s(), kLeastLogS, kMostLogS),
                      .value = values[b],
                      .num_rounds = searches[b].num_rounds()});
  }
  return minima;
}

}  // namespace posse
