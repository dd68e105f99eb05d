/// The interface of people's labelling projects, into which frames to label are written.
///
/// To add another tool's project: a class here, told from the others in open_frame_project().
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/job_hooks.h"
#include "base/staged_files.h"
#include "study/suggest/suggest.h"

namespace posse {

/// A project that frames can be written into, with their pictures and predictions.
class FrameProject {
 public:
  explicit FrameProject(std::filesystem::path folder) : folder_(std::move(folder)) {}
  virtual ~FrameProject() = default;
  FrameProject(const FrameProject&) = delete;
  FrameProject& operator=(const FrameProject&) = delete;

  /// "DeepLabCut", "Lightning Pose"
  virtual std::string kind() const = 0;
  /// Below which labeled-data lies.
  virtual std::filesystem::path data_folder() const { return folder_; }
  const std::filesystem::path& folder() const { return folder_; }
  /// The frames that labeled-data has pictures of.
  std::vector<PicturesThere> pictures() const;

  /// Writes what the frames need beside their places; the project stays as it is until
  /// staged.commit().
  /// @return sentences on what was odd
  /// @throws Error(unsupported, bad_file) for a project that is not understood, naming the file;
  /// Error(not_found) for a video that is not there; Error(io); Error(interrupted)
  virtual std::vector<std::string> stage(const Suggestions& suggestions, StagedFiles& staged,
                                         const JobHooks& hooks) const = 0;

 private:
  std::filesystem::path folder_;
};

/// @throws Error(not_found) where there is none; Error(unsupported) for what is no project of
/// DeepLabCut or Lightning Pose
std::unique_ptr<FrameProject> open_frame_project(const std::filesystem::path& folder);

/// Width of the number in the pictures' names, "img0123.png": what the folder has most of; 0: none.
size_t number_width_in(const std::filesystem::path& folder);

/// A place for every bodypart, within a picture of this size: the consensus; where it is missing
/// the members' median; where they are too, the middle of the picture with likelihood 0. What lies
/// outside is moved to the border.
/// @param names  bodyparts that are wanted; those that are not among `bodyparts` lie in the middle
std::vector<Keypoint> placed_points(const Suggestion& suggestion,
                                    const std::vector<std::string>& bodyparts,
                                    const std::vector<std::string>& names, double left, double top,
                                    int width, int height);

}  // namespace posse
