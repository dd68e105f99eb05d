/// Draws the labelled frames that a seed chooses, and reads which of them are outliers.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace posse {

/// `count` of the rows 0 ... num_rows - 1, sorted: numpy.random.seed(seed), then
/// numpy.random.choice(num_rows, count, replace=False). A smaller draw with the same seed is part
/// of a larger one.
/// @throws Error(usage) for more than there are
/// Source: numpy's legacy generator (MT19937, shuffle by masked rejection).
std::vector<size_t> draw_rows(size_t num_rows, size_t count, uint32_t seed);

/// Labelled frames in the order that draws count, and which of them are outliers.
struct OutlierList {
  std::vector<std::string> pictures;
  std::vector<char> is_outlier;  ///< [pictures] 1 where the sum of its flags is above 0

  size_t num_outliers() const;
};

/// Reads a csv of rows `picture,flag,flag,...` without a header, or a pickled list of such lists
/// (the original's classified_list), whose code is not executed.
/// @throws Error(not_found; bad_file naming the row)
OutlierList read_outlier_list(const std::filesystem::path& path);

}  // namespace posse
