/// Writes pose tables, whole or row by row with constant memory.
///
/// Formats are told by the suffix of the file's name:
///   .csv  three or four header rows, then a row per frame; shortest exact decimals, NaN empty
///   .h5   the pandas "table" layout under /df_with_missing (or another key), which pandas,
///         DeepLabCut and the tools around them read; extra arrays as plain datasets under /posse,
///         which they do not see
/// A file appears under its name only when it is complete: until finish() everything is written to
/// a temporary name in the same folder, and a writer that is destroyed early takes that away.
///
/// To add a result format:
///  1. make src/results/formats/<name>/ with <name>_writer.h, which makes a TableSink
///     (table_sink.h), and <name>_reader.h, which gives a RawTable;
///  2. choose the sink by its suffix in make_sink() of table_writer.cc;
///  3. tell the file by its content in table_kind.cc, and read it in read_table() of
///     table_reader.cc;
///  4. write a table, read it back and compare in table_writer_test.cc, and have another program
///     read it in tests/compat;
///  5. describe it in docs/results.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "results/table/pose_table.h"
#include "results/table/raw_table.h"

namespace posse {

class TableSink;

/// An array with one entry per row of the table, such as the spread of the members.
struct ExtraArray {
  std::string name;               ///< of the dataset below /posse, as "spread"
  std::vector<std::string> axes;  ///< names of the axes after the first, as {"bodyparts", "xy"}
  std::vector<int64_t> extents;   ///< of those axes, as {4, 2}; empty for one number per row
  std::string description;        ///< a sentence with the unit, stored as an attribute

  /// Numbers per row.
  size_t row_size() const;
};

struct TableWriterOptions {
  /// Extra arrays, for .h5 only.
  std::vector<ExtraArray> extras;
  /// Texts stored as attributes of /posse, for .h5 only: as {{"consensus", "mean"}}.
  std::vector<std::pair<std::string, std::string>> attributes;
  /// Compression from 0 (none, as DeepLabCut writes) to 9, for .h5 only.
  int gzip_level = 0;
  /// Name under which pandas finds the table, for .h5 only: letters, digits and underscores, no
  /// digit first, not "posse".
  std::string key = "df_with_missing";
  /// Bytes of the longest label; above 0 rows are labelled by text, not by numbers.
  size_t longest_row_label = 0;
  /// Write values as float32, as DeepLabCut 3's PyTorch engine has them.
  bool single_precision = false;
};

/// Writes any table, a block of rows at a time. PoseTableWriter is what most callers want.
class TableWriter {
 public:
  /// @throws Error(usage) for another suffix, extras in a csv, or a key that is none;
  /// Error(invalid_value) for a header that the format cannot hold (see docs/results.md); Error(io)
  TableWriter(const std::filesystem::path& path, TableHeader header,
              TableWriterOptions options = {});
  ~TableWriter();
  TableWriter(TableWriter&&) noexcept;

  /// @param values  [rows, columns]
  /// @param extras  one per ExtraArray, [rows, row_size()]
  /// @throws Error(shape_mismatch, io)
  void append(std::span<const int64_t> frame_index, std::span<const double> values,
              std::span<const std::span<const double>> extras = {});
  /// Rows labelled by text, if longest_row_label is above 0.
  void append(std::span<const std::string> row_labels, std::span<const double> values);
  /// Completes the file and gives it its name. Nothing may be appended afterwards. @throws
  /// Error(io)
  void finish();

  size_t num_rows() const;

 private:
  std::unique_ptr<TableSink> sink_;
};

/// Writes a single-animal prediction table: x, y, likelihood for every bodypart.
///
/// What downstream tools rely on is kept here: a keypoint without x or y is written as missing
/// (NaN, NaN, likelihood 0), and likelihoods are finite and in [0, 1].
class PoseTableWriter {
 public:
  /// @throws as TableWriter; Error(invalid_value) for bodyparts that are empty, repeated, not UTF-8
  /// or hold control characters
  PoseTableWriter(const std::filesystem::path& path, const std::string& scorer,
                  const std::vector<std::string>& bodyparts, TableWriterOptions options = {});

  /// Appends rows; their bodyparts must be the writer's, and frame numbers must go on rising.
  /// @param extras  one per ExtraArray, [rows, row_size()]
  /// @throws Error(invalid_value) for an infinite coordinate or a likelihood that is NaN or outside
  /// [0, 1] by more than 1e-6, naming frame and bodypart; Error(shape_mismatch, io)
  void append(const Poses& rows, std::span<const std::span<const double>> extras = {});
  /// @throws Error(io)
  void finish() { writer_.finish(); }

  size_t num_rows() const { return writer_.num_rows(); }

 private:
  std::vector<std::string> bodyparts_;
  TableWriter writer_;
  int64_t last_frame_ = -1;
};

/// Writes a whole table through PoseTableWriter.
void write_pose_table(const std::filesystem::path& path, const PoseTable& table,
                      TableWriterOptions options = {},
                      std::span<const std::span<const double>> extras = {});

/// Writes a table as it is, header, labels and all.
/// @param options  its longest_row_label is taken from the table
void write_raw_table(const std::filesystem::path& path, const RawTable& table,
                     TableWriterOptions options = {});

/// Writes a hand-labelled table in the layout of CollectedData files: x and y only, rows by image.
void write_label_table(const std::filesystem::path& path, const LabelTable& labels);

/// Header of a single-animal table: for every bodypart the given coords.
TableHeader make_table_header(const std::string& scorer, std::span<const std::string> bodyparts,
                              std::span<const std::string> coords);

/// Column values of one coord of a wide table.
struct WideCoord {
  std::string name;                ///< as "x_posterior_var"
  std::span<const double> values;  ///< [frames, bodyparts]
};

/// Writes a csv with any number of coords per bodypart, as the ensemble Kalman smoother's tools
/// exchange it ("x", "y", "likelihood", "x_ens_median", ...). Most other tools cannot read it.
/// @param path  must end in .csv
void write_wide_csv(const std::filesystem::path& path, const std::string& scorer,
                    std::span<const std::string> bodyparts, std::span<const int64_t> frame_index,
                    std::span<const WideCoord> coords);

}  // namespace posse
