/// An ensemble whose members share nothing.
#pragma once

#include <memory>
#include <vector>

#include "network/backend.h"

namespace posse {

/// Every member runs from the frames; there are no prefixes.
std::unique_ptr<EnsembleExecutor> make_unshared_ensemble(
    std::vector<std::unique_ptr<Executor>> members);

}  // namespace posse
