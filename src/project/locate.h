/// Finds the parts of a member: configuration, training folders, snapshots. Used by project.cc.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "project/project.h"

namespace posse {

/// Where the parts of a member lie. Paths that do not apply are empty.
struct MemberLocation {
  std::filesystem::path project_folder;
  std::filesystem::path config_file;
  std::filesystem::path models_folder;        ///< ".../dlc-models" or, without one, of PyTorch's
  std::filesystem::path torch_models_folder;  ///< ".../dlc-models-pytorch"
  std::filesystem::path lightning_folder;     ///< a model folder of Lightning Pose
  std::filesystem::path snapshot_folder;      ///< when the path names it; else to be chosen
  std::string snapshot_name;                  ///< when the path names it
  std::vector<std::string> reasons;
  std::vector<std::string> warnings;
};

/// @throws Error as open_member().
MemberLocation locate_member(const std::filesystem::path& path);

/// True if the folder has a config.yaml or networks, or seems to have lost one of them.
bool looks_like_project(const std::filesystem::path& folder);

/// The sub-folders of `folder` that are members, in natural order; hidden ones are passed over.
std::vector<std::filesystem::path> members_below(const std::filesystem::path& folder);

/// The training folders of a dlc-models folder, by iteration, fraction and shuffle.
std::vector<ModelFolder> list_model_folders(const std::filesystem::path& models_folder);

/// The training folder that holds `snapshot_folder` ("<model>/train"); nullopt if its name is not
/// of that form.
std::optional<ModelFolder> parse_model_folder(const std::filesystem::path& snapshot_folder);

/// A training folder and why it was chosen.
struct FolderChoice {
  size_t index = 0;  ///< in the list
  std::string reason;
  std::vector<std::string> warnings;
};

/// @throws Error(not_found, usage) as open_member().
FolderChoice choose_model_folder(const std::vector<ModelFolder>& folders,
                                 const ProjectConfig& config,
                                 const std::filesystem::path& models_folder,
                                 const MemberOptions& options);

}  // namespace posse
