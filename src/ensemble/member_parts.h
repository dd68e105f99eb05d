/// Splits members into parts that are in memory together: all, or one part after another where they
/// do not fit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "ensemble/member_network.h"
#include "ensemble/options.h"

namespace posse {

/// Consecutive members, [first, last).
struct MemberPart {
  size_t first = 0;
  size_t last = 0;
  bool operator==(const MemberPart&) const = default;
  size_t size() const { return last - first; }
};

/// Bytes that a network's weights take once it is compiled, about; more where its kernels keep them
/// in further forms (low_memory: in one).
int64_t estimated_weight_bytes(const Graph& graph, bool low_memory);

/// All members in order, in as few parts as there can be, which are about equally large.
///
/// @param weight_bytes  of each member  @param memory_bytes  that this process may use: weights
/// take half of it at most, but for a member that is larger by itself
/// @param most_at_once  takes the place of that rule if it is above 0
std::vector<MemberPart> member_parts(std::span<const int64_t> weight_bytes, int64_t memory_bytes,
                                     int most_at_once);

}  // namespace posse
