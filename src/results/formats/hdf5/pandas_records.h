/// Reads the "table" layout of pandas.
#pragma once

#include <filesystem>

#include "results/formats/hdf5/pandas_table.h"

namespace posse::pandas {

/// The "table" layout: one compound dataset, the columns' names pickled in attributes.
void read_records(const std::filesystem::path& path, const hdf5::Reader& reader, hid_t group,
                  const TakeRows& take_rows, TableBuilder& builder);

}  // namespace posse::pandas
