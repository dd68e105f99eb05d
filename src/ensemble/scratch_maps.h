/// Keeps frames and networks' maps on the disk while other members run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <utility>
#include <vector>

#include "network/backend.h"
#include "video/video_reader.h"

namespace posse {

/// A file without a name in the system's temporary folder (TMPDIR): it ends with the process,
/// however that ends. Not for several writers; reading may happen on several threads while nobody
/// writes.
class ScratchMaps {
 public:
  /// @throws Error(io), naming the folder
  ScratchMaps();
  ~ScratchMaps();
  ScratchMaps(const ScratchMaps&) = delete;
  ScratchMaps& operator=(const ScratchMaps&) = delete;

  /// Bytes that may be used where the file lies: half of what is free, 8 GiB at most.
  int64_t most_bytes() const;
  /// Forgets everything, and gives its room back.
  void clear();

  /// Frames are numbered from 0 as they come. @throws Error(io)
  void add_frame(const VideoFrame& frame);
  size_t num_frames() const { return frames_.size(); }
  void read_frame(size_t number, VideoFrame& frame) const;

  /// A member's maps of one bundle of frames. @param output  received @throws Error(io)
  void add_output(size_t member, int64_t bundle, const NetworkOutput& output);
  void read_output(size_t member, int64_t bundle, NetworkOutput& output) const;

 private:
  struct StoredFrame {
    int64_t frame_index = 0;
    double time_seconds = 0;
    int width = 0;
    int height = 0;
    int64_t offset = 0;
  };
  struct StoredTensor {
    Shape shape;
    int64_t offset = 0;
  };
  struct StoredOutput {
    StoredTensor scoremap_logits, locref;
  };

  int64_t write(const void* data, size_t bytes);
  void read(int64_t offset, void* data, size_t bytes) const;
  StoredTensor write(const Tensor& tensor);
  void read(const StoredTensor& stored, Tensor& tensor) const;

  std::filesystem::path folder_;
  int fd_ = -1;
  int64_t end_ = 0;
  std::vector<StoredFrame> frames_;
  std::map<std::pair<size_t, int64_t>, StoredOutput> outputs_;
};

}  // namespace posse
