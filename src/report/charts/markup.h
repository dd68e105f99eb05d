/// Writes text and numbers as they stand in SVG and HTML.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace posse {

/// The text with &, <, > and both quotation marks as entities, so that it may stand between tags
/// and in attributes. What is no UTF-8 and control characters stand as printable() shows them.
std::string escaped(std::string_view text);

/// At most so many characters (of UTF-8, not bytes), with an ellipsis where some were taken out: at
/// the front of what looks like a path, whose end tells it from others, else at the end.
std::string shortened(std::string_view text, size_t most);

/// A number with at most `decimals` places and no zeros at its end: "12.5", "3", "-0.25". Never
/// "-0"; "0" for what rounds to it. @param value  finite
std::string plain_number(double value, int decimals = 2);

/// The same for people: an en dash where it is NaN or infinite.
std::string shown_number(double value, int decimals = 2);

/// Standard base64 with padding.
std::string base64_of(std::string_view bytes);

}  // namespace posse
