#include "study/evaluation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

namespace posse {
namespace {

ErrorSummary summarize(std::string bodypart, std::vector<double> distances, int64_t num_missing,
                       double threshold) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  ErrorSummary summary{.bodypart = std::move(bodypart),
                       .num_points = static_cast<int64_t>(distances.size()),
                       .num_missing = num_missing,
                       .rmse = nan,
                       .median = nan,
                       .share_above = nan};
  if (distances.empty()) return summary;
  const auto count = static_cast<double>(distances.size());
  const double squares =
      std::inner_product(distances.begin(), distances.end(), distances.begin(), 0.0);
  const auto above =
      std::count_if(distances.begin(), distances.end(), [&](double d) { return d > threshold; });
  summary.rmse = std::sqrt(squares / count);
  summary.share_above = static_cast<double>(above) / count;
  std::sort(distances.begin(), distances.end());
  const size_t middle = distances.size() / 2;
  summary.median = distances.size() % 2 == 1 ? distances[middle]
                                             : 0.5 * (distances[middle - 1] + distances[middle]);
  return summary;
}

}  // namespace

std::vector<ErrorSummary> compare_with_truth(const Poses& poses, const Poses& truth,
                                             double threshold) {
  std::map<int64_t, size_t> row_of_frame;
  for (size_t row = 0; row < poses.num_frames(); ++row) row_of_frame[poses.frame_index[row]] = row;
  std::vector<ErrorSummary> summaries;
  std::vector<double> all;
  int64_t all_missing = 0;
  for (size_t part = 0; part < truth.num_bodyparts(); ++part) {
    const auto found =
        std::find(poses.bodyparts.begin(), poses.bodyparts.end(), truth.bodyparts[part]);
    if (found == poses.bodyparts.end()) continue;
    const auto column = static_cast<size_t>(found - poses.bodyparts.begin());
    std::vector<double> distances;
    int64_t missing = 0;
    for (size_t row = 0; row < truth.num_frames(); ++row) {
      const auto match = row_of_frame.find(truth.frame_index[row]);
      const Keypoint& label = truth.at(row, part);
      if (match == row_of_frame.end() || std::isnan(label.x) || std::isnan(label.y)) continue;
      const Keypoint& pose = poses.at(match->second, column);
      const double distance = std::hypot(pose.x - label.x, pose.y - label.y);
      if (std::isnan(distance)) {
        ++missing;
      } else {
        distances.push_back(distance);
      }
    }
    all.insert(all.end(), distances.begin(), distances.end());
    all_missing += missing;
    summaries.push_back(summarize(truth.bodyparts[part], std::move(distances), missing, threshold));
  }
  summaries.push_back(summarize("all", std::move(all), all_missing, threshold));
  return summaries;
}

}  // namespace posse
