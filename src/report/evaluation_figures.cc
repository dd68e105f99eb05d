#include "report/evaluation_figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/count_text.h"
#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "report/charts/markup.h"
#include "report/charts/palette.h"

namespace posse {
namespace {
using Read = nlohmann::ordered_json;

/// NaN for null. @throws Error(bad_file) for what is neither
double number(const Read& json) {
  if (json.is_null()) return std::nan("");
  if (json.is_number()) return json.get<double>();
  throw Error(ErrorKind::bad_file,
              fmt::format("{} stands where a number belongs", printable(json.dump())));
}
double number(const Read& json, const char* key) { return number(json.at(key)); }
std::string text(const Read& json, const char* key) { return json.at(key).get<std::string>(); }

std::string interval_words(const Read& interval, int decimals, double factor = 1) {
  return fmt::format("{} to {}", shown_number(factor * number(interval.at(0)), decimals),
                     shown_number(factor * number(interval.at(1)), decimals));
}

std::string percent(double share) { return shown_number(100 * share, 1) + "\u00a0%"; }

/// The row of all bodyparts together, else the last.
const Read& all_of(const Read& table) {
  for (const Read& row : table.at("bodyparts"))
    if (row.at("bodypart") == "all") return row;
  const Read& rows = table.at("bodyparts");
  return rows.at(rows.empty() ? 0 : rows.size() - 1);
}

ReportTable error_table(const Read& table) {
  ReportTable result{.caption = fmt::format("{}{}, {} pictures", text(table, "name"),
                                            table.at("member").get<bool>() ? " (member)" : "",
                                            table.at("pictures").get<int64_t>()),
                     .heads = {"bodypart", "points", "RMSE (px)", "95 % interval", "median (px)",
                               "95th percentile (px)", "missed", "hallucinated"},
                     .rows = {}};
  for (const Read& row : table.at("bodyparts")) {
    result.rows.push_back(
        {text(row, "bodypart"), row.at("points").dump(), shown_number(number(row, "rmse")),
         interval_words(row.at("rmse_interval"), 2), shown_number(number(row, "median")),
         shown_number(number(row, "p95")), row.at("missed").dump(), row.at("hallucinated").dump()});
  }
  return result;
}

Figure errors_figure(const Read& tables) {
  Figure figure{.id = "errors",
                .title = "Errors with their intervals",
                .description =
                    "Root-mean-square distance from the labels, all bodyparts "
                    "together, with 95 % intervals, of every member and consensus.",
                .height = 62 + 24.0 * static_cast<double>(tables.size()),
                .left = 150,
                .x = {.label = "RMSE (px)", .least = 0, .most = 1, .ticks = {}},
                .y = {.label = "", .least = -0.6, .most = 1, .ticks = {}},
                .y_points_down = true};
  PointMark members{.role = "members",
                    .name = "member",
                    .colour = std::string(kSeriesColours[2]),
                    .shape = PointShape::ring,
                    .bars_along_x = true};
  PointMark methods{.role = "consensus",
                    .name = "consensus",
                    .colour = std::string(kSeriesColours[0]),
                    .shape = PointShape::square,
                    .bars_along_x = true};
  double most = 0, place = 0;
  for (const Read& table : tables) {
    const Read& row = all_of(table);
    PointMark& mark = table.at("member").get<bool>() ? members : methods;
    mark.x.push_back(number(row, "rmse"));
    mark.y.push_back(place);
    mark.low.push_back(number(row.at("rmse_interval").at(0)));
    mark.high.push_back(number(row.at("rmse_interval").at(1)));
    most = std::fmax(most, std::fmax(mark.x.back(), mark.high.back()));
    figure.y.ticks.push_back({place, shortened(text(table, "name"), 20)});
    place += 1;
  }
  figure.x.most = most > 0 ? 1.05 * most : 1;
  figure.y.most = place - 0.4;
  for (PointMark* mark : {&members, &methods})
    if (!mark->x.empty()) figure.marks.emplace_back(std::move(*mark));
  return figure;
}

Figure square_figure(const char* id, const char* title, const char* about, const char* x,
                     const char* y) {
  return {.id = id,
          .title = title,
          .description = about,
          .width = 420,
          .height = 360,
          .x = {.label = x, .least = 0, .most = 1, .ticks = {}},
          .y = {.label = y, .least = 0, .most = 1, .ticks = {}}};
}

/// "mean map covariance", "track covariance"
std::string name_of_stated(const Read& one) {
  const std::string method = text(one, "method"), uncertainty = text(one, "uncertainty");
  return uncertainty.starts_with(method) ? uncertainty : method + " " + uncertainty;
}

/// At most four of the stated uncertainties: those of the recommended consensus first.
Read chosen(const Read& json) {
  const Read& all = json.at("uncertainty");
  const std::string consensus =
      json.at("consensus").is_string() ? json.at("consensus").get<std::string>() : "";
  Read few = Read::array();
  for (const bool is_first : {true, false}) {
    for (const Read& one : all) {
      if ((text(one, "method") == consensus) == is_first && few.size() < 4) few.push_back(one);
    }
  }
  return few;
}

/// Said against found, for every stated uncertainty; the diagonal is right.
Figure reliability_figure(const Read& uncertainty) {
  constexpr std::array<PointShape, 4> kShapes{PointShape::disc, PointShape::square,
                                              PointShape::triangle, PointShape::ring};
  Figure figure = square_figure(
      "reliability", "Reliability of the stated regions",
      "Share of labels that lie within the regions said to hold 50, 80, 90 and 95 % of them, with "
      "95 % intervals; below the diagonal the regions are too small.",
      "share that regions are said to hold", "share found");
  figure.marks.emplace_back(LineMark{.role = "diagonal",
                                     .name = "",
                                     .colour = std::string(kFaintColour),
                                     .width = 1,
                                     .dashes = "4 3",
                                     .x = {0, 1},
                                     .y = {0, 1}});
  for (size_t i = 0; i < std::min<size_t>(uncertainty.size(), 4); ++i) {
    const Read& one = uncertainty[i];
    const std::string colour(kSeriesColours.at(i));
    LineMark line{.role = "found", .name = "", .colour = colour, .width = 1.2};
    PointMark points{
        .role = "found", .name = name_of_stated(one), .colour = colour, .shape = kShapes.at(i)};
    for (const Read& region : one.at("coverage")) {
      points.x.push_back(number(region, "region"));
      points.y.push_back(number(region, "share"));
      points.low.push_back(number(region.at("interval").at(0)));
      points.high.push_back(number(region.at("interval").at(1)));
    }
    line.x = points.x;
    line.y = points.y;
    figure.marks.emplace_back(std::move(line));
    figure.marks.emplace_back(std::move(points));
  }
  return figure;
}

/// What error is left when the points of largest spread are given up.
std::optional<Figure> risk_figure(const Read& uncertainty) {
  Figure figure = square_figure(
      "risk-coverage", "What is left when doubtful points are given up",
      "Mean error of the points that are kept, over the share kept, those of least stated spread "
      "first. A useful uncertainty rises to the right.",
      "share of points kept", "mean error (px)");
  constexpr std::array<const char*, 4> kDashes{"", "6 3", "2 2", "8 3 2 3"};
  double most = 0;
  for (size_t i = 0; i < std::min<size_t>(uncertainty.size(), 4); ++i) {
    const Read& one = uncertainty[i];
    if (!one.contains("risk_coverage")) continue;
    LineMark line{.role = "risk",
                  .name = name_of_stated(one),
                  .colour = std::string(kSeriesColours.at(i)),
                  .dashes = kDashes.at(i)};
    for (const Read& point : one.at("risk_coverage")) {
      line.x.push_back(number(point, "kept"));
      line.y.push_back(number(point, "error"));
      most = std::fmax(most, line.y.back());
    }
    figure.marks.emplace_back(std::move(line));
  }
  if (figure.marks.empty()) return std::nullopt;
  figure.y.most = most > 0 ? 1.08 * most : 1;
  return figure;
}

ReportTable uncertainty_table(const Read& uncertainty) {
  ReportTable table{
      .caption = "What the stated uncertainties hold",
      .heads = {"method", "uncertainty", "points", "50 % region", "80 %", "90 %", "90 %, interval",
                "95 %", "error / spread", "AURC (px)", "AUGRC (px)", "rank correlation"},
      .rows = {}};
  for (const Read& one : uncertainty) {
    const Read& coverage = one.at("coverage");
    table.rows.push_back(
        {text(one, "method"), text(one, "uncertainty"), one.at("points").dump(),
         percent(number(coverage.at(0), "share")), percent(number(coverage.at(1), "share")),
         percent(number(coverage.at(2), "share")),
         interval_words(coverage.at(2).at("interval"), 1, 100) + " %",
         percent(number(coverage.at(3), "share")), shown_number(number(one, "spread_skill")),
         shown_number(number(one, "aurc")), shown_number(number(one, "augrc")),
         shown_number(number(one, "spearman"))});
  }
  return table;
}

ReportTable calibrated_table(const Read& rows) {
  ReportTable table{.caption = "Calibrated uncertainty by bodypart",
                    .heads = {"bodypart", "points", "90 % region, as stated", "calibrated",
                              "95 % interval", "radius of the 90 % region (px)"},
                    .rows = {}};
  for (const Read& row : rows) {
    table.rows.push_back({text(row, "bodypart"), row.at("points").dump(),
                          percent(number(row, "raw90")), percent(number(row, "calibrated90")),
                          interval_words(row.at("calibrated90_interval"), 1, 100) + " %",
                          shown_number(number(row, "radius90"))});
  }
  return table;
}

EvaluationPart part_of(const Read& json) {
  EvaluationPart part;
  part.members = json.at("members").get<std::vector<std::string>>();
  part.about = fmt::format(
      "{} of {}, labelled by {}, judged {}; intervals come from drawing whole {} anew.",
      count_text(static_cast<int64_t>(json.at("pictures").size()), "picture"),
      count_text(json.at("videos").get<int64_t>(), "video"), text(json, "labels_scorer"),
      json.at("out_of_bag").get<bool>() ? "only by members that were not trained on them"
                                        : "by members that may have been trained on them",
      text(json, "groups"));
  const Read& errors = json.at("errors");
  if (!errors.empty()) part.figures.push_back(errors_figure(errors));
  const Read& uncertainty = json.at("uncertainty");
  if (!uncertainty.empty()) {
    part.figures.push_back(reliability_figure(chosen(json)));
    if (auto risk = risk_figure(chosen(json))) part.figures.push_back(std::move(*risk));
    part.tables.push_back(uncertainty_table(uncertainty));
  }
  if (!json.at("calibrated").empty())
    part.tables.push_back(calibrated_table(json.at("calibrated")));
  for (const Read& table : errors) part.tables.push_back(error_table(table));
  part.notes = json.at("notes").get<std::vector<std::string>>();
  part.warnings = json.at("warnings").get<std::vector<std::string>>();
  return part;
}

}  // namespace

EvaluationPart read_evaluation(const std::filesystem::path& file) {
  const std::string bytes = read_file(file, uint64_t{1} << 28);
  constexpr const char* kHint = "posse evaluate ... --json > FILE makes it";
  try {
    EvaluationPart part = part_of(Read::parse(bytes));
    part.file = file;
    return part;
  } catch (const Read::exception& error) {
    throw Error(ErrorKind::bad_file,
                fmt::format("{}: is no evaluation: {}", file.string(), error.what()),
                {.hint = kHint});
  }
}

}  // namespace posse
