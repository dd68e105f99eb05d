/// TensorFlow V2 checkpoints ("tensor bundles"): <prefix>.index with <prefix>.data-NNNNN-of-MMMMM.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/tensor.h"

namespace posse {

/// DataType numbers of TensorFlow's types.proto; others are kept as their number.
enum class CheckpointDtype : int {
  float32 = 1,
  float64 = 2,
  int32 = 3,
  uint8 = 4,
  string = 7,
  int64 = 9,
  bfloat16 = 14,
  float16 = 19
};

/// What the index says of one variable.
struct VariableInfo {
  std::string name;
  CheckpointDtype dtype = CheckpointDtype::float32;
  Shape shape;
  int shard = 0;
  int64_t offset = 0;  ///< in the shard, in bytes
  int64_t num_bytes = 0;
  uint32_t crc32c = 0;       ///< unmasked
  bool partitioned = false;  ///< stored in slices; cannot be loaded
};

/// An opened checkpoint. Opening reads and checks the index (block checksums always); the shards
/// are mapped on first use. Immutable after open(); tensor() may be called from several threads.
class Checkpoint {
 public:
  /// @param prefix  path without ".index", as ".../train/snapshot-50000" (a path ending in ".index"
  /// is accepted too).
  /// @throws Error(not_found) without an index file; Error(bad_file) for anything malformed, naming
  /// file and offset.
  static Checkpoint open(const std::filesystem::path& prefix);

  const std::filesystem::path& prefix() const;
  int num_shards() const;
  /// All variables, sorted by name (bytewise).
  const std::vector<VariableInfo>& variables() const;
  /// nullptr if there is none of that name.
  const VariableInfo* find(std::string_view name) const;

  /// Values as float32 (float16, bfloat16 and float64 are converted), CRC-32C checked on first use.
  /// @throws Error(not_found) for an unknown name or a missing shard; Error(bad_file) for a wrong
  /// size or checksum;
  ///         Error(unsupported) for other types and for partitioned variables.
  Tensor tensor(std::string_view name) const;

  /// Checks every shard's presence and size and every tensor's checksum; returns one line per
  /// problem, empty if sound.
  std::vector<std::string> verify() const;

 private:
  struct State;
  explicit Checkpoint(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace posse
