/// Converts a table from one format to another.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "results/table/table_reader.h"

namespace posse {

/// Rewrites a table as .csv or .h5, told by the suffix of `target`.
///
/// csv and pandas HDF5 keep every column, row label and number bit for bit; x and y of cut frames
/// (crop_beside) are moved into the whole frame, unless the target lies beside the same pickle.
/// Frame numbers must rise, as for read_pose_table().
/// SLEAP files become DeepLabCut tables: with likelihoods 0 where a point is missing, single-animal
/// if there is one track or options.individual names one, else with a level 'individuals'.
/// options.scorer chooses among several scorers; a table of one is given that name, and so is a
/// "_meta.pickle" beside it, written beside the target: points then stay what the pickle says.
/// @param key  of the HDF5 file to write (TableWriterOptions); empty: the usual one
/// @return warnings, a sentence each
/// @throws Error(usage) if `target` exists and `force` is not set, or is the source, for a key that
/// is none, and for a key with a csv to write; as read_pose_table() and TableWriter
std::vector<std::string> convert_table(const std::filesystem::path& source,
                                       const std::filesystem::path& target,
                                       const TableReadOptions& options, bool force,
                                       const std::string& key = {});

}  // namespace posse
