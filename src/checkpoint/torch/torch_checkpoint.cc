#include "checkpoint/torch/torch_checkpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <map>
#include <utility>

#include "base/error.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/paths.h"
#include "base/text.h"
#include "checkpoint/tensorflow/convert.h"
#include "checkpoint/torch/torch_config.h"
#include "checkpoint/torch/torch_pickle.h"
#include "checkpoint/torch/torch_refusals.h"
#include "checkpoint/torch/torch_tensors.h"
#include "checkpoint/torch/zip_archive.h"

namespace posse {
namespace fs = std::filesystem;

struct TorchCheckpoint::State {
  explicit State(const fs::path& file) : path(file), name(printable(file.string())), mapped(file) {}

  fs::path path;
  std::string name;  ///< for messages
  MappedFile mapped;
  std::optional<ZipArchive> archive;
  std::string root;  ///< with the slash: "archive/"
  TorchContent content = TorchContent::state_dict;
  std::string config;
  std::optional<int64_t> epoch;
  std::vector<TorchTensor> tensors;  ///< sorted by name

  const TorchTensor* find(std::string_view tensor) const {
    const auto at =
        std::lower_bound(tensors.begin(), tensors.end(), tensor,
                         [](const TorchTensor& a, std::string_view b) { return a.name < b; });
    return at == tensors.end() || at->name != tensor ? nullptr : &*at;
  }
  const ZipEntry& storage_of(const TorchTensor& tensor) const {
    const ZipEntry* entry = archive->find(root + "data/" + tensor.storage);
    if (entry == nullptr) {
      throw Error(ErrorKind::bad_file,
                  fmt::format("{}: the numbers of '{}' are missing: there is no '{}data/{}'", name,
                              printable(tensor.name), printable(root), printable(tensor.storage)));
    }
    return *entry;
  }
};

namespace {

using Kind = PickleNode::Kind;

/// The entry that ends in "/data.pkl" gives the root: files are renamed after they were written.
const ZipEntry& find_pickle(const ZipArchive& archive, const std::string& file) {
  const ZipEntry* found = nullptr;
  for (const ZipEntry& entry : archive.entries()) {
    if (!entry.name.ends_with("/data.pkl")) continue;
    if (found != nullptr) {
      throw Error(ErrorKind::bad_file, fmt::format("{}: holds two networks: '{}' and '{}'", file,
                                                   printable(found->name), printable(entry.name)));
    }
    found = &entry;
  }
  POSSE_ASSERT(found != nullptr);  // refuse_other_archives() looked
  return *found;
}

void refuse_other_byte_order(const ZipArchive& archive, const std::string& root,
                             const std::string& file) {
  const ZipEntry* entry = archive.find(root + "byteorder");
  if (entry == nullptr) return;
  const auto bytes = archive.bytes_of(*entry);
  const std::string order(bytes.begin(), bytes.end());
  if (order == "little") return;
  throw Error(ErrorKind::unsupported,
              fmt::format("{}: holds numbers in byte order '{}', expected 'little'", file,
                          printable(order.substr(0, 20))),
              {.hint = "save it again on a machine of today's usual byte order"});
}

/// Where the weights are in the outermost dict.
struct Place {
  TorchContent content = TorchContent::state_dict;
  PickleId weights = kNoNode;
};

Place find_weights(const TorchPickle& pickle, const std::string& file) {
  const PickleId root = pickle.root();
  const auto dict = [&](std::string_view key) {
    const PickleId id = pickle.find(root, key);
    return pickle.dict_items(id) != nullptr ? id : kNoNode;
  };
  if (dict("config") != kNoNode && dict("pose") != kNoNode) {
    return {TorchContent::deeplabcut_export, dict("pose")};
  }
  if (dict("state_dict") != kNoNode) {
    const bool lightning = pickle.find(root, "pytorch-lightning_version") != kNoNode;
    return {lightning ? TorchContent::lightning : TorchContent::state_dict, dict("state_dict")};
  }
  if (dict("model") != kNoNode) {
    const bool snapshot = pickle.find(root, "metadata") != kNoNode;
    return {snapshot ? TorchContent::deeplabcut_snapshot : TorchContent::state_dict, dict("model")};
  }
  if (pickle.dict_items(root) != nullptr) return {TorchContent::state_dict, root};
  const PickleNode& node = pickle.at(root);
  const bool of_class = node.kind == Kind::object && node.callee != kNoNode &&
                        pickle.at(node.callee).kind == Kind::symbol;
  throw Error(ErrorKind::unsupported,
              of_class
                  ? fmt::format("{}: holds a pickled program object ({}.{}), not weights by name",
                                file, printable(pickle.at(node.callee).module),
                                printable(pickle.at(node.callee).text))
                  : fmt::format("{}: holds no weights by name", file),
              {.hint = "save the network's state_dict() with torch.save()"});
}

std::optional<int64_t> find_epoch(const TorchPickle& pickle) {
  for (const PickleId place : {pickle.find(pickle.root(), "metadata"), pickle.root()}) {
    const PickleId id = pickle.find(place, "epoch");
    if (id != kNoNode && pickle.at(id).kind == Kind::integer) return pickle.at(id).integer;
  }
  return std::nullopt;
}

CheckpointDtype convertible(TorchDtype dtype) {
  switch (dtype) {
    case TorchDtype::float32:
      return CheckpointDtype::float32;
    case TorchDtype::float64:
      return CheckpointDtype::float64;
    case TorchDtype::float16:
      return CheckpointDtype::float16;
    case TorchDtype::bfloat16:
      return CheckpointDtype::bfloat16;
    default:
      return CheckpointDtype::string;  // is_convertible_to_float32() says no
  }
}

bool is_contiguous(const TorchTensor& tensor) {
  int64_t expected = 1;
  for (size_t axis = tensor.shape.size(); axis-- > 0;) {
    if (tensor.shape[axis] != 1 && tensor.strides[axis] != expected) return false;
    expected *= tensor.shape[axis];
  }
  return true;
}

/// The elements in row-major order, as stored.
std::vector<uint8_t> gathered(const TorchTensor& tensor, std::span<const uint8_t> storage,
                              size_t width) {
  const auto count = static_cast<size_t>(num_elements(tensor.shape));
  std::vector<uint8_t> bytes(count * width);
  std::vector<int64_t> index(tensor.shape.size(), 0);
  int64_t element = tensor.offset;
  for (size_t i = 0; i < count; ++i) {
    std::memcpy(bytes.data() + i * width, storage.data() + static_cast<size_t>(element) * width,
                width);
    for (size_t axis = index.size(); axis-- > 0;) {
      element += tensor.strides[axis];
      if (++index[axis] < tensor.shape[axis]) break;
      element -= tensor.strides[axis] * tensor.shape[axis];
      index[axis] = 0;
    }
  }
  return bytes;
}

/// A storage has to hold what the pickle says, and all storages together no more than the file.
void check_storage(const TorchTensor& tensor, const ZipEntry& entry, const std::string& file) {
  const int64_t width = bytes_per_element(tensor.dtype);
  if (width == 0 ||
      static_cast<uint64_t>(tensor.num_stored) <= entry.size / static_cast<uint64_t>(width))
    return;
  throw Error(ErrorKind::bad_file,
              fmt::format("{}: tensor '{}' is said to lie in {} numbers of {} bytes, '{}' has {} "
                          "bytes",
                          file, printable(tensor.name), tensor.num_stored, width,
                          printable(entry.name), entry.size));
}

}  // namespace

bool looks_like_torch(const fs::path& path) {
  if (kind_of_path(path) != PathKind::file) return false;
  std::array<uint8_t, 16> beginning{};
  std::ifstream stream(path, std::ios::binary);
  stream.read(reinterpret_cast<char*>(beginning.data()), beginning.size());
  const auto count = static_cast<size_t>(std::max<std::streamsize>(stream.gcount(), 0));
  if (begins_like_torch(std::span(beginning).first(count))) return true;
  const std::string ending = ascii_lower(path.extension().string());
  if (ending != ".pt" && ending != ".pth" && ending != ".ckpt") return false;
  return !path_exists(fs::path(path.native() + ".index"));
}

TorchCheckpoint TorchCheckpoint::open(const fs::path& path) {
  auto state = std::make_shared<State>(path);
  const std::span<const uint8_t> bytes = state->mapped.bytes();
  refuse_other_beginnings(bytes, state->name);
  const ZipArchive& archive = state->archive.emplace(bytes, state->name);
  refuse_other_archives(archive, state->name);
  archive.require_stored();
  const ZipEntry& entry = find_pickle(archive, state->name);
  const std::string damage = archive.why_damaged(entry);
  if (!damage.empty()) throw Error(ErrorKind::bad_file, damage);
  state->root = entry.name.substr(0, entry.name.size() - std::string_view("data.pkl").size());
  refuse_other_byte_order(archive, state->root, state->name);
  const TorchPickle pickle(archive.bytes_of(entry),
                           fmt::format("{}: '{}'", state->name, printable(entry.name)));
  const Place place = find_weights(pickle, state->name);
  state->content = place.content;
  state->epoch = find_epoch(pickle);
  if (place.content == TorchContent::deeplabcut_export) {
    state->config = torch_config_text(pickle, pickle.find(pickle.root(), "config"), state->name);
  }
  state->tensors = tensors_of(pickle, place.weights, state->name);
  for (const TorchTensor& tensor : state->tensors) {
    check_storage(tensor, state->storage_of(tensor), state->name);
  }
  std::sort(state->tensors.begin(), state->tensors.end(),
            [](const TorchTensor& a, const TorchTensor& b) { return a.name < b.name; });
  if (state->tensors.empty()) {
    throw Error(ErrorKind::unsupported, fmt::format("{}: holds no weights by name", state->name),
                {.have = list_names(pickle.keys(pickle.root())),
                 .hint = "save the network's state_dict() with torch.save()"});
  }
  return TorchCheckpoint(std::move(state));
}

TorchCheckpoint::TorchCheckpoint(std::shared_ptr<const State> state) : state_(std::move(state)) {}

TorchContent TorchCheckpoint::content() const { return state_->content; }
std::optional<int64_t> TorchCheckpoint::epoch() const { return state_->epoch; }
const fs::path& TorchCheckpoint::path() const { return state_->path; }
std::string TorchCheckpoint::embedded_config() const { return state_->config; }

std::string TorchCheckpoint::format() const {
  switch (state_->content) {
    case TorchContent::deeplabcut_snapshot:
      return "DeepLabCut 3 snapshot (PyTorch)";
    case TorchContent::deeplabcut_export:
      return "DeepLabCut 3 exported model (PyTorch)";
    case TorchContent::lightning:
      return "Lightning checkpoint (PyTorch)";
    case TorchContent::state_dict:
      return "weights by name (PyTorch)";
  }
  POSSE_ASSERT(false);
}

std::vector<WeightInfo> TorchCheckpoint::list() const {
  std::vector<WeightInfo> list;
  for (const TorchTensor& tensor : state_->tensors) {
    list.push_back({.name = tensor.name,
                    .shape = tensor.shape,
                    .dtype = to_string(tensor.dtype),
                    .num_bytes = num_elements(tensor.shape) * bytes_per_element(tensor.dtype)});
  }
  return list;
}

std::optional<Shape> TorchCheckpoint::shape(std::string_view name) const {
  const TorchTensor* tensor = state_->find(name);
  return tensor == nullptr ? std::nullopt : std::optional(tensor->shape);
}

Tensor TorchCheckpoint::read(std::string_view name) const {
  const TorchTensor* tensor = state_->find(name);
  if (tensor == nullptr) {
    std::vector<std::string> names;
    for (const TorchTensor& each : state_->tensors) names.push_back(printable(each.name));
    throw Error(ErrorKind::not_found,
                fmt::format("{}: there is no tensor '{}'", state_->name, printable(name)),
                {.have = list_names(nearest_names(name, names))});
  }
  const CheckpointDtype dtype = convertible(tensor->dtype);
  if (!is_convertible_to_float32(dtype)) {
    throw Error(ErrorKind::unsupported,
                fmt::format("{}: tensor '{}' is of type {}, expected floating point", state_->name,
                            printable(name), to_string(tensor->dtype)));
  }
  const ZipEntry& entry = state_->storage_of(*tensor);
  const std::string damage = state_->archive->why_damaged(entry);
  if (!damage.empty()) {
    throw Error(ErrorKind::bad_file, damage,
                {.hint = "copy the file again from where it was written"});
  }
  const auto storage = state_->archive->bytes_of(entry);
  const auto width = static_cast<size_t>(bytes_per_element(tensor->dtype));
  Tensor values(tensor->shape);
  if (values.empty()) return values;
  if (is_contiguous(*tensor)) {
    const auto part = storage.subspan(static_cast<size_t>(tensor->offset) * width,
                                      static_cast<size_t>(values.size()) * width);
    convert_to_float32(part, dtype, false, values.values());
  } else {
    convert_to_float32(gathered(*tensor, storage, width), dtype, false, values.values());
  }
  return values;
}

std::string TorchCheckpoint::fingerprint() const {
  Sha256 hash;
  for (const TorchTensor& tensor : state_->tensors) {
    hash.update(fmt::format("{}\n{} {} {} {} {:08x}\n", tensor.name, to_string(tensor.dtype),
                            to_string(tensor.shape), tensor.offset, fmt::join(tensor.strides, ","),
                            state_->storage_of(tensor).crc32));
  }
  return hash.finish();
}

std::vector<std::string> TorchCheckpoint::verify() const {
  std::vector<std::string> problems;
  for (const ZipEntry& entry : state_->archive->entries()) {
    std::string damage = state_->archive->why_damaged(entry);
    if (!damage.empty()) problems.push_back(std::move(damage));
  }
  return problems;
}

}  // namespace posse
