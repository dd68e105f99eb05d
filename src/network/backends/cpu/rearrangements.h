/// Makes the operations of steps that rearrange maps: pixel shuffle, resizing, joining of channels.
#pragma once

#include <memory>

#include "network/backends/cpu/operations.h"

namespace posse::cpu {

/// @param step  of kind pixel_shuffle, resize or concat.
std::unique_ptr<Operation> make_rearrangement(const Graph& graph, const Step& step,
                                              const StepShape& shape, const Machine& machine);

}  // namespace posse::cpu
