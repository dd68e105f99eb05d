#include "report/charts/figure.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "report/charts/markup.h"
#include "report/charts/palette.h"

namespace posse {
namespace {

constexpr double kTop = 10, kRight = 14, kBottom = 40, kLegendLine = 18;

/// Where data lie in the viewBox.
struct Plot {
  double left = 0, top = 0, right = 0, bottom = 0;
  const Figure& figure;

  double x(double value) const {
    return left + (value - figure.x.least) / (figure.x.most - figure.x.least) * (right - left);
  }
  double y(double value) const {
    const double share = (value - figure.y.least) / (figure.y.most - figure.y.least);
    return figure.y_points_down ? top + share * (bottom - top) : bottom - share * (bottom - top);
  }
  std::vector<double> xs(const std::vector<double>& values) const {
    std::vector<double> places;
    for (const double value : values) places.push_back(x(value));
    return places;
  }
  std::vector<double> ys(const std::vector<double>& values) const {
    std::vector<double> places;
    for (const double value : values) places.push_back(y(value));
    return places;
  }
};

void check_sizes(const std::string& role, size_t expected, std::initializer_list<size_t> sizes) {
  for (const size_t size : sizes) {
    if (size == expected) continue;
    throw Error(ErrorKind::shape_mismatch,
                fmt::format("figure mark '{}': {} values beside {}", role, size, expected));
  }
}

std::string group(const std::string& role) {
  return fmt::format("<g data-role=\"{}\">", escaped(role));
}

std::string drawn(const LineMark& mark, const Plot& plot) {
  check_sizes(mark.role, mark.x.size(), {mark.y.size()});
  const std::string dashes =
      mark.dashes.empty() ? "" : fmt::format(" stroke-dasharray=\"{}\"", mark.dashes);
  return group(mark.role) + fmt::format(
                                "<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\" "
                                "stroke-opacity=\"{}\" stroke-linejoin=\"round\"{}/></g>\n",
                                path_along(plot.xs(mark.x), plot.ys(mark.y)), mark.colour,
                                plain_number(mark.width), plain_number(mark.opacity), dashes);
}

/// Closed outlines, one for each stretch without NaN: along `low`, and back along `high`.
std::string outlines(const std::vector<double>& x, const std::vector<double>& low,
                     const std::vector<double>& high) {
  std::string path;
  for (size_t first = 0; first < x.size();) {
    if (std::isnan(low[first] + high[first] + x[first])) {
      ++first;
      continue;
    }
    size_t last = first;
    while (last < x.size() && !std::isnan(low[last] + high[last] + x[last])) ++last;
    std::string back;
    for (size_t i = first; i < last; ++i) {
      path += fmt::format("{}{} {}", i == first ? "M" : "L", plain_number(x[i], 1),
                          plain_number(low[i], 1));
      const size_t j = last - 1 - (i - first);
      back += fmt::format("L{} {}", plain_number(x[j], 1), plain_number(high[j], 1));
    }
    path += back + "Z";
    first = last;
  }
  return path;
}

std::string drawn(const BandMark& mark, const Plot& plot) {
  check_sizes(mark.role, mark.x.size(), {mark.low.size(), mark.high.size()});
  return group(mark.role) +
         fmt::format(
             "<path d=\"{}\" fill=\"{}\" fill-opacity=\"{}\" stroke=\"{}\" stroke-width=\"0.6\" "
             "stroke-opacity=\"{}\"/></g>\n",
             outlines(plot.xs(mark.x), plot.ys(mark.low), plot.ys(mark.high)), mark.colour,
             plain_number(mark.opacity), mark.colour, plain_number(mark.opacity));
}

std::string shape_at(const PointMark& mark, double x, double y) {
  const double r = mark.radius;
  switch (mark.shape) {
    case PointShape::square:
      return fmt::format(R"(<rect x="{}" y="{}" width="{}" height="{}" fill="{}"/>)",
                         plain_number(x - r), plain_number(y - r), plain_number(2 * r),
                         plain_number(2 * r), mark.colour);
    case PointShape::triangle:
      return fmt::format(R"(<path d="M{} {}L{} {}L{} {}Z" fill="{}"/>)", plain_number(x),
                         plain_number(y - 1.2 * r), plain_number(x - 1.1 * r), plain_number(y + r),
                         plain_number(x + 1.1 * r), plain_number(y + r), mark.colour);
    case PointShape::ring:
      return fmt::format(
          R"(<circle cx="{}" cy="{}" r="{}" fill="#fff" stroke="{}" stroke-width="1.5"/>)",
          plain_number(x), plain_number(y), plain_number(r), mark.colour);
    case PointShape::disc:
      break;
  }
  return fmt::format(R"(<circle cx="{}" cy="{}" r="{}" fill="{}"/>)", plain_number(x),
                     plain_number(y), plain_number(r), mark.colour);
}

std::string drawn(const PointMark& mark, const Plot& plot) {
  check_sizes(mark.role, mark.x.size(), {mark.y.size()});
  if (!mark.low.empty()) check_sizes(mark.role, mark.x.size(), {mark.low.size(), mark.high.size()});
  std::string svg = group(mark.role);
  for (size_t i = 0; i < mark.x.size(); ++i) {
    if (!std::isfinite(mark.x[i]) || !std::isfinite(mark.y[i])) continue;
    const double x = plot.x(mark.x[i]), y = plot.y(mark.y[i]);
    if (!mark.low.empty() && std::isfinite(mark.low[i]) && std::isfinite(mark.high[i])) {
      const double from = mark.bars_along_x ? plot.x(mark.low[i]) : plot.y(mark.low[i]);
      const double to = mark.bars_along_x ? plot.x(mark.high[i]) : plot.y(mark.high[i]);
      const std::string line =
          mark.bars_along_x
              ? fmt::format("M{} {}H{}", plain_number(from), plain_number(y), plain_number(to))
              : fmt::format("M{} {}V{}", plain_number(x), plain_number(from), plain_number(to));
      svg += fmt::format(R"(<path d="{}" stroke="{}" stroke-width="1.5"/>)", line, mark.colour);
    }
    svg += shape_at(mark, x, y);
  }
  return svg + "</g>\n";
}

std::string drawn(const BarMark& mark, const Plot& plot) {
  check_sizes(mark.role, mark.left.size(), {mark.right.size(), mark.height.size()});
  std::string svg = group(mark.role);
  for (size_t i = 0; i < mark.left.size(); ++i) {
    if (!std::isfinite(mark.height[i])) continue;
    const double left = plot.x(mark.left[i]), top = plot.y(mark.height[i]);
    svg += fmt::format(R"(<rect x="{}" y="{}" width="{}" height="{}" fill="{}" stroke="#fff"/>)",
                       plain_number(left), plain_number(top),
                       plain_number(plot.x(mark.right[i]) - left), plain_number(plot.y(0) - top),
                       mark.colour);
  }
  return svg + "</g>\n";
}

std::string text_at(double x, double y, const std::string& anchor, const std::string& text,
                    const std::string& more = "") {
  return fmt::format(R"(<text x="{}" y="{}" text-anchor="{}"{}>{}</text>)", plain_number(x, 1),
                     plain_number(y, 1), anchor, more, escaped(text));
}

std::string x_axis(const Plot& plot) {
  const Figure& figure = plot.figure;
  std::string svg = "<g data-role=\"x-axis\">";
  const auto ticks = figure.x.ticks.empty()
                         ? round_ticks(figure.x.least, figure.x.most,
                                       static_cast<int>((plot.right - plot.left) / 80))
                         : figure.x.ticks;
  for (const Tick& tick : ticks) {
    svg += fmt::format(R"(<path d="M{} {}v5" stroke="{}"/>)", plain_number(plot.x(tick.value), 1),
                       plain_number(plot.bottom), kInkColour);
    svg += text_at(plot.x(tick.value), plot.bottom + 17, "middle", tick.label);
  }
  return svg + "</g>" +
         text_at((plot.left + plot.right) / 2, figure.height - 5, "middle", figure.x.label) + "\n";
}

std::string y_axis(const Plot& plot) {
  const Figure& figure = plot.figure;
  std::string svg = "<g data-role=\"y-axis\">";
  const auto ticks = figure.y.ticks.empty()
                         ? round_ticks(figure.y.least, figure.y.most,
                                       static_cast<int>((plot.bottom - plot.top) / 32))
                         : figure.y.ticks;
  for (const Tick& tick : ticks) {
    const double y = plot.y(tick.value);
    svg += fmt::format(R"(<path d="M{} {}H{}" stroke="#E3E5E8"/>)", plain_number(plot.left),
                       plain_number(y, 1), plain_number(plot.right));
    svg += text_at(plot.left - 6, y + 4, "end", tick.label);
  }
  const double middle = (plot.top + plot.bottom) / 2;
  if (!figure.y.label.empty())
    svg += text_at(13, middle, "middle", figure.y.label,
                   fmt::format(" transform=\"rotate(-90 13 {})\"", plain_number(middle)));
  return svg + "</g>\n";
}

/// The sign that stands for a mark, `x` and `y` its left end and middle.
template <class Mark>
std::string sign_of(const Mark& mark, double x, double y) {
  if constexpr (std::is_same_v<Mark, PointMark>) {
    return shape_at(mark, x + 9, y);
  } else if constexpr (std::is_same_v<Mark, LineMark>) {
    return fmt::format(
        R"(<path d="M{} {}h18" stroke="{}" stroke-width="2" stroke-opacity="{}"{}/>)",
        plain_number(x), plain_number(y), mark.colour, plain_number(mark.opacity),
        mark.dashes.empty() ? "" : fmt::format(" stroke-dasharray=\"{}\"", mark.dashes));
  } else {
    double opacity = 1;
    if constexpr (std::is_same_v<Mark, BandMark>) opacity = mark.opacity;
    return fmt::format(
        R"(<rect x="{}" y="{}" width="18" height="11" fill="{}" fill-opacity="{}"/>)",
        plain_number(x), plain_number(y - 5.5), mark.colour, plain_number(opacity));
  }
}

/// A small sign of each mark with a name, in as many lines above the plot as they need.
struct Legend {
  std::string svg;
  int lines = 0;
};

Legend legend_of(const Figure& figure) {
  Legend legend;
  double x = figure.left, y = 11;
  for (const FigureMark& one : figure.marks) {
    std::visit(
        [&](const auto& mark) {
          if (mark.name.empty()) return;
          const double width = 39 + 6.6 * static_cast<double>(mark.name.size());
          if (legend.lines > 0 && x + width > figure.width) {
            x = figure.left;
            y += kLegendLine;
            ++legend.lines;
          }
          legend.lines = std::max(legend.lines, 1);
          legend.svg += sign_of(mark, x, y) + text_at(x + 23, y + 4, "start", mark.name);
          x += width;
        },
        one);
  }
  if (legend.lines > 0) legend.svg = "<g data-role=\"legend\">" + legend.svg + "</g>\n";
  return legend;
}

std::string head(const Plot& plot, const std::optional<PaperSize>& paper) {
  const Figure& figure = plot.figure;
  const std::string size =
      paper ? fmt::format(R"( width="{}mm" height="{}mm")", plain_number(paper->width_mm),
                          plain_number(paper->height_mm))
            : "";
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" id=\"{0}\" viewBox=\"0 0 {1} {2}\"{3} "
      "role=\"img\" "
      "aria-labelledby=\"{0}-title {0}-text\" font-family=\"sans-serif\" font-size=\"12\" "
      "fill=\"{4}\" data-plot=\"{5} {6} {7} {8}\" data-range=\"{9} {10} {11} {12}\"{13}>\n"
      "<title id=\"{0}-title\">{14}</title><desc id=\"{0}-text\">{15}</desc>\n",
      figure.id, plain_number(figure.width), plain_number(figure.height), size, kInkColour,
      plain_number(plot.left), plain_number(plot.top), plain_number(plot.right),
      plain_number(plot.bottom), figure.x.least, figure.x.most, figure.y.least, figure.y.most,
      figure.y_points_down ? " data-y-down=\"1\"" : "", escaped(figure.title),
      escaped(figure.description));
}

}  // namespace

std::string path_along(const std::vector<double>& x, const std::vector<double>& y) {
  std::string path;
  bool is_open = false;
  for (size_t i = 0; i < x.size(); ++i) {
    const bool is_there = std::isfinite(x[i]) && std::isfinite(y[i]);
    if (is_there) {
      path += is_open ? 'L' : 'M';
      path += plain_number(x[i], 1) + " " + plain_number(y[i], 1);
    }
    is_open = is_there;
  }
  return path;
}

std::string to_svg(const Figure& figure, const std::optional<PaperSize>& paper) {
  const Legend legend = legend_of(figure);
  const Plot plot{.left = figure.left,
                  .top = kTop + kLegendLine * legend.lines,
                  .right = figure.width - kRight,
                  .bottom = figure.height - kBottom,
                  .figure = figure};
  std::string svg = head(plot, paper) + legend.svg + y_axis(plot);
  svg += fmt::format(
      "<clipPath id=\"{}-clip\"><rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/></clipPath>"
      "<g clip-path=\"url(#{}-clip)\" data-role=\"marks\">\n",
      figure.id, plain_number(plot.left), plain_number(plot.top - 4),
      plain_number(plot.right - plot.left), plain_number(plot.bottom - plot.top + 8), figure.id);
  for (const FigureMark& one : figure.marks)
    svg += std::visit([&](const auto& mark) { return drawn(mark, plot); }, one);
  svg += fmt::format("</g><path d=\"M{} {}V{}H{}\" fill=\"none\" stroke=\"{}\"/>\n",
                     plain_number(plot.left), plain_number(plot.top), plain_number(plot.bottom),
                     plain_number(plot.right), kInkColour);
  return svg + x_axis(plot) + "</svg>\n";
}

}  // namespace posse
