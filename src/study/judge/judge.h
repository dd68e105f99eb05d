/// Judges labelled pictures out of bag: each by the members that were not trained on it.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "ensemble/ensemble.h"
#include "study/judge/judged_frames.h"
#include "study/judge/place_pictures.h"
#include "study/labels/label_set.h"
#include "study/labels/membership.h"
#include "study/members/map_store.h"

namespace posse {

struct JudgeOptions {
  bool allow_training_frames = false;  ///< every member judges every picture
  std::vector<std::filesystem::path> videos;
  std::filesystem::path clips;  ///< group_pictures()
  bool through_time = true;     ///< also the methods that look through time, where videos are there
  int window = 64;              ///< frames to either side of a label that these look at
  std::filesystem::path cache;  ///< default_blob_folder() where empty
};

/// Runs the members over the labelled pictures (once; see MapStore) and forms the consensus of each
/// picture's judges by every method.
///
/// The mean and the median are of the judges' maps, read as by `posse run`. The track and the
/// smoother see the frames around each label in its video, as far as `window`, with one track for
/// each set of judges; overlapping windows are one.
/// @param training  [members] of which none is unknown, unless allow_training_frames
/// @throws Error(shape_mismatch) where labels and networks share no bodypart; Error(usage) where
/// every picture is refused; of the readers and networks
JudgedFrames judge_pictures(const Ensemble& ensemble, const LabelSet& labels,
                            std::span<const MemberTraining> training, const JudgeOptions& options,
                            const JobHooks& hooks);

}  // namespace posse
