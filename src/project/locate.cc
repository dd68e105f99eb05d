#include "project/locate.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/error.h"
#include "base/natural_order.h"
#include "base/paths.h"
#include "base/text.h"
#include "project/config_values.h"
#include "project/folder_contents.h"
#include "project/lightning_config.h"
#include "project/member_faults.h"

namespace posse {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kModels = "dlc-models";
constexpr std::string_view kTorchModels = "dlc-models-pytorch";
constexpr std::string_view kLightningLogs = "tb_logs";

std::string shown(const fs::path& path) { return printable(path.string()); }

bool has_snapshots(const fs::path& folder) {
  return has_file_ending(folder, ".index") || !list_snapshots(folder).empty();
}

/// The folder's networks: TensorFlow's where there are any, else PyTorch's; empty without any.
fs::path models_in(const fs::path& folder) {
  if (folder_is_there(folder / kModels)) return folder / kModels;
  return folder_is_there(folder / kTorchModels) ? folder / kTorchModels : fs::path();
}

/// Folders of a project that hold networks: the project itself, then prefixes.
std::vector<fs::path> models_folders(const fs::path& project) {
  std::vector<fs::path> found;
  if (const fs::path models = models_in(project); !models.empty()) found.push_back(models);
  for (const fs::path& folder : subfolders(project)) {
    if (const fs::path models = models_in(folder); !models.empty()) found.push_back(models);
  }
  return found;
}

/// PyTorch's networks beside the ones that were found, if there are any.
fs::path torch_models_beside(const fs::path& models_folder) {
  const fs::path torch = models_folder.parent_path() / kTorchModels;
  return folder_is_there(torch) ? torch : fs::path();
}

MemberLocation locate_project(const fs::path& project) {
  MemberLocation location{.project_folder = project, .config_file = project / "config.yaml"};
  const std::vector<fs::path> models = models_folders(project);
  const bool plain = models.front().parent_path() == project;
  if (!plain && models.size() > 1) {
    std::vector<std::string> names;
    for (const fs::path& each : models) names.push_back(shown(each.parent_path().filename()));
    throw Error(ErrorKind::not_found,
                fmt::format("{}: has several folders with networks and no plain dlc-models",
                            shown(project)),
                {.have = list_names(names),
                 .hint = fmt::format("name one of them as the member: {}/{}", shown(project),
                                     names.front())});
  }
  location.models_folder = models.front();
  if (!plain) {
    location.reasons.push_back(
        fmt::format("networks of the folder '{}' (a modelprefix), the only ones",
                    shown(models.front().parent_path().filename())));
  } else if (models.size() > 1) {
    location.reasons.push_back(
        fmt::format("networks of dlc-models; to use those of '{}', name that folder as the member",
                    shown(models[1].parent_path().filename())));
  }
  location.torch_models_folder = torch_models_beside(location.models_folder);
  return location;
}

/// The folder of the highest version of Lightning Pose's training that holds checkpoints.
fs::path lightning_checkpoints(const fs::path& model) {
  fs::path best;
  long long best_version = -1;
  for (const fs::path& run : subfolders(model / kLightningLogs)) {
    for (const fs::path& version : subfolders(run)) {
      constexpr std::string_view kVersion = "version_";
      const std::string name = version.filename().string();
      if (!name.starts_with(kVersion)) continue;
      const long long number =
          integer_of(std::string_view(name).substr(kVersion.size())).value_or(-1);
      if (number <= best_version || list_snapshots(version / "checkpoints").empty()) continue;
      best = version / "checkpoints";
      best_version = number;
    }
  }
  return best;
}

bool is_lightning_folder(const fs::path& folder) {
  return folder_is_there(folder / kLightningLogs) && is_lightning_config(folder / "config.yaml");
}

/// The model folder that a folder of checkpoints, or a copy of its files, belongs to.
fs::path lightning_folder_of(const fs::path& checkpoints) {
  constexpr int kMostLevels = 5;
  fs::path folder = checkpoints;
  for (int level = 0; level < kMostLevels && folder.has_parent_path(); ++level) {
    if (is_lightning_config(folder / "config.yaml")) return folder;
    folder = folder.parent_path();
  }
  return {};
}

MemberLocation locate_lightning(const fs::path& folder) {
  MemberLocation location{.lightning_folder = folder,
                          .snapshot_folder = lightning_checkpoints(folder)};
  if (location.snapshot_folder.empty()) {
    throw Error(ErrorKind::not_found,
                fmt::format("{}: has no checkpoint (tb_logs/*/version_*/checkpoints/*.ckpt)",
                            shown(folder)),
                {.hint = "train the network, or copy its checkpoint here"});
  }
  location.reasons.push_back(fmt::format("training {} of the Lightning Pose model folder",
                                         shown(location.snapshot_folder.parent_path().filename())));
  return location;
}

/// A folder with snapshots: the configuration is beside them or in the project around.
MemberLocation locate_snapshot_folder(const fs::path& folder) {
  MemberLocation location{.snapshot_folder = folder};
  if (file_is_there(folder / "config.yaml")) {
    location.project_folder = folder;
    location.config_file = folder / "config.yaml";
    location.reasons.emplace_back("config.yaml beside the snapshots");
    return location;
  }
  const fs::path models = folder.parent_path().parent_path().parent_path();
  const bool known = models.filename() == kModels || models.filename() == kTorchModels;
  if (folder.filename() != "train" || !known) return location;
  for (const fs::path& project : {models.parent_path(), models.parent_path().parent_path()}) {
    if (!file_is_there(project / "config.yaml")) continue;
    location.project_folder = project;
    location.config_file = project / "config.yaml";
    location.models_folder = models_in(models.parent_path());
    location.torch_models_folder = torch_models_beside(models);
    location.reasons.push_back(fmt::format("training folder of the project {}", shown(project)));
    break;
  }
  return location;
}

MemberLocation locate_folder(const fs::path& folder) {
  if (file_is_there(folder / "config.yaml") && !models_folders(folder).empty()) {
    return locate_project(folder);
  }
  if (is_lightning_folder(folder)) return locate_lightning(folder);
  if (has_snapshots(folder)) return locate_snapshot_folder(folder);
  if (has_snapshots(folder / "train")) return locate_snapshot_folder(folder / "train");
  if (!models_in(folder).empty() && file_is_there(folder.parent_path() / "config.yaml")) {
    return {.project_folder = folder.parent_path(),
            .config_file = folder.parent_path() / "config.yaml",
            .models_folder = models_in(folder),
            .torch_models_folder = torch_models_beside(models_in(folder)),
            .reasons = {fmt::format("modelprefix '{}' of the project {}", shown(folder.filename()),
                                    shown(folder.parent_path()))}};
  }
  throw_not_a_member(folder);
}

/// The snapshot that one of its files belongs to; empty for any other file.
std::string snapshot_of_file(const std::string& name) {
  for (const std::string_view ending : {".pt", ".ckpt"}) {
    if (name.ends_with(ending)) return name.substr(0, name.size() - ending.size());
  }
  for (const std::string_view ending : {std::string_view(".index"), std::string_view(".meta")}) {
    if (name.ends_with(ending)) return name.substr(0, name.size() - ending.size());
  }
  const size_t data = name.rfind(".data-");
  return data == std::string::npos ? "" : name.substr(0, data);
}

fs::path without_trailing_slash(const fs::path& path) {
  const fs::path whole = absolute_path(path);
  return whole.has_filename() ? whole : whole.parent_path();
}

bool is_snapshot_prefix(const fs::path& path) {
  return file_is_there(fs::path(path.native() + ".index"));
}

MemberLocation locate_snapshot(const fs::path& prefix) {
  const fs::path model = lightning_folder_of(prefix.parent_path());
  MemberLocation location = model.empty() ? locate_snapshot_folder(prefix.parent_path())
                                          : MemberLocation{.lightning_folder = model,
                                                           .snapshot_folder = prefix.parent_path()};
  location.snapshot_name = prefix.filename().string();
  return location;
}

std::string fraction_word(const ProjectConfig& config, int index) {
  return fmt::format("training fraction {} (number {} of TrainingFraction)",
                     config.training_fractions[static_cast<size_t>(index)], index);
}

/// @throws Error(io) if one of them may not be read: what is missing may lie in it
void require_readable_subfolders(const fs::path& folder) {
  for (const fs::path& each : subfolders(folder)) {
    const std::string why = why_unreadable(each);
    if (why.empty()) continue;
    throw Error(ErrorKind::io, fmt::format("{}: folder cannot be read: {}", shown(each), why),
                {.hint = "you may not enter this folder: see ls -ld"});
  }
}

/// The engine that DeepLabCut noted for a shuffle when it made its training set; empty: none.
std::string noted_engine(const ModelFolder& folder, const ProjectConfig& config) {
  const fs::path file = config.file.parent_path() / "training-datasets" /
                        fmt::format("iteration-{}", folder.iteration) /
                        ("UnaugmentedDataSet_" + folder.task_and_date) / "metadata.yaml";
  if (!file_is_there(file)) return "";
  try {
    const YamlValue root = read_yaml(file);
    const YamlValue* shuffles = root.find("shuffles");
    const YamlValue* shuffle =
        shuffles == nullptr ? nullptr : shuffles->find(folder.path.filename().string());
    const YamlValue* engine = shuffle == nullptr ? nullptr : shuffle->find("engine");
    return engine == nullptr ? "" : engine->text;
  } catch (const Error&) {
    return "";  // damaged: the folders themselves tell which engines there are
  }
}

/// One of the folders of one shuffle, and why where there are two.
struct EngineChoice {
  const ModelFolder* folder = nullptr;
  std::string reason;
};

EngineChoice choose_engine(const std::vector<const ModelFolder*>& folders,
                           const ProjectConfig& config) {
  if (folders.size() == 1) {
    return {folders.front(), folders.front()->torch ? ", PyTorch engine" : ""};
  }
  std::string engine = noted_engine(*folders.front(), config);
  std::string source = "metadata.yaml of the training set";
  if (engine.empty()) {
    engine = config.engine;
    source = "config.yaml";
  }
  const bool torch = engine != "tensorflow" && !engine.empty();
  for (const ModelFolder* folder : folders) {
    if (folder->torch != torch) continue;
    return {folder, engine.empty() ? ", TensorFlow engine of the two there are: no file says which"
                                   : fmt::format(", {} engine of the two there are: {} says so",
                                                 torch ? "PyTorch" : "TensorFlow", source)};
  }
  return {folders.front(), ""};
}

/// Training folders of one iteration that belong to this project, and what is odd about them.
struct Candidates {
  std::vector<const ModelFolder*> folders;
  std::vector<std::string> warnings;
};

Candidates candidates_of(const std::vector<ModelFolder>& folders, const ProjectConfig& config,
                         int iteration, const fs::path& models_folder) {
  Candidates candidates;
  std::vector<const ModelFolder*> strangers;
  std::vector<const ModelFolder*> all;
  for (const ModelFolder& folder : folders) {
    all.push_back(&folder);
    if (folder.iteration != iteration) continue;
    const bool ours = folder.task_and_date == config.task + config.date;
    (ours ? candidates.folders : strangers).push_back(&folder);
  }
  if (candidates.folders.empty() && !strangers.empty()) {
    candidates.warnings.push_back(
        fmt::format("no training folder is named '{}...' as config.yaml's Task and date say; "
                    "those there are are taken",
                    config.task + config.date));
    candidates.folders = strangers;
  }
  if (candidates.folders.empty()) {
    require_readable_subfolders(models_folder);
    throw Error(
        ErrorKind::not_found,
        fmt::format("{}: has no training folder of iteration {}", shown(models_folder), iteration),
        {.have = list_model_folder_names(all), .hint = "choose another one with --iteration"});
  }
  return candidates;
}

}  // namespace

MemberLocation locate_member(const fs::path& path) {
  const fs::path whole = without_trailing_slash(path);
  if (folder_is_there(whole)) return locate_folder(whole);
  if (file_is_there(whole)) {
    const std::string name = whole.filename().string();
    if (name == "config.yaml") return locate_folder(whole.parent_path());
    if (name == "pose_cfg.yaml") return locate_snapshot_folder(whole.parent_path());
    const std::string snapshot = snapshot_of_file(name);
    if (!snapshot.empty()) return locate_snapshot(whole.parent_path() / snapshot);
  }
  if (is_snapshot_prefix(whole)) return locate_snapshot(whole);
  throw_not_a_member(path);
}

bool looks_like_project(const fs::path& folder) {
  return file_is_there(folder / "config.yaml") || folder_is_there(folder / kModels) ||
         folder_is_there(folder / kTorchModels);
}

std::vector<fs::path> members_below(const fs::path& folder) {
  std::vector<fs::path> found;
  for (const fs::path& each : subfolders(folder)) {
    if (is_member(each)) found.push_back(each);
  }
  return found;
}

bool is_member(const fs::path& path) {
  const fs::path whole = without_trailing_slash(path);
  if (!folder_is_there(whole)) {
    const std::string name = whole.filename().string();
    return is_snapshot_prefix(whole) ||
           (file_is_there(whole) &&
            (name == "config.yaml" || name == "pose_cfg.yaml" || !snapshot_of_file(name).empty()));
  }
  if (file_is_there(whole / "config.yaml")) {
    if (!models_folders(whole).empty() || is_lightning_folder(whole)) return true;
  }
  return has_snapshots(whole) || has_snapshots(whole / "train") ||
         (!models_in(whole).empty() && file_is_there(whole.parent_path() / "config.yaml"));
}

std::vector<ModelFolder> list_model_folders(const fs::path& models_folder) {
  const std::string unreadable = why_unreadable(models_folder);
  if (!unreadable.empty()) {
    throw Error(ErrorKind::io,
                fmt::format("{}: folder cannot be read: {}", shown(models_folder), unreadable));
  }
  std::vector<ModelFolder> found;
  for (const fs::path& iteration : subfolders(models_folder)) {
    for (const fs::path& folder : subfolders(iteration)) {
      if (auto model = parse_model_folder(folder / "train")) {
        model->num_snapshots = list_snapshots(folder / "train").size();
        found.push_back(std::move(*model));
      }
    }
  }
  std::stable_sort(found.begin(), found.end(), [](const ModelFolder& a, const ModelFolder& b) {
    return std::tuple(a.iteration, a.percent, a.shuffle) <
           std::tuple(b.iteration, b.percent, b.shuffle);
  });
  return found;
}

std::optional<ModelFolder> parse_model_folder(const fs::path& snapshot_folder) {
  constexpr std::string_view kTrainset = "-trainset";
  constexpr std::string_view kShuffle = "shuffle";
  constexpr std::string_view kIteration = "iteration-";
  const fs::path folder = snapshot_folder.parent_path();
  const std::string name = folder.filename().string();
  const std::string above = folder.parent_path().filename().string();
  const size_t trainset = name.rfind(kTrainset);
  const size_t shuffle = name.rfind(kShuffle);
  if (snapshot_folder.filename() != "train" || trainset == std::string::npos ||
      shuffle == std::string::npos || shuffle < trainset + kTrainset.size()) {
    return std::nullopt;
  }
  const std::string_view text = name;
  const size_t percent_at = trainset + kTrainset.size();
  const auto percent = integer_of(text.substr(percent_at, shuffle - percent_at));
  const auto number = integer_of(text.substr(shuffle + kShuffle.size()));
  const bool numbered = above.starts_with(kIteration);
  const long long iteration =
      numbered ? integer_of(std::string_view(above).substr(kIteration.size())).value_or(-1) : 0;
  constexpr long long kMost = 1'000'000'000;
  if (!percent || !number || *percent < 0 || *percent > 100 || *number < 0 || *number > kMost) {
    return std::nullopt;
  }
  if (iteration < 0 || iteration > kMost) return std::nullopt;
  const fs::path models = (numbered ? folder.parent_path() : folder).parent_path();
  return ModelFolder{.path = folder,
                     .task_and_date = name.substr(0, trainset),
                     .iteration = static_cast<int>(iteration),
                     .percent = static_cast<int>(*percent),
                     .shuffle = static_cast<int>(*number),
                     .torch = models.filename() == kTorchModels};
}

FolderChoice choose_model_folder(const std::vector<ModelFolder>& folders,
                                 const ProjectConfig& config, const fs::path& models_folder,
                                 const MemberOptions& options) {
  const int set_index = options.training_set_index.value_or(0);
  if (set_index < 0 || set_index >= static_cast<int>(config.training_fractions.size())) {
    throw Error(ErrorKind::not_found,
                fmt::format("training set {} is asked for, {} lists {}", set_index,
                            shown(config.file), config.training_fractions.size()),
                {.have = fmt::format("{}", fmt::join(config.training_fractions, ", "))});
  }
  const int iteration = options.iteration.value_or(config.iteration);
  const int percent = training_percent(config.training_fractions[static_cast<size_t>(set_index)]);
  const int shuffle = options.shuffle.value_or(1);
  const Candidates candidates = candidates_of(folders, config, iteration, models_folder);
  std::vector<const ModelFolder*> exact;
  std::vector<const ModelFolder*> fitting;  // what was asked for, whatever the defaults say
  for (const ModelFolder* folder : candidates.folders) {
    if (folder->percent == percent && folder->shuffle == shuffle) exact.push_back(folder);
    const bool fits = (!options.shuffle || folder->shuffle == shuffle) &&
                      (!options.training_set_index || folder->percent == percent);
    if (fits) fitting.push_back(folder);
  }
  if (!exact.empty()) {
    const EngineChoice choice = choose_engine(exact, config);
    return {static_cast<size_t>(choice.folder - folders.data()),
            fmt::format("iteration {}{}, shuffle {}{}, {}{}", iteration,
                        options.iteration ? " (asked for)" : " (config.yaml)", shuffle,
                        options.shuffle ? " (asked for)" : " (the default)",
                        fraction_word(config, set_index), choice.reason),
            candidates.warnings};
  }
  if (fitting.size() == 1) {
    return {static_cast<size_t>(fitting.front() - folders.data()),
            fmt::format("iteration {}, shuffle {}, {} % of the frames: the only training folder "
                        "that fits",
                        iteration, fitting.front()->shuffle, fitting.front()->percent),
            candidates.warnings};
  }
  throw Error(
      ErrorKind::not_found,
      fmt::format("{}: iteration {} has no training folder of shuffle {} and {}",
                  shown(models_folder), iteration, shuffle, fraction_word(config, set_index)),
      {.have = list_model_folder_names(candidates.folders),
       .hint = "choose one with --shuffle and --training-set-index"});
}

}  // namespace posse
