/// Judges members that are given as tables of keypoints, whatever tool wrote them, on labelled
/// frames.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/poses.h"
#include "study/judge/judge.h"

namespace posse {

struct MemberTable {
  std::string name;  ///< the file's stem; its folder's name where several have one stem
  Poses poses;
};

/// True where every path is a file of a kind that tables have (.csv, .h5, .hdf5, .slp).
bool are_tables(std::span<const std::filesystem::path> members);

/// @throws as read_pose_table
std::vector<MemberTable> read_member_tables(std::span<const std::filesystem::path> paths);

/// As judge_pictures() without networks: the consensus is the mean and the median of the judges'
/// keypoints. What needs maps is missing: no consensus states a covariance, methods through time do
/// not judge, members' probabilities are NaN.
///
/// A label is joined to the tables' row of its frame, which is the number of its name, or where
/// its picture is found in one of options.videos. A member judges the frames that its table has.
/// @throws Error(shape_mismatch) where labels and tables share no bodypart; Error(usage) for labels
/// of several videos, and where no label's frame is in a table
JudgedFrames judge_tables(std::span<const MemberTable> members, const LabelSet& labels,
                          std::span<const MemberTraining> training, const JudgeOptions& options,
                          const JobHooks& hooks);

}  // namespace posse
