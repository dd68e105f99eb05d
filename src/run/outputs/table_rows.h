/// Keeps back rows of a pose table until a block is full, and writes them block by block.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "results/table/table_writer.h"

namespace posse {

/// A pose table that is opened by its first row and written in blocks. Its extra arrays are filled
/// by name's position: extra(i) is the block's values of options.extras[i].
class TableRows {
 public:
  TableRows(std::filesystem::path path, std::string scorer, std::vector<std::string> bodyparts,
            TableWriterOptions options = {});

  /// Adds a row; its values of the extra arrays have been added to extra(i) before.
  /// @throws as PoseTableWriter
  void append(int64_t frame_index, std::span<const Keypoint> keypoints);
  std::vector<double>& extra(size_t i) { return extras_[i]; }
  void finish();
  const std::filesystem::path& path() const { return path_; }

 private:
  PoseTableWriter& writer();
  void flush();

  std::filesystem::path path_;
  std::string scorer_;
  TableWriterOptions options_;
  Poses block_;
  std::vector<std::vector<double>> extras_;
  std::optional<PoseTableWriter> writer_;
};

}  // namespace posse
