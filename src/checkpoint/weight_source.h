/// The interface to a network's weights: named arrays of a checkpoint, in whatever program's file
/// format.
///
/// To add a checkpoint format:
///  1. make src/checkpoint/<format>/ with a class that implements WeightSource, and its test
///  beside;
///  2. have open_weights() recognise it by the file's content;
///  3. add a fuzz target in tests/fuzz/ and say in docs/formats.md what is read and what refused.
/// Networks ask for weights by this interface alone (network/load_network.h).
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

/// What a checkpoint says of one array.
struct WeightInfo {
  std::string name;
  Shape shape;
  std::string dtype;      ///< "float32", "int64", "string" ...
  int64_t num_bytes = 0;  ///< as stored
};

/// In which order a format keeps the axes of a convolution's weights.
enum class KernelAxes {
  tensorflow,  ///< [height, width, in, out], of a transposed convolution [height, width, out, in]
  torch,       ///< the same axes as [out, in, height, width] and [in, out, height, width]
};

/// An opened checkpoint. Opening checks what describes the arrays; their numbers are read on
/// request.
///
/// Immutable; read() may be called from several threads.
class WeightSource {
 public:
  virtual ~WeightSource() = default;

  /// What the checkpoint is called: the file, or the common beginning of its files' names.
  virtual const std::filesystem::path& path() const = 0;
  /// What wrote it, as far as its content tells: "TensorFlow checkpoint", "DeepLabCut 3 snapshot
  /// (PyTorch)" ...
  virtual std::string format() const = 0;
  virtual KernelAxes kernel_axes() const { return KernelAxes::tensorflow; }
  /// What the checkpoint itself says of the network it belongs to, as YAML; empty if it says
  /// nothing. DeepLabCut 3's exported models carry their pytorch_config.yaml.
  virtual std::string embedded_config() const { return ""; }
  /// Files that hold numbers.
  virtual int num_data_files() const = 0;
  /// All arrays, sorted by name (bytewise).
  virtual std::vector<WeightInfo> list() const = 0;
  /// nullopt if there is no array of that name.
  virtual std::optional<Shape> shape(std::string_view name) const = 0;
  /// The array as float32; other floating-point types are converted. Checksums, where the format
  /// has them, are compared each time.
  /// @throws Error(not_found) for an unknown name (lists the nearest) or a missing file;
  /// Error(bad_file) for a file that is too short or damaged; Error(unsupported) for other types.
  virtual Tensor read(std::string_view name) const = 0;
  /// 64 hexadecimal digits that differ where any number does, made without reading all of them.
  /// @throws Error(io)
  virtual std::string fingerprint() const = 0;
  /// Checks every file and every array; one line per problem, empty if sound.
  virtual std::vector<std::string> verify() const = 0;
  /// @throws Error(not_found) if a file that holds numbers is missing, Error(bad_file) if one is
  /// shorter than is said of it. No number is read.
  virtual void check_files() const = 0;
};

/// Opens a checkpoint of any format that posse reads: TensorFlow's V2
/// (checkpoint/tensorflow/tensorflow_checkpoint.h) and torch.save()'s
/// (checkpoint/torch/torch_checkpoint.h). What is there decides, not the name.
/// @throws Error(not_found, bad_file, unsupported), naming file and place.
std::shared_ptr<const WeightSource> open_weights(const std::filesystem::path& path);

}  // namespace posse
