#include "network/load_network.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

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

/// The shape in which a source keeps a variable. Of four axes torch has the first two last, of
/// transposed convolutions too: [kh, kw, out, in] is [in, out, kh, kw] there.
Shape stored_shape(const WeightSource& source, const Shape& shape) {
  if (source.kernel_axes() != KernelAxes::torch || shape.size() != 4) return shape;
  return {shape[3], shape[2], shape[0], shape[1]};
}

/// [a, b, kh, kw] as [kh, kw, b, a].
Tensor taps_first(const Tensor& from) {
  const int64_t a_count = from.dim(0), b_count = from.dim(1);
  const int64_t taps = from.dim(2) * from.dim(3);
  Tensor to({from.dim(2), from.dim(3), b_count, a_count});
  constexpr int64_t kBlock = 16;  // both sides move through whole cache lines
  for (int64_t first = 0; first < a_count; first += kBlock) {
    const int64_t end = std::min(a_count, first + kBlock);
    for (int64_t b = 0; b < b_count; ++b) {
      for (int64_t tap = 0; tap < taps; ++tap) {
        float* row = to.data() + (tap * b_count + b) * a_count;
        for (int64_t a = first; a < end; ++a) row[a] = from.data()[(a * b_count + b) * taps + tap];
      }
    }
  }
  return to;
}

Tensor read_variable(const WeightSource& source, const Variable& variable) {
  Tensor stored = source.read(variable.name);
  const bool turn = source.kernel_axes() == KernelAxes::torch && variable.shape.size() == 4;
  return turn ? taps_first(stored) : std::move(stored);
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
    const Shape expected = stored_shape(source, variable.shape);
    if (*found != expected) {
      throw Error(ErrorKind::shape_mismatch,
                  fmt::format("variable '{}' in {} has shape {}, expected {}", variable.name, file,
                              to_string(*found), to_string(expected)));
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
    weights.emplace(variable.name, read_variable(source, variable));
  }
  check_weights(graph, weights, source.path().string());
  return weights;
}

}  // namespace posse
