/// Natural order of names: numbers within them count as numbers (img2 before img10).
#pragma once

#include <string_view>

namespace posse {

/// True if `a` comes before `b` when runs of digits count as numbers: "member-2" before
/// "member-10". Names that differ in leading zeros only are ordered as text.
bool naturally_before(std::string_view a, std::string_view b);

}  // namespace posse
