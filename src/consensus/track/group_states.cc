#include "consensus/track/group_states.h"

#include <algorithm>
#include <array>

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

/// A half-done frame keeps more states than a finished one, as its parts to come may decide.
constexpr size_t kHalfwayFactor = 4;

size_t slot_of(StateKey key, size_t mask) {
  return static_cast<size_t>((key * 0x9E3779B97F4A7C15ULL) >> 32) & mask;
}

}  // namespace

void StateSpace::grow() {
  const size_t size = std::max<size_t>(64, slots_.size() * 2);
  slots_.assign(size, 0);
  for (size_t i = 0; i < states_.size(); ++i) {
    size_t slot = slot_of(states_[i].key, size - 1);
    while (slots_[slot] != 0) slot = (slot + 1) & (size - 1);
    slots_[slot] = static_cast<uint32_t>(i + 1);
  }
}

void StateSpace::add(StateKey key, double best, double sum, double emission, uint32_t from) {
  if (2 * (states_.size() + 1) > slots_.size()) grow();
  const size_t mask = slots_.size() - 1;
  size_t slot = slot_of(key, mask);
  while (slots_[slot] != 0) {
    GroupState& state = states_[slots_[slot] - 1];
    if (state.key == key) {
      state.sum += sum;
      if (best > state.best) {
        state.best = best;
        state.from = from;
      }
      return;
    }
    slot = (slot + 1) & mask;
  }
  states_.push_back({.key = key, .best = best, .sum = sum, .emission = emission, .from = from});
  slots_[slot] = static_cast<uint32_t>(states_.size());
}

void StateSpace::prune(size_t most) {
  double best = 0;
  double most_likely = 0;
  double all = 0;
  for (const GroupState& state : states_) {
    best = std::max(best, state.best);
    most_likely = std::max(most_likely, state.sum);
    all += state.sum;
  }
  const double least = pruning_.least_chance;
  std::erase_if(states_, [&](const GroupState& state) {
    return state.best < least * best && state.sum < least * most_likely;
  });
  if (states_.size() > most) {
    std::ranges::nth_element(states_, states_.begin() + static_cast<std::ptrdiff_t>(most),
                             [](const GroupState& a, const GroupState& b) {
                               return a.best != b.best ? a.best > b.best : a.key < b.key;
                             });
    states_.resize(most);
  }
  double kept = 0;
  for (const GroupState& state : states_) kept += state.sum;
  if (all > 0) most_pruned_ = std::max(most_pruned_, 1 - kept / all);
}

void StateSpace::finish(const GroupFrame& frame) {
  prune(pruning_.most_states);
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
  const size_t places = frame.num_places();
  std::vector<GroupState> partial(previous.begin(), previous.end());
  for (size_t i = 0; i < partial.size(); ++i) partial[i].from = static_cast<uint32_t>(i);
  for (size_t p = 0; p < num_parts_; ++p) {
    states_.clear();
    std::ranges::fill(slots_, 0);
    for (const GroupState& state : partial) {
      const size_t row = column_of(choice_of(state.key, p), previous_places);
      const uint32_t taken = taken_before(state.key, p);
      for (size_t column = 0; column <= places; ++column) {
        const StateKey choice = column == places ? kHidden : column;
        if (choice != kHidden && ((taken >> choice) & 1U) != 0) continue;
        const double factor = frame.transition.at(row, column) * frame.emission.at(p, column);
        add(with_choice(state.key, p, choice), state.best * factor, state.sum * factor, 1,
            state.from);
      }
    }
    if (p + 1 < num_parts_) prune(pruning_.most_states * kHalfwayFactor);
    if (p + 1 < num_parts_) partial.swap(states_);
  }
  finish(frame);
  return std::move(states_);
}

std::vector<double> backward(std::span<const GroupState> states, size_t num_places,
                             std::span<const GroupState> next_states, const GroupFrame& next_frame,
                             std::span<const double> after, size_t num_parts) {
  std::vector<double> before(states.size(), 0.0);
  std::array<size_t, kMostGroupParts> rows{};
  double largest = 0;
  for (size_t i = 0; i < states.size(); ++i) {
    for (size_t p = 0; p < num_parts; ++p) {
      rows[p] = column_of(choice_of(states[i].key, p), num_places) * next_frame.transition.columns;
    }
    for (size_t j = 0; j < next_states.size(); ++j) {
      double chance = next_states[j].emission * after[j];
      for (size_t p = 0; p < num_parts; ++p) {
        chance *= next_frame.transition.values[rows[p] + column_of(choice_of(next_states[j].key, p),
                                                                   next_frame.num_places())];
      }
      before[i] += chance;
    }
    largest = std::max(largest, before[i]);
  }
  for (double& chance : before) chance /= largest;
  return before;
}

}  // namespace posse
