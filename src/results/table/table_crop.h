/// Reads the box that frames were cut to before a table was made: DeepLabCut writes coordinates of
/// the cut picture, and the box beside them.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "results/table/raw_table.h"

namespace posse {

/// What frames were cut to before a table was made, in pixels of the whole frame.
struct TableCrop {
  double x1 = 0;
  double x2 = 0;
  double y1 = 0;
  double y2 = 0;
  std::filesystem::path file;  ///< the pickle that says so

  /// "frames were cut to columns 16 to 272 and rows 16 to 272 (..._meta.pickle)"
  std::string sentence() const;
};

/// The box in the pickle that DeepLabCut wrote beside a table: "<name>_meta.pickle", or
/// "<name>includingmetadata.pickle" of early versions, where name is the table's without suffix,
/// "_filtered" and the endings of multi-animal tables. nullopt if there is none, or if it says that
/// nothing was cut.
/// @param warnings  gets a sentence if the pickle cannot be understood
std::optional<TableCrop> crop_beside(const std::filesystem::path& table,
                                     std::vector<std::string>& warnings);

/// Adds to every x (x, x2, x3, ...) and y column of a table.
void move_points(RawTable& table, double dx, double dy);

}  // namespace posse
