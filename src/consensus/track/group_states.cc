#include "consensus/track/group_states.h"

#include <algorithm>
#include <array>
#include <numeric>

namespace posse {
namespace {

StateKey with_choice(StateKey key, size_t part, StateKey choice) {
  const size_t shift = 4 * part;
  return (key & ~(StateKey{15} << shift)) | (choice << shift);
}

/// Which places parts 0 .. part - 1 have taken, a bit each.
uint32_t taken_before(StateKey key, size_t part) {
  uint32_t taken = 0;
  for (size_t p = 0; p < part; ++p) taken |= 1U << choice_of(key, p);
  return taken & ~(1U << kHidden);
}

/// Of a state in which two parts are at one place.
constexpr double kForbidden = -1;

/// Values taken side by side, so that none waits for the one before.
constexpr size_t kSideBySide = 8;

double largest_of(const std::vector<double>& values) {
  std::array<double, kSideBySide> largest{};
  size_t i = 0;
  for (; i + kSideBySide <= values.size(); i += kSideBySide) {
    for (size_t k = 0; k < kSideBySide; ++k) largest[k] = std::max(largest[k], values[i + k]);
  }
  for (; i < values.size(); ++i) largest[0] = std::max(largest[0], values[i]);
  return *std::ranges::max_element(largest);
}

/// Without what is forbidden.
double total_of(const std::vector<double>& values) {
  std::array<double, kSideBySide> totals{};
  size_t i = 0;
  for (; i + kSideBySide <= values.size(); i += kSideBySide) {
    for (size_t k = 0; k < kSideBySide; ++k) totals[k] += std::max(0.0, values[i + k]);
  }
  for (; i < values.size(); ++i) totals[0] += std::max(0.0, values[i]);
  return std::reduce(totals.begin(), totals.end());
}

/// A half-done frame keeps more states than a finished one, as its parts to come may decide.
constexpr size_t kHalfwayFactor = 4;

size_t slot_of(StateKey key, size_t mask) {
  return static_cast<size_t>((key * 0x9E3779B97F4A7C15ULL) >> 32) & mask;
}

}  // namespace

StateSpace::StateSpace(size_t num_parts, PruningOptions pruning)
    : num_parts_(num_parts),
      least_chance_(pruning.least_chance.value_or(num_parts <= 4 ? 1e-20 : 1e-12)),
      most_states_(pruning.most_states.value_or(num_parts <= 4 ? 1045 : 512)) {}

void StateSpace::grow() {
  const size_t size = std::max<size_t>(64, slots_.size() * 2);
  slots_.assign(size, 0);
  for (size_t i = 0; i < spread_.others.size(); ++i) {
    size_t slot = slot_of(spread_.others[i], size - 1);
    while (slots_[slot] != 0) slot = (slot + 1) & (size - 1);
    slots_[slot] = static_cast<uint32_t>(i + 1);
  }
}

size_t StateSpace::number_of(StateKey others) {
  if (2 * (spread_.others.size() + 1) > slots_.size()) grow();
  const size_t mask = slots_.size() - 1;
  size_t slot = slot_of(others, mask);
  while (slots_[slot] != 0) {
    if (spread_.others[slots_[slot] - 1] == others) return slots_[slot] - 1;
    slot = (slot + 1) & mask;
  }
  spread_.others.push_back(others);
  slots_[slot] = static_cast<uint32_t>(spread_.others.size());
  const size_t size = spread_.others.size() * spread_.columns;
  spread_.best.resize(size, kForbidden);
  spread_.sum.resize(size, 0.0);
  spread_.from.resize(size);
  return spread_.others.size() - 1;
}

void StateSpace::spread(std::span<const GroupState> states, size_t part, size_t previous_places,
                        const GroupFrame& frame) {
  const size_t columns = frame.num_places() + 1;
  spread_.columns = columns;
  spread_.others.clear();
  spread_.best.clear();
  spread_.sum.clear();
  spread_.from.clear();
  std::ranges::fill(slots_, 0);
  std::vector<double> factors = frame.transition.values;  // [rows, columns]
  for (size_t i = 0; i < factors.size(); ++i) factors[i] *= frame.emission.at(part, i % columns);
  for (const GroupState& state : states) {
    const double* factor =
        factors.data() + column_of(choice_of(state.key, part), previous_places) * columns;
    const size_t first = number_of(with_choice(state.key, part, 0)) * columns;
    for (size_t column = 0; column < columns; ++column) {
      const double best = state.best * factor[column];
      spread_.sum[first + column] += state.sum * factor[column];
      if (best <= spread_.best[first + column]) continue;
      spread_.best[first + column] = best;
      spread_.from[first + column] = state.from;
    }
  }
}

void StateSpace::forbid_taken(size_t part) {
  const size_t columns = spread_.columns;
  for (size_t i = 0; i < spread_.others.size(); ++i) {
    const uint32_t taken = taken_before(spread_.others[i], part);
    for (size_t column = 0; taken != 0 && column + 1 < columns; ++column) {
      if (((taken >> column) & 1U) == 0) continue;
      spread_.best[i * columns + column] = spread_.sum[i * columns + column] = kForbidden;
    }
  }
}

void StateSpace::keep(size_t part, size_t most) {
  forbid_taken(part);
  const double least_best = least_chance_ * largest_of(spread_.best);
  const double least_sum = least_chance_ * largest_of(spread_.sum);
  const size_t columns = spread_.columns;
  const double all = total_of(spread_.sum);
  states_.clear();
  for (size_t at = 0; at < spread_.best.size(); ++at) {
    if (spread_.best[at] < least_best && spread_.sum[at] < least_sum) continue;
    const size_t column = at % columns;
    const StateKey choice = column + 1 == columns ? kHidden : column;
    states_.push_back({.key = with_choice(spread_.others[at / columns], part, choice),
                       .best = spread_.best[at],
                       .sum = spread_.sum[at],
                       .emission = 1,
                       .from = spread_.from[at]});
  }
  if (states_.size() > most) keep_likeliest(most);
  double kept = 0;
  for (const GroupState& state : states_) kept += state.sum;
  if (all > 0) most_pruned_ = std::max(most_pruned_, 1 - kept / all);
}

void StateSpace::keep_likeliest(size_t most) {
  struct Rank {
    double best = 0;
    StateKey key = 0;
    size_t at = 0;
  };
  std::vector<Rank> ranks;
  ranks.reserve(states_.size());
  for (const GroupState& state : states_) ranks.push_back({state.best, state.key, ranks.size()});
  std::ranges::nth_element(ranks, ranks.begin() + static_cast<std::ptrdiff_t>(most),
                           [](const Rank& a, const Rank& b) {
                             return a.best != b.best ? a.best > b.best : a.key < b.key;
                           });
  std::vector<GroupState> kept;
  kept.reserve(most);
  for (size_t i = 0; i < most; ++i) kept.push_back(states_[ranks[i].at]);
  states_.swap(kept);
}

void StateSpace::finish(const GroupFrame& frame) {
  std::ranges::sort(states_, {}, &GroupState::key);
  double best = 0;
  double all = 0;
  for (const GroupState& state : states_) {
    best = std::max(best, state.best);
    all += state.sum;
  }
  for (GroupState& state : states_) {
    state.best /= best;
    state.sum /= all;
    state.emission = 1;
    for (size_t p = 0; p < num_parts_; ++p) {
      state.emission *=
          frame.emission.at(p, column_of(choice_of(state.key, p), frame.num_places()));
    }
  }
}

std::vector<GroupState> StateSpace::first(const GroupFrame& frame, const MotionOptions& motion,
                                          double num_cells) {
  // As from a frame before, in which every part is not seen: each choice has its first chance.
  GroupFrame start = frame;
  const size_t columns = frame.num_places() + 1;
  start.transition = {columns, std::vector<double>(columns, first_at_place(motion, num_cells))};
  start.transition.values.back() = first_hidden(motion);
  const StateKey all_hidden =
      num_parts_ == 16 ? ~StateKey{0} : (StateKey{1} << (4 * num_parts_)) - 1;
  const std::array<GroupState, 1> before = {
      GroupState{.key = all_hidden, .best = 1, .sum = 1, .emission = 1}};
  return next(before, 0, start);
}

std::vector<GroupState> StateSpace::next(std::span<const GroupState> previous,
                                         size_t previous_places, const GroupFrame& frame) {
  std::vector<GroupState> partial(previous.begin(), previous.end());
  for (size_t i = 0; i < partial.size(); ++i) partial[i].from = static_cast<uint32_t>(i);
  for (size_t p = 0; p < num_parts_; ++p) {
    const bool is_last = p + 1 == num_parts_;
    spread(partial, p, previous_places, frame);
    keep(p, most_states_ * (is_last ? 1 : kHalfwayFactor));
    if (!is_last) partial.swap(states_);
  }
  finish(frame);
  return std::move(states_);
}

namespace {

/// Parts of the first half at most: a table has a place for each of their choices.
constexpr size_t kMostLow = 4;

/// States by the choices of the first parts and those of the others.
struct Halves {
  std::vector<StateKey> low, high;  ///< that occur
  std::vector<uint32_t> low_of;     ///< [states] position in low
  std::vector<uint32_t> high_of;    ///< [states] position in high
};

Halves halves_of(std::span<const GroupState> states, size_t num_low) {
  const size_t shift = 4 * num_low;
  const StateKey mask = (StateKey{1} << shift) - 1;
  std::vector<uint32_t> position(size_t{1} << shift, 0);  // in low, + 1
  Halves halves;
  for (const GroupState& state : states) {
    uint32_t& low = position[state.key & mask];
    if (low == 0) {
      halves.low.push_back(state.key & mask);
      low = static_cast<uint32_t>(halves.low.size());
    }
    halves.low_of.push_back(low - 1);
    const StateKey high = state.key >> shift;
    if (halves.high.empty() || halves.high.back() != high) halves.high.push_back(high);
    halves.high_of.push_back(static_cast<uint32_t>(halves.high.size() - 1));
  }
  return halves;
}

/// Products of the transitions of `count` parts: [to, from], of keys of those parts alone.
std::vector<double> transitions(const std::vector<StateKey>& from, size_t from_places,
                                const std::vector<StateKey>& to, const GroupFrame& frame,
                                size_t count) {
  std::vector<double> products(to.size() * from.size(), 1.0);
  std::vector<size_t> rows(from.size());
  for (size_t p = 0; p < count; ++p) {
    for (size_t i = 0; i < from.size(); ++i)
      rows[i] = column_of(choice_of(from[i], p), from_places) * frame.transition.columns;
    for (size_t j = 0; j < to.size(); ++j) {
      const double* chances =
          frame.transition.values.data() + column_of(choice_of(to[j], p), frame.num_places());
      for (size_t i = 0; i < from.size(); ++i) products[j * from.size() + i] *= chances[rows[i]];
    }
  }
  return products;
}

/// For one part, whose states are few.
std::vector<double> backward_of_one(std::span<const GroupState> states, size_t num_places,
                                    std::span<const GroupState> next_states,
                                    const GroupFrame& next_frame, std::span<const double> after) {
  std::vector<double> before(states.size(), 0.0);
  for (size_t i = 0; i < states.size(); ++i) {
    const size_t row = column_of(choice_of(states[i].key, 0), num_places);
    for (size_t j = 0; j < next_states.size(); ++j) {
      const size_t column = column_of(choice_of(next_states[j].key, 0), next_frame.num_places());
      before[i] += next_states[j].emission * after[j] * next_frame.transition.at(row, column);
    }
  }
  return before;
}

std::vector<double> backward_of_several(std::span<const GroupState> states, size_t num_places,
                                        std::span<const GroupState> next_states,
                                        const GroupFrame& next_frame, std::span<const double> after,
                                        size_t num_parts) {
  const size_t num_low = std::min((num_parts + 1) / 2, kMostLow);
  const Halves here = halves_of(states, num_low);
  const Halves next = halves_of(next_states, num_low);
  const std::vector<double> of_low =
      transitions(here.low, num_places, next.low, next_frame, num_low);
  const std::vector<double> of_high =
      transitions(here.high, num_places, next.high, next_frame, num_parts - num_low);
  const size_t lows = here.low.size();
  const size_t highs = here.high.size();
  // Over the next choices of the first parts: [next choices of the others, low].
  std::vector<double> over_low(next.high.size() * lows, 0.0);
  for (size_t j = 0; j < next_states.size(); ++j) {
    const double chance = next_states[j].emission * after[j];
    const double* factor = of_low.data() + next.low_of[j] * lows;
    double* sums = over_low.data() + next.high_of[j] * lows;
    for (size_t i = 0; i < lows; ++i) sums[i] += chance * factor[i];
  }
  std::vector<double> before(states.size(), 0.0);
  for (size_t j = 0; j < next.high.size(); ++j) {
    const double* sums = over_low.data() + j * lows;
    const double* factor = of_high.data() + j * highs;
    for (size_t i = 0; i < states.size(); ++i)
      before[i] += factor[here.high_of[i]] * sums[here.low_of[i]];
  }
  return before;
}

}  // namespace

std::vector<double> backward(std::span<const GroupState> states, size_t num_places,
                             std::span<const GroupState> next_states, const GroupFrame& next_frame,
                             std::span<const double> after, size_t num_parts) {
  std::vector<double> before =
      num_parts == 1
          ? backward_of_one(states, num_places, next_states, next_frame, after)
          : backward_of_several(states, num_places, next_states, next_frame, after, num_parts);
  const double largest = *std::ranges::max_element(before);
  for (double& chance : before) chance /= largest;
  return before;
}

}  // namespace posse
