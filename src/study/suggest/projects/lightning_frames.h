/// Writes frames to label into a project of Lightning Pose, as its app (2025) does.
///
/// Formats by litpose_app/utils/mv_label_file.py, tasks/extract_frames.py and config.py.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "study/suggest/projects/frame_project.h"

namespace posse {

/// For each frame labeled-data/<stem>/img<8 digits>.jpg and those of the two frames before and
/// behind it, and a line with the predictions in CollectedData.unlabeled.jsonl, the queue of the
/// app's labelling page. Of several views (project.yaml's view_names) a frame is written of every
/// view's video, and the lines go into CollectedData_<view>.unlabeled.jsonl. CollectedData itself
/// is never touched.
class LightningFrames : public FrameProject {
 public:
  LightningFrames(const std::filesystem::path& folder, std::filesystem::path data,
                  std::vector<std::string> views)
      : FrameProject(folder), data_(std::move(data)), views_(std::move(views)) {}
  std::string kind() const override { return "Lightning Pose"; }
  std::filesystem::path data_folder() const override { return data_; }
  std::vector<std::string> stage(const Suggestions& suggestions, StagedFiles& staged,
                                 const JobHooks& hooks) const override;

 private:
  struct VideoPlan;
  std::map<std::string, VideoPlan> plan_videos(const Suggestions& suggestions) const;
  void stage_pictures(const VideoPlan& plan, StagedFiles& staged, const JobHooks& hooks) const;
  void stage_queue(const std::string& view, const std::vector<std::string>& lines,
                   const std::vector<std::string>& paths, StagedFiles& staged) const;

  std::filesystem::path data_;
  std::vector<std::string> views_;  ///< empty: one
};

/// nullptr for a folder that is no project of Lightning Pose: without project.yaml and without a
/// CollectedData*.csv of its own. @throws Error(bad_file) for a damaged project.yaml
std::unique_ptr<FrameProject> open_lightning_frames(const std::filesystem::path& folder);

}  // namespace posse
