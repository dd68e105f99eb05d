#include "report/video_figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/charts/markup.h"
#include "report/charts/palette.h"
#include "video/encode_picture.h"

namespace posse {
namespace {

const char* axis_name(size_t axis) { return axis == 0 ? "x" : "y"; }

/// Frame in the middle of each column.
std::vector<double> frames_of(const ColumnGrid& grid, const ReportedVideo& video) {
  std::vector<double> frames;
  for (size_t column = 0; column < grid.num_columns; ++column) {
    const size_t first = grid.first_row(column), last = grid.first_row(column + 1) - 1;
    frames.push_back(static_cast<double>(video.frame_index[first] + video.frame_index[last]) / 2);
  }
  return frames;
}

FigureAxis frame_axis(const ReportedVideo& video) {
  const auto first = static_cast<double>(video.frame_index.empty() ? 0 : video.frame_index.front());
  const auto last = static_cast<double>(video.frame_index.empty() ? 1 : video.frame_index.back());
  return {.label = "frame", .least = first, .most = std::max(last, first + 1), .ticks = {}};
}

FigureAxis pixel_axis(const std::string& label, double least, double most) {
  const AxisRange range = axis_range(least, most);
  return {.label = label, .least = range.least, .most = range.most, .ticks = {}};
}

/// One frame a column: a line; else the area between least and most.
FigureMark consensus_mark(const Envelope& envelope, const std::vector<double>& frames) {
  const std::string colour(kSeriesColours[0]);
  if (envelope.grid().num_columns == envelope.grid().num_rows)
    return LineMark{.role = "consensus",
                    .name = "consensus",
                    .colour = colour,
                    .x = frames,
                    .y = envelope.least()};
  return BandMark{.role = "consensus",
                  .name = "consensus",
                  .colour = colour,
                  .opacity = 0.9,
                  .x = frames,
                  .low = envelope.least(),
                  .high = envelope.most()};
}

bool has_values(const Envelope& envelope) { return !std::isnan(envelope.lowest()); }

std::string range_words(const Envelope& envelope) {
  return fmt::format("{} to {} px", shown_number(envelope.lowest(), 1),
                     shown_number(envelope.highest(), 1));
}

}  // namespace

Envelope coarser(const Envelope& envelope, size_t most_columns) {
  const size_t columns = envelope.grid().num_columns;
  if (columns <= most_columns) return envelope;
  Envelope joined(ColumnGrid::of(envelope.grid().num_rows, most_columns));
  for (size_t column = 0; column < columns; ++column)
    joined.add(envelope.grid().first_row(column), envelope.least()[column],
               envelope.most()[column]);
  return joined;
}

Figure trace_figure(const ReportedVideo& video, size_t bodypart, size_t axis, const std::string& id,
                    size_t most_columns) {
  const ReportedBodypart& part = video.bodyparts[bodypart];
  const AxisTrace& trace = part.axes.at(axis);
  const Envelope consensus = coarser(trace.consensus, most_columns);
  const Envelope members = coarser(trace.members, most_columns);
  const Envelope band = coarser(trace.band, most_columns);
  const std::vector<double> frames = frames_of(consensus.grid(), video);
  const double least = std::fmin(consensus.lowest(), members.lowest());
  const double most = std::fmax(consensus.highest(), members.highest());
  Figure figure{
      .id = id,
      .title = fmt::format("{} of {}", axis_name(axis), part.name),
      .description = fmt::format(
          "{} of {} over {} frames in pixels: the consensus runs from {}, its members from {}.",
          axis_name(axis), part.name, video.frame_index.size(), range_words(trace.consensus),
          range_words(trace.members)),
      .height = 190,
      .x = frame_axis(video),
      .y = pixel_axis(std::string(axis_name(axis)) + " (px)", least, most)};
  if (has_values(members))
    figure.marks.emplace_back(BandMark{"members", "least and most of the members",
                                       std::string(kFaintColour), 0.3, frames, members.least(),
                                       members.most()});
  if (has_values(band))
    figure.marks.emplace_back(BandMark{"band", "consensus ± " + video.band,
                                       std::string(kSeriesColours[1]), 0.3, frames, band.least(),
                                       band.most()});
  figure.marks.push_back(consensus_mark(consensus, frames));
  return figure;
}

Figure disagreement_figure(const ReportedVideo& video, const std::string& id, size_t most_columns) {
  const Envelope spread = coarser(video.disagreement, most_columns);
  const std::vector<double> frames = frames_of(spread.grid(), video);
  Figure figure{.id = id,
                .title = "Disagreement of the members",
                .description = fmt::format(
                    "Mean over bodyparts of the members' standard deviation in pixels, over {} "
                    "frames: median {}, largest {}.",
                    video.frame_index.size(), shown_number(video.median_disagreement, 2),
                    shown_number(spread.highest(), 2)),
                .height = 150,
                .x = frame_axis(video),
                .y = pixel_axis("spread (px)", 0, spread.highest())};
  figure.y.least = 0;
  if (spread.grid().num_columns == spread.grid().num_rows) {
    figure.marks.emplace_back(LineMark{.role = "spread",
                                       .name = "",
                                       .colour = std::string(kSeriesColours[2]),
                                       .width = 1,
                                       .x = frames,
                                       .y = spread.least()});
  } else {
    figure.marks.emplace_back(BandMark{"spread", "", std::string(kSeriesColours[2]), 0.8, frames,
                                       spread.least(), spread.most()});
  }
  PointMark peaks{.role = "peaks",
                  .name = "frames that are shown",
                  .colour = std::string(kSeriesColours[1]),
                  .shape = PointShape::triangle,
                  .radius = 4.5};
  for (const DisagreementPeak& peak : video.peaks) {
    peaks.x.push_back(static_cast<double>(peak.frame_index));
    peaks.y.push_back(peak.disagreement);
  }
  if (!peaks.x.empty()) figure.marks.emplace_back(std::move(peaks));
  return figure;
}

Figure close_figure(const ReportedVideo& video, size_t peak, size_t axis, const std::string& id) {
  const DisagreementPeak& at = video.peaks[peak];
  const CloseTrace& trace = at.trace;
  const std::string& part = video.bodyparts[at.bodypart].name;
  double least = std::nan(""), most = std::nan("");
  const auto widen = [&](const std::vector<double>& values) {
    for (const double value : values) {
      least = std::fmin(least, value);
      most = std::fmax(most, value);
    }
  };
  widen(trace.consensus.at(axis));
  for (const auto& member : trace.members.at(axis)) widen(member);
  Figure figure{
      .id = id,
      .title = fmt::format("{} of {} around frame {}", axis_name(axis), part, at.frame_index),
      .description =
          fmt::format("{} of {} of every member and of the consensus from frame {} to {}.",
                      axis_name(axis), part, trace.frames.front(), trace.frames.back()),
      .width = 420,
      .height = 170,
      .x = {.label = "frame",
            .least = trace.frames.front(),
            .most = trace.frames.back(),
            .ticks = {}},
      .y = pixel_axis(std::string(axis_name(axis)) + " (px)", least, most)};
  if (figure.x.most <= figure.x.least) figure.x.most = figure.x.least + 1;
  figure.marks.emplace_back(BandMark{"band", "", std::string(kSeriesColours[1]), 0.3, trace.frames,
                                     trace.low.at(axis), trace.high.at(axis)});
  for (const auto& member : trace.members.at(axis)) {
    if (member.size() != trace.frames.size()) continue;
    figure.marks.emplace_back(LineMark{.role = "member",
                                       .name = "",
                                       .colour = std::string(kFaintColour),
                                       .width = 1,
                                       .opacity = 0.7,
                                       .x = trace.frames,
                                       .y = member});
  }
  figure.marks.emplace_back(LineMark{.role = "consensus",
                                     .name = "",
                                     .colour = std::string(kSeriesColours[0]),
                                     .width = 2,
                                     .x = trace.frames,
                                     .y = trace.consensus.at(axis)});
  const auto frame = static_cast<double>(at.frame_index);
  figure.marks.emplace_back(LineMark{.role = "peak",
                                     .name = "",
                                     .colour = std::string(kInkColour),
                                     .width = 1,
                                     .dashes = "3 3",
                                     .x = {frame, frame},
                                     .y = {figure.y.least, figure.y.most}});
  return figure;
}

std::string strip_svg(const ReportedVideo& video, const std::string& id) {
  constexpr size_t kColumns = 900;
  constexpr double kLeft = 120, kWidth = 760, kRow = 16, kBottom = 22;
  std::vector<Envelope> rows;
  std::vector<double> all;
  for (const ReportedBodypart& part : video.bodyparts) {
    rows.push_back(coarser(part.spread, kColumns));
    for (const double value : rows.back().most())
      if (!std::isnan(value)) all.push_back(value);
  }
  if (all.empty()) return "";
  std::sort(all.begin(), all.end());
  const double top = std::max(all[(all.size() - 1) * 99 / 100], 1e-9);
  Image image(static_cast<int>(rows[0].grid().num_columns), static_cast<int>(rows.size()));
  std::string labels;
  for (size_t row = 0; row < rows.size(); ++row) {
    for (size_t column = 0; column < rows[row].most().size(); ++column) {
      const Colour colour = sequential_colour(rows[row].most()[column] / top);
      std::copy(colour.begin(), colour.end(),
                image.pixel(static_cast<int>(row), static_cast<int>(column)));
    }
    labels += fmt::format(R"(<text x="{}" y="{}" text-anchor="end">{}</text>)", kLeft - 6,
                          kRow * static_cast<double>(row) + 12,
                          escaped(shortened(video.bodyparts[row].name, 18)));
  }
  const double height = kRow * static_cast<double>(rows.size());
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" id=\"{0}\" viewBox=\"0 0 {1} {2}\" role=\"img\" "
      "aria-labelledby=\"{0}-title {0}-text\" font-family=\"sans-serif\" font-size=\"12\">"
      "<title id=\"{0}-title\">Disagreement by bodypart</title><desc id=\"{0}-text\">A row per "
      "bodypart, time to the right; darker where members disagree more, darkest at {3} px and "
      "above.</desc>{4}<image x=\"{5}\" y=\"0\" width=\"{6}\" height=\"{7}\" "
      "preserveAspectRatio=\"none\" style=\"image-rendering:pixelated\" "
      "href=\"data:image/png;base64,{8}\"/><text x=\"{5}\" y=\"{9}\">white: 0 px, darkest: {3} px "
      "or more</text></svg>\n",
      id, kWidth, height + kBottom, shown_number(top, 1), labels, kLeft, kWidth - kLeft - 14,
      height, base64_of(png_of(image)), height + 15);
}

}  // namespace posse
