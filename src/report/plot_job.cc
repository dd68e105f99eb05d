#include "report/plot_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "base/paths.h"
#include "base/text.h"
#include "report/evaluation_figures.h"
#include "report/reported_video.h"
#include "report/study_figures.h"
#include "report/video_figures.h"
#include "video/encode_picture.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

constexpr double kUnitsPerMm = 12 / (8 * 25.4 / 72);  // 12 units are letters of 8 points

void check(const PlotOptions& options) {
  const bool is_fine = options.width_mm >= 20 && options.width_mm <= 2000 &&
                       options.height_mm >= 0 && options.height_mm <= 2000 && options.dpi >= 10 &&
                       options.dpi <= 2400;
  if (is_fine) return;
  throw Error(ErrorKind::usage,
              fmt::format("--width-mm {}, --height-mm {}, --dpi {}: out of range", options.width_mm,
                          options.height_mm, options.dpi),
              {.hint = "widths have 20 to 2000 mm, heights up to 2000 mm, 10 to 2400 dpi"});
}

ReportedVideo read_video(const fs::path& input, const JobHooks& hooks) {
  const std::vector<fs::path> folders = find_results(std::array{input});
  if (folders.size() != 1) {
    throw Error(ErrorKind::usage,
                fmt::format("{}: holds results of {} videos; a figure is of one", input.string(),
                            folders.size()),
                {.hint = "name the folder of one video, as posse-results/m3v1"});
  }
  const ReportDetail detail{.columns = SIZE_MAX, .num_peaks = 0};
  return read_reported_video(FinishedResults(folders[0]), detail, {}, hooks);
}

size_t index_of(const ReportedVideo& video, const std::string& bodypart) {
  if (bodypart.empty()) return 0;
  std::vector<std::string> names;
  for (const ReportedBodypart& part : video.bodyparts) names.push_back(part.name);
  const auto found = std::find(names.begin(), names.end(), bodypart);
  if (found == names.end()) {
    throw Error(ErrorKind::not_found, fmt::format("bodypart '{}' is not there", bodypart),
                {.have = list_names(names)});
  }
  return static_cast<size_t>(found - names.begin());
}

/// Keeps the points of a line or band whose x is within [least, most].
template <class Mark>
void cut(Mark& mark, double least, double most, std::vector<std::vector<double>*> values) {
  std::vector<double> kept;
  std::vector<std::vector<double>> columns(values.size());
  for (size_t i = 0; i < mark.x.size(); ++i) {
    if (mark.x[i] < least || mark.x[i] > most) continue;
    kept.push_back(mark.x[i]);
    for (size_t v = 0; v < values.size(); ++v) columns[v].push_back((*values[v])[i]);
  }
  mark.x = std::move(kept);
  for (size_t v = 0; v < values.size(); ++v) *values[v] = std::move(columns[v]);
}

/// The figure between two frames; y as far as consensus and members reach there.
void cut(Figure& figure, double least, double most) {
  double low = std::nan(""), high = std::nan("");
  for (FigureMark& one : figure.marks) {
    if (auto* line = std::get_if<LineMark>(&one)) {
      cut(*line, least, most, {&line->y});
      for (const double value : line->y) low = std::fmin(low, value), high = std::fmax(high, value);
    } else if (auto* band = std::get_if<BandMark>(&one)) {
      cut(*band, least, most, {&band->low, &band->high});
      if (band->role == "band") continue;
      for (const double value : band->low) low = std::fmin(low, value);
      for (const double value : band->high) high = std::fmax(high, value);
    }
  }
  figure.x.least = least;
  figure.x.most = std::max(most, least + 1);
  const AxisRange range = axis_range(low, high);
  figure.y.most = range.most;
  if (figure.y.least != 0) figure.y.least = range.least;
}

Figure figure_of_results(const fs::path& input, const PlotOptions& options, const JobHooks& hooks) {
  const ReportedVideo video = read_video(input, hooks);
  int64_t first = -1, last = -1;
  for (const int64_t frame : video.frame_index) {
    if (!options.frames.contains(frame)) continue;
    if (first < 0) first = frame;
    last = frame;
  }
  if (first < 0) {
    throw Error(ErrorKind::usage, fmt::format("--frames {}: the results have no such frame",
                                              options.frames.to_string()));
  }
  // About 1,500 columns within the frames that are shown.
  const size_t columns =
      1500 * std::max<size_t>(1, video.frame_index.size() / static_cast<size_t>(last - first + 1));
  Figure figure = options.kind == PlotKind::disagreement
                      ? disagreement_figure(video, "disagreement", columns)
                      : trace_figure(video, index_of(video, options.bodypart),
                                     options.axis == PlotAxis::x ? 0 : 1, "traces", columns);
  cut(figure, static_cast<double>(first), static_cast<double>(last));
  return figure;
}

Figure figure_of_evaluation(const fs::path& input, const PlotOptions& options) {
  EvaluationPart part = read_evaluation(input);
  const std::string_view wanted = name_of(options.kind);
  std::vector<std::string> ids;
  for (Figure& figure : part.figures) {
    if (figure.id == wanted) return std::move(figure);
    ids.push_back(figure.id);
  }
  throw Error(ErrorKind::invalid_value,
              fmt::format("{}: has no figure of the kind '{}'", input.string(), wanted),
              {.have = list_names(ids)});
}

std::string sized(Figure figure, const PlotOptions& options) {
  const double aspect = figure.height / figure.width;
  figure.width = options.width_mm * kUnitsPerMm;
  const bool is_square = aspect > 0.5;
  const double height_mm = options.height_mm > 0 ? options.height_mm
                           : is_square           ? options.width_mm * aspect
                                                 : figure.height / kUnitsPerMm;
  figure.height = height_mm * kUnitsPerMm;
  return to_svg(figure, PaperSize{options.width_mm, height_mm});
}

}  // namespace

std::string make_plot(const fs::path& input, const PlotOptions& options, const JobHooks& hooks) {
  check(options);
  switch (options.kind) {
    case PlotKind::traces:
    case PlotKind::disagreement:
      return sized(figure_of_results(input, options, hooks), options);
    case PlotKind::matrix:
      return matrix_of_study(input, options.matrix);
    case PlotKind::errors:
    case PlotKind::reliability:
    case PlotKind::risk_coverage:
      break;
  }
  return sized(figure_of_evaluation(input, options), options);
}

void write_plot(const fs::path& input, const fs::path& out, bool force, const PlotOptions& options,
                const JobHooks& hooks) {
  const std::string ending = ascii_lower(out.extension().string());
  if (ending != ".svg" && ending != ".png") {
    throw Error(ErrorKind::usage, fmt::format("--out {}: must end in .svg or .png", out.string()));
  }
  if (!force && path_exists(out)) {
    throw Error(ErrorKind::usage, fmt::format("{}: exists already", out.string()),
                {.hint = "--force replaces it"});
  }
  const std::string svg = make_plot(input, options, hooks);
  if (ending == ".svg") {
    write_file(out, svg);
    return;
  }
  const int width = static_cast<int>(std::lround(options.width_mm / 25.4 * options.dpi));
  write_file(out, png_of(image_of_svg(svg, width)));
}

}  // namespace posse
