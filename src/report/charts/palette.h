/// Colours of figures: readable on white, told apart with any kind of colour vision, and in print.
///
/// Meaning never hangs on colour alone: series also differ in dashes or shapes, and are named.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "video/overlay_shapes.h"

namespace posse {

/// Colours of series: blue, vermilion, near black, purple (Okabe and Ito 2008, the last two
/// darker). All have a contrast of at least 3 to 1 on white (WCAG 2.1, 1.4.11). None of green.
inline constexpr std::array<std::string_view, 4> kSeriesColours{"#0072B2", "#D55E00", "#1A1A1A",
                                                                "#B0688F"};
/// What is faint on purpose: members, grids.
inline constexpr std::string_view kFaintColour = "#8A8F98";
/// Text and axes.
inline constexpr std::string_view kInkColour = "#1A1A1A";

/// From nearly white (0) through orange to nearly black (1), darker at every step; grey for NaN.
/// Values outside [0, 1] are cut.
Colour sequential_colour(double share);

/// From blue (-1) through white (0) to vermilion (1), darker to both sides; grey for NaN.
Colour diverging_colour(double share);

/// "#RRGGBB"
std::string css_colour(Colour colour);

}  // namespace posse
