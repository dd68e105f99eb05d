/// The likely states of a group in each frame: which of its bodyparts is at which place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "consensus/track/group_frame.h"

namespace posse {

/// Four bits a part, the first part's lowest: the number of its place, or kHidden.
using StateKey = uint64_t;
inline constexpr StateKey kHidden = 15;

inline StateKey choice_of(StateKey key, size_t part) { return (key >> (4 * part)) & 15; }
/// The column of a ChanceTable: kHidden is the last.
inline size_t column_of(StateKey choice, size_t num_places) {
  return choice == kHidden ? num_places : static_cast<size_t>(choice);
}

struct GroupState {
  StateKey key = 0;
  double best = 0;      ///< chance of the likeliest path to here, as a multiple of the frame's best
  double sum = 0;       ///< of all paths to here, as a multiple of all
  double emission = 0;  ///< product over parts
  uint32_t from = 0;    ///< position of the previous frame's state on that likeliest path
};

struct PruningOptions {
  /// States whose `best` and `sum` both lie below this multiple of the largest are forgotten; 0
  /// keeps all. Nothing: 1e-20 up to four parts, which changes chances by rounding, 1e-12 of more.
  std::optional<double> least_chance;
  /// At most so many are kept, the likeliest; at least 1. Nothing: all that up to four parts have
  /// with six places, which are 1,045, and 512 of more parts.
  std::optional<size_t> most_states;
};

/// Goes from frame to frame. Parts are taken one after another, as their motions are independent
/// but for the places that are taken: with n places and g parts a frame costs g (n + 1)^(g + 1)
/// products instead of (n + 1)^(2 g), without pruning exactly the same ones.
class StateSpace {
 public:
  explicit StateSpace(size_t num_parts, PruningOptions pruning = {});

  /// States of the first frame.
  std::vector<GroupState> first(const GroupFrame& frame, const MotionOptions& motion,
                                double num_cells);
  /// States of the next frame, whose `transition` is filled.
  std::vector<GroupState> next(std::span<const GroupState> previous, size_t previous_places,
                               const GroupFrame& frame);
  /// Largest share of the paths' chance that was forgotten in one frame so far.
  double most_pruned() const { return most_pruned_; }

 private:
  /// Moves one part of all states to the next frame, into spread_.
  void spread(std::span<const GroupState> states, size_t part, size_t previous_places,
              const GroupFrame& frame);
  size_t number_of(StateKey others);
  void grow();
  void forbid_taken(size_t part);
  /// What is kept of spread_, into states_.
  void keep(size_t part, size_t most);
  void keep_likeliest(size_t most);
  void finish(const GroupFrame& frame);

  size_t num_parts_;
  double least_chance_;
  size_t most_states_;
  double most_pruned_ = 0;
  std::vector<GroupState> states_;

  /// A frame on which one part is in the next and those after it are not yet: states that differ in
  /// that part alone lie side by side, a column each.
  struct Spread {
    size_t columns = 0;
    std::vector<StateKey> others;   ///< [sets of such states] the choices of the other parts
    std::vector<double> best, sum;  ///< [sets, columns]
    std::vector<uint32_t> from;     ///< likewise
  };
  Spread spread_;
  std::vector<uint32_t> slots_;  ///< hash table: position in spread_.others + 1
};

/// For each state of a frame, the chance of all that the later frames say, as a multiple of the
/// largest. The sum over the next states is taken in two steps, over the first half of the parts
/// and over the others.
/// @param states, next_states  in the order of their keys.
/// @param after  the same of the next frame's states.
std::vector<double> backward(std::span<const GroupState> states, size_t num_places,
                             std::span<const GroupState> next_states, const GroupFrame& next_frame,
                             std::span<const double> after, size_t num_parts);

}  // namespace posse
