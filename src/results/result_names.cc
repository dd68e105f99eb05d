#include "results/result_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/files.h"
#include "base/paths.h"
#include "base/text.h"
#include "results/formats/pickle/pickle_data.h"

namespace posse {
namespace fs = std::filesystem;
namespace {

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::string plain_word(std::string_view text) {
  std::string word;
  for (const char c : text) {
    if (is_plain(c) || c == '-') word += c;
  }
  for (size_t at = word.find("DLC"); at != std::string::npos; at = word.find("DLC")) {
    word.erase(at, 3);
  }
  return word;
}

constexpr std::array<std::string_view, 5> kMultiAnimalEndings = {"_el", "_sk", "_bx", "_tr",
                                                                 "_ctd"};

bool ends_as_multi_animal(std::string_view stem) {
  return std::any_of(kMultiAnimalEndings.begin(), kMultiAnimalEndings.end(),
                     [&](std::string_view ending) { return stem.ends_with(ending); });
}

class DictWriter {
 public:
  explicit DictWriter(PickleWriter& pickle) : pickle_(pickle) { pickle_.begin_dict(); }
  void put(const char* key, int64_t value) {
    pickle_.text(key);
    pickle_.integer(value);
    pickle_.set();
  }
  void put(const char* key, double value) {
    pickle_.text(key);
    pickle_.real(value);
    pickle_.set();
  }
  void put(const char* key, const std::string& value) {
    pickle_.text(key);
    pickle_.text(value);
    pickle_.set();
  }
  void put(const char* key, const PickleValue& value) {
    pickle_.text(key);
    pickle_.value(value);
    pickle_.set();
  }
  template <class Value>
  void put(const char* key, const std::optional<Value>& value) {
    value ? put(key, *value) : put(key, PickleValue());
  }

 private:
  PickleWriter& pickle_;
};

}  // namespace

std::string ensemble_scorer(std::string_view method, std::string_view task, size_t num_members) {
  std::string kind = plain_word(method);
  if (!kind.empty() && kind[0] >= 'a' && kind[0] <= 'z') kind[0] = static_cast<char>(kind[0] - 32);
  const std::string of_task = plain_word(task);
  return fmt::format("DLC_posse{}{}{}_{}member{}", kind, of_task.empty() ? "" : "_", of_task,
                     num_members, num_members == 1 ? "" : "s");
}

std::string video_stem(const fs::path& video) {
  return without_control_characters(video.stem().string());
}

std::optional<ResultName> parse_result_name(const fs::path& path) {
  std::string stem = path.stem().string();
  ResultName name;
  for (const std::string_view ending : {"_filtered", "filtered"}) {
    if (!name.filtered && stem.ends_with(ending)) {
      name.filtered = true;
      stem.resize(stem.size() - ending.size());
    }
  }
  name.multi_animal = ends_as_multi_animal(stem);
  for (const std::string_view mark : {"DLC_", "DeepCut_", "DLC"}) {
    const size_t at = stem.find(mark);
    if (at == std::string::npos) continue;
    name.video_stem = stem.substr(0, at);
    name.scorer = stem.substr(at);
    return name;
  }
  return std::nullopt;
}

namespace {

constexpr const char* kTensorFlowConfig = "DLC-model-config file";
constexpr const char* kPyTorchConfig = "pytorch-config";

/// A list of `metadata` in the configuration of a DeepLabCut 3 network.
PickleValue names_in(const PickleValue& model_config, std::string_view key) {
  const PickleValue* metadata = model_config.find("metadata");
  const PickleValue* names = metadata == nullptr ? nullptr : metadata->find(key);
  return names == nullptr ? PickleValue{.kind = PickleValue::Kind::list} : *names;
}

PickleValue frame_extent(const RunMetadata& run) {
  const PickleValue height{.kind = PickleValue::Kind::integer, .integer = run.frame_height};
  const PickleValue width{.kind = PickleValue::Kind::integer, .integer = run.frame_width};
  PickleValue extent{.kind = PickleValue::Kind::tuple, .items = {height, width}};
  if (run.of_pytorch) std::swap(extent.items[0], extent.items[1]);
  return extent;
}

}  // namespace

void write_meta_pickle(const fs::path& path, const RunMetadata& run) {
  PickleWriter pickle;
  pickle.begin_dict();
  pickle.text("data");
  DictWriter data(pickle);
  data.put("start", run.start_seconds);
  data.put("stop", run.stop_seconds);
  data.put("run_duration", run.stop_seconds - run.start_seconds);
  data.put("Scorer", run.scorer);
  data.put(run.of_pytorch ? kPyTorchConfig : kTensorFlowConfig, run.model_config);
  data.put("fps", run.frames_per_second);
  data.put("batch_size", run.batch_size);
  data.put("frame_dimensions", frame_extent(run));
  data.put("nframes", run.num_frames);
  data.put("iteration (active-learning)", run.iteration);
  data.put("training set fraction", run.training_fraction);
  pickle.text("cropping");
  pickle.boolean(run.cropping.has_value());
  pickle.set();
  pickle.text("cropping_parameters");
  pickle.begin_list();
  for (const int64_t bound :
       run.cropping.value_or(std::array<int64_t, 4>{0, run.frame_width, 0, run.frame_height})) {
    pickle.integer(bound);
    pickle.append();
  }
  pickle.set();
  if (run.of_pytorch) {
    for (const char* key : {"individuals", "bodyparts", "unique_bodyparts"})
      data.put(key, names_in(run.model_config, key));
  }
  pickle.set();
  write_file(path, std::move(pickle).finish());
}

fs::path meta_pickle_beside(const fs::path& table) {
  return table.parent_path() / (table.stem().string() + "_meta.pickle");
}

namespace {

PickleValue* entry(PickleValue& dict, std::string_view key) {
  if (dict.kind != PickleValue::Kind::dict) return nullptr;
  for (size_t i = 0; i + 1 < dict.items.size(); i += 2) {
    if (dict.items[i].text == key) return &dict.items[i + 1];
  }
  return nullptr;
}

double number_at(const PickleValue& data, std::string_view key, double otherwise) {
  const PickleValue* value = data.find(key);
  if (value == nullptr) return otherwise;
  if (value->kind == PickleValue::Kind::integer) return static_cast<double>(value->integer);
  return value->kind == PickleValue::Kind::real ? value->real : otherwise;
}

constexpr uint64_t kMostPickleBytes = uint64_t{16} << 20;

}  // namespace

std::optional<RunMetadata> metadata_beside(const fs::path& table) {
  const fs::path file = meta_pickle_beside(table);
  if (!path_exists(file)) return std::nullopt;
  PickleValue root;
  try {
    root = read_pickle(read_file(file, kMostPickleBytes));
  } catch (const Error&) {  // written by something else: as good as none
    return std::nullopt;
  }
  const PickleValue* data = root.find("data");
  const PickleValue* extent = data == nullptr ? nullptr : data->find("frame_dimensions");
  if (extent == nullptr || extent->items.size() != 2) return std::nullopt;
  const size_t height = data->find(kPyTorchConfig) == nullptr ? 0 : 1;
  return RunMetadata{.start_seconds = number_at(*data, "start", 0),
                     .stop_seconds = number_at(*data, "stop", 0),
                     .frames_per_second = number_at(*data, "fps", 0),
                     .batch_size = static_cast<int64_t>(number_at(*data, "batch_size", 1)),
                     .frame_height = extent->items[height].integer,
                     .frame_width = extent->items[1 - height].integer};
}

std::optional<std::string> renamed_meta_pickle(const fs::path& source, const fs::path& target,
                                               const std::string& scorer) {
  const fs::path file = meta_pickle_beside(source);
  std::error_code missing;
  if (!path_exists(file) || fs::equivalent(file, meta_pickle_beside(target), missing))
    return std::nullopt;
  PickleValue root = read_pickle(read_file(file, kMostPickleBytes));
  PickleValue* data = entry(root, "data");
  PickleValue* name = data == nullptr ? nullptr : entry(*data, "Scorer");
  if (name == nullptr) {
    throw Error(ErrorKind::bad_file,
                fmt::format("{}: has no entry data, Scorer", printable(file.string())));
  }
  name->text = scorer;
  PickleWriter pickle;
  pickle.value(root);
  return std::move(pickle).finish();
}

}  // namespace posse
