/// Writes rows of a table as comma-separated values.
#pragma once

#include <filesystem>
#include <memory>

#include "results/table/table_sink.h"

namespace posse {

/// @throws Error(io)
std::unique_ptr<TableSink> make_csv_sink(const std::filesystem::path& path,
                                         const TableHeader& header,
                                         const TableWriterOptions& options);

}  // namespace posse
