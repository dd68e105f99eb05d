#include "study/judge/error_tables.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace posse {
namespace {

double rmse_of_sums(std::span<const double> sums) { return std::sqrt(sums[0] / sums[1]); }

/// What a member or a method says of each point; nullptr where it does not judge the picture.
class Sayer {
 public:
  Sayer(const JudgedFrames& judged, size_t member) : judged_(judged), member_(member) {}
  Sayer(const JudgedFrames& judged, const JudgedMethod& method)
      : judged_(judged), method_(&method) {}

  const Keypoint* says(size_t picture, size_t part) const {
    if (method_ != nullptr) {
      return method_->judged[picture] != 0 ? &method_->keypoints[judged_.at(picture, part)]
                                           : nullptr;
    }
    return judged_.is_judging(picture, member_) ? &judged_.member(picture, member_, part) : nullptr;
  }

 private:
  const JudgedFrames& judged_;
  size_t member_ = 0;
  const JudgedMethod* method_ = nullptr;
};

bool is_there(const Keypoint& k) { return std::isfinite(k.x) && std::isfinite(k.y); }

/// Gathers one row.
struct RowSums {
  std::vector<double> distances;
  GroupSums sums{2};
  ErrorRow row;

  void add(const Keypoint& keypoint, const Point& label, bool hidden, int64_t group,
           double threshold) {
    if (hidden) {
      ++row.hidden;
    } else if (std::isnan(label.x)) {
      row.hallucinated += is_there(keypoint) && keypoint.likelihood >= threshold ? 1 : 0;
    } else if (!is_there(keypoint)) {
      ++row.missed;
    } else {
      const double d = std::hypot(keypoint.x - label.x, keypoint.y - label.y);
      distances.push_back(d);
      sums.add(group, std::array{d * d, 1.0});
    }
  }

  ErrorRow finish(const std::string& bodypart, const ErrorOptions& options) {
    row.bodypart = bodypart;
    row.distances = summarise_distances(distances, options.radii);
    row.num_groups = sums.num_groups();
    row.rmse = {std::nan(""), std::nan("")};
    if (distances.size() >= kFewPoints) row.rmse = sums.interval(rmse_of_sums, options.bootstrap);
    return row;
  }
};

ErrorTable table_of(const JudgedFrames& judged, const Sayer& sayer, std::string name,
                    bool is_member, const ErrorOptions& options) {
  ErrorTable table{.name = std::move(name), .is_member = is_member, .num_pictures = 0, .rows = {}};
  const size_t parts = judged.num_bodyparts();
  std::vector<RowSums> sums(parts + 1);
  for (size_t i = 0; i < judged.pictures.size(); ++i) {
    table.num_pictures += sayer.says(i, 0) != nullptr ? 1 : 0;
    for (size_t p = 0; p < parts; ++p) {
      const Keypoint* keypoint = sayer.says(i, p);
      if (keypoint == nullptr) continue;
      for (const size_t row : {p, parts}) {
        sums[row].add(*keypoint, judged.labels[judged.at(i, p)],
                      judged.hidden[judged.at(i, p)] != 0, judged.pictures[i].group,
                      options.likelihood_threshold);
      }
    }
  }
  for (size_t p = 0; p <= parts; ++p)
    table.rows.push_back(sums[p].finish(p < parts ? judged.bodyparts[p] : "all", options));
  return table;
}

PairedDifference difference_of(const JudgedFrames& judged, const Sayer& first, const Sayer& second,
                               const ErrorOptions& options) {
  GroupSums sums(3);
  for (size_t i = 0; i < judged.pictures.size(); ++i) {
    for (size_t p = 0; p < judged.num_bodyparts(); ++p) {
      const Keypoint* a = first.says(i, p);
      const Keypoint* b = second.says(i, p);
      const Point& label = judged.labels[judged.at(i, p)];
      if (a == nullptr || b == nullptr || !is_there(*a) || !is_there(*b) || std::isnan(label.x))
        continue;
      const double da = std::hypot(a->x - label.x, a->y - label.y);
      const double db = std::hypot(b->x - label.x, b->y - label.y);
      sums.add(judged.pictures[i].group, std::array{da * da, db * db, 1.0});
    }
  }
  const auto statistic = [](std::span<const double> s) {
    return std::sqrt(s[0] / s[2]) - std::sqrt(s[1] / s[2]);
  };
  const std::vector<double> total = sums.total();
  PairedDifference result{.num_points = static_cast<size_t>(total[2]),
                          .num_groups = sums.num_groups(),
                          .rmse_first = std::sqrt(total[0] / total[2]),
                          .rmse_second = std::sqrt(total[1] / total[2]),
                          .difference = statistic(total),
                          .interval = {std::nan(""), std::nan("")}};
  if (result.num_points >= kFewPoints)
    result.interval = sums.interval(statistic, options.bootstrap);
  return result;
}

}  // namespace

std::vector<ErrorTable> error_tables(const JudgedFrames& judged, const ErrorOptions& options) {
  std::vector<ErrorTable> tables;
  for (size_t m = 0; m < judged.members.size(); ++m)
    tables.push_back(table_of(judged, Sayer(judged, m), judged.members[m], true, options));
  for (const JudgedMethod& method : judged.methods)
    tables.push_back(table_of(judged, Sayer(judged, method), method.name, false, options));
  return tables;
}

std::vector<PairedDifference> paired_differences(const JudgedFrames& judged,
                                                 std::span<const ErrorTable> tables,
                                                 const ErrorOptions& options) {
  size_t best = judged.members.size();
  for (size_t m = 0; m < judged.members.size(); ++m) {
    const double rmse = tables[m].rows.back().distances.rmse;
    if (std::isnan(rmse)) continue;
    if (best == judged.members.size() || rmse < tables[best].rows.back().distances.rmse) best = m;
  }
  std::vector<PairedDifference> all;
  const auto add = [&](const JudgedMethod& method, const Sayer& other, const std::string& name) {
    all.push_back(difference_of(judged, Sayer(judged, method), other, options));
    all.back().first = method.name;
    all.back().second = name;
  };
  for (size_t i = 0; i < judged.methods.size(); ++i) {
    if (best < judged.members.size())
      add(judged.methods[i], Sayer(judged, best), judged.members[best]);
  }
  for (size_t i = 1; i < judged.methods.size(); ++i)
    add(judged.methods[i], Sayer(judged, judged.methods[0]), judged.methods[0].name);
  return all;
}

}  // namespace posse
