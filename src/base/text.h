/// Checks, cleans and lists names for messages.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace posse {

/// True if the bytes are well-formed UTF-8 (no overlong forms, no surrogates).
bool is_valid_utf8(std::string_view bytes);

/// For messages: invalid bytes and control characters (below 0x20, DEL, and U+0080 to U+009F, which
/// terminals obey too) as \xNN, everything else as it is.
std::string printable(std::string_view bytes);

/// The same for text of several lines: line feeds stay.
std::string printable_lines(std::string_view text);

/// For names of files: control characters alone as \xNN; bytes that are no UTF-8 stay, so that
/// names in other encodings are kept.
std::string without_control_characters(std::string_view name);

/// Those of `candidates` that a person probably meant by `name`, nearest first, at most three (edit
/// distance at most about a third of the name's length, case ignored, or one contains the other).
std::vector<std::string> nearest_names(std::string_view name,
                                       std::span<const std::string> candidates);

/// "a, b, c"; beyond `most` names "a, b, ... (12 in all)".
std::string list_names(std::span<const std::string> names, size_t most = 12);

/// Lower-case copy, ASCII letters only.
std::string ascii_lower(std::string_view text);

}  // namespace posse
