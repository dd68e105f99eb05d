/// Text and numbers as they stand in SVG and HTML.
#pragma once

#include <string>
#include <string_view>

namespace posse {

/// The text with &, <, > and both quotation marks as entities, so that it may stand between tags
/// and in attributes. What is no UTF-8 and control characters stand as printable() shows them.
std::string escaped(std::string_view text);

/// A number with at most `decimals` places and no zeros at its end: "12.5", "3", "-0.25". Never
/// "-0"; "0" for what rounds to it. @param value  finite
std::string plain_number(double value, int decimals = 2);

/// The same for people: an en dash where it is NaN or infinite.
std::string shown_number(double value, int decimals = 2);

/// Standard base64 with padding.
std::string base64_of(std::string_view bytes);

}  // namespace posse
