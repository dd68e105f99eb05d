#include "report/charts/palette.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>

namespace posse {
namespace {

constexpr Colour kUnknown{205, 205, 205};

/// The colour at `share` of [0, 1] between equally spaced stops.
Colour between(std::span<const Colour> stops, double share) {
  const double place = std::clamp(share, 0.0, 1.0) * static_cast<double>(stops.size() - 1);
  const auto first = std::min(static_cast<size_t>(place), stops.size() - 2);
  const double part = place - static_cast<double>(first);
  Colour colour{};
  for (size_t i = 0; i < colour.size(); ++i) {
    const double value = (1 - part) * stops[first].at(i) + part * stops[first + 1].at(i);
    colour.at(i) = static_cast<uint8_t>(std::lround(value));
  }
  return colour;
}

}  // namespace

Colour sequential_colour(double share) {
  constexpr std::array<Colour, 5> kStops{
      {{255, 251, 235}, {253, 206, 130}, {232, 130, 50}, {150, 55, 30}, {50, 10, 15}}};
  return std::isnan(share) ? kUnknown : between(kStops, share);
}

Colour diverging_colour(double share) {
  constexpr std::array<Colour, 5> kStops{
      {{0, 70, 120}, {100, 165, 215}, {255, 255, 255}, {245, 160, 95}, {160, 60, 0}}};
  return std::isnan(share) ? kUnknown : between(kStops, (share + 1) / 2);
}

std::string css_colour(Colour colour) {
  return fmt::format("#{:02X}{:02X}{:02X}", colour[0], colour[1], colour[2]);
}

}  // namespace posse
