/// States of a group: which part is at which place, kept as the likely ones only.
#pragma once

#include <cstddef>
#include <cstdint>
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
  /// keeps all.
  double least_chance = 1e-12;
  size_t most_states = 512;  ///< at most so many are kept, the likeliest; at least 1
};

/// Goes from frame to frame. Parts are taken one after another, as their motions are independent
/// but for the places that are taken: with n places and g parts a frame costs g (n + 1)^(g + 1)
/// products instead of (n + 1)^(2 g), without pruning exactly the same ones.
class StateSpace {
 public:
  explicit StateSpace(size_t num_parts, PruningOptions pruning = {})
      : num_parts_(num_parts), pruning_(pruning) {}

  /// States of the first frame.
  std::vector<GroupState> first(const GroupFrame& frame, const MotionOptions& motion,
                                double num_cells);
  /// States of the next frame, whose `transition` is filled.
  std::vector<GroupState> next(std::span<const GroupState> previous, size_t previous_places,
                               const GroupFrame& frame);
  /// Largest share of the paths' chance that was forgotten in one frame so far.
  double most_pruned() const { return most_pruned_; }

 private:
  void add(StateKey key, double best, double sum, double emission, uint32_t from);
  void grow();
  void prune(size_t most);
  void finish(const GroupFrame& frame);

  size_t num_parts_;
  PruningOptions pruning_;
  double most_pruned_ = 0;
  std::vector<GroupState> states_;
  std::vector<uint32_t> slots_;  ///< hash table: position in states_ + 1
};

/// For each state of a frame, the chance of all that the later frames say, as a multiple of the
/// largest.
/// @param after  the same of the next frame's states.
std::vector<double> backward(std::span<const GroupState> states, size_t num_places,
                             std::span<const GroupState> next_states, const GroupFrame& next_frame,
                             std::span<const double> after, size_t num_parts);

}  // namespace posse
