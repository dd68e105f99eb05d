#include "report/charts/matrix.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "report/charts/markup.h"
#include "report/charts/palette.h"
#include "video/encode_picture.h"

namespace posse {
namespace {

constexpr size_t kMostNames = 60;

/// Where the cells are, in units of the drawing.
struct Layout {
  double left = 12, top = 8;  ///< room for names, where there are any
  double cell_width = 1, cell_height = 1;

  double x(double column) const { return left + column * cell_width; }
  double y(double row) const { return top + row * cell_height; }
};

Layout layout_of(const MatrixFigure& matrix) {
  constexpr double kWide = 880, kWidest = 24, kLineHeight = 14;
  Layout layout;
  const auto rows = static_cast<double>(matrix.rows.size());
  const auto columns = static_cast<double>(matrix.columns.size());
  if (rows <= kMostNames) layout.left = 140;
  if (columns <= kMostNames) layout.top = 96;
  layout.cell_width = std::clamp((kWide - layout.left) / columns, 1.0, kWidest);
  layout.cell_height =
      rows <= kMostNames ? std::max(layout.cell_width, kLineHeight) : layout.cell_width;
  return layout;
}

struct ColourScale {
  double least = 0, most = 1;
  bool is_diverging = false;

  Colour colour(double value) const {
    if (is_diverging) return diverging_colour(value / std::max(most, -least));
    return sequential_colour((value - least) / (most > least ? most - least : 1));
  }
};

ColourScale scale_of(const std::vector<double>& values) {
  double least = std::nan(""), most = std::nan("");
  for (const double value : values) {
    least = std::fmin(least, value);
    most = std::fmax(most, value);
  }
  if (std::isnan(least)) return {};
  if (least < 0 && most > 0) return {least, most, true};
  return {least > 0 ? 0 : least, most, false};
}

std::string names(const MatrixFigure& matrix, const Layout& layout) {
  std::string svg;
  for (size_t row = 0; row < matrix.rows.size() && matrix.rows.size() <= kMostNames; ++row)
    svg += fmt::format(R"(<text x="{}" y="{}" text-anchor="end">{}</text>)", layout.left - 6,
                       plain_number(layout.y(static_cast<double>(row) + 0.5) + 4),
                       escaped(shortened(matrix.rows[row], 18)));
  for (size_t col = 0; col < matrix.columns.size() && matrix.columns.size() <= kMostNames; ++col) {
    const std::string x = plain_number(layout.x(static_cast<double>(col) + 0.5) + 4);
    svg += fmt::format("<text x=\"{0}\" y=\"{1}\" transform=\"rotate(-60 {0} {1})\">{2}</text>", x,
                       layout.top - 6, escaped(shortened(matrix.columns[col], 14)));
  }
  return svg;
}

std::string cells(const MatrixFigure& matrix, const ColourScale& scale, const Layout& layout) {
  std::string svg = "<g data-role=\"cells\">";
  for (size_t i = 0; i < matrix.values.size(); ++i) {
    const size_t row = i / matrix.columns.size(), col = i % matrix.columns.size();
    svg += fmt::format(
        R"(<rect x="{}" y="{}" width="{}" height="{}" fill="{}"><title>{}, {}: {}</title></rect>)",
        plain_number(layout.x(static_cast<double>(col))),
        plain_number(layout.y(static_cast<double>(row))), plain_number(layout.cell_width),
        plain_number(layout.cell_height), css_colour(scale.colour(matrix.values[i])),
        escaped(matrix.rows[row]), escaped(matrix.columns[col]), shown_number(matrix.values[i], 3));
  }
  return svg + "</g>";
}

std::string picture(const MatrixFigure& matrix, const ColourScale& scale, const Layout& layout) {
  Image image(static_cast<int>(matrix.columns.size()), static_cast<int>(matrix.rows.size()));
  for (size_t i = 0; i < matrix.values.size(); ++i) {
    const Colour colour = scale.colour(matrix.values[i]);
    std::copy(colour.begin(), colour.end(), image.rgb.begin() + static_cast<std::ptrdiff_t>(3 * i));
  }
  return fmt::format(
      "<image x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" preserveAspectRatio=\"none\" "
      "style=\"image-rendering:pixelated\" href=\"data:image/png;base64,{}\"/>",
      layout.left, layout.top,
      plain_number(layout.cell_width * static_cast<double>(matrix.columns.size())),
      plain_number(layout.cell_height * static_cast<double>(matrix.rows.size())),
      base64_of(png_of(image)));
}

}  // namespace

std::string to_svg(const MatrixFigure& matrix) {
  constexpr size_t kMostCells = 4000;
  if (matrix.values.size() != matrix.rows.size() * matrix.columns.size() || matrix.values.empty()) {
    throw Error(ErrorKind::shape_mismatch,
                fmt::format("matrix '{}': {} values for {} rows and {} columns", matrix.title,
                            matrix.values.size(), matrix.rows.size(), matrix.columns.size()));
  }
  const Layout layout = layout_of(matrix);
  const ColourScale scale = scale_of(matrix.values);
  const double bottom = layout.y(static_cast<double>(matrix.rows.size()));
  const double right = layout.x(static_cast<double>(matrix.columns.size()));
  return fmt::format(
             "<svg xmlns=\"http://www.w3.org/2000/svg\" id=\"{0}\" viewBox=\"0 0 {1} {2}\" "
             "role=\"img\" aria-labelledby=\"{0}-title {0}-text\" font-family=\"sans-serif\" "
             "font-size=\"12\" fill=\"{3}\"><title id=\"{0}-title\">{4}</title>"
             "<desc id=\"{0}-text\">{5} {6} rows, {7} columns, from {8} to {9}.</desc>",
             matrix.id, plain_number(std::max(right + 20, 640.0)), plain_number(bottom + 24),
             kInkColour, escaped(matrix.title), escaped(matrix.description), matrix.rows.size(),
             matrix.columns.size(), shown_number(scale.least, 3), shown_number(scale.most, 3)) +
         names(matrix, layout) +
         (matrix.values.size() > kMostCells ? picture(matrix, scale, layout)
                                            : cells(matrix, scale, layout)) +
         fmt::format(
             "<text x=\"{}\" y=\"{}\">{}, {} rows, {} columns: from {} ({}) to {} "
             "({})</text></svg>\n",
             layout.left, plain_number(bottom + 17), escaped(matrix.title), matrix.rows.size(),
             matrix.columns.size(), shown_number(scale.least, 3),
             scale.is_diverging ? "blue" : "light", shown_number(scale.most, 3),
             scale.is_diverging ? "vermilion" : "dark");
}

}  // namespace posse
