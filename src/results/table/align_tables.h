/// Brings the tables of several networks to the same frames and bodyparts.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "results/table/pose_table.h"

namespace posse {

enum class FrameMatch {
  common,  ///< frames that every table has
  any  ///< frames that at least one table has; missing (NaN, likelihood 0) where a table lacks it
};

struct AlignOptions {
  FrameMatch frames = FrameMatch::any;
  /// Keep only bodyparts that every table has. Otherwise every bodypart of any table is kept, and
  /// is missing in the tables that lack it.
  bool common_bodyparts = false;
};

/// Tables with equal frame_index and bodyparts, in the order they were given.
struct AlignedTables {
  std::vector<std::string> bodyparts;
  std::vector<int64_t> frame_index;
  /// [members], each of [frames, bodyparts].
  std::vector<Poses> members;
  /// Where the tables differ, a sentence each, naming the table: other frames, another order of
  /// bodyparts, missing bodyparts, bodyparts that are missing in every frame. Empty if they agree.
  std::vector<std::string> differences;
};

/// Matches rows by frame number and columns by bodypart name; nothing is ever matched by position.
///
/// Bodyparts come in the order of the first table, then those that only later tables have.
/// Tables that need no change are moved into the result, not copied.
/// @param names  of the tables, for the differences: file names; as many as tables
/// @throws Error(usage) without tables; Error(shape_mismatch) if no bodypart (common_bodyparts) or
/// no frame (FrameMatch::common) is shared by all, naming what each table has
AlignedTables align_tables(std::vector<PoseTable> tables, std::span<const std::string> names,
                           const AlignOptions& options = {});

}  // namespace posse
