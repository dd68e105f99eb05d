/// The tables that a command is given: read, brought to the same frames and bodyparts.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "results/table/align_tables.h"

namespace posse {

struct TableInputs {
  std::vector<std::filesystem::path> files;  ///< [members]
  AlignedTables tables;
  std::vector<std::string> warnings;  ///< what was odd in a file, and where files differ
};

/// Reads and aligns tables. `bodyparts`: which to keep, in this order; empty: all.
/// @throws Error as read_pose_table and align_tables; Error(not_found) for a bodypart that no table
/// has, naming near ones.
///
/// Tables that hold the same poses are warned of: one network that counts twice.
TableInputs read_tables(const std::vector<std::filesystem::path>& files, bool common_bodyparts,
                        const std::vector<std::string>& bodyparts = {});

}  // namespace posse
