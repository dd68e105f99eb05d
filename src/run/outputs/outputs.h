/// Makes the outputs of a run, one function for each kind of result file; the recipe for another is
/// in run/output.h.
#pragma once

#include <memory>
#include <vector>

#include "results/table/pose_table.h"
#include "run/output.h"
#include "run/run_setting.h"

namespace posse {

/// All that the options of a run ask for; no file is opened. The setting must outlive the outputs.
std::vector<std::unique_ptr<RunOutput>> make_outputs(const RunSetting& setting);

/// The consensus as .h5 or .csv. The .h5 holds beside the plain table, under /posse: time_seconds,
/// members_std (per-axis standard deviation of the members' keypoints), map_covariance (of the
/// consensus map), num_members and member_distance; docs/results.md describes them.
/// @param suffix  ".h5" or ".csv"
/// @param is_second  the table is there in another format already
std::unique_ptr<RunOutput> make_consensus_table(const RunSetting& setting,
                                                const std::string& suffix, bool is_second);

/// What DeepLabCut's labelled-video and outlier tools ask for.
std::unique_ptr<RunOutput> make_meta_pickle(const RunSetting& setting);

/// The table of member `m`, and its `_meta.pickle`. @param suffix, is_second  as above
std::unique_ptr<RunOutput> make_member_table(const RunSetting& setting, size_t m,
                                             const std::string& suffix, bool is_second);

/// The consensus and its `_meta.pickle` under the names by which DeepLabCut looks for the tables of
/// the member options.as_member, in coordinates of the picture that member's project cuts frames
/// to. check() refuses folders inside the project, and to replace a table of another program.
/// @throws Error(usage) if no member has that name; as scorer_sought_by_deeplabcut()
std::unique_ptr<RunOutput> make_member_guise(const RunSetting& setting);

/// The tables of Lightning Pose's members in their own model folders, as the tool names and writes
/// them: its viewer finds them there. check() refuses to replace a table of the tool itself.
/// @throws Error(usage) if no member is a model of Lightning Pose
std::vector<std::unique_ptr<RunOutput>> make_video_preds(const RunSetting& setting);

/// The consensus with its uncertainty in the columns of eks.
std::unique_ptr<RunOutput> make_wide_table(const RunSetting& setting);

/// The members' track smoothed: by the ensemble Kalman smoother with tuned s (kalman), or by its
/// filter with the default s (causal).
///
/// The smoother needs all frames at once: 24 bytes per member, bodypart and frame, and about as
/// much again. The filter takes constant memory. Frames left out are steps of prediction. A single
/// member gives variances from its likelihood.
std::unique_ptr<RunOutput> make_smoothed_table(const RunSetting& setting);

/// Members, consensus and uncertainty drawn into the frames: the video is decoded again. Same size
/// and presentation times as the input; frames without results (outside the range) are left out.
std::unique_ptr<RunOutput> make_labeled_video(const RunSetting& setting);

/// Suffixes of the tables' files, as the option says.
std::vector<std::string> table_suffixes(TableFormat format);

}  // namespace posse
