/// Reads pose tables that pandas wrote into HDF5, in its "table" or its "fixed" layout.
#pragma once

#include <filesystem>

#include "results/table/raw_table.h"

namespace posse {

/// The one pandas object of the file, or the one that goes by a usual name.
/// @throws Error(not_found, bad_file, unsupported)
RawTable read_pandas_hdf5(const std::filesystem::path& path, const TakeRows& take_rows = {});

/// True for a table that posse wrote with more than a table in it (the group /posse); false for
/// those of other programs and for what is no HDF5 file.
bool has_group_of_posse(const std::filesystem::path& path);

}  // namespace posse
