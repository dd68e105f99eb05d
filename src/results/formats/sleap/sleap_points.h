/// Helpers of the readers of SLEAP's two kinds of files: columns by track and node, and what a
/// point's numbers mean.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "results/table/raw_table.h"

namespace posse::sleap {

/// x, y, likelihood of every node of every individual, scorer "SLEAP".
TableHeader header(const std::vector<std::string>& individuals,
                   const std::vector<std::string>& nodes);

/// A name for every individual, also for unnamed ("track_2") and equally named ones.
std::vector<std::string> individual_names(std::vector<std::string> names, size_t count);

/// Says that the individuals of table.untracked, if there are any, are no identities.
void note_untracked(RawTable& table);

/// Frames in a row, as the rows of a table that has no gaps, are at most this many values; beyond
/// it a table keeps its gaps.
constexpr size_t kMostValuesWithoutGaps = size_t{1} << 25;

/// Rows of missing points: NaN, NaN and likelihood 0 for every node.
void add_missing_rows(RawTable& table, size_t rows);

/// Puts points into a table and counts what was made of their scores.
class PointWriter {
 public:
  /// A point without x or y is missing; a score of a placed point that is NaN is 1; scores outside
  /// [0, 1], which SLEAP's peaks may have, are cut.
  void put(double* out, double x, double y, double score);
  /// Adds a sentence for each thing that was made of scores.
  void report(std::vector<std::string>& notes) const;

 private:
  size_t without_score_ = 0;
  size_t outside_ = 0;
  double outermost_ = 0;
};

}  // namespace posse::sleap
