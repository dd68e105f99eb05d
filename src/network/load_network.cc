#include "network/load_network.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"

namespace posse {
namespace {

std::vector<Variable> variables_of(const WeightSource& source) {
  std::vector<Variable> variables;
  for (WeightInfo& info : source.list())
    variables.push_back({std::move(info.name), std::move(info.shape)});
  return variables;
}

/// Compares with the index first, so that a network that does not fit is refused before its numbers
/// are read.
void check_shapes(const Graph& graph, const WeightSource& source) {
  const std::string file = printable(source.path().string());
  for (const Variable& variable : graph_variables(graph)) {
    const std::optional<Shape> found = source.shape(variable.name);
    if (!found) {
      throw Error(ErrorKind::not_found,
                  fmt::format("variable '{}' is missing in {}", variable.name, file));
    }
    if (*found != variable.shape) {
      throw Error(ErrorKind::shape_mismatch,
                  fmt::format("variable '{}' in {} has shape {}, expected {}", variable.name, file,
                              to_string(*found), to_string(variable.shape)));
    }
  }
}

}  // namespace

NetworkSpec detect_network(const WeightSource& source) {
  return detect_network(variables_of(source), source.path().string());
}

Weights load_weights(const Graph& graph, const WeightSource& source) {
  check_shapes(graph, source);
  Weights weights;
  for (const Variable& variable : graph_variables(graph)) {
    weights.emplace(variable.name, source.read(variable.name));
  }
  check_weights(graph, weights, source.path().string());
  return weights;
}

}  // namespace posse
