/// The kernels' loops, written for any `Lanes`: a few float32 values that are worked on at once.
///
/// Included by one source per instruction set, each compiled with flags of its own; everything is
/// in an unnamed namespace and nothing of the standard library is instantiated here, so that no
/// function compiled for one instruction set can be linked into another's.
#pragma once

#include <utility>

#include "keypoints/row_kernels.h"

namespace posse {
namespace {

/// exp(x) for |x| <= kLogitLimit; NaN for NaN. Relative error below 1.3e-7 (checked in the test).
///
/// x = n ln2 + r with |r| <= ln2/2; exp(r) = 1 + r + r² q(r), where q minimises the largest
/// relative error (3.6e-9); ln2 is split so that n * kLn2High is exact.
template <typename Lanes>
inline typename Lanes::Floats exp_of(typename Lanes::Floats x) {
  const auto n = Lanes::round(Lanes::mul(x, Lanes::all(1.44269504F)));
  auto r = Lanes::subtract_product(x, n, Lanes::all(0x1.62e4p-1F));
  r = Lanes::subtract_product(r, n, Lanes::all(1.42860677e-6F));
  auto q = Lanes::all(1.38145406e-3F);
  q = Lanes::multiply_add(q, r, Lanes::all(8.36874545e-3F));
  q = Lanes::multiply_add(q, r, Lanes::all(4.16683890e-2F));
  q = Lanes::multiply_add(q, r, Lanes::all(0.166665211F));
  q = Lanes::multiply_add(q, r, Lanes::all(0.49999994F));
  const auto tail = Lanes::multiply_add(Lanes::mul(r, r), q, r);
  return Lanes::times_power_of_two(Lanes::add(tail, Lanes::all(1.0F)), n);
}

template <typename Lanes>
inline typename Lanes::Floats cut(typename Lanes::Floats logit) {
  return Lanes::min(Lanes::all(kLogitLimit), Lanes::max(Lanes::all(-kLogitLimit), logit));
}

template <typename Lanes>
struct Odds {
  typename Lanes::Floats yes = Lanes::all(0.0F);  ///< sum of p
  typename Lanes::Floats no = Lanes::all(0.0F);   ///< sum of 1 - p, exact also where p rounds to 1

  void add(typename Lanes::Floats logit) {
    const auto odds = exp_of<Lanes>(cut<Lanes>(logit));
    const auto unlikely = Lanes::divide(Lanes::all(1.0F), Lanes::add(odds, Lanes::all(1.0F)));
    yes = Lanes::multiply_add(odds, unlikely, yes);
    no = Lanes::add(no, unlikely);
  }
  typename Lanes::Floats value() const { return Lanes::divide(yes, no); }
};

/// Calls step(position, load), where load(pointer) reads up to Lanes::kWidth floats from pointer +
/// position.
template <typename Lanes, typename Step>
inline void for_each_block(size_t count, Step step) {
  size_t i = 0;
  for (; i + Lanes::kWidth <= count; i += Lanes::kWidth) {
    step(i, [i](const float* values) { return Lanes::load(values + i); });
  }
  if (i < count) {
    const size_t rest = count - i;
    step(i, [i, rest](const float* values) { return Lanes::load_first(values + i, rest); });
  }
}

template <typename Lanes>
void add_softmax(const float* logits, size_t count, double mass_weight, double first_weight,
                 double* mass, double* first) {
  for_each_block<Lanes>(count, [&](size_t i, auto load) {
    const auto weight = exp_of<Lanes>(cut<Lanes>(load(logits)));
    Lanes::accumulate(weight, mass_weight, mass + i);
    Lanes::accumulate(weight, first_weight, first + i);
  });
}

template <typename Lanes>
inline void add_odds(typename Lanes::Floats value, size_t i, double row, float* odds,
                     const OddsSums& sums) {
  Lanes::store(odds + i, value);
  Lanes::accumulate(value, 1.0, sums.mass + i);
  Lanes::accumulate(value, row, sums.first + i);
  Lanes::accumulate(value, row * row, sums.second + i);
}

template <typename Lanes>
void add_mean_odds(const float* const* logits, size_t num_members, size_t count, double row,
                   float* odds, const OddsSums& sums) {
  for_each_block<Lanes>(count, [&](size_t i, auto load) {
    Odds<Lanes> mean;
    for (size_t m = 0; m < num_members; ++m) {
      mean.add(load(logits[m]));
    }
    add_odds<Lanes>(mean.value(), i, row, odds, sums);
  });
}

/// Brings the smallest of values[first], ..., values[count - 1] to `first`.
template <typename Lanes>
inline void smallest_to_front(typename Lanes::Floats* values, size_t first, size_t count) {
  for (size_t i = first + 1; i < count; ++i) {
    const auto low = Lanes::min(values[first], values[i]);
    values[i] = Lanes::max(values[first], values[i]);
    values[first] = low;
  }
}

template <typename Lanes>
inline typename Lanes::Floats odds_of_sorted_middle(typename Lanes::Floats low,
                                                    typename Lanes::Floats high, size_t count) {
  if (count % 2 == 1) {
    return exp_of<Lanes>(cut<Lanes>(high));
  }
  Odds<Lanes> middle;
  middle.add(low);
  middle.add(high);
  return middle.value();
}

/// Adds 0 * x for every x: 0, or NaN where one is NaN or infinite, which minimum and maximum would
/// lose.
template <typename Lanes>
inline typename Lanes::Floats median_odds(typename Lanes::Floats* values, size_t count) {
  auto poison = Lanes::all(0.0F);
  for (size_t m = 0; m < count; ++m) {
    poison = Lanes::multiply_add(values[m], Lanes::all(0.0F), poison);
  }
  for (size_t m = 0; m <= count / 2; ++m) {
    smallest_to_front<Lanes>(values, m, count);
  }
  const auto odds = odds_of_sorted_middle<Lanes>(values[count > 1 ? (count - 1) / 2 : 0],
                                                 values[count / 2], count);
  return Lanes::add(odds, poison);
}

template <typename Lanes>
void add_median_odds(const float* const* logits, size_t num_members, size_t count, double row,
                     float* odds, const OddsSums& sums) {
  for_each_block<Lanes>(count, [&](size_t i, auto load) {
    typename Lanes::Floats values[kMostMedianMembers];
    for (size_t m = 0; m < num_members; ++m) {
      values[m] = load(logits[m]);
    }
    add_odds<Lanes>(median_odds<Lanes>(values, num_members), i, row, odds, sums);
  });
}

template <typename Lanes>
bool keep_highest(const float* values, size_t count, float row, float* highest,
                  float* highest_row) {
  bool found_nan = false;
  for_each_block<Lanes>(count, [&](size_t i, auto load) {
    found_nan |= Lanes::keep_greater(load(values), Lanes::all(row), highest + i, highest_row + i);
  });
  return found_nan;
}

template <typename Lanes>
constexpr RowKernels kernels_of(std::string_view name) {
  return {.name = name,
          .add_softmax = add_softmax<Lanes>,
          .add_mean_odds = add_mean_odds<Lanes>,
          .add_median_odds = add_median_odds<Lanes>,
          .keep_highest = keep_highest<Lanes>};
}

}  // namespace
}  // namespace posse
