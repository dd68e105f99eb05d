#include "study/study_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "base/error.h"
#include "study/experiments/power_analysis.h"
#include "study/experiments/principal_components.h"
#include "study/scores/distance_summary.h"

namespace posse {
namespace {

const double kNaN = std::nan("");

int64_t whole(size_t count) { return static_cast<int64_t>(count); }

StudyCell seed_of(const ExperimentMember& member) {
  return member.seed ? StudyCell(*member.seed) : StudyCell(std::string());
}

const Keypoint* member_keypoints(const Experiment& experiment, size_t member) {
  return experiment.keypoints.data() + member * experiment.num_places();
}

std::vector<std::string> frame_names(const Experiment& experiment) {
  std::vector<std::string> names;
  for (const ExperimentFrame& frame : experiment.frames) names.push_back(frame.name);
  return names;
}

void append(std::vector<StudyCell>& row, const ErrorFigures& figures) {
  row.insert(row.end(),
             {figures.rmse, figures.interval.low, figures.interval.high, figures.median,
              figures.summed_rmse, whole(figures.num_points), whole(figures.num_missed)});
}

void add_members(const Experiment& experiment, bool strict, Study& study) {
  StudyTable table{.name = "members",
                   .title = "Members on test frames, in pixels",
                   .columns = {"member", "group", "seed", "training_frames", "rmse", "rmse_low",
                               "rmse_high", "median", "summed_rmse", "points", "missed"},
                   .rows = {}};
  for (const std::string& part : experiment.bodyparts) table.columns.push_back("rmse_" + part);
  std::map<size_t, std::vector<double>> by_size;
  for (size_t m = 0; m < experiment.members.size(); ++m) {
    const ExperimentMember& member = experiment.members[m];
    const ErrorFigures figures = error_figures(experiment, member_keypoints(experiment, m), strict);
    auto& row = table.rows.emplace_back();
    row = {member.name, experiment.groups[member.group].name, seed_of(member),
           whole(member.num_training)};
    append(row, figures);
    for (const double value : figures.bodyparts) row.emplace_back(value);
    by_size[member.num_training].push_back(figures.rmse);
  }
  study.tables.push_back(std::move(table));
  StudyTable sizes{
      .name = "sizes",
      .title = "Members by number of training frames, rmse in pixels",
      .columns = {"training_frames", "members", "mean", "sd", "least", "median", "most"},
      .rows = {}};
  for (auto& [size, values] : by_size) {
    const auto n = static_cast<double>(values.size());
    const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
    double squares = 0;
    for (const double value : values) squares += (value - mean) * (value - mean);
    sizes.rows.push_back({whole(size), whole(values.size()), mean,
                          n > 1 ? std::sqrt(squares / (n - 1)) : kNaN,
                          *std::min_element(values.begin(), values.end()), quantile(values, 0.5),
                          *std::max_element(values.begin(), values.end())});
  }
  study.tables.push_back(std::move(sizes));
}

/// Rows of an inclusion matrix: groups or members.
struct InclusionRows {
  std::vector<std::string> names;
  std::vector<size_t> member;  ///< [rows] of which the training frames are
  std::vector<double> performance;
  bool are_groups = false;
};

InclusionRows inclusion_rows(const Experiment& experiment, bool legacy) {
  InclusionRows rows;
  bool alike = true, several = false;
  for (const ExperimentGroup& group : experiment.groups) {
    several = several || group.members.size() > 1;
    for (const size_t m : group.members)
      alike = alike && experiment.members[m].unit == experiment.members[group.members[0]].unit;
  }
  rows.are_groups = alike && several;
  const auto performance = [&](const Keypoint* keypoints) {
    const ErrorFigures figures = error_figures(experiment, keypoints, legacy);
    rows.performance.push_back(legacy ? figures.summed_rmse : figures.rmse);
  };
  if (rows.are_groups) {
    for (const ExperimentGroup& group : experiment.groups) {
      rows.names.push_back(group.name);
      rows.member.push_back(group.members[0]);
      performance(group.mean.data());
    }
    return rows;
  }
  for (size_t m = 0; m < experiment.members.size(); ++m) {
    rows.names.push_back(experiment.members[m].name);
    rows.member.push_back(m);
    performance(member_keypoints(experiment, m));
  }
  return rows;
}

/// Places of frames: those that `takes` accepts.
template <class Takes>
std::vector<size_t> places_of(const Experiment& experiment, const Takes& takes) {
  std::vector<size_t> places;
  const size_t parts = experiment.bodyparts.size();
  for (size_t t = 0; t < experiment.frames.size(); ++t)
    for (size_t p = 0; takes(t) && p < parts; ++p) places.push_back(t * parts + p);
  return places;
}

/// The place with the largest influence in the direction of the mean over all places.
size_t strongest_place(const std::vector<double>& bias, double mean) {
  size_t found = SIZE_MAX;
  for (size_t place = 0; place < bias.size(); ++place) {
    if (std::isnan(bias[place])) continue;
    if (found == SIZE_MAX || (mean > 0 ? bias[place] > bias[found] : bias[place] < bias[found]))
      found = place;
  }
  return found;
}

double mean_of(const std::vector<double>& values, bool strict) {
  double sum = 0, count = 0;
  for (const double value : values) {
    if (std::isnan(value) && !strict) continue;
    sum += value;
    count += 1;
  }
  return count > 0 ? sum / count : kNaN;
}

struct Measure {
  const char* name;
  const char* unit;
  const char* title;
};

/// A training frame's row of the table of influence.
std::vector<StudyCell> influence_row(const Experiment& experiment, const TrainingFrame& training,
                                     const MemberValues& values, const Influence& influence,
                                     bool legacy) {
  std::vector<size_t> units;
  for (const ExperimentMember& member : experiment.members) units.push_back(member.unit);
  const auto test = places_of(
      experiment, [&](size_t t) { return static_cast<bool>(experiment.frames[t].is_test); });
  const auto own = places_of(experiment, [&](size_t t) { return training.frame == t; });
  const MeanInfluence on_test = mean_influence(values, training.included, test, units);
  const MeanInfluence on_itself = mean_influence(values, training.included, own, units);
  const double all = mean_of(influence.bias, legacy);
  const size_t place = std::isnan(all) ? SIZE_MAX : strongest_place(influence.bias, all);
  const size_t parts = experiment.bodyparts.size();
  std::vector<StudyCell> row = {training.name,
                                whole(influence.num_included),
                                whole(influence.num_excluded),
                                on_test.value,
                                on_test.interval.low,
                                on_test.interval.high,
                                on_itself.value,
                                on_itself.interval.low,
                                on_itself.interval.high,
                                all};
  if (place == SIZE_MAX) {
    row.insert(row.end(), {std::string(), std::string(), kNaN});
  } else {
    row.insert(row.end(), {experiment.frames[place / parts].name,
                           experiment.bodyparts[place % parts], influence.bias[place]});
  }
  for (size_t p = 0; p < parts; ++p)
    row.emplace_back(training.frame ? influence.bias[*training.frame * parts + p] : kNaN);
  return row;
}

void add_measure(const Experiment& experiment, const Measure& measure, const MemberValues& values,
                 bool legacy, Study& study) {
  const std::string name = fmt::format("influence_{}", measure.name);
  StudyTable table{.name = name,
                   .title = measure.title,
                   .columns = {"frame", "included", "excluded", "on_test", "on_test_low",
                               "on_test_high", "on_itself", "on_itself_low", "on_itself_high",
                               "on_all", "strongest_frame", "strongest_bodypart", "strongest"},
                   .rows = {}};
  for (const std::string& part : experiment.bodyparts) table.columns.push_back("on_itself_" + part);
  const std::vector<std::string> columns = frame_names(experiment);
  StudyMatrix bias{.name = name,
                   .unit = measure.unit,
                   .layers = experiment.bodyparts,
                   .rows = {},
                   .columns = columns,
                   .values = {},
                   .order = {}};
  const size_t num_rows = experiment.training.size(), num_frames = experiment.frames.size();
  const size_t parts = experiment.bodyparts.size();
  bias.values.resize(parts * num_rows * num_frames);
  StudyMatrix variance = bias, error = bias;
  variance.name += "_variance";
  error.name += "_se";
  for (size_t i = 0; i < num_rows; ++i) {
    const TrainingFrame& training = experiment.training[i];
    const Influence influence = influence_of(values, training.included, legacy);
    table.rows.push_back(influence_row(experiment, training, values, influence, legacy));
    for (StudyMatrix* matrix : {&bias, &variance, &error}) matrix->rows.push_back(training.name);
    for (size_t place = 0; place < values.num_places; ++place) {
      const size_t to = ((place % parts) * num_rows + i) * num_frames + place / parts;
      bias.values[to] = influence.bias[place];
      variance.values[to] = influence.variance[place];
      error.values[to] = influence.standard_error[place];
    }
  }
  study.tables.push_back(std::move(table));
  study.matrices.push_back(std::move(bias));
  if (std::string_view(measure.name) != "error") return;
  study.matrices.push_back(std::move(variance));
  study.matrices.push_back(std::move(error));
}

}  // namespace

void add_errors(const Experiment& experiment, const StudyOptions& options, bool members,
                bool consensus, Study& study) {
  if (members) add_members(experiment, options.legacy, study);
  if (!consensus) return;
  StudyTable table{
      .name = "consensus",
      .title = "Consensus of each group on test frames, in pixels",
      .columns = {"group", "seed", "training_frames", "members", "method", "rmse", "rmse_low",
                  "rmse_high", "median", "summed_rmse", "points", "missed"},
      .rows = {}};
  for (const ExperimentGroup& group : experiment.groups) {
    const ExperimentMember& first = experiment.members[group.members[0]];
    for (const auto& [method, keypoints] :
         {std::pair("mean", &group.mean), std::pair("median", &group.median)}) {
      auto& row = table.rows.emplace_back();
      row = {group.name, seed_of(first), whole(first.num_training), whole(group.members.size()),
             method};
      append(row, error_figures(experiment, keypoints->data(), options.legacy));
    }
  }
  study.tables.push_back(std::move(table));
}

void add_inclusion(const Experiment& experiment, const StudyOptions& options, Study& study) {
  const InclusionRows rows = inclusion_rows(experiment, options.legacy);
  std::vector<size_t> order(rows.names.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    const double first = rows.performance[a], second = rows.performance[b];
    return std::isnan(second) ? !std::isnan(first) : first < second;
  });
  StudyMatrix matrix{.name = "inclusion",
                     .unit = "trained on",
                     .layers = {""},
                     .rows = rows.names,
                     .columns = {},
                     .values = {},
                     .order = order};
  for (const TrainingFrame& training : experiment.training) matrix.columns.push_back(training.name);
  StudyTable table{
      .name = "inclusion",
      .title = rows.are_groups ? "Groups by their consensus, the best first"
                               : "Members by their error, the best first",
      .columns = {rows.are_groups ? "group" : "member", "training_frames", "performance"},
      .rows = {}};
  for (const size_t member : rows.member)
    for (const TrainingFrame& training : experiment.training)
      matrix.values.push_back(training.included[member] != 0 ? 1 : 0);
  for (const size_t row : order) {
    size_t count = 0;
    for (const TrainingFrame& training : experiment.training)
      count += training.included[rows.member[row]] != 0 ? 1 : 0;
    table.rows.push_back({rows.names[row], whole(count), rows.performance[row]});
  }
  study.tables.push_back(std::move(table));
  study.matrices.push_back(std::move(matrix));
}

void add_influence(const Experiment& experiment, const StudyOptions& options, Study& study) {
  add_measure(experiment,
              {"error", "px",
               "Influence of training frames on the error, in pixels (negative: the frame helps)"},
              distances_of(experiment), options.legacy, study);
  const bool any_alone = std::any_of(
      experiment.training.begin(), experiment.training.end(), [](const TrainingFrame& training) {
        return std::all_of(training.included.begin(), training.included.end(),
                           [](char one) { return one != 0; });
      });
  if (any_alone || experiment.members.size() < 2) {
    study.warnings.emplace_back(
        "some training frames were seen by all members: there is nobody to compare with, and their "
        "influence is NaN");
  }
  if (experiment.confidence.empty()) return;
  MemberValues values{.num_members = experiment.members.size(),
                      .num_places = experiment.num_places(),
                      .values = experiment.confidence};
  add_measure(experiment,
              {"confidence", "probability",
               "Influence on the probability at the true place (positive: the frame helps)"},
              values, options.legacy, study);
  values.values = experiment.share;
  add_measure(experiment,
              {"probability", "share of the map",
               "Influence on that probability's share of the map (positive: the frame helps)"},
              values, options.legacy, study);
}

void add_components(const Experiment& experiment, const StudyOptions& options, Study& study) {
  const size_t parts = experiment.bodyparts.size(), members = experiment.members.size();
  std::vector<size_t> places;
  std::vector<std::string> frames;
  for (size_t t = 0; t < experiment.frames.size(); ++t) {
    if (!experiment.frames[t].is_test) continue;
    bool is_whole = true;
    for (size_t m = 0; m < members; ++m)
      for (size_t p = 0; p < parts; ++p)
        is_whole = is_whole && !std::isnan(experiment.truth[t * parts + p].x -
                                           member_keypoints(experiment, m)[t * parts + p].x);
    if (!is_whole && options.legacy)
      throw Error(ErrorKind::usage,
                  fmt::format("--legacy: {} has no truth or pose of every bodypart, which the "
                              "original's components cannot have",
                              experiment.frames[t].name));
    if (!is_whole) continue;
    frames.push_back(experiment.frames[t].name);
    for (size_t p = 0; p < parts; ++p) places.push_back(t * parts + p);
  }
  if (places.empty()) {
    study.notes.emplace_back("pca: no test frame has truth and every member's pose, left out");
    return;
  }
  std::vector<double> rows;  // [members, frames, xy, bodyparts]
  for (size_t m = 0; m < members; ++m) {
    const Keypoint* keypoints = member_keypoints(experiment, m);
    for (size_t t = 0; t < frames.size(); ++t) {
      for (size_t p = 0; p < parts; ++p)
        rows.push_back(experiment.truth[places[t * parts + p]].x -
                       keypoints[places[t * parts + p]].x);
      for (size_t p = 0; p < parts; ++p)
        rows.push_back(experiment.truth[places[t * parts + p]].y -
                       keypoints[places[t * parts + p]].y);
    }
  }
  const PrincipalComponents found = principal_components(rows, members);
  StudyTable ratios{.name = "pca_variance",
                    .title = "Principal components of members' errors",
                    .columns = {"component", "explained_ratio"},
                    .rows = {}};
  StudyTable scores{.name = "pca_scores",
                    .title = "Members along them (truth: no error at all)",
                    .columns = {"member"},
                    .rows = {}};
  StudyMatrix directions{.name = "pca_directions",
                         .unit = "",
                         .layers = {},
                         .rows = frames,
                         .columns = {},
                         .values = found.directions,
                         .order = {}};
  for (const char* axis : {"x", "y"})
    for (const std::string& part : experiment.bodyparts)
      directions.columns.push_back(part + "_" + axis);
  for (size_t c = 0; c < found.num_components; ++c) {
    ratios.rows.push_back({whole(c), found.explained_ratio[c]});
    scores.columns.push_back(fmt::format("component_{}", c));
    directions.layers.push_back(scores.columns.back());
  }
  for (size_t m = 0; m <= members; ++m) {
    auto& row = scores.rows.emplace_back();
    row.emplace_back(m < members ? experiment.members[m].name : "truth");
    for (size_t c = 0; c < found.num_components; ++c)
      row.emplace_back(m < members ? found.scores[m * found.num_components + c] : found.origin[c]);
  }
  study.tables.push_back(std::move(ratios));
  study.tables.push_back(std::move(scores));
  study.matrices.push_back(std::move(directions));
}

void add_seeds(std::span<const ManifestMember> members, const OutlierList& list, Study& study) {
  StudyTable table{.name = "seeds",
                   .title = "Draws of training frames, and the outliers in them",
                   .columns = {"seed", "frames", "outliers", "pictures"},
                   .rows = {}};
  std::set<std::pair<int64_t, int64_t>> draws;
  for (const ManifestMember& member : members)
    if (member.seed && member.frames) draws.emplace(*member.seed, *member.frames);
  for (const auto& [seed, count] : draws) {
    size_t outliers = 0;
    std::string pictures;
    for (const size_t row :
         draw_rows(list.pictures.size(), static_cast<size_t>(count), static_cast<uint32_t>(seed))) {
      outliers += list.is_outlier[row] != 0 ? 1 : 0;
      pictures += (pictures.empty() ? "" : ";") + list.pictures[row];
    }
    table.rows.push_back({seed, count, whole(outliers), pictures});
  }
  study.tables.push_back(std::move(table));
}

void add_power(std::span<const double> first, std::span<const double> second, size_t small,
               size_t large, const OutlierList& list, const StudyOptions& options, Study& study) {
  const size_t total = list.pictures.size();
  size_t outliers = list.num_outliers();
  if (options.legacy) {  // int(r * M) of the ratio r = outliers / M
    const double ratio = static_cast<double>(outliers) / static_cast<double>(total);
    outliers = static_cast<size_t>(ratio * static_cast<double>(total));
    small = static_cast<size_t>(0.1 * static_cast<double>(total));
    large = static_cast<size_t>(0.3 * static_cast<double>(total));
  }
  const double p_small = chance_of_outlier(total, outliers, small);
  const double p_large = chance_of_outlier(total, outliers, large);
  const double q = (p_small + p_large) / 2;
  const double delta = glass_delta(first, second);
  const double ratio = (1 - q) / q;
  const double n1 = t_test_size(delta, ratio, options.alpha, options.power);
  const double n2 = options.legacy ? q * n1 : ratio * n1;
  const double networks = std::ceil(n1) + std::ceil(n2);
  StudyTable table{
      .name = "power",
      .title = "Networks that an experiment needs",
      .columns = {"frames", "outliers", "small", "large", "chance_small", "chance_large",
                  "outlier_proportion", "glass_delta", "n1", "n2", "networks", "cost"},
      .rows = {}};
  table.rows.push_back({whole(total), whole(outliers), whole(small), whole(large), p_small, p_large,
                        q, delta, n1, n2, networks, networks * options.hours * options.price});
  study.tables.push_back(std::move(table));
  if (std::isnan(n1)) {
    study.warnings.emplace_back(
        "power: no number of networks shows this effect (no difference, no spread in the first "
        "group, or draws that always or never hold an outlier)");
  }
}

}  // namespace posse
