#include "base/utf16.h"

#include <array>
#include <cstddef>

namespace posse {

std::string_view utf16_encoding(std::string_view bytes) {
  if (bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF")) return "UTF-16";
  const std::string_view head = bytes.substr(0, 200);
  std::array<size_t, 2> nuls = {}, others = {};  // at even places, at odd ones
  for (size_t i = 0; i < head.size(); ++i) ++(head[i] == '\0' ? nuls : others)[i % 2];
  if (nuls[0] >= 8 && others[0] == 0 && others[1] > 0) return "UTF-16BE";
  if (nuls[1] >= 8 && others[1] == 0 && others[0] > 0) return "UTF-16LE";
  return "";
}

}  // namespace posse
