/// The fast backend: oneDNN's convolutions and our own kernels. See docs/performance.md.
#pragma once

#include <vector>

#include "network/backend.h"
#include "network/backends/cpu/kernels.h"
#include "network/backends/cpu/network.h"

namespace posse {

/// Named "cpu": the best instruction set this machine has.
const Backend& cpu_backend();

namespace cpu {

/// With the kernels of one instruction set; nullptr if this machine does not have it. For tests and
/// measurements.
const Backend* cpu_backend_with(InstructionSet set);

/// Runs once and adds the time of every layer to `times`, in the order they run.
/// @param executor  of the cpu backend.
void run_timed(const Executor& executor, const FrameBatch& batch, bool want_locref,
               Workspace& workspace, NetworkOutput& output, std::vector<LayerTime>& times);

}  // namespace cpu
}  // namespace posse
