/// Options of posse plot, declared once for the command line and Python.
#pragma once

#include <array>
#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/enum_names.h"
#include "base/frame_range.h"

namespace posse {

enum class PlotKind { traces, disagreement, errors, reliability, risk_coverage, matrix };
enum class PlotAxis { x, y };

template <>
struct EnumNames<PlotKind> {
  static constexpr std::array<std::pair<std::string_view, PlotKind>, 6> kNames{
      {{"traces", PlotKind::traces},
       {"disagreement", PlotKind::disagreement},
       {"errors", PlotKind::errors},
       {"reliability", PlotKind::reliability},
       {"risk-coverage", PlotKind::risk_coverage},
       {"matrix", PlotKind::matrix}}};
};
template <>
struct EnumNames<PlotAxis> {
  static constexpr std::array<std::pair<std::string_view, PlotAxis>, 2> kNames{
      {{"x", PlotAxis::x}, {"y", PlotAxis::y}}};
};

struct PlotOptions {
  PlotKind kind = PlotKind::traces;
  std::string bodypart;  ///< empty: the first
  PlotAxis axis = PlotAxis::x;
  FrameRange frames;
  std::string matrix;  ///< empty: the first
  double width_mm = 180;
  double height_mm = 0;
  double dpi = 300;
};

template <class Options, class Visitor>
requires std::same_as<std::remove_const_t<Options>, PlotOptions>
void describe(Options& options, const Visitor& visit) {
  visit("kind", options.kind, "",
        "kind of figure: traces or disagreement from results; errors, reliability or risk-coverage "
        "from the JSON of posse evaluate; matrix from study.json of posse study");
  visit("bodypart", options.bodypart, "NAME", "bodypart that traces shows (default: the first)");
  visit("axis", options.axis, "", "coordinate that traces shows");
  visit("frames", options.frames, "A:B",
        "frames that traces and disagreement show, counted from 0, B excluded (default: all)");
  visit("matrix", options.matrix, "NAME", "matrix of the study to draw (default: the first)");
  visit("width-mm", options.width_mm, "FLOAT",
        "width of the figure on paper; letters have 8 points (default 180)");
  visit("height-mm", options.height_mm, "FLOAT",
        "height of the figure on paper (default 0: as fits the kind)");
  visit("dpi", options.dpi, "FLOAT", "pixels per inch of a PNG (default 300)");
}

}  // namespace posse
