/// Writes numbers of things for sentences, as "1 frame" and "2 frames".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace posse {

/// "1 frame", "2 frames": the number with its noun, which takes an s for all but one.
inline std::string count_text(int64_t number, std::string_view noun) {
  return std::to_string(number) + " " + std::string(noun) + (number == 1 ? "" : "s");
}

}  // namespace posse
