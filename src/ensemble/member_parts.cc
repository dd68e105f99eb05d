#include "ensemble/member_parts.h"

#include <algorithm>

namespace posse {
namespace {

/// Kernels of the fast backend keep up to two and a half times the plain weights.
constexpr double kFormsOfWeights = 2.5;

/// Members of the part that begins with `first` if weights take `most_bytes`; at least one.
size_t end_of_part(std::span<const int64_t> weight_bytes, size_t first, int64_t most_bytes) {
  size_t last = first + 1;
  for (int64_t bytes = weight_bytes[first]; last < weight_bytes.size(); ++last) {
    bytes += weight_bytes[last];
    if (bytes > most_bytes) break;
  }
  return last;
}

}  // namespace

int64_t estimated_weight_bytes(const Graph& graph, bool low_memory) {
  int64_t count = 0;
  for (const Variable& variable : graph_variables(graph)) count += num_elements(variable.shape);
  const double plain = static_cast<double>(count) * sizeof(float);
  return static_cast<int64_t>(low_memory ? plain : kFormsOfWeights * plain);
}

std::vector<MemberPart> member_parts(std::span<const int64_t> weight_bytes, int64_t memory_bytes,
                                     int most_at_once) {
  const size_t count = weight_bytes.size();
  const int64_t most_bytes = memory_bytes / 2;
  size_t num_parts = 0;
  if (most_at_once > 0) {
    const auto most = static_cast<size_t>(most_at_once);
    num_parts = (count + most - 1) / most;
  } else {
    for (size_t first = 0; first < count; ++num_parts)
      first = end_of_part(weight_bytes, first, most_bytes);
  }
  std::vector<MemberPart> parts;
  for (size_t first = 0; first < count; first = parts.back().last) {
    const size_t parts_left = std::max<size_t>(num_parts - std::min(num_parts, parts.size()), 1);
    size_t last = first + (count - first + parts_left - 1) / parts_left;
    // Members of different sizes: no more than fit.
    if (most_at_once <= 0) last = std::min(last, end_of_part(weight_bytes, first, most_bytes));
    parts.push_back({first, last});
  }
  return parts;
}

}  // namespace posse
