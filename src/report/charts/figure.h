/// A chart as a value, which is written as SVG: data in, text out.
///
/// The SVG stands alone (no style sheet, script or font from elsewhere), scales with its viewBox,
/// and has a title and a description for those who do not see it. Where its axes lie is told in
/// attributes, for scripts and tests: data-plot="left top right bottom" in the viewBox's units,
/// data-range="x-least x-most y-least y-most" in those of the data. Every mark is a group with
/// data-role.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "report/charts/ticks.h"

namespace posse {

/// Points joined in order; a NaN in x or y breaks the line.
struct LineMark {
  std::string role;  ///< data-role, as "consensus"
  std::string name;  ///< in the legend; empty: not there
  std::string colour;
  double width = 1.5;  ///< viewBox units
  double opacity = 1;
  std::string dashes;  ///< SVG's stroke-dasharray; empty: none
  std::vector<double> x, y;
};

/// The area between `low` and `high`; a NaN in either breaks it.
struct BandMark {
  std::string role, name, colour;
  double opacity = 0.25;
  std::vector<double> x, low, high;
};

enum class PointShape { disc, square, triangle, ring };

/// Single points, with bars from `low` to `high` where these are given and finite: along y, or
/// along x if `bars_along_x`.
struct PointMark {
  std::string role, name, colour;
  PointShape shape = PointShape::disc;
  double radius = 3.5;
  std::vector<double> x, y;
  std::vector<double> low, high;  ///< [points] or empty
  bool bars_along_x = false;
};

/// Upright bars from 0, each from left to right.
struct BarMark {
  std::string role, name, colour;
  std::vector<double> left, right, height;
};

using FigureMark = std::variant<BandMark, BarMark, LineMark, PointMark>;

struct FigureAxis {
  std::string label;
  double least = 0;
  double most = 1;
  std::vector<Tick> ticks;  ///< empty: round_ticks
};

struct Figure {
  std::string id;           ///< unique in its page: letters, digits, '-'
  std::string title;        ///< short, for readers of the page and of the SVG
  std::string description;  ///< what is to be seen, in a sentence or two: the alternative text
  double width = 760;       ///< viewBox
  double height = 200;
  double left = 56;  ///< room for the labels of the y axis
  FigureAxis x, y;
  bool y_points_down = false;     ///< as rows of a picture do
  std::vector<FigureMark> marks;  ///< in the order they are drawn
};

/// How large a figure is on paper; without it, it is as wide as the page lets it be.
struct PaperSize {
  double width_mm = 0;
  double height_mm = 0;
};

/// `<svg ...>...</svg>`. @throws Error(shape_mismatch) for a mark whose vectors differ in length
std::string to_svg(const Figure& figure, const std::optional<PaperSize>& paper = std::nullopt);

/// The d of an SVG path along points, broken at NaN. One decimal.
std::string path_along(const std::vector<double>& x, const std::vector<double>& y);

}  // namespace posse
