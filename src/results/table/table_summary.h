/// Summarises a table for `posse info FILE`.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "results/table/table_reader.h"

namespace posse {

/// One bodypart (of one individual) of a table.
struct BodypartSummary {
  /// Name, with the individual before it, as "mouse1 nose", if there are any.
  std::string name;
  /// Rows in which x or y is NaN.
  int64_t num_missing = 0;
  /// Median over the points that are there; NaN without likelihoods.
  double median_likelihood = 0;
  /// Points that are there by likelihood: [0, 0.1), ..., [0.9, 1]; values outside go to the ends.
  std::array<int64_t, 10> likelihood_histogram{};
};

struct TableSummary {
  std::string layout;
  std::vector<std::string> level_names;
  std::vector<std::string> scorers;
  std::vector<std::string> individuals;
  std::vector<std::string> coords;
  bool rows_are_images = false;
  int64_t num_rows = 0;
  std::string first_row;  ///< least frame number, or first image; empty without rows
  std::string last_row;
  std::vector<BodypartSummary> bodyparts;
  std::vector<std::string> warnings;
};

/// Summarises any table, multi-animal and 3-D ones included. @throws as read_raw_table()
TableSummary summarize_table(const std::filesystem::path& path);

/// Lines for people, without a line feed at the end.
std::string summary_text(const TableSummary& summary);

}  // namespace posse
