#include "project/lightning_ensemble.h"

#include <fmt/format.h>

#include <string>

#include "base/error.h"
#include "base/paths.h"
#include "base/text.h"
#include "project/yaml_tree.h"

namespace posse {
namespace fs = std::filesystem;
namespace {

constexpr const char* kFile = "ensemble.yaml";
constexpr int kMostLevels = 4;  ///< of folders between that of all models and the ensemble's own

fs::path file_of(const fs::path& path) { return path.filename() == kFile ? path : path / kFile; }

/// The model of that name beside the ensemble, or beside one of the folders it lies in.
fs::path find_model(const fs::path& ensemble, const std::string& id) {
  fs::path models = absolute_path(ensemble).parent_path();
  for (int level = 0; level < kMostLevels && models.has_relative_path(); ++level) {
    models = models.parent_path();
    if (is_folder(models / id)) return models / id;
  }
  return {};
}

std::vector<std::string> ids_of(const YamlValue& root) {
  std::vector<std::string> ids;
  const YamlValue* members = root.find("members");
  if (members == nullptr) return ids;
  for (const YamlValue& member : members->items) {
    const YamlValue* id = member.find("id");
    if (id != nullptr && !id->text.empty()) ids.push_back(id->text);
  }
  return ids;
}

}  // namespace

bool is_lightning_ensemble(const fs::path& path) {
  return kind_of_path(file_of(path)) == PathKind::file &&
         kind_of_path(file_of(path).parent_path() / "config.yaml") != PathKind::file;
}

std::vector<fs::path> lightning_ensemble_members(const fs::path& path) {
  const fs::path file = file_of(path);
  const std::string shown = printable(file.string());
  const std::vector<std::string> ids = ids_of(read_yaml(file));
  if (ids.empty()) {
    throw Error(ErrorKind::bad_file, fmt::format("{}: has no 'members' with an 'id' each", shown),
                {.hint = "it is what Lightning Pose's app writes for an ensemble; name the model "
                         "folders themselves"});
  }
  std::vector<fs::path> models;
  for (const std::string& id : ids) {
    models.push_back(find_model(file, id));
    if (!models.back().empty()) continue;
    throw Error(ErrorKind::not_found,
                fmt::format("{}: names the model '{}', which is not there: looked for beside {}",
                            shown, printable(id), printable(file.parent_path().string())),
                {.have = list_names(ids),
                 .hint = "copy the model folders too, or name those that are there"});
  }
  return models;
}

}  // namespace posse
