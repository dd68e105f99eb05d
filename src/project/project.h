/// Finds and opens members of an ensemble on disk: project folders, training folders, snapshots.
///
/// Nothing here writes to a folder, and no path inside a configuration is trusted.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "project/config.h"
#include "project/snapshot.h"
#include "project/torch_config.h"

namespace posse {

/// Which of several networks of a project. Left alone, each has the default described.
struct MemberOptions {
  /// A name, "newest", "best" (lowest test error in evaluation-results), "all" (open_members()
  /// only), or an index into the list, negative from the end. "": snapshotindex of config.yaml,
  /// else the newest.
  std::string snapshot;
  /// "shuffle<N>" of the training folder. Default 1, or the only one there is.
  std::optional<int> shuffle;
  /// Index into TrainingFraction of config.yaml. Default 0, or the only folder's there is.
  std::optional<int> training_set_index;
  /// "iteration-<N>" of dlc-models. Default: as config.yaml says.
  std::optional<int> iteration;
  /// find_members() only: members that cannot be opened are left out with a warning.
  bool skip_broken = false;
};

/// A training folder of a project: "<Task><date>-trainset<PCT>shuffle<K>".
struct ModelFolder {
  std::filesystem::path path;
  std::string task_and_date;
  int iteration = 0;
  int percent = 0;
  int shuffle = 0;
  size_t num_snapshots = 0;
  bool torch = false;  ///< of DeepLabCut 3's PyTorch engine (dlc-models-pytorch)
};

/// One trained network and everything its folder says of it.
struct Member {
  /// Path as it was named.
  std::filesystem::path path;
  /// Short name for tables and files: the project's folder name, followed by the snapshot's where
  /// one folder gives several members. Unique among the members of one find_members().
  std::string name;
  /// The project's folder; empty for a bare training folder or snapshot.
  std::filesystem::path project_folder;
  /// The project's config.yaml; nullopt: there is none.
  std::optional<ProjectConfig> config;
  PoseConfig pose;
  /// What PyTorch's tools say of the network; nullopt for TensorFlow's, and where there is none.
  std::optional<TorchConfig> torch;
  /// The training folder; nullopt outside a dlc-models folder.
  std::optional<ModelFolder> model_folder;
  std::optional<double> training_fraction;
  Snapshot snapshot;
  /// In channel order, as trained (pose_cfg.yaml, else config.yaml). Empty only where no
  /// configuration names them: see bodyparts_for().
  std::vector<std::string> bodyparts;
  /// As in tables DeepLabCut writes ("DLC_resnet50_...") or, for DeepGraphPose and for networks of
  /// unknown kind, the snapshot's name.
  std::string scorer;

  /// All snapshots of the training folder, in order of training.
  std::vector<Snapshot> snapshots;
  /// All training folders of the project, every iteration.
  std::vector<ModelFolder> model_folders;
  /// One sentence per choice made.
  std::vector<std::string> reasons;
  /// What was odd and how it was taken.
  std::vector<std::string> warnings;
};

/// Finds the network that `path` stands for. It may be
///   - a project folder, or its config.yaml;
///   - a folder with a dlc-models folder in it, inside a project (a `modelprefix`);
///   - a training folder ("...shuffle1" or its "train"), an exported model, or any other folder
///     with snapshots in it, with or without pose_cfg.yaml and config.yaml beside them;
///   - a snapshot: its path without ending, or one of its files;
///   - a model folder of Lightning Pose (config.yaml and tb_logs), or a checkpoint in one.
///
/// Where a project has networks of both of DeepLabCut's engines, the shuffle decides; where both
/// have it, metadata.yaml of the training set, then `engine` of config.yaml.
///
/// The snapshot's values need not be there; Snapshot::has_data says whether they are.
/// @throws Error(not_found) if there is no such path, network, shuffle, iteration or snapshot,
///         listing those there are; Error(usage) for snapshot "all"; Error(bad_file, unsupported)
///         as read_project_config(), read_pose_config(), read_deeplabcut3_config() and
///         read_lightning_config(), and for bodyparts that no configuration of a project names.
Member open_member(const std::filesystem::path& path, const MemberOptions& options = {});

/// As open_member(); for snapshot "all" one member per snapshot, in order of training.
std::vector<Member> open_members(const std::filesystem::path& path,
                                 const MemberOptions& options = {});

/// Whether DeepLabCut 3's PyTorch engine trained the member in a project of its own, so that its
/// tables are those of that engine.
bool is_in_pytorch_project(const Member& member);

/// The scorer under which DeepLabCut looks for a member's own tables: made of the Task, date and
/// `snapshotindex` that config.yaml has now, whichever snapshot was chosen here, and of the
/// member's shuffle. Source: get_scorer_name of DeepLabCut 2.3 and 3.0.
/// @throws Error(unsupported) where DeepLabCut itself finds no name: outside a project, or with
///         snapshots of DeepGraphPose in the training folder, whose names it cannot order;
///         Error(not_found) for a snapshotindex beyond the snapshots
std::string scorer_sought_by_deeplabcut(const Member& member);

/// True if open_member() would look for a network here; says nothing of whether it finds one.
bool is_member(const std::filesystem::path& path);

/// The members that a path stands for, and what beside them may have been meant as one.
struct MemberPaths {
  std::vector<std::filesystem::path> paths;
  std::vector<std::string> warnings;  ///< a sentence each
};

/// The members `path` names: itself, those an ensemble.yaml of Lightning Pose's app names (path is
/// the file or its folder), or its direct sub-folders, in natural order.
///
/// Of the sub-folders these count: members; folders that look like one (a config.yaml or a
/// dlc-models folder), links to nowhere and folders that cannot be read, of which open_member()
/// says what is wrong. Warned of: empty folders, archives and shortcuts without a folder of their
/// name, folders whose sub-folders are members. Hidden names (is_hidden_name) and other folders are
/// passed over.
/// @throws Error(not_found) if there is none; Error(io) if the folder cannot be read; as
///         lightning_ensemble_members()
MemberPaths expand_members(const std::filesystem::path& path);

/// The members of an ensemble.
struct FoundMembers {
  std::vector<Member> members;        ///< at least one
  std::vector<std::string> warnings;  ///< of expand_members(), and of members that were left out
};

/// Every member of an ensemble: expand_members() and open_members() of each path.
/// @throws Error(usage) for no path and for a snapshot that is named twice; Error as those, unless
///         options.skip_broken is set and another member can be opened.
FoundMembers find_members(std::span<const std::filesystem::path> paths,
                          const MemberOptions& options = {});

/// @throws Error(not_found) if the snapshot's .data file is not there, naming complete snapshots
///         beside it.
void require_data(const Member& member);

/// The member's bodyparts, or "bodypart1", "bodypart2", ... where no configuration names them.
/// @param num_channels  of the network's scoremaps.
/// @throws Error(shape_mismatch) if the configuration names another number of them; Error(
///         unsupported), saying so, if the surplus looks like a multi-animal network's.
std::vector<std::string> bodyparts_for(const Member& member, int num_channels);

}  // namespace posse
