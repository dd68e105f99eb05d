#include "results/formats/sleap/sleap_points.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "base/text.h"

namespace posse::sleap {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

}  // namespace

TableHeader header(const std::vector<std::string>& individuals,
                   const std::vector<std::string>& nodes) {
  TableHeader header{.level_names = {"scorer", "individuals", "bodyparts", "coords"},
                     .columns = {}};
  for (const std::string& individual : individuals) {
    for (const std::string& node : nodes) {
      for (const char* coord : {"x", "y", "likelihood"}) {
        header.columns.push_back({"SLEAP", individual, node, coord});
      }
    }
  }
  return header;
}

std::vector<std::string> individual_names(std::vector<std::string> names, size_t count) {
  names.resize(count);
  std::map<std::string, int> seen;
  for (size_t i = 0; i < count; ++i) {
    if (names[i].empty()) names[i] = fmt::format("track_{}", i);
    if (seen[names[i]]++ > 0) names[i] += fmt::format("_{}", i);
  }
  return names;
}

void note_untracked(RawTable& table) {
  if (table.untracked.empty()) return;
  table.notes.push_back(
      fmt::format("instances without a track are numbered anew in every frame: {} may be another "
                  "animal from row to row",
                  list_names(table.untracked)));
}

void add_missing_rows(RawTable& table, size_t rows) {
  const size_t first = table.values.size();
  table.values.resize(first + rows * table.header.num_columns(), kMissing);
  for (size_t i = first + 2; i < table.values.size(); i += 3) table.values[i] = 0;
}

void PointWriter::put(double* out, double x, double y, double score) {
  if (!std::isfinite(x) || !std::isfinite(y)) {
    out[0] = out[1] = kMissing;
    out[2] = 0;
    return;
  }
  if (std::isnan(score)) {
    ++without_score_;
    score = 1;
  }
  if (score < 0 || score > 1) {
    ++outside_;
    outermost_ = std::max(outermost_, std::abs(score));
    score = std::clamp(score, 0.0, 1.0);
  }
  out[0] = x;
  out[1] = y;
  out[2] = score;
}

void PointWriter::report(std::vector<std::string>& notes) const {
  if (without_score_ > 0) {
    notes.push_back(fmt::format(
        "{} points have no score, as those placed by hand; their likelihood is 1", without_score_));
  }
  if (outside_ > 0) {
    notes.push_back(fmt::format("{} likelihoods are outside [0, 1] (up to {:.4g}) and were cut",
                                outside_, outermost_));
  }
}

}  // namespace posse::sleap
