/// A small bitmap font drawn for posse: ASCII in cells of 6 x 9 pixels, for labels inside pictures.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace posse {

inline constexpr int kGlyphColumns = 5;  ///< inked columns; the cell has one more, blank
inline constexpr int kGlyphRows = 8;     ///< seven above the baseline, one below
inline constexpr int kGlyphAdvance = 6;
inline constexpr int kLineAdvance = 10;

/// Rows from the top; bit 4 is the leftmost column. Characters outside printable ASCII give a
/// hollow box.
const std::array<uint8_t, kGlyphRows>& glyph(char character);

/// Characters of UTF-8 text as cells: each code point counts once. Pixels at scale 1.
int text_width(std::string_view text);

}  // namespace posse
