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
        "traces and disagreement are of results, errors, reliability and risk-coverage of the JSON "
        "of posse evaluate, matrix of posse study's study.json");
  visit("bodypart", options.bodypart, "NAME", "of traces (default: the first)");
  visit("axis", options.axis, "", "of traces");
  visit("frames", options.frames, "A:B", "of traces and disagreement, B excluded");
  visit("matrix", options.matrix, "NAME", "of a study (default: the first)");
  visit("width-mm", options.width_mm, "FLOAT", "on paper (default 180); letters have 8 points");
  visit("height-mm", options.height_mm, "FLOAT", "on paper (default 0: as fits the kind)");
  visit("dpi", options.dpi, "FLOAT", "pixels per inch of a PNG (default 300)");
}

}  // namespace posse
