#include "project/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/text.h"
#include "project/config_values.h"
#include "project/yaml_tree.h"

namespace posse {
namespace fs = std::filesystem;
namespace {

constexpr int kMostBodyparts = 10'000;

/// Keys of config.yaml that a network or its results depend on; the others are for labelling and
/// drawing.
constexpr std::array<std::string_view, 16> kNeededOfProject = {"Task",
                                                               "date",
                                                               "iteration",
                                                               "TrainingFraction",
                                                               "bodyparts",
                                                               "snapshotindex",
                                                               "cropping",
                                                               "x1",
                                                               "x2",
                                                               "y1",
                                                               "y2",
                                                               "num_outputs",
                                                               "data",
                                                               "model",
                                                               "multianimalproject",
                                                               "default_net_type"};

/// Keys of pose_cfg.yaml likewise; the others are for training.
constexpr std::array<std::string_view, 16> kNeededOfNetwork = {"net_type",
                                                               "dataset_type",
                                                               "stride",
                                                               "multi_stage",
                                                               "all_joints_names",
                                                               "num_joints",
                                                               "mean_pixel",
                                                               "output_stride",
                                                               "deconvolutionstride",
                                                               "location_refinement",
                                                               "locref_stdev",
                                                               "global_scale",
                                                               "num_outputs",
                                                               "intermediate_supervision",
                                                               "use_batch_norm",
                                                               "all_joints"};

/// Says so if the file belongs to another kind of project than a single-animal DeepLabCut one.
void check_kind(const ConfigMap& map, const std::string& file) {
  const YamlValue* bodyparts = map.find("bodyparts");
  const bool many = bodyparts != nullptr && bodyparts->text == "MULTI!";
  if (map.truth("multianimalproject", false) || many) {
    throw Error(
        ErrorKind::unsupported,
        fmt::format("{}: is a multi-animal project; posse runs single-animal networks", file));
  }
  if (!map.has("Task") && map.has("data") && map.has("model")) {
    throw Error(ErrorKind::unsupported,
                fmt::format("{}: is not a DeepLabCut configuration (no 'Task'); it looks like "
                            "Lightning Pose's",
                            file));
  }
}

std::string required_text(const ConfigMap& map, std::string_view key, const std::string& file) {
  std::string text = map.text(key);
  if (text.empty()) {
    throw Error(ErrorKind::bad_file, fmt::format("{}: has no '{}'", file, key),
                {.hint = "a DeepLabCut project's config.yaml names it"});
  }
  if (text.find('/') != std::string::npos || text.find('\0') != std::string::npos) {
    map.wrong(key, *map.find(key), "a part of a folder's name");
  }
  return text;
}

/// "0, 640, 0, 480" is x1, x2, y1, y2; nullopt if it is anything else.
std::optional<CropBox> crop_of_text(const std::string& text) {
  std::array<int, 4> numbers{};
  size_t start = 0;
  for (size_t i = 0; i < 4; ++i) {
    size_t end = text.find(',', start);
    if ((end == std::string::npos) != (i == 3)) return std::nullopt;
    end = std::min(end, text.size());
    const size_t first = text.find_first_not_of(' ', start);
    const size_t last = text.find_last_not_of(' ', end - 1);
    if (end == start || first > last || first == std::string::npos) return std::nullopt;
    const auto number = integer_of(std::string_view(text).substr(first, last - first + 1));
    if (!number || *number < 0 || *number > 1'000'000) return std::nullopt;
    numbers[i] = static_cast<int>(*number);
    start = end + 1;
  }
  if (numbers[1] <= numbers[0] || numbers[3] <= numbers[2]) return std::nullopt;
  return CropBox{numbers[0], numbers[1], numbers[2], numbers[3]};
}

/// Where a video of the project lies in this copy of it: what follows the old project path, joined
/// to the folder; an absolute rest stays.
fs::path path_here(const std::string& key, const std::string& old_project, const fs::path& folder) {
  std::string rest = key;
  if (!old_project.empty()) {
    const size_t at = key.rfind(old_project + "/");
    if (at != std::string::npos) rest = key.substr(at + old_project.size() + 1);
  }
  return folder / rest;
}

std::vector<VideoSet> read_video_sets(const ConfigMap& map, const ProjectConfig& config) {
  std::vector<VideoSet> found;
  const YamlValue* sets = map.find("video_sets");
  if (sets == nullptr) return found;
  for (const YamlEntry& entry : sets->entries) {
    VideoSet video{.key = entry.key,
                   .path = path_here(entry.key, config.project_path, config.file.parent_path()),
                   .crop = std::nullopt};
    const YamlValue* crop = entry.value.find("crop");
    if (crop != nullptr) video.crop = crop_of_text(crop->text);
    found.push_back(std::move(video));
  }
  return found;
}

/// Pairs of bodyparts; anything else is left out with a warning, since it is for drawing only.
void read_skeleton(const ConfigMap& map, ProjectConfig& config) {
  const YamlValue* skeleton = map.find("skeleton");
  if (skeleton == nullptr) return;
  const auto known = [&](const YamlValue& name) {
    return std::find(config.bodyparts.begin(), config.bodyparts.end(), name.text) !=
           config.bodyparts.end();
  };
  int left_out = 0;
  for (const YamlValue& pair : skeleton->items) {
    if (pair.items.size() == 2 && known(pair.items[0]) && known(pair.items[1])) {
      config.skeleton.emplace_back(pair.items[0].text, pair.items[1].text);
    } else {
      ++left_out;
    }
  }
  if (left_out > 0) {
    config.warnings.push_back(
        fmt::format("skeleton: {} of {} lines do not join two bodyparts and are left out", left_out,
                    skeleton->items.size()));
  }
}

CropBox read_crop_box(const ConfigMap& map) {
  const CropBox box{map.integer("x1", 0), map.integer("x2", 0), map.integer("y1", 0),
                    map.integer("y2", 0)};
  if (box.x1 < 0 || box.y1 < 0 || box.x2 <= box.x1 || box.y2 <= box.y1) {
    map.fail(*map.find("cropping"),
             fmt::format("'cropping' is on with columns {} to {} and rows {} to {}: an empty part "
                         "of the frame",
                         box.x1, box.x2, box.y1, box.y2));
  }
  return box;
}

/// A box that cannot be used is told where it is needed: not by verbs that read tables, nor with
/// --no-crop.
void read_cropping(const ConfigMap& map, ProjectConfig& config) {
  if (!map.truth("cropping", false)) return;
  try {
    config.cropping = read_crop_box(map);
  } catch (const Error& error) {
    config.cropping_problem = error.message();
  }
}

std::optional<int> read_snapshot_index(const ConfigMap& map) {
  const YamlValue* value = map.find("snapshotindex");
  if (value == nullptr || value->text == "all") return std::nullopt;
  return map.integer("snapshotindex", -1);
}

int positive(const ConfigMap& map, std::string_view key, int otherwise) {
  const int value = map.integer(key, otherwise);
  if (value < 1) map.wrong(key, *map.find(key), "1 or more");
  return value;
}

double positive_number(const ConfigMap& map, std::string_view key, double otherwise) {
  const double value = map.number(key, otherwise);
  if (!(value > 0)) map.wrong(key, *map.find(key), "more than 0");
  return value;
}

std::vector<double> read_fractions(const ConfigMap& map, const std::string& file) {
  std::vector<double> fractions = map.numbers("TrainingFraction");
  if (fractions.empty()) {
    throw Error(ErrorKind::bad_file, fmt::format("{}: has no 'TrainingFraction'", file),
                {.hint = "a DeepLabCut project's config.yaml names it"});
  }
  for (const double fraction : fractions) {
    if (!(fraction >= 0 && fraction <= 1)) {
      map.fail(*map.find("TrainingFraction"),
               fmt::format("'TrainingFraction' holds {}, expected numbers in 0 to 1{}", fraction,
                           fraction > 1 && fraction <= 100
                               ? fmt::format(": {} for {} %", fraction / 100, fraction)
                               : ""));
    }
  }
  return fractions;
}

void warn_of_repeated_keys(const YamlValue& root, std::vector<std::string>& warnings) {
  std::vector<std::string> keys;
  for (const YamlEntry& entry : root.entries) keys.push_back(entry.key);
  std::sort(keys.begin(), keys.end());
  for (size_t i = 1; i < keys.size(); ++i) {
    if (keys[i] == keys[i - 1] && (i < 2 || keys[i] != keys[i - 2])) {
      warnings.push_back(fmt::format("'{}' comes several times; the last counts", keys[i]));
    }
  }
}

void check_supported(const ConfigMap& map, const PoseConfig& pose, const std::string& file) {
  if (pose.dataset_type == "multi-animal-imgaug") {
    throw Error(ErrorKind::unsupported,
                fmt::format("{}: is a multi-animal network (dataset_type '{}'); posse runs "
                            "single-animal networks",
                            file, pose.dataset_type));
  }
  if (map.truth("multi_stage", false) || pose.stride < 8) {
    throw Error(ErrorKind::unsupported,
                fmt::format("{}: is a network with fused features (multi_stage or a stride below "
                            "8, here {}), which posse does not run",
                            file, pose.stride));
  }
}

}  // namespace

ProjectConfig read_project_config(const fs::path& file) {
  const YamlFile yaml = read_yaml(file, kNeededOfProject);
  const YamlValue& root = yaml.root;
  const std::string name = printable(file.string());
  const ConfigMap map(root, name);
  check_kind(map, name);
  ProjectConfig config;
  config.file = file;
  config.warnings = yaml.warnings;
  warn_of_repeated_keys(root, config.warnings);
  config.task = required_text(map, "Task", name);
  config.date = required_text(map, "date", name);
  config.scorer = map.text_or("scorer", "", config.warnings);
  config.iteration = map.integer("iteration", 0);
  config.training_fractions = read_fractions(map, name);
  config.bodyparts = map.names("bodyparts");
  config.snapshot_index = read_snapshot_index(map);
  if (map.find("batch_size") != nullptr)
    config.batch_size = map.count_or("batch_size", kUsualBatchSize, config.warnings);
  config.num_outputs = positive(map, "num_outputs", config.num_outputs);
  read_cropping(map, config);
  config.pcutoff = map.number_or("pcutoff", config.pcutoff, config.warnings);
  config.dotsize = map.number_or("dotsize", config.dotsize, config.warnings);
  config.alphavalue = map.number_or("alphavalue", config.alphavalue, config.warnings);
  config.colormap = map.text_or("colormap", config.colormap, config.warnings);
  config.skeleton_color = map.text_or("skeleton_color", config.skeleton_color, config.warnings);
  config.default_net_type = map.text("default_net_type");
  config.engine = map.text_or("engine", "", config.warnings);
  config.project_path = map.text_or("project_path", "", config.warnings);
  config.video_sets = read_video_sets(map, config);
  read_skeleton(map, config);
  return config;
}

PoseConfig read_pose_config(const fs::path& file) {
  const YamlFile yaml = read_yaml(file, kNeededOfNetwork);
  const YamlValue& root = yaml.root;
  const std::string name = printable(file.string());
  const ConfigMap map(root, name);
  PoseConfig pose;
  pose.file = file;
  pose.warnings = yaml.warnings;
  warn_of_repeated_keys(root, pose.warnings);
  pose.net_type = map.text("net_type");
  pose.dataset_type = map.text("dataset_type");
  pose.stride = positive_number(map, "stride", pose.stride);
  check_supported(map, pose, name);
  pose.all_joints_names = map.names("all_joints_names");
  if (map.has("num_joints")) pose.num_joints = positive(map, "num_joints", 1);
  pose.output_stride = positive(map, "output_stride", pose.output_stride);
  pose.deconvolution_stride = positive(map, "deconvolutionstride", pose.deconvolution_stride);
  const std::vector<double> mean = map.numbers("mean_pixel");
  if (!mean.empty()) {
    if (mean.size() != 3) map.wrong("mean_pixel", *map.find("mean_pixel"), "three numbers");
    for (size_t i = 0; i < 3; ++i) pose.mean_pixel[i] = static_cast<float>(mean[i]);
  }
  pose.location_refinement = map.truth("location_refinement", false);
  pose.locref_stdev = positive_number(map, "locref_stdev", pose.locref_stdev);
  pose.global_scale = positive_number(map, "global_scale", pose.global_scale);
  pose.batch_size = map.count_or("batch_size", pose.batch_size, pose.warnings);
  pose.num_outputs = positive(map, "num_outputs", pose.num_outputs);
  pose.intermediate_supervision = map.truth("intermediate_supervision", false);
  pose.use_batch_norm = map.truth("use_batch_norm", false);
  const size_t num_names = pose.all_joints_names.size();
  if (pose.num_joints && *pose.num_joints > kMostBodyparts) {
    map.wrong("num_joints", *map.find("num_joints"), fmt::format("at most {}", kMostBodyparts));
  }
  if (pose.num_joints && num_names > 0 && *pose.num_joints != static_cast<int>(num_names)) {
    map.fail(*map.find("num_joints"), fmt::format("'num_joints' is {}, but 'all_joints_names' has "
                                                  "{} names",
                                                  *pose.num_joints, num_names));
  }
  return pose;
}

int training_percent(double fraction) { return static_cast<int>(fraction * 100); }

std::string dlc_scorer(std::string_view net_type, std::string_view task_and_date, int shuffle,
                       std::string_view training_iterations) {
  std::string net(net_type);
  if (net.find("resnet") != std::string::npos) {
    std::erase(net, '_');
  } else if (net.find("mobilenet") != std::string::npos) {
    constexpr double kMostWidth = 100;
    const double width = number_of(net.substr(net.rfind('_') + 1)).value_or(1.0);
    const bool is_width = width >= 0 && width <= kMostWidth;
    net = fmt::format("mobnet_{}", static_cast<int>((is_width ? width : 1.0) * 100));
  } else if (net.find("efficientnet") != std::string::npos) {
    net = "effnet_" + net.substr(net.find_last_of("-_") + 1);
  }
  return fmt::format("DLC_{}_{}shuffle{}_{}", net, task_and_date, shuffle, training_iterations);
}

}  // namespace posse
