#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "checkpoint/tensorflow/checkpoint.h"
#include "network/architecture.h"

namespace posse {
namespace {

std::vector<Variable> variables_of(const Checkpoint& checkpoint) {
  std::vector<Variable> variables;
  variables.reserve(checkpoint.variables().size());
  for (const VariableInfo& info : checkpoint.variables()) {
    variables.push_back({info.name, info.shape});
  }
  return variables;
}

/// Compares with the index first, so that a network that does not fit is refused before its numbers
/// are read.
void check_shapes(const Graph& graph, const Checkpoint& checkpoint) {
  const std::string file = printable(checkpoint.prefix().string());
  for (const Variable& variable : graph_variables(graph)) {
    const VariableInfo* found = checkpoint.find(variable.name);
    if (found == nullptr) {
      throw Error(ErrorKind::not_found,
                  fmt::format("variable '{}' is missing in {}", variable.name, file));
    }
    if (found->shape != variable.shape) {
      throw Error(ErrorKind::shape_mismatch,
                  fmt::format("variable '{}' in {} has shape {}, expected {}", variable.name, file,
                              to_string(found->shape), to_string(variable.shape)));
    }
  }
}

}  // namespace

NetworkSpec detect_network(const Checkpoint& checkpoint) {
  return detect_network(variables_of(checkpoint), checkpoint.prefix().string());
}

Weights load_weights(const Graph& graph, const Checkpoint& checkpoint) {
  check_shapes(graph, checkpoint);
  Weights weights;
  for (const Variable& variable : graph_variables(graph)) {
    weights.emplace(variable.name, checkpoint.tensor(variable.name));
  }
  check_weights(graph, weights, checkpoint.prefix().string());
  return weights;
}

}  // namespace posse
