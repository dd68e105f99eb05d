/// Plans where a program's values lie in one block of memory, which is reused as values die.
#pragma once

#include <cstdint>
#include <vector>

#include "network/backends/cpu/program.h"

namespace posse::cpu {

/// Where a value lies, in floats from the start of the arena.
struct Placement {
  int64_t offset = -1;       ///< -1: not in the arena (unused, or memory of the caller's)
  int64_t frame_stride = 0;  ///< 0: frames use the place in turn
};

struct ArenaPlan {
  std::vector<Placement> values;
  std::vector<bool> shares_residual;  ///< by step: the output lies where the residual lay
  int64_t num_floats = 0;
};

struct ArenaRequest {
  /// [values] floats that a value takes per frame.
  std::vector<int64_t> frame_floats;
  /// [steps] whether the step runs at all.
  std::vector<bool> live;
  /// Steps before this one run frame by frame; what only they touch is kept for one frame.
  int frame_major_end = 0;
  int64_t num_frames = 1;
};

/// A value occupies its place from the step that writes it to the last that reads it; each takes
/// the lowest place that is free for that long. A convolution's output takes the residual's place
/// where that dies there. The program's entry and exit are memory of the caller's.
ArenaPlan plan_arena(const Program& program, const ArenaRequest& request);

}  // namespace posse::cpu
