#include "cluster/neurocaas_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <span>
#include <string_view>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "cluster/json_tree.h"
#include "cluster/neurocaas_options.h"
#include "project/config_values.h"
#include "project/yaml_tree.h"

namespace posse {
namespace fs = std::filesystem;
namespace {

/// Fields of NeuroCAAS' job manager and of training, which say nothing about predictions.
constexpr std::array<std::string_view, 8> kOfOthers = {
    "__duration__", "__dataset_size__", "jobnb",     "videotype",
    "task",         "scorer",           "nb_frames", "seed"};
constexpr std::array<std::string_view, 5> kUsed = {"mode", "ensemble_size", "modelpath",
                                                   "modelnames", "posse"};

/// A log that nobody reads to its end helps nobody.
constexpr size_t kMostNotes = 100;

bool is_among(std::string_view name, std::span<const std::string_view> names) {
  return std::ranges::find(names, name) != names.end();
}

NeurocaasConfig::Mode mode_of(const ConfigMap& map, const std::string& name) {
  if (!map.has("mode")) {
    throw Error(ErrorKind::bad_file,
                fmt::format("{}: 'mode' is missing, expected 'mode: predict'", name));
  }
  const std::string mode = map.text("mode");
  if (mode == "predict") return NeurocaasConfig::Mode::predict;
  if (mode == "train") return NeurocaasConfig::Mode::train;
  map.wrong("mode", *map.find("mode"), "train or predict");
}

/// Without slashes at the end. Must not lead out of the folder it is looked for in.
std::string folder_name(std::string_view what, const YamlValue& value, const ConfigMap& map) {
  if (value.kind != YamlValue::Kind::scalar) map.wrong(what, value, "names of folders");
  std::string name = value.text;
  while (name.ends_with('/')) name.pop_back();
  if (printable(name) != name || !is_valid_utf8(name)) {
    map.fail(value, fmt::format("'{}' has control characters: {}", what, printable(name)));
  }
  for (const fs::path& part : fs::path(name)) {
    if (part == "." || part == ".." || part == "/")
      map.wrong(what, value, "a name without '.', '..' and a leading '/'");
  }
  return name;
}

std::vector<std::string> model_names(const ConfigMap& map) {
  const YamlValue* names = map.find("modelnames");
  if (names == nullptr) return {};
  if (names->kind == YamlValue::Kind::map) map.wrong("modelnames", *names, "a list of folders");
  std::vector<std::string> models;
  const std::vector<YamlValue> items =
      names->kind == YamlValue::Kind::list ? names->items : std::vector<YamlValue>{*names};
  for (const YamlValue& item : items) {
    models.push_back(folder_name("modelnames", item, map));
    if (models.back().empty()) map.fail(item, "'modelnames' has an empty name");
  }
  return models;
}

/// 0 where it is not given.
size_t ensemble_size(const ConfigMap& map) {
  const YamlValue* value = map.find("ensemble_size");
  if (value == nullptr) return 0;
  const int size = map.integer("ensemble_size", 1);
  if (size < 1) map.wrong("ensemble_size", *value, "a whole number of 1 or more");
  return static_cast<size_t>(size);
}

void choose_models(const ConfigMap& map, NeurocaasConfig& config) {
  config.models = model_names(map);
  const size_t listed = config.models.size();
  const size_t size = ensemble_size(map);
  if (size > 0 && size < listed) {
    config.models.resize(size);
    config.notes.push_back(
        fmt::format("the first {} of {} modelnames are used, as ensemble_size says", size, listed));
  } else if (size > listed && listed > 0) {
    config.notes.push_back(
        fmt::format("ensemble_size is {}, modelnames has {}: these are used", size, listed));
  }
  for (size_t i = 0; i < config.models.size(); ++i) {
    const auto behind = config.models.begin() + static_cast<std::ptrdiff_t>(i) + 1;
    if (std::find(behind, config.models.end(), config.models[i]) != config.models.end())
      map.fail(*map.find("modelnames"),
               fmt::format("'modelnames' has '{}' twice", config.models[i]));
  }
}

void note_ignored(const YamlValue& root, std::vector<std::string>& notes) {
  std::set<std::string_view> ignored;
  for (const YamlEntry& entry : root.entries) {
    if (is_among(entry.key, kUsed) || is_among(entry.key, kOfOthers)) continue;
    if (!ignored.insert(entry.key).second) continue;
    if (ignored.size() > kMostNotes) {
      notes.emplace_back("further fields are not known and are ignored");
      return;
    }
    notes.push_back(entry.key == "testing"
                        ? "'testing' is ignored: predictions are the same with and without it"
                        : fmt::format("field '{}' is not known and is ignored",
                                      printable(entry.key.substr(0, 100))));
  }
}

NeurocaasConfig interpret(const YamlValue& root, const std::string& name) {
  const ConfigMap map(root, name);
  NeurocaasConfig config;
  config.mode = mode_of(map, name);
  if (const YamlValue* prefix = map.find("modelpath")) {
    config.modelpath = folder_name("modelpath", *prefix, map);
    if (!config.modelpath.empty()) config.modelpath += '/';
  }
  choose_models(map, config);
  if (config.mode == NeurocaasConfig::Mode::predict && config.models.empty()) {
    throw Error(
        ErrorKind::bad_file,
        fmt::format("{}: 'modelnames' is missing, expected the folders of trained models", name));
  }
  if (const YamlValue* options = map.find("posse"))
    config.options = run_words(*options, map, config.notes);
  const bool has_consensus = std::ranges::any_of(
      config.options, [](const std::string& word) { return word.starts_with("--consensus="); });
  if (!has_consensus) config.options.emplace_back("--consensus=mean");
  note_ignored(root, config.notes);
  return config;
}

}  // namespace

NeurocaasConfig read_neurocaas_config(const fs::path& path) {
  return parse_neurocaas_config(read_file(path, YamlLimits().file_bytes), path.filename().string());
}

NeurocaasConfig parse_neurocaas_config(const std::string& text, const std::string& name) {
  const bool is_json = ascii_lower(fs::path(name).extension().string()) == ".json";
  const std::string shown = printable(name);
  return interpret(is_json ? parse_json(text, shown) : parse_yaml(text, shown), shown);
}

std::string lines_of(const NeurocaasConfig& config) {
  std::string lines = fmt::format("mode\t{}\nmodelpath\t{}\n",
                                  config.mode == NeurocaasConfig::Mode::train ? "train" : "predict",
                                  config.modelpath);
  for (const std::string& model : config.models) lines += fmt::format("model\t{}\n", model);
  for (const std::string& option : config.options) lines += fmt::format("option\t{}\n", option);
  for (const std::string& note : config.notes) lines += fmt::format("note\t{}\n", note);
  return lines;
}

}  // namespace posse
