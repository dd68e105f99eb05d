/// The interface to which TableWriter hands its rows: one implementation per file format.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "results/table/table_writer.h"

namespace posse {

/// Rows of a block: numbered or labelled, [rows] each, one of them empty.
struct RowNames {
  std::span<const int64_t> frame_index;
  std::span<const std::string> labels;

  size_t size() const { return labels.empty() ? frame_index.size() : labels.size(); }
};

class TableSink {
 public:
  TableSink() = default;
  virtual ~TableSink() = default;
  TableSink(const TableSink&) = delete;
  TableSink& operator=(const TableSink&) = delete;

  virtual void append(const RowNames& rows, std::span<const double> values,
                      std::span<const std::span<const double>> extras) = 0;
  virtual void finish() = 0;

  TableHeader header;
  TableWriterOptions options;
  size_t num_rows = 0;
};

}  // namespace posse
