/// Reads the messages inside a checkpoint's index: the header and one entry per variable.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "checkpoint/tensorflow/tensorflow_checkpoint.h"

namespace posse {

/// Caps of a checkpoint's values; a ResNet-152 holds 0.23 GB.
inline constexpr int64_t kMostTensorBytes = int64_t{1} << 30;
inline constexpr int64_t kMostCheckpointBytes = int64_t{4} << 30;

/// Everything an index file says.
struct BundleIndex {
  int num_shards = 1;
  bool big_endian = false;
  std::vector<VariableInfo> variables;  ///< sorted by name
};

/// Decodes and checks a whole index file held in memory.
///
/// Memory: the variables take at most 32 times the file's size and 64 KiB, and a file that would
/// need more is refused; with the decompressed block they stay below 64 times and 128 KiB.
/// @param name  the file's name for messages.
/// @throws Error(bad_file, unsupported) as TensorFlowCheckpoint::open() says.
BundleIndex read_bundle_index(std::span<const uint8_t> file, const std::string& name);

}  // namespace posse
