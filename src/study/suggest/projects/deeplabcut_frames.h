/// Writes frames to label into a project of DeepLabCut.
///
/// Formats by deeplabcut/refine_training_dataset/outlier_frames.py of DeepLabCut 2.3 and 3.0.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "project/config.h"
#include "study/suggest/projects/frame_project.h"

namespace posse {

/// For each video labeled-data/<stem>/img<number>.png and its machine labels (machine_labels.h),
/// and an entry in config.yaml's video_sets, without which DeepLabCut drops the folder. config.yaml
/// is kept once as config.yaml.before-posse. CollectedData is never touched.
///
/// Where `cropping` is true and the video has a crop in video_sets, or the folder's pictures are as
/// large as that crop, pictures are cut to it and points are those of the cut picture.
class DeepLabCutFrames : public FrameProject {
 public:
  /// @throws as read_project_config; Error(unsupported) for multi-animal projects
  explicit DeepLabCutFrames(const std::filesystem::path& folder);
  std::string kind() const override { return "DeepLabCut"; }
  std::vector<std::string> stage(const Suggestions& suggestions, StagedFiles& staged,
                                 const JobHooks& hooks) const override;

 private:
  struct VideoPlan;
  VideoPlan plan_video(const Suggestions& suggestions, size_t video) const;
  std::optional<CropBox> crop_of(const std::string& stem, const std::filesystem::path& data,
                                 int width, int height) const;
  void stage_pictures(const Suggestions& suggestions, const VideoPlan& plan, StagedFiles& staged,
                      const JobHooks& hooks) const;
  void stage_labels(const Suggestions& suggestions, const VideoPlan& plan,
                    StagedFiles& staged) const;

  ProjectConfig config_;
  std::string config_text_;
};

}  // namespace posse
