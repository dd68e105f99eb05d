#include "keypoints/row_kernels.h"

#include "simd/floats.h"

namespace posse::POSSE_SIMD_NAMESPACE {
namespace {

/// Odds of the members' mean probability, p / (1 - p).
struct Odds {
  Vec yes = broadcast(0.0F);  ///< sum of p
  Vec no = broadcast(0.0F);   ///< sum of 1 - p, exact also where p rounds to 1

  POSSE_ALWAYS_INLINE void add(Vec logit) {
    const auto odds = exponential(cut(logit, kLogitLimit));
    const auto unlikely = broadcast(1.0F) / (odds + broadcast(1.0F));
    yes = fma(odds, unlikely, yes);
    no += unlikely;
  }
  POSSE_ALWAYS_INLINE Vec value() const { return yes / no; }
};

/// Calls step(position, load_block), where load_block(pointer) reads up to kLanes floats from
/// pointer + position.
template <typename Step>
POSSE_ALWAYS_INLINE void for_each_block(size_t count, Step step) {
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    step(i, [i](const float* values) POSSE_LAMBDA_INLINE { return load(values + i); });
  }
  if (i < count) {
    const size_t rest = count - i;
    step(i, [i, rest](const float* values)
                POSSE_LAMBDA_INLINE { return load_first(values + i, rest); });
  }
}

void add_softmax(const float* logits, size_t count, double mass_weight, double first_weight,
                 double* mass, double* first) {
  for_each_block(count, [&](size_t i, auto load_block) POSSE_LAMBDA_INLINE {
    const auto weight = exponential(cut(load_block(logits), kLogitLimit));
    accumulate(weight, mass_weight, mass + i);
    accumulate(weight, first_weight, first + i);
  });
}

POSSE_ALWAYS_INLINE void add_odds(Vec value, size_t i, double row, float* odds,
                                  const OddsSums& sums) {
  store(odds + i, value);
  accumulate(value, 1.0, sums.mass + i);
  accumulate(value, row, sums.first + i);
  accumulate(value, row * row, sums.second + i);
}

void add_mean_odds(const float* const* logits, size_t num_members, size_t count, double row,
                   float* odds, const OddsSums& sums) {
  for_each_block(count, [&](size_t i, auto load_block) POSSE_LAMBDA_INLINE {
    Odds mean;
    for (size_t m = 0; m < num_members; ++m) {
      mean.add(load_block(logits[m]));
    }
    add_odds(mean.value(), i, row, odds, sums);
  });
}

/// Brings the smallest of values[first], ..., values[count - 1] to `first`.
POSSE_ALWAYS_INLINE void smallest_to_front(Vec* values, size_t first, size_t count) {
  for (size_t i = first + 1; i < count; ++i) {
    const auto low = min(values[first], values[i]);
    values[i] = max(values[first], values[i]);
    values[first] = low;
  }
}

POSSE_ALWAYS_INLINE Vec odds_of_sorted_middle(Vec low, Vec high, size_t count) {
  if (count % 2 == 1) {
    return exponential(cut(high, kLogitLimit));
  }
  Odds middle;
  middle.add(low);
  middle.add(high);
  return middle.value();
}

/// Adds 0 * x for every x: 0, or NaN where one is NaN or infinite, which minimum and maximum would
/// lose.
POSSE_ALWAYS_INLINE Vec median_odds(Vec* values, size_t count) {
  auto poison = broadcast(0.0F);
  for (size_t m = 0; m < count; ++m) {
    poison = fma(values[m], broadcast(0.0F), poison);
  }
  for (size_t m = 0; m <= count / 2; ++m) {
    smallest_to_front(values, m, count);
  }
  const auto odds =
      odds_of_sorted_middle(values[count > 1 ? (count - 1) / 2 : 0], values[count / 2], count);
  return odds + poison;
}

void add_median_odds(const float* const* logits, size_t num_members, size_t count, double row,
                     float* odds, const OddsSums& sums) {
  for_each_block(count, [&](size_t i, auto load_block) POSSE_LAMBDA_INLINE {
    Vec values[kMostMedianMembers];
    for (size_t m = 0; m < num_members; ++m) {
      values[m] = load_block(logits[m]);
    }
    add_odds(median_odds(values, num_members), i, row, odds, sums);
  });
}

bool keep_highest(const float* values, size_t count, float row, float* highest,
                  float* highest_row) {
  IntVec nan{};
  for_each_block(count, [&](size_t i, auto load_block) POSSE_LAMBDA_INLINE {
    const Vec x = load_block(values);
    const Vec old = load(highest + i);
    const auto greater = (PlainVec)x > (PlainVec)old;
    store(highest + i, greater ? x : old);
    store(highest_row + i, greater ? broadcast(row) : load(highest_row + i));
    nan |= nan_lanes(x);
  });
  return any(nan);
}

}  // namespace

const RowKernels kRowKernels = {.add_softmax = add_softmax,
                                .add_mean_odds = add_mean_odds,
                                .add_median_odds = add_median_odds,
                                .keep_highest = keep_highest};

}  // namespace posse::POSSE_SIMD_NAMESPACE
