/// An experiment with many networks: what each says of frames whose truth is known. Arrays, no
/// files.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/point.h"
#include "base/poses.h"
#include "study/experiments/influence.h"

namespace posse {

struct ExperimentFrame {
  std::string name;               ///< "labeled-data/v/img07.png", "frame 7"
  std::optional<int64_t> number;  ///< of its video
  int64_t group = 0;              ///< that intervals draw
  bool is_test = false;           ///< no member was trained on it
};

struct ExperimentMember {
  std::string name;
  size_t group = 0;  ///< into Experiment::groups
  std::optional<int64_t> seed;
  size_t num_training = 0;  ///< frames that it was trained on
  size_t unit = 0;          ///< equal for members that were trained on the same frames
};

struct ExperimentGroup {
  std::string name;
  std::vector<size_t> members;
  std::vector<Keypoint> mean, median;  ///< [frames, bodyparts] consensus of its members
};

/// A picture that at least one member was trained on.
struct TrainingFrame {
  std::string name;
  std::optional<size_t> frame;  ///< into Experiment::frames, where its truth is known
  std::vector<char> included;   ///< [members]
};

struct Experiment {
  std::vector<std::string> bodyparts;
  std::vector<ExperimentFrame> frames;
  std::vector<ExperimentMember> members;
  std::vector<ExperimentGroup> groups;
  std::vector<TrainingFrame> training;
  std::vector<Point> truth;               ///< [frames, bodyparts]; NaN where not known
  std::vector<Keypoint> keypoints;        ///< [members, frames, bodyparts]
  std::vector<double> confidence, share;  ///< [members, frames, bodyparts]; empty for tables
  bool over_time = false;                 ///< as PictureGroups::over_time

  size_t num_places() const { return frames.size() * bodyparts.size(); }
};

/// Distances in pixels of every member at every place; NaN without a point on either side.
MemberValues distances_of(const Experiment& experiment);

/// Errors over test frames of one member or one consensus.
struct ErrorFigures {
  size_t num_points = 0, num_missed = 0;
  double rmse = 0;    ///< sqrt(mean d^2) over points; NaN without any
  Interval interval;  ///< over groups of frames
  double median = 0;
  double summed_rmse = 0;  ///< the original's: sqrt(mean over frames of the sum over bodyparts)
  std::vector<double> bodyparts;  ///< [bodyparts] rmse
};

/// @param keypoints  [frames, bodyparts]
/// @param strict  a NaN within the test frames makes summed_rmse NaN, as the original has it;
/// else frames that are not whole are left out of it
ErrorFigures error_figures(const Experiment& experiment, const Keypoint* keypoints, bool strict);

}  // namespace posse
