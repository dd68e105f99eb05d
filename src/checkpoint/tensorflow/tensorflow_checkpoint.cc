#include "checkpoint/tensorflow/tensorflow_checkpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <map>
#include <mutex>

#include "base/error.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/text.h"
#include "checkpoint/tensorflow/bundle_index.h"
#include "checkpoint/tensorflow/convert.h"
#include "checkpoint/tensorflow/crc32c.h"
#include "checkpoint/tensorflow/string_tensor.h"
#include "checkpoint/tensorflow/table_file.h"

namespace posse {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kIndexEnding = ".index";

fs::path with_ending(const fs::path& prefix, std::string_view ending) {
  return fs::path(prefix.native() + std::string(ending));
}

bool is_shard_ending(std::string_view ending) {  // ".data-00000-of-00001"
  const auto digits = [](std::string_view text) {
    return text.size() >= 5 && text.find_first_not_of("0123456789") == std::string_view::npos;
  };
  const size_t of = ending.find("-of-");
  return ending.starts_with(".data-") && of != std::string_view::npos &&
         digits(ending.substr(6, of - 6)) && digits(ending.substr(of + 4));
}

/// The checkpoint names in the folder of `prefix`, for the error that one is not there.
std::vector<std::string> checkpoints_beside(const fs::path& prefix) {
  std::vector<std::string> names;
  std::error_code error;
  const fs::path folder = prefix.has_parent_path() ? prefix.parent_path() : fs::path(".");
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (name.ends_with(kIndexEnding))
      names.push_back(printable(name.substr(0, name.size() - kIndexEnding.size())));
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string read_index_file(const fs::path& prefix) {
  const fs::path index = with_ending(prefix, kIndexEnding);
  std::error_code ignored;
  if (fs::exists(index, ignored)) return read_file(index, kMostIndexBytes);
  if (fs::is_regular_file(prefix, ignored)) {  // a V1 checkpoint is one file without an ending
    const MappedFile file(prefix);
    if (looks_like_a_table(file.bytes())) {
      read_bundle_index(file.bytes(), prefix.string());  // throws what a V1 file deserves
    }
  }
  const auto beside = checkpoints_beside(prefix);
  throw Error(
      ErrorKind::not_found, fmt::format("{}: there is no such checkpoint index", index.string()),
      {.have = list_names(beside), .hint = "name a snapshot by its path without an ending"});
}

}  // namespace

std::string to_string(CheckpointDtype dtype) {
  switch (dtype) {
    case CheckpointDtype::float32:
      return "float32";
    case CheckpointDtype::float64:
      return "float64";
    case CheckpointDtype::int32:
      return "int32";
    case CheckpointDtype::uint8:
      return "uint8";
    case CheckpointDtype::int16:
      return "int16";
    case CheckpointDtype::int8:
      return "int8";
    case CheckpointDtype::string:
      return "string";
    case CheckpointDtype::complex64:
      return "complex64";
    case CheckpointDtype::int64:
      return "int64";
    case CheckpointDtype::boolean:
      return "bool";
    case CheckpointDtype::bfloat16:
      return "bfloat16";
    case CheckpointDtype::uint16:
      return "uint16";
    case CheckpointDtype::complex128:
      return "complex128";
    case CheckpointDtype::float16:
      return "float16";
    case CheckpointDtype::resource:
      return "resource";
    case CheckpointDtype::variant:
      return "variant";
    case CheckpointDtype::uint32:
      return "uint32";
    case CheckpointDtype::uint64:
      return "uint64";
  }
  return fmt::format("type {}", static_cast<int>(dtype));
}

int64_t bytes_per_element(CheckpointDtype dtype) {
  switch (dtype) {
    case CheckpointDtype::uint8:
    case CheckpointDtype::int8:
    case CheckpointDtype::boolean:
      return 1;
    case CheckpointDtype::int16:
    case CheckpointDtype::uint16:
    case CheckpointDtype::float16:
    case CheckpointDtype::bfloat16:
      return 2;
    case CheckpointDtype::float32:
    case CheckpointDtype::int32:
    case CheckpointDtype::uint32:
      return 4;
    case CheckpointDtype::float64:
    case CheckpointDtype::int64:
    case CheckpointDtype::uint64:
    case CheckpointDtype::complex64:
      return 8;
    case CheckpointDtype::complex128:
      return 16;
    default:
      return 0;
  }
}

fs::path checkpoint_prefix(const fs::path& file) {
  const std::string& text = file.native();
  for (const std::string_view ending : {kIndexEnding, std::string_view(".meta")}) {
    if (text.ends_with(ending)) return text.substr(0, text.size() - ending.size());
  }
  const size_t data = text.rfind(".data-");
  if (data != std::string::npos && is_shard_ending(std::string_view(text).substr(data))) {
    return text.substr(0, data);
  }
  return file;
}

fs::path shard_path(const fs::path& prefix, int shard, int num_shards) {
  return with_ending(prefix, fmt::format(".data-{:05d}-of-{:05d}", shard, num_shards));
}

struct TensorFlowCheckpoint::State {
  fs::path prefix;
  BundleIndex index;
  mutable std::mutex mutex;
  mutable std::map<int, MappedFile> shards;  // mapped so far

  /// @throws Error(not_found) if it is missing, Error(bad_file) if it is shorter than the index
  /// says.
  const MappedFile& shard(int number) const {
    const std::lock_guard lock(mutex);
    const auto known = shards.find(number);
    if (known != shards.end()) return known->second;
    const fs::path path = shard_path(prefix, number, index.num_shards);
    const auto [needed, count] = demand_on(number);
    std::error_code ignored;
    if (!fs::exists(path, ignored)) {
      throw Error(
          ErrorKind::not_found,
          fmt::format("{}: is missing; it holds the values of {} of the {} variables ({} bytes)",
                      path.string(), count, index.variables.size(), needed),
          {.hint = "copy it from where the network was trained: the .index alone names the "
                   "variables only"});
    }
    MappedFile file(path);
    if (static_cast<int64_t>(file.bytes().size()) < needed) {
      throw Error(
          ErrorKind::bad_file,
          fmt::format("{}: has {} bytes, the index refers to {}: cut off, or not of this index",
                      path.string(), file.bytes().size(), needed),
          {.hint = "copy the file again from where the network was trained"});
    }
    return shards.emplace(number, std::move(file)).first->second;
  }

  /// Bytes the index expects of a shard, and the number of variables in it.
  std::pair<int64_t, int> demand_on(int number) const {
    int64_t end = 0;
    int count = 0;
    for (const VariableInfo& variable : index.variables) {
      if (variable.partitioned || variable.shard != number) continue;
      end = std::max(end, variable.offset + variable.num_bytes);
      ++count;
    }
    return {end, count};
  }

  std::span<const uint8_t> bytes_of(const VariableInfo& variable) const {
    return shard(variable.shard)
        .bytes()
        .subspan(static_cast<size_t>(variable.offset), static_cast<size_t>(variable.num_bytes));
  }

  std::string wrong_checksum(const VariableInfo& variable, uint32_t found) const {
    return fmt::format(
        "{}: the values of '{}' at byte {} have checksum {:08x}, the index says {:08x}",
        shard_path(prefix, variable.shard, index.num_shards).string(), printable(variable.name),
        variable.offset, found, variable.crc32c);
  }
};

TensorFlowCheckpoint::TensorFlowCheckpoint(std::shared_ptr<State> state)
    : state_(std::move(state)) {}

TensorFlowCheckpoint TensorFlowCheckpoint::open(const fs::path& prefix) {
  auto state = std::make_shared<State>();
  state->prefix = checkpoint_prefix(prefix);
  const std::string bytes = read_index_file(state->prefix);
  state->index = read_bundle_index({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()},
                                   with_ending(state->prefix, kIndexEnding).string());
  return TensorFlowCheckpoint(std::move(state));
}

const fs::path& TensorFlowCheckpoint::path() const { return state_->prefix; }
int TensorFlowCheckpoint::num_data_files() const { return state_->index.num_shards; }
const std::vector<VariableInfo>& TensorFlowCheckpoint::variables() const {
  return state_->index.variables;
}

std::vector<WeightInfo> TensorFlowCheckpoint::list() const {
  std::vector<WeightInfo> weights;
  weights.reserve(variables().size());
  for (const VariableInfo& info : variables())
    weights.push_back({info.name, info.shape, to_string(info.dtype), info.num_bytes});
  return weights;
}

std::optional<Shape> TensorFlowCheckpoint::shape(std::string_view name) const {
  const VariableInfo* info = find(name);
  return info == nullptr ? std::nullopt : std::optional(info->shape);
}

std::string TensorFlowCheckpoint::fingerprint() const {
  return sha256_of_file(state_->prefix.string() + ".index");
}

const VariableInfo* TensorFlowCheckpoint::find(std::string_view name) const {
  const auto& all = state_->index.variables;
  const auto it = std::lower_bound(
      all.begin(), all.end(), name,
      [](const VariableInfo& info, std::string_view wanted) { return info.name < wanted; });
  return it != all.end() && it->name == name ? &*it : nullptr;
}

Tensor TensorFlowCheckpoint::read(std::string_view name) const {
  const std::string file = state_->prefix.string();
  const VariableInfo* variable = find(name);
  if (variable == nullptr) {
    std::vector<std::string> names;
    for (const VariableInfo& info : variables()) names.push_back(info.name);
    throw Error(ErrorKind::not_found,
                fmt::format("{}: has no variable '{}'", file, printable(name)),
                {.have = list_names(nearest_names(name, names))});
  }
  if (variable->partitioned) {
    throw Error(ErrorKind::unsupported,
                fmt::format("{}: partitioned variable not supported: '{}'", file, printable(name)));
  }
  if (!is_convertible_to_float32(variable->dtype)) {
    throw Error(ErrorKind::unsupported,
                fmt::format("{}: variable '{}' is of type {}, expected a floating-point type", file,
                            printable(name), to_string(variable->dtype)));
  }
  const auto bytes = state_->bytes_of(*variable);
  const uint32_t found = crc32c(bytes);
  if (found != variable->crc32c) {
    throw Error(ErrorKind::bad_file, state_->wrong_checksum(*variable, found),
                {.hint = "copy the file again from where the network was trained"});
  }
  Tensor tensor(variable->shape);
  convert_to_float32(bytes, variable->dtype, state_->index.big_endian, tensor.values());
  state_->shard(variable->shard).release(bytes);  // or every member's file would stay in memory
  return tensor;
}

void TensorFlowCheckpoint::check_files() const {
  for (const VariableInfo& variable : variables()) {
    if (!variable.partitioned) state_->shard(variable.shard);
  }
}

std::vector<std::string> TensorFlowCheckpoint::verify() const {
  std::map<int, std::string> bad_shards;
  std::vector<std::string> problems;
  const auto usable = [&](int number) {
    if (bad_shards.contains(number)) return false;
    try {
      state_->shard(number);
      return true;
    } catch (const Error& error) {
      bad_shards[number] = error.message();
      problems.push_back(error.message());
      return false;
    }
  };
  for (const VariableInfo& variable : variables()) {
    if (variable.partitioned) {
      problems.push_back(
          fmt::format("'{}' is partitioned: its slices are not checked", printable(variable.name)));
      continue;
    }
    if (variable.dtype == CheckpointDtype::variant || !usable(variable.shard)) continue;
    const auto bytes = state_->bytes_of(variable);
    const uint32_t found = variable.dtype == CheckpointDtype::string
                               ? crc32c_of_strings(bytes, variable.shape).value_or(~variable.crc32c)
                               : crc32c(bytes);
    if (found != variable.crc32c) problems.push_back(state_->wrong_checksum(variable, found));
  }
  return problems;
}

}  // namespace posse
