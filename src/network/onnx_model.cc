#include "network/onnx_model.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <type_traits>

#include "base/error.h"
#include "base/files.h"
#include "base/half.h"
#include "base/text.h"
#include "base/version.h"

namespace posse {
namespace {

// Field numbers of onnx.proto (github.com/onnx/onnx), message by message.
namespace model_field {
enum {
  ir_version = 1,
  producer_name = 2,
  producer_version = 3,
  graph = 7,
  opset_import = 8,
  metadata_props = 14
};
}
namespace opset_field {
enum { domain = 1, version = 2 };
}
namespace graph_field {
enum { node = 1, name = 2, initializer = 5, input = 11, output = 12 };
}
namespace node_field {
enum { input = 1, output = 2, name = 3, op_type = 4, attribute = 5 };
}
namespace attribute_field {
enum { name = 1, f = 2, i = 3, s = 4, ints = 8, type = 20 };
}
namespace attribute_type {
enum { real = 1, integer = 2, string = 3, ints = 7 };
}
namespace tensor_field {
enum { dims = 1, data_type = 2, name = 8, raw_data = 9 };
}
namespace value_field {
enum { name = 1, type = 2 };
}
namespace type_field {
enum { tensor_type = 1, elem_type = 1, shape = 2, dim = 1, dim_value = 1, dim_param = 2 };
}
namespace entry_field {
enum { key = 1, value = 2 };
}

ProtobufMessage attribute_message(const OnnxAttribute& attribute) {
  ProtobufMessage message;
  message.add_bytes(attribute_field::name, attribute.name);
  std::visit(
      [&](const auto& value) {
        using Value = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<Value, int64_t>) {
          message.add_int(attribute_field::i, value);
          message.add_int(attribute_field::type, attribute_type::integer);
        } else if constexpr (std::is_same_v<Value, float>) {
          message.add_float(attribute_field::f, value);
          message.add_int(attribute_field::type, attribute_type::real);
        } else if constexpr (std::is_same_v<Value, std::string>) {
          message.add_bytes(attribute_field::s, value);
          message.add_int(attribute_field::type, attribute_type::string);
        } else {
          for (const int64_t i : value) message.add_int(attribute_field::ints, i);
          message.add_int(attribute_field::type, attribute_type::ints);
        }
      },
      attribute.value);
  return message;
}

ProtobufMessage value_message(const std::string& name, OnnxType type,
                              const std::vector<OnnxExtent>& extents) {
  ProtobufMessage shape;
  for (const OnnxExtent& extent : extents) {
    ProtobufMessage dim;
    if (extent.name.empty()) {
      dim.add_int(type_field::dim_value, extent.known);
    } else {
      dim.add_bytes(type_field::dim_param, extent.name);
    }
    shape.add_message(type_field::dim, dim);
  }
  ProtobufMessage tensor;
  tensor.add_int(type_field::elem_type, static_cast<int64_t>(type));
  tensor.add_message(type_field::shape, shape);
  ProtobufMessage type_message;
  type_message.add_message(type_field::tensor_type, tensor);
  ProtobufMessage value;
  value.add_bytes(value_field::name, name);
  value.add_message(value_field::type, type_message);
  return value;
}

ProtobufMessage tensor_head(const std::string& name, OnnxType type, const Shape& shape,
                            uint64_t num_bytes) {
  ProtobufMessage head;
  for (const int64_t extent : shape) head.add_int(tensor_field::dims, extent);
  head.add_int(tensor_field::data_type, static_cast<int64_t>(type));
  head.add_bytes(tensor_field::name, name);
  head.begin_bytes(tensor_field::raw_data, num_bytes);
  return head;
}

template <typename T>
std::string_view bytes_of(std::span<const T> values) {
  return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
}

class OutputFile {
 public:
  /// @param target  the name for messages.
  OutputFile(const std::filesystem::path& path, std::filesystem::path target)
      : path_(std::move(target)), file_(std::fopen(path.c_str(), "wb")) {
    if (!file_) fail();
  }
  void write(std::string_view bytes) {
    if (std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size()) fail();
  }
  void close() {
    if (std::fclose(file_.release()) != 0) fail();
  }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  [[noreturn]] void fail() const {
    throw Error(ErrorKind::io, fmt::format("{}: cannot be written: {}", printable(path_.string()),
                                           std::strerror(errno)));
  }
  std::filesystem::path path_;
  std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace

std::string_view OnnxModel::Constant::raw() const {
  if (!halves.empty()) return bytes_of(std::span<const uint16_t>(halves));
  return integers.empty() ? bytes_of(values.values())
                          : bytes_of(std::span<const int64_t>(integers));
}

std::string OnnxModel::node(const std::string& op_type, const std::string& name,
                            const std::vector<std::string>& inputs,
                            const std::vector<OnnxAttribute>& attributes) {
  ProtobufMessage message;
  for (const std::string& input : inputs) message.add_bytes(node_field::input, input);
  message.add_bytes(node_field::output, name);
  message.add_bytes(node_field::name, name);
  message.add_bytes(node_field::op_type, op_type);
  for (const OnnxAttribute& attribute : attributes) {
    message.add_message(node_field::attribute, attribute_message(attribute));
  }
  nodes_.add_message(graph_field::node, message);
  return name;
}

std::string OnnxModel::constant(const std::string& name, Tensor values) {
  Constant constant;
  constant.head =
      tensor_head(name, OnnxType::float32, values.shape(), bytes_of(values.view().values()).size());
  constant.values = std::move(values);
  constants_.push_back(std::move(constant));
  return name;
}

std::string OnnxModel::constant(const std::string& name, const std::vector<int64_t>& values) {
  POSSE_ASSERT(!values.empty());
  Constant constant;
  constant.head = tensor_head(name, OnnxType::int64, {static_cast<int64_t>(values.size())},
                              values.size() * sizeof(int64_t));
  constant.integers = values;
  constants_.push_back(std::move(constant));
  return name;
}

std::string OnnxModel::half_constant(const std::string& name, const Tensor& values) {
  POSSE_ASSERT(!values.empty());
  Constant constant;
  constant.head = tensor_head(name, OnnxType::float16, values.shape(),
                              values.values().size() * sizeof(uint16_t));
  for (const float value : values.values()) constant.halves.push_back(half_from_float(value));
  constants_.push_back(std::move(constant));
  return name;
}

void OnnxModel::input(const std::string& name, OnnxType type,
                      const std::vector<OnnxExtent>& shape) {
  values_.add_message(graph_field::input, value_message(name, type, shape));
}

void OnnxModel::output(const std::string& name, const std::vector<OnnxExtent>& shape) {
  values_.add_message(graph_field::output, value_message(name, OnnxType::float32, shape));
}

void OnnxModel::metadata(const std::string& key, const std::string& value) {
  ProtobufMessage entry;
  entry.add_bytes(entry_field::key, key);
  entry.add_bytes(entry_field::value, value);
  metadata_.add_message(model_field::metadata_props, entry);
}

template <class Writer>
void OnnxModel::write_pieces(const std::string& what, const Writer& write) const {
  ProtobufMessage graph = nodes_;
  graph.add_bytes(graph_field::name, "posse");
  // What stands before each constant's numbers; the sizes must be known before anything is written.
  std::vector<ProtobufMessage> heads(constants_.size());
  uint64_t size = graph.bytes().size() + values_.bytes().size();
  for (size_t i = 0; i < constants_.size(); ++i) {
    const Constant& constant = constants_[i];
    const std::string& inner = constant.head.bytes();
    heads[i].begin_bytes(graph_field::initializer, inner.size() + constant.raw().size());
    size += heads[i].bytes().size() + inner.size() + constant.raw().size();
  }
  ProtobufMessage opset;
  opset.add_bytes(opset_field::domain, "");
  opset.add_int(opset_field::version, opset_.version);
  ProtobufMessage model;
  model.add_int(model_field::ir_version, opset_.ir_version);
  model.add_bytes(model_field::producer_name, "posse");
  model.add_bytes(model_field::producer_version, version());
  model.add_message(model_field::opset_import, opset);
  model.begin_bytes(model_field::graph, size);

  constexpr uint64_t kMostBytes = (uint64_t{1} << 31) - 1;
  const uint64_t whole = model.bytes().size() + size + metadata_.bytes().size();
  if (whole > kMostBytes) {
    throw Error(ErrorKind::unsupported,
                fmt::format("an ONNX file of {:.1f} GB for {}: the format ends at 2 GiB",
                            static_cast<double>(size) * 1e-9, what),
                {.hint = "export fewer members into one file"});
  }
  write(model.bytes());
  write(graph.bytes());
  for (size_t i = 0; i < constants_.size(); ++i) {
    write(heads[i].bytes());
    write(constants_[i].head.bytes());
    write(constants_[i].raw());
  }
  write(values_.bytes());
  write(metadata_.bytes());
}

void OnnxModel::write(const std::filesystem::path& path) const {
  std::unique_ptr<PendingFile> pending;
  std::unique_ptr<OutputFile> file;
  write_pieces(printable(path.string()), [&](std::string_view bytes) {
    if (!file) {  // only once the size is known to be allowed
      pending = std::make_unique<PendingFile>(path);
      file = std::make_unique<OutputFile>(pending->temporary(), path);
    }
    file->write(bytes);
  });
  file->close();
  pending->commit();
}

std::string OnnxModel::bytes() const {
  std::string all;
  size_t most = 0;
  for (const Constant& constant : constants_) most += constant.raw().size();
  all.reserve(most + most / 64);
  write_pieces("a network in memory", [&](std::string_view bytes) { all += bytes; });
  return all;
}

}  // namespace posse
