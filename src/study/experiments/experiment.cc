#include "study/experiments/experiment.h"

#include <array>
#include <cmath>

#include "study/scores/distance_summary.h"
#include "study/scores_at_points.h"

namespace posse {
namespace {

double distance(const Keypoint& keypoint, const Point& truth) {
  return std::hypot(keypoint.x - truth.x, keypoint.y - truth.y);
}

double root_of_mean(double sum, double count) {
  return count > 0 ? std::sqrt(sum / count) : std::nan("");
}

double summed_over_bodyparts(const Experiment& experiment, const Keypoint* keypoints, bool strict) {
  const size_t parts = experiment.bodyparts.size();
  std::vector<Point> points, truth;
  for (size_t t = 0; t < experiment.frames.size(); ++t) {
    if (!experiment.frames[t].is_test) continue;
    bool is_whole = true;
    for (size_t p = 0; p < parts; ++p)
      is_whole = is_whole &&
                 !std::isnan(distance(keypoints[t * parts + p], experiment.truth[t * parts + p]));
    if (!is_whole && !strict) continue;
    for (size_t p = 0; p < parts; ++p) {
      points.push_back({keypoints[t * parts + p].x, keypoints[t * parts + p].y});
      truth.push_back(experiment.truth[t * parts + p]);
    }
  }
  return summed_rmse(points, truth, parts);
}

}  // namespace

MemberValues distances_of(const Experiment& experiment) {
  MemberValues values{.num_members = experiment.members.size(),
                      .num_places = experiment.num_places(),
                      .values = {}};
  for (size_t m = 0; m < values.num_members; ++m) {
    for (size_t place = 0; place < values.num_places; ++place) {
      values.values.push_back(
          distance(experiment.keypoints[m * values.num_places + place], experiment.truth[place]));
    }
  }
  return values;
}

ErrorFigures error_figures(const Experiment& experiment, const Keypoint* keypoints, bool strict) {
  const size_t parts = experiment.bodyparts.size();
  ErrorFigures figures;
  GroupSums sums(2);
  std::vector<double> distances, part_sums(parts, 0.0), part_counts(parts, 0.0);
  for (size_t t = 0; t < experiment.frames.size(); ++t) {
    if (!experiment.frames[t].is_test) continue;
    for (size_t p = 0; p < parts; ++p) {
      const Point& truth = experiment.truth[t * parts + p];
      const double d = distance(keypoints[t * parts + p], truth);
      if (std::isnan(d)) {
        figures.num_missed += std::isnan(truth.x) ? 0 : 1;
        continue;
      }
      distances.push_back(d);
      part_sums[p] += d * d;
      part_counts[p] += 1;
      sums.add(experiment.frames[t].group, std::array{d * d, 1.0});
    }
  }
  figures.num_points = distances.size();
  figures.median = quantile(distances, 0.5);
  figures.interval = {std::nan(""), std::nan("")};
  figures.rmse = std::nan("");
  const StatisticOfSums rmse = [](std::span<const double> s) { return std::sqrt(s[0] / s[1]); };
  if (!distances.empty()) figures.rmse = sums.value(rmse);
  if (distances.size() >= kFewPoints)
    figures.interval = sums.interval(rmse, {.over_time = experiment.over_time});
  for (size_t p = 0; p < parts; ++p)
    figures.bodyparts.push_back(root_of_mean(part_sums[p], part_counts[p]));
  figures.summed_rmse = summed_over_bodyparts(experiment, keypoints, strict);
  return figures;
}

}  // namespace posse
