#include "base/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

namespace posse {
namespace {

/// Length of the well-formed UTF-8 sequence at the start of `bytes`; 0 if there is none.
size_t utf8_sequence_length(std::string_view bytes) {
  const auto at = [&](size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const auto tail = [&](size_t i, unsigned low = 0x80, unsigned high = 0xBF) {
    return i < bytes.size() && at(i) >= low && at(i) <= high;
  };
  const unsigned first = at(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return tail(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const unsigned low = first == 0xE0 ? 0xA0 : 0x80;
    const unsigned high = first == 0xED ? 0x9F : 0xBF;
    return tail(1, low, high) && tail(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const unsigned low = first == 0xF0 ? 0x90 : 0x80;
    const unsigned high = first == 0xF4 ? 0x8F : 0xBF;
    return tail(1, low, high) && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

enum class Escapable { plain, control, invalid };

/// What the bytes begin with.
Escapable kind_of(std::string_view bytes, size_t utf8_length) {
  if (utf8_length == 0) return Escapable::invalid;
  const auto first = static_cast<unsigned char>(bytes[0]);
  const bool is_c1 = first == 0xC2 && static_cast<unsigned char>(bytes[1]) < 0xA0;
  return first < 0x20 || first == 0x7F || is_c1 ? Escapable::control : Escapable::plain;
}

/// Bytes of what `escapes(kind, first byte)` says as \xNN.
template <class Escapes>
std::string escaped(std::string_view bytes, const Escapes& escapes) {
  std::string text;
  while (!bytes.empty()) {
    const size_t length = utf8_sequence_length(bytes);
    const std::string_view character = bytes.substr(0, std::max<size_t>(length, 1));
    if (escapes(kind_of(bytes, length), bytes[0])) {
      for (const char byte : character)
        text += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
    } else {
      text += character;
    }
    bytes.remove_prefix(character.size());
  }
  return text;
}

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i + 1);
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t change = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = std::exchange(row[j + 1], std::min({row[j] + 1, row[j + 1] + 1, change}));
    }
  }
  return row[b.size()];
}

}  // namespace

bool is_valid_utf8(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t length = utf8_sequence_length(bytes);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

std::string printable(std::string_view bytes) {
  return escaped(bytes, [](Escapable kind, char) { return kind != Escapable::plain; });
}

std::string printable_lines(std::string_view text) {
  return escaped(
      text, [](Escapable kind, char first) { return kind != Escapable::plain && first != '\n'; });
}

std::string without_control_characters(std::string_view name) {
  return escaped(name, [](Escapable kind, char) { return kind == Escapable::control; });
}

std::vector<std::string> nearest_names(std::string_view name,
                                       std::span<const std::string> candidates) {
  const std::string wanted = ascii_lower(name);
  std::vector<std::pair<size_t, std::string>> ranked;
  for (const std::string& candidate : candidates) {
    const std::string lower = ascii_lower(candidate);
    const bool contained =
        !wanted.empty() && !lower.empty() &&
        (lower.find(wanted) != std::string::npos || wanted.find(lower) != std::string::npos);
    const size_t distance = edit_distance(wanted, lower);
    if (contained || distance <= std::max<size_t>(1, (wanted.size() + 1) / 3))
      ranked.emplace_back(distance, candidate);
  }
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> names;
  for (const auto& [distance, candidate] : ranked) {
    if (names.size() < 3) names.push_back(candidate);
  }
  return names;
}

std::string list_names(std::span<const std::string> names, size_t most) {
  std::string text;
  for (size_t i = 0; i < std::min(names.size(), most); ++i)
    text += (i ? ", " : "") + printable(names[i]);
  if (names.size() > most) text += fmt::format(", ... ({} in all)", names.size());
  return text;
}

std::string ascii_lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

}  // namespace posse
