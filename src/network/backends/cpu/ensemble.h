/// Runs members whose first layers have the same weights through these layers once.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "network/backend.h"
#include "network/backends/cpu/machine.h"
#include "network/backends/cpu/program.h"

namespace posse::cpu {

std::unique_ptr<EnsembleExecutor> make_ensemble(std::span<const EnsembleMember> members,
                                                const Machine& machine,
                                                const BackendOptions& options);

/// Members of a group start with the same `num_steps` steps.
struct PrefixGroup {
  std::vector<int> members;
  int num_steps = 0;
};

/// Groups of at least two members with a common beginning after which a single value goes on, such
/// that the work saved is largest group by group; a member is in at most one group.
/// @param usual  frame size for which work is counted.
std::vector<PrefixGroup> find_shared_prefixes(std::span<const Graph* const> graphs,
                                              std::span<const Program> programs, Extent usual);

}  // namespace posse::cpu
