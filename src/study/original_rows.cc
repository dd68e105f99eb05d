#include "study/original_rows.h"

#include <cmath>

#include "study/scores_at_points.h"

namespace posse {
namespace {

/// Over pictures that are judged and have every bodypart. @param says  keypoint or nullptr
template <class Says>
OriginalRow original_row(const JudgedFrames& judged, const Says& says) {
  std::vector<Point> points, truth;
  const size_t parts = judged.num_bodyparts();
  for (size_t i = 0; i < judged.pictures.size(); ++i) {
    std::vector<Point> here;
    for (size_t p = 0; p < parts; ++p) {
      const Keypoint* k = says(i, p);
      if (k == nullptr || std::isnan(k->x) || std::isnan(judged.labels[judged.at(i, p)].x)) break;
      here.push_back({k->x, k->y});
    }
    if (here.size() < parts) continue;
    points.insert(points.end(), here.begin(), here.end());
    for (size_t p = 0; p < parts; ++p) truth.push_back(judged.labels[judged.at(i, p)]);
  }
  return {.name = "",
          .summed_rmse = summed_rmse(points, truth, parts),
          .num_pictures = parts == 0 ? 0 : points.size() / parts,
          .confidence = std::nan(""),
          .share = std::nan("")};
}

double mean_of(const std::vector<double>& values) {
  double sum = 0, count = 0;
  for (const double value : values) {
    if (std::isnan(value)) continue;
    sum += value;
    count += 1;
  }
  return count > 0 ? sum / count : std::nan("");
}

}  // namespace

std::vector<OriginalRow> original_rows(const JudgedFrames& judged) {
  std::vector<OriginalRow> rows;
  for (size_t m = 0; m < judged.members.size(); ++m) {
    OriginalRow row = original_row(judged, [&](size_t i, size_t p) {
      return judged.is_judging(i, m) ? &judged.member(i, m, p) : nullptr;
    });
    row.name = judged.members[m];
    std::vector<double> confidence, share;
    for (size_t i = 0; i < judged.pictures.size(); ++i) {
      if (!judged.is_judging(i, m)) continue;
      for (size_t p = 0; p < judged.num_bodyparts(); ++p) {
        const size_t at = (i * judged.members.size() + m) * judged.num_bodyparts() + p;
        confidence.push_back(judged.member_confidence[at]);
        share.push_back(judged.member_share[at]);
      }
    }
    row.confidence = mean_of(confidence);
    row.share = mean_of(share);
    rows.push_back(row);
  }
  for (const JudgedMethod& method : judged.methods) {
    OriginalRow row = original_row(judged, [&](size_t i, size_t p) {
      return method.judged[i] != 0 ? &method.keypoints[judged.at(i, p)] : nullptr;
    });
    row.name = method.name;
    rows.push_back(row);
  }
  return rows;
}

}  // namespace posse
