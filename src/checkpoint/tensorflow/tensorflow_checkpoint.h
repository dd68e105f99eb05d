/// Reads TensorFlow V2 checkpoints ("tensor bundles"): <prefix>.index with
/// <prefix>.data-NNNNN-of-MMMMM.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/weight_source.h"

namespace posse {

/// DataType numbers of TensorFlow's types.proto; numbers without an enumerator are kept as they
/// are.
enum class CheckpointDtype : int {
  float32 = 1,
  float64 = 2,
  int32 = 3,
  uint8 = 4,
  int16 = 5,
  int8 = 6,
  string = 7,
  complex64 = 8,
  int64 = 9,
  boolean = 10,
  bfloat16 = 14,
  uint16 = 17,
  complex128 = 18,
  float16 = 19,
  resource = 20,
  variant = 21,
  uint32 = 22,
  uint64 = 23,
};

/// "float32", "string", ...; "type 42" for a number without a name.
std::string to_string(CheckpointDtype dtype);

/// Bytes of one element; 0 for strings, resources, variants and unknown types.
int64_t bytes_per_element(CheckpointDtype dtype);

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

/// An opened checkpoint. Opening reads and checks the index; the shards are mapped into memory when
/// first needed.
///
/// Immutable after open(); read() may be called from several threads. Copies share the mapped
/// files. Memory: open() needs a small multiple of the index file's size whatever that file says
/// (docs/formats.md).
class TensorFlowCheckpoint final : public WeightSource {
 public:
  /// @param prefix  path without ".index", as ".../train/snapshot-50000"; the name of one of the
  /// checkpoint's files (.index, .meta, .data-00000-of-00001) stands for it too.
  /// @throws Error(not_found) without an index file; Error(bad_file) for anything malformed, naming
  /// file and place; Error(unsupported) for a checkpoint of the older format V1.
  static TensorFlowCheckpoint open(const std::filesystem::path& prefix);

  const std::filesystem::path& path() const override;  ///< the prefix
  std::string format() const override { return "TensorFlow checkpoint"; }
  int num_data_files() const override;
  std::vector<WeightInfo> list() const override;
  std::optional<Shape> shape(std::string_view name) const override;
  /// SHA-256 of the index, which holds every tensor's checksum.
  std::string fingerprint() const override;
  /// All variables, sorted by name (bytewise).
  const std::vector<VariableInfo>& variables() const;
  /// nullptr if there is none of that name.
  const VariableInfo* find(std::string_view name) const;

  /// Values as float32 (float16, bfloat16 and float64 are converted, numbers of either byte order
  /// are read). The CRC-32C is checked each time, which costs less than the copy.
  /// @throws Error(not_found) for an unknown name (lists the nearest) or a missing shard;
  /// Error(bad_file) for a shard that is too short or a wrong checksum; Error(unsupported) for
  /// other types and for partitioned variables.
  Tensor read(std::string_view name) const override;

  std::vector<std::string> verify() const override;
  void check_files() const override;

 private:
  struct State;
  explicit TensorFlowCheckpoint(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

/// The prefix that one of a checkpoint's files belongs to: without ".index", ".meta" or
/// ".data-NNNNN-of-MMMMM"; any other path as it is.
std::filesystem::path checkpoint_prefix(const std::filesystem::path& file);

/// "<prefix>.data-00000-of-00001"
std::filesystem::path shard_path(const std::filesystem::path& prefix, int shard, int num_shards);

}  // namespace posse
