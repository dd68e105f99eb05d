/// Plans a run: lists what it would read, compute and write, for --dry-run, for the run itself and
/// for Python.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "ensemble/ensemble.h"
#include "run/consensus_choice.h"
#include "run/input_identity.h"
#include "run/journal.h"
#include "run/options.h"
#include "run/result_paths.h"
#include "run/run_record.h"
#include "video/video_reader.h"

namespace posse {

struct PlannedOutput {
  std::string name;
  std::vector<std::filesystem::path> files;
  double bytes_per_frame = 0;  ///< estimated
  bool is_there = false;       ///< made by an earlier run, and nothing it depends on has changed
  std::string why_not;         ///< why its files cannot be written; empty if they can
};

struct RunPlan {
  VideoInfo video;
  ResultPaths paths;
  /// As EnsembleRun::whole_pictures.
  bool whole_pictures = false;
  /// Boxes of RunOptions::bbox.
  std::optional<FrameBoxes> boxes;
  InputIdentity input;
  ChosenConsensus consensus;
  JournalKey key;
  /// Description of the stages between journal and outputs.
  std::string stages;
  /// Outputs in the order in which they are made.
  std::vector<PlannedOutput> outputs;
  /// What run.json says of an earlier run.
  std::optional<RecordedRun> recorded;
  /// State of the journal; not looked at if everything is there already.
  JournalState journal;
  /// Files of another run that these results take the place of and do not overwrite: they are
  /// removed, since the folder holds the recording once. What a record lists elsewhere is left.
  std::vector<std::filesystem::path> replaced;
  /// What the reader warns of before a frame is decoded, as the run does.
  std::vector<std::string> warnings;
  /// What was found and how it is taken, a sentence each.
  std::vector<std::string> notes;
  /// Number of frames, by the journal if it is complete, else by the container's count; 0 if
  /// unknown.
  int64_t num_frames = 0;
  /// Everything is there: the run would be skipped.
  bool finished_already = false;
  /// False: all frames are in the journal.
  bool needs_networks = true;

  /// Frames that need not be computed: those in the journal.
  int64_t num_resumable() const { return journal.num_frames; }
  /// All files of a finished run, run.json last.
  std::vector<std::filesystem::path> files() const;
  /// Estimated size of what is still to be written, journal included; 0 if the number of frames is
  /// unknown.
  double disk_bytes() const;
};

/// What is known of a video without opening it: of one that a plan for many machines lists.
struct KnownVideo {
  VideoInfo info;
  InputIdentity input;
  std::vector<std::string> warnings;  ///< of the reader, before the first frame
  bool is_labelled_pictures = false;  ///< a folder of them (holds_labelled_pictures)
};

/// Looks at the video, the options and the results folder; writes nothing and loads no network.
/// @throws Error as open_video; Error(invalid_value) for a range that is none; Error(usage) if the
/// folder holds results of another run and options.force is not set, and for options of a track
/// where none is made; Error(unsupported) for those of a later version; Error(io) if the run's
/// folder cannot be written; what an output's check() finds; as Ensemble::check_frame
RunPlan plan_run(const Ensemble& ensemble, const std::filesystem::path& video,
                 const std::filesystem::path& out, const RunOptions& options);
/// The same for a video that need not be there any more.
RunPlan plan_run(const Ensemble& ensemble, const KnownVideo& known,
                 const std::filesystem::path& out, const RunOptions& options);

/// The part of a plan that decides the frames, for a machine that computes a piece of them: without
/// the results folder, its outputs and its journal. options.consensus is not automatic.
/// @throws Error as plan_run, but for results
RunPlan plan_frames(const Ensemble& ensemble, const KnownVideo& known,
                    const std::filesystem::path& out, const RunOptions& options);

/// What plan_run asks of a video, and the hash of its file.
/// @param earlier  as identify_input
/// @throws Error as open_video and identify_input
KnownVideo look_at_video(const std::filesystem::path& video,
                         const std::optional<InputIdentity>& earlier = std::nullopt);

/// What the rest of a plan would cost; zeros where that is unknown or nothing would be run.
struct RunEstimate {
  double seconds = 0;  ///< of the networks
  double frames_per_second = 0;
  int64_t memory_bytes = 0;
  double disk_bytes = 0;
  std::optional<double> disk_room;  ///< bytes that are free where the run's folder is to be
};

/// The boxes that frames of this video are cut to; nullopt without options.bbox.
/// @throws Error as read_frame_boxes and Ensemble::check_boxes; Error(bad_file) for fewer boxes
/// than frames where the video says how many it has
std::optional<FrameBoxes> boxes_for(const Ensemble& ensemble, const std::filesystem::path& video,
                                    const VideoInfo& info, const RunOptions& options);

/// Loads the networks and measures them on a few blank frames, unless the plan needs none.
RunEstimate estimate_run(Ensemble& ensemble, const RunPlan& plan);

/// True for labelled pictures (holds_labelled_pictures) where members cut frames: they were cut
/// when they were extracted, and are run whole.
bool runs_on_whole_pictures(const Ensemble& ensemble, const std::filesystem::path& video,
                            const VideoInfo& info);

/// Frames of the range by the container's count; nullopt where that is unknown.
std::optional<int64_t> expected_frames(const VideoInfo& info, const FrameRange& range);

}  // namespace posse
