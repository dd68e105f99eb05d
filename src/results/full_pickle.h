/// Writes DeepLabCut 3's "<stem><scorer>_full.pickle": every frame's points, as its network gave
/// them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/poses.h"
#include "results/formats/pickle/pickle_text.h"

namespace posse {

/// "<table without suffix>_full.pickle"
std::filesystem::path full_pickle_beside(const std::filesystem::path& table);

/// Writes the pickle that the PyTorch engine of DeepLabCut 3.0.2 leaves beside the table of a
/// single animal: a dict of "metadata" and "frame<number>", the points in float32 numpy arrays. The
/// tool takes its presence for "analysed already". Frame by frame, in constant memory; the file is
/// opened by the first frame. Source: the pickles it writes.
class FullPickleWriter {
 public:
  /// @param num_frames  that will come; as many digits have the frames' keys
  FullPickleWriter(std::filesystem::path path, std::vector<std::string> bodyparts,
                   int64_t num_frames);

  /// @param keypoints  [bodyparts]; what is missing is written as -1, -1, -1, as the tool does
  /// @throws Error(io)
  void append(int64_t frame_index, std::span<const Keypoint> keypoints);
  /// Completes the file and gives it its name. @throws Error(io)
  void finish();
  const std::filesystem::path& path() const { return path_; }
  /// Estimated size of the file, for planning.
  double bytes_per_frame() const { return 60 + 130 * static_cast<double>(bodyparts_.size()); }

 private:
  void begin();
  /// Of each bodypart an array: of its point, or of its score.
  void put_list(std::span<const Keypoint> keypoints, bool of_points);
  void put(const std::string& bytes);

  std::filesystem::path path_;
  std::vector<std::string> bodyparts_;
  int64_t num_frames_;
  int key_digits_;
  PickleWriter pickle_;
  std::optional<PendingFile> pending_;
  std::ofstream file_;
};

}  // namespace posse
