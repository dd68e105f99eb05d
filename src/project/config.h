/// Reads config.yaml and pose_cfg.yaml, which DeepLabCut and DeepGraphPose write beside their
/// networks.
#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace posse {

/// Part of a frame in whole pixels, half-open: columns x1..x2-1, rows y1..y2-1.
struct CropBox {
  int x1 = 0;
  int x2 = 0;
  int y1 = 0;
  int y2 = 0;
  bool operator==(const CropBox&) const = default;
};

/// What DeepLabCut takes where config.yaml gives no batch_size.
constexpr int kUsualBatchSize = 8;

/// One video a project was trained on.
struct VideoSet {
  std::string key;             ///< as written: often a path on somebody else's machine
  std::filesystem::path path;  ///< where it would lie in this copy of the project
  std::optional<CropBox> crop;
};

/// config.yaml of a project. Names are the literal text of the file.
struct ProjectConfig {
  std::filesystem::path file;
  std::string task;
  /// Date in the short form, as "Aug30".
  std::string date;
  /// Name of the person who labelled.
  std::string scorer;
  int iteration = 0;
  std::vector<double> training_fractions;
  /// Names; empty if the file has none.
  std::vector<std::string> bodyparts;
  std::vector<std::pair<std::string, std::string>> skeleton;
  /// Index of a snapshot, -1 the last; nullopt: "all" or absent.
  std::optional<int> snapshot_index;
  /// Batch size; nullopt: not given.
  std::optional<int> batch_size;
  int num_outputs = 1;
  /// What DeepLabCut cuts every frame to before the network: x1, x2, y1, y2 where `cropping` is
  /// true. The crops of video_sets are others: they were used when frames were extracted.
  std::optional<CropBox> cropping;
  /// Why the box cannot be used, with its place; else empty.
  std::string cropping_problem;
  double pcutoff = 0.1;
  double dotsize = 12;
  double alphavalue = 0.7;
  std::string colormap = "jet";
  std::string skeleton_color = "black";
  std::string default_net_type;
  /// "pytorch", "tensorflow" or empty: DeepLabCut 3's default for shuffles.
  std::string engine;
  /// Path as it is written; never used to find anything.
  std::string project_path;
  std::vector<VideoSet> video_sets;
  /// What was odd and how it was taken.
  std::vector<std::string> warnings;
};

/// Reads <folder>/config.yaml. Paths in it are taken relative to its folder, wherever the project
/// was made (source: change_project_path of dgp_ensembletools, done in memory).
///
/// @throws Error(not_found, io); Error(bad_file), naming file and line, for what is not YAML, lacks
///         Task, date or TrainingFraction, lists a bodypart twice or with an empty name, or has a
///         value of the wrong type; Error(unsupported) for multi-animal projects and for the
///         configurations of other programs.
ProjectConfig read_project_config(const std::filesystem::path& file);

/// pose_cfg.yaml: what the network was trained with. Each is read on its own: absent keys have
/// DeepLabCut's defaults, never the values of another member.
struct PoseConfig {
  /// The file; empty: there is none and everything below is a default.
  std::filesystem::path file;
  /// The network's type, as "resnet_50"; empty if unknown.
  std::string net_type;
  std::optional<int> num_joints;
  /// Names in channel order; empty if unknown.
  std::vector<std::string> all_joints_names;
  /// Scoremap stride in input pixels.
  double stride = 8;
  /// Output stride of the backbone.
  int output_stride = 16;
  /// Upsampling of the heads.
  int deconvolution_stride = 2;
  /// Red, green, blue.
  std::array<float, 3> mean_pixel = {123.68F, 116.779F, 103.939F};
  /// nullopt (no file): use the location refinement head if the checkpoint has one.
  std::optional<bool> location_refinement;
  /// Pixels per unit of locref.
  double locref_stdev = 7.2801;
  /// Scale of training; not applied to videos.
  double global_scale = 1;
  int batch_size = 1;
  int num_outputs = 1;
  bool intermediate_supervision = false;
  bool use_batch_norm = false;
  std::string dataset_type;
  std::vector<std::string> warnings;
};

/// @throws Error as read_project_config(); Error(unsupported) for multi-animal and multi-stage
///         networks.
PoseConfig read_pose_config(const std::filesystem::path& file);

/// The percentage in folder names: int(fraction * 100) in double precision, truncated, so that 0.57
/// gives 56. Source: GetModelFolder of DeepLabCut's auxiliaryfunctions.
int training_percent(double fraction);

/// The scorer DeepLabCut writes into tables and file names, as
/// "DLC_resnet50_ReachingAug30shuffle1_50000".
///
/// @param net_type  as in pose_cfg.yaml: "resnet_50", "mobilenet_v2_0.35", "efficientnet-b0".
/// @param task_and_date  written together, as "ReachingAug30".
/// @param training_iterations  text after the last "-" of the snapshot's name.
/// Source: GetScorerName of DeepLabCut's auxiliaryfunctions.
std::string dlc_scorer(std::string_view net_type, std::string_view task_and_date, int shuffle,
                       std::string_view training_iterations);

}  // namespace posse
