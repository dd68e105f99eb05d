/// Writes rows in the pandas "table" layout of HDF5, under /df_with_missing or another key.
#pragma once

#include <filesystem>
#include <memory>

#include "results/table/table_sink.h"

namespace posse {

/// @throws Error(invalid_value) for a header that the layout cannot hold; Error(io)
std::unique_ptr<TableSink> make_hdf5_sink(const std::filesystem::path& path,
                                          const TableHeader& header,
                                          const TableWriterOptions& options);

}  // namespace posse
