#include "checkpoint/torch/torch_tensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "base/error.h"
#include "base/text.h"

namespace posse {
namespace {

using Kind = PickleNode::Kind;

struct DtypeNames {
  TorchDtype dtype;
  std::string_view name;
  std::string_view storage;  ///< the class that a persistent id names
  int64_t bytes;
};

constexpr std::array<DtypeNames, 10> kDtypes = {{
    {TorchDtype::float32, "float32", "FloatStorage", 4},
    {TorchDtype::float64, "float64", "DoubleStorage", 8},
    {TorchDtype::float16, "float16", "HalfStorage", 2},
    {TorchDtype::bfloat16, "bfloat16", "BFloat16Storage", 2},
    {TorchDtype::int64, "int64", "LongStorage", 8},
    {TorchDtype::int32, "int32", "IntStorage", 4},
    {TorchDtype::int16, "int16", "ShortStorage", 2},
    {TorchDtype::int8, "int8", "CharStorage", 1},
    {TorchDtype::uint8, "uint8", "ByteStorage", 1},
    {TorchDtype::boolean, "bool", "BoolStorage", 1},
}};

class TensorReader {
 public:
  TensorReader(const TorchPickle& pickle, const std::string& file, const std::string& name)
      : pickle_(pickle), file_(file), name_(name) {}

  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ErrorKind::bad_file,
                fmt::format("{}: tensor '{}' {}", file_, printable(name_), what));
  }

  /// The arguments of the function that makes the tensor; nullptr if the node is no tensor.
  /// A parameter is a tensor in a wrapper.
  const std::vector<PickleId>* arguments(PickleId id, bool& typed) const {
    constexpr int kMostWrappers = 4;
    for (int i = 0; i < kMostWrappers; ++i) {
      const PickleNode& node = pickle_.at(id);
      if (node.kind != Kind::object || node.args == kNoNode) return nullptr;
      const std::vector<PickleId>& args = pickle_.at(node.args).items;
      if (is(node.callee, "_rebuild_tensor_v2")) return &args;
      typed = is(node.callee, "_rebuild_tensor_v3");
      if (typed) return &args;
      const bool wrapper =
          is(node.callee, "_rebuild_parameter") || is(node.callee, "_rebuild_parameter_with_state");
      if (!wrapper || args.empty()) return nullptr;
      id = args[0];
    }
    fail("is wrapped in too many parameters");
  }

  int64_t count(PickleId id, std::string_view what) const {
    const PickleNode& node = pickle_.at(id);
    if (node.kind != Kind::integer || node.integer < 0) {
      fail(fmt::format("has a wrong {}", what));
    }
    return node.integer;
  }

  std::vector<int64_t> counts(PickleId id, std::string_view what) const {
    const PickleNode* node = &pickle_.at(id);
    if (node->kind == Kind::object && pickle_.is_symbol(node->callee, "torch", "Size") &&
        node->args != kNoNode && pickle_.at(node->args).items.size() == 1) {
      node = &pickle_.at(pickle_.at(node->args).items[0]);
    }
    if (node->kind != Kind::tuple) fail(fmt::format("has a wrong {}", what));
    std::vector<int64_t> values;
    for (const PickleId item : node->items) values.push_back(count(item, what));
    return values;
  }

  /// A persistent id is ("storage", class, key, where it was, elements).
  void read_storage(PickleId id, TorchTensor& tensor) const {
    const PickleNode& node = pickle_.at(id);
    const std::vector<PickleId>* parts =
        node.kind == Kind::persistent ? &pickle_.at(node.callee).items : nullptr;
    if (parts == nullptr || parts->size() < 5 || pickle_.at((*parts)[0]).text != "storage" ||
        pickle_.at((*parts)[1]).kind != Kind::symbol ||
        pickle_.at((*parts)[2]).kind != Kind::text) {
      fail("has no storage");
    }
    const std::string_view type = pickle_.at((*parts)[1]).text;
    for (const DtypeNames& dtype : kDtypes) {
      if (dtype.storage == type) tensor.dtype = dtype.dtype;
    }
    tensor.storage = pickle_.at((*parts)[2]).text;
    tensor.num_stored = count((*parts)[4], "number of stored elements");
  }

  /// "torch float32" as a symbol.
  void read_dtype(PickleId id, TorchTensor& tensor) const {
    const PickleNode& node = pickle_.at(id);
    tensor.dtype = TorchDtype::other;
    for (const DtypeNames& dtype : kDtypes) {
      if (pickle_.is_symbol(id, "torch", dtype.name)) tensor.dtype = dtype.dtype;
    }
    if (node.kind != Kind::symbol) fail("has no element type");
    // An untyped storage counts bytes.
    const int64_t bytes = bytes_per_element(tensor.dtype);
    if (bytes > 0) tensor.num_stored /= bytes;
  }

  void check_reach(const TorchTensor& tensor) const {
    if (tensor.strides.size() != tensor.shape.size()) fail("has another number of strides");
    if (num_elements_is_zero(tensor.shape)) return;
    const auto too_large = [&] {
      fail(fmt::format("of shape {} reaches beyond its storage of {} elements",
                       to_string(tensor.shape), tensor.num_stored));
    };
    if (tensor.offset >= tensor.num_stored) too_large();
    int64_t left = tensor.num_stored - 1 - tensor.offset;  // behind the furthest element so far
    // Strides of 0 make large tensors of small storages; no network's weights are stored so.
    int64_t elements_left = tensor.num_stored;
    for (size_t axis = 0; axis < tensor.shape.size(); ++axis) {
      const int64_t steps = tensor.shape[axis] - 1;
      const int64_t stride = tensor.strides[axis];
      if (stride > 0 && steps > left / stride) too_large();
      left -= steps * stride;
      elements_left /= tensor.shape[axis];
      if (elements_left == 0) too_large();
    }
  }

 private:
  static bool num_elements_is_zero(const Shape& shape) {
    return std::find(shape.begin(), shape.end(), 0) != shape.end();
  }
  bool is(PickleId id, std::string_view name) const {
    return pickle_.is_symbol(id, "torch._utils", name);
  }

  const TorchPickle& pickle_;
  const std::string& file_;
  const std::string& name_;
};

}  // namespace

std::string to_string(TorchDtype dtype) {
  for (const DtypeNames& names : kDtypes) {
    if (names.dtype == dtype) return std::string(names.name);
  }
  return "other";
}

int64_t bytes_per_element(TorchDtype dtype) {
  for (const DtypeNames& names : kDtypes) {
    if (names.dtype == dtype) return names.bytes;
  }
  return 0;
}

std::optional<TorchTensor> torch_tensor(const TorchPickle& pickle, PickleId id,
                                        const std::string& file, const std::string& name) {
  const TensorReader reader(pickle, file, name);
  bool typed = false;
  const std::vector<PickleId>* args = reader.arguments(id, typed);
  if (args == nullptr) return std::nullopt;
  if (args->size() < (typed ? 7U : 4U)) reader.fail("has too few arguments");
  TorchTensor tensor{.name = name};
  reader.read_storage((*args)[0], tensor);
  if (typed) reader.read_dtype((*args)[6], tensor);
  tensor.offset = reader.count((*args)[1], "offset");
  tensor.shape = reader.counts((*args)[2], "shape");
  tensor.strides = reader.counts((*args)[3], "stride");
  reader.check_reach(tensor);
  return tensor;
}

std::vector<TorchTensor> tensors_of(const TorchPickle& pickle, PickleId dict,
                                    const std::string& file) {
  std::vector<TorchTensor> tensors;
  const std::vector<PickleId>* items = pickle.dict_items(dict);
  if (items == nullptr) return tensors;
  std::unordered_set<std::string_view> names;
  for (size_t i = 0; i + 1 < items->size(); i += 2) {
    const PickleNode& key = pickle.at((*items)[i]);
    if (key.kind != Kind::text) continue;
    auto tensor = torch_tensor(pickle, (*items)[i + 1], file, std::string(key.text));
    if (!tensor) continue;
    if (!names.insert(key.text).second) {
      throw Error(ErrorKind::bad_file,
                  fmt::format("{}: tensor '{}' is there twice", file, printable(key.text)));
    }
    tensors.push_back(std::move(*tensor));
  }
  return tensors;
}

}  // namespace posse
