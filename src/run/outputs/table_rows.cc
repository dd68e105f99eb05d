#include "run/outputs/table_rows.h"

namespace posse {
namespace {

constexpr size_t kRowsPerBlock = 256;

}  // namespace

TableRows::TableRows(std::filesystem::path path, std::string scorer,
                     std::vector<std::string> bodyparts, TableWriterOptions options)
    : path_(std::move(path)), scorer_(std::move(scorer)), options_(std::move(options)) {
  block_.bodyparts = std::move(bodyparts);
  extras_.resize(options_.extras.size());
}

PoseTableWriter& TableRows::writer() {
  if (!writer_) writer_.emplace(path_, scorer_, block_.bodyparts, options_);
  return *writer_;
}

void TableRows::append(int64_t frame_index, std::span<const Keypoint> keypoints) {
  if (block_.frame_index.empty()) writer();  // what cannot be written is told by the first row
  block_.frame_index.push_back(frame_index);
  block_.keypoints.insert(block_.keypoints.end(), keypoints.begin(), keypoints.end());
  if (block_.num_frames() == kRowsPerBlock) flush();
}

void TableRows::flush() {
  const std::vector<std::span<const double>> extras(extras_.begin(), extras_.end());
  writer().append(block_, extras);
  block_.frame_index.clear();
  block_.keypoints.clear();
  for (std::vector<double>& values : extras_) values.clear();
}

void TableRows::finish() {
  flush();
  writer().finish();
}

}  // namespace posse
