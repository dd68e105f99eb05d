/// Builds an ONNX file from its parts, and lays them out on disk; knows nothing of pose networks.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/tensor.h"
#include "network/protobuf_message.h"

namespace posse {

/// Which version of ONNX's operators a file uses; each goes with the oldest version of the format
/// that has it, so that most programs can read the file.
struct OnnxOpset {
  int64_t version = 10;
  int64_t ir_version = 5;
};
inline constexpr OnnxOpset kOldestOpset{10, 5};
/// Has resizing at half pixels and spreads channels as PyTorch does.
inline constexpr OnnxOpset kTorchOpset{17, 8};
/// Has resizing with antialiasing.
inline constexpr OnnxOpset kAntialiasOpset{18, 8};

/// Element types by their number in onnx.proto.
enum class OnnxType : int { float32 = 1, uint8 = 2, int64 = 7, float16 = 10 };

struct OnnxAttribute {
  std::string name;
  std::variant<int64_t, float, std::string, std::vector<int64_t>> value;
};

/// An extent that is known, or the name of one that is not.
struct OnnxExtent {
  OnnxExtent(int64_t extent) : known(extent) {}                          // NOLINT: lists mix both
  OnnxExtent(const char* extent_name) : known(-1), name(extent_name) {}  // NOLINT
  int64_t known;
  std::string name;
};

/// A model under construction. Values are known by name; a node's output has the node's name.
class OnnxModel {
 public:
  explicit OnnxModel(OnnxOpset opset = kOldestOpset) : opset_(opset) {}

  OnnxOpset opset() const { return opset_; }

  /// Adds a node with one output. @return its output's name, for use as an input.
  std::string node(const std::string& op_type, const std::string& name,
                   const std::vector<std::string>& inputs,
                   const std::vector<OnnxAttribute>& attributes = {});
  /// Adds a constant. @return its name.
  std::string constant(const std::string& name, Tensor values);
  std::string constant(const std::string& name, const std::vector<int64_t>& values);
  /// Its numbers rounded to 16 bits.
  std::string half_constant(const std::string& name, const Tensor& values);

  void input(const std::string& name, OnnxType type, const std::vector<OnnxExtent>& shape);
  void output(const std::string& name, const std::vector<OnnxExtent>& shape);
  void metadata(const std::string& key, const std::string& value);

  /// Writes the model through a temporary name.
  /// @throws Error(unsupported) above 2 GiB, which the format cannot hold; Error(io)
  void write(const std::filesystem::path& path) const;
  /// The same bytes in memory. @throws Error(unsupported) above 2 GiB
  std::string bytes() const;

 private:
  /// Calls write(bytes) for one piece after another. @param what  named where it is too large
  template <class Writer>
  void write_pieces(const std::string& what, const Writer& write) const;

  /// A constant: its description, and behind it the numbers.
  struct Constant {
    ProtobufMessage head;
    Tensor values;
    std::vector<int64_t> integers;
    std::vector<uint16_t> halves;
    std::string_view raw() const;
  };

  OnnxOpset opset_;
  ProtobufMessage nodes_;  ///< fields of GraphProto
  ProtobufMessage values_;
  ProtobufMessage metadata_;  ///< fields of ModelProto
  std::vector<Constant> constants_;
};

}  // namespace posse
