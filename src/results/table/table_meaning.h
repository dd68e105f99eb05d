/// Interprets the columns of a raw table: scorer, individual, bodyparts, and where their numbers
/// stand.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "results/table/table_reader.h"

namespace posse {

/// Where a bodypart's numbers stand.
struct BodypartColumns {
  std::string name;
  size_t x = 0;
  size_t y = 0;
  std::optional<size_t> likelihood;
  std::optional<size_t> visible;  ///< Lightning Pose labels: 2 visible, 1 hidden, 0 not labelled
};

struct TableMeaning {
  std::string scorer;
  std::vector<BodypartColumns> bodyparts;  ///< in the order of the file; never empty
  TableNotes notes;
};

/// Finds scorer, individual and bodyparts among the columns, by the names of the levels.
/// @throws Error as read_pose_table()
TableMeaning interpret_header(const RawTable& raw, const std::filesystem::path& path,
                              const TableReadOptions& options);

/// A scorer without the counter that pandas' read_csv puts behind equal header cells ("name.1").
/// @param first  the scorer of the table's first column
std::string without_counter(const std::string& name, const std::string& first);

/// The coord that is a likelihood under another name, as "confidence", where there is none of its
/// own name; empty if there is none.
std::string likelihood_by_another_name(const std::vector<std::string>& coords);

/// What to say of that; empty where there is none.
std::string warning_of_likelihood(const std::vector<std::string>& coords);

/// The second half of read_pose_table(), for a table that is already in memory.
LoadedPoses interpret_poses(const RawTable& raw, const std::filesystem::path& path,
                            const TableReadOptions& options);

}  // namespace posse
