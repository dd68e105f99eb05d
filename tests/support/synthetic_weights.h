/// Reproducible weights: every variable is a pure function of its name, its shape and a seed, so
/// that any network can be tested without a weight file. The numbers are those of the recipe behind
/// the golden outputs (docs/networks.md, "Synthetic weights"), bit for bit.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "network/graph.h"

namespace posse::testing {

struct SyntheticWeightsOptions {
  uint64_t seed = 0;
  /// Biases of the score head, one per bodypart; empty: drawn around -4.
  std::vector<double> part_bias;
};

/// Values of one variable. Fails the program for a name the recipe does not know.
Tensor synthetic_tensor(const Variable& variable, const SyntheticWeightsOptions& options = {});

/// All variables of a graph. Activations stay of order 1, logits span about -13 ... 7.
Weights synthetic_weights(const Graph& graph, const SyntheticWeightsOptions& options = {});

/// The generator's numbers: u(key, index) in [-1, 1), multiples of 2^-23.
double synthetic_uniform(std::string_view key, uint64_t index);

/// FNV-1a, 64 bits.
uint64_t fnv1a64(std::string_view text);

/// The recipe's weights; in EfficientNets with the last batch norm of each block damped, as the
/// recipe itself does in ResNets: else the 39 to 55 blocks of b5 to b7 amplify float32's rounding
/// until nothing can be compared (two float32 evaluations differ by 1e-2 to 0.6 of the range).
Weights damped_weights(const Graph& graph);

}  // namespace posse::testing
