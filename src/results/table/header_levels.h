/// Interprets the levels of a pose table's header: what they are called, and in which order they
/// stand.
#pragma once

#include <string>
#include <vector>

#include "results/table/raw_table.h"

namespace posse {

/// Names three or four levels without names as those of a pose table, and a first one as the
/// scorer's where no level is called so.
/// @return whether a name was given
bool name_levels(TableHeader& header);

/// Whether the columns are those of bodyparts and coords, by the levels' names.
bool has_pose_levels(const TableHeader& header);

/// Positions of scorer, individuals, bodyparts and coords among the levels, of those that are
/// there.
std::vector<size_t> pose_levels(const TableHeader& header);

/// Whether the column is of no bodypart, as the split of Lightning Pose's tables.
bool is_nameless(const TableHeader& header, const std::vector<std::string>& column);

/// What is odd about the levels and how it is taken, a sentence each: another order, no scorer,
/// columns of no bodypart. Nothing of a header that is no pose table's.
std::vector<std::string> oddities_of_levels(const TableHeader& header);

}  // namespace posse
