/// Options of a run over videos: declared once; the command line, Python and docs/cli.md are made
/// from describe().
#pragma once

#include <array>
#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/enum_names.h"
#include "base/frame_range.h"
#include "consensus/log_odds.h"
#include "consensus/track/track_choices.h"

namespace posse {

/// How the members become one: the mean or median of their maps frame by frame, or the track
/// through the maps of all frames.
enum class RunConsensus { mean, median, track };
/// What a run is asked for; automatic: see choose_consensus().
enum class ConsensusChoice { automatic, mean, median, track };
enum class TableFormat { h5, csv, both };
/// What follows the networks: nothing, the ensemble Kalman smoother, or its filter that does not
/// look ahead.
enum class SmoothChoice { off, kalman, causal };

template <>
struct EnumNames<RunConsensus> {
  static constexpr std::array<std::pair<std::string_view, RunConsensus>, 3> kNames{
      {{"mean", RunConsensus::mean},
       {"median", RunConsensus::median},
       {"track", RunConsensus::track}}};
};
template <>
struct EnumNames<ConsensusChoice> {
  static constexpr std::array<std::pair<std::string_view, ConsensusChoice>, 4> kNames{
      {{"auto", ConsensusChoice::automatic},
       {"mean", ConsensusChoice::mean},
       {"median", ConsensusChoice::median},
       {"track", ConsensusChoice::track}}};
};
/// @param choice  not automatic
constexpr RunConsensus consensus_named(ConsensusChoice choice) {
  return choice == ConsensusChoice::track    ? RunConsensus::track
         : choice == ConsensusChoice::median ? RunConsensus::median
                                             : RunConsensus::mean;
}
constexpr ConsensusChoice choice_of(RunConsensus consensus) {
  return consensus == RunConsensus::track    ? ConsensusChoice::track
         : consensus == RunConsensus::median ? ConsensusChoice::median
                                             : ConsensusChoice::mean;
}
/// What is computed while the networks run: the mean where a track follows.
constexpr ConsensusMethod map_method(RunConsensus consensus) {
  return consensus == RunConsensus::median ? ConsensusMethod::median : ConsensusMethod::mean;
}
constexpr RunConsensus consensus_named(ConsensusMethod method) {
  return method == ConsensusMethod::median ? RunConsensus::median : RunConsensus::mean;
}
template <>
struct EnumNames<TableFormat> {
  static constexpr std::array<std::pair<std::string_view, TableFormat>, 3> kNames{
      {{"h5", TableFormat::h5}, {"csv", TableFormat::csv}, {"both", TableFormat::both}}};
};
template <>
struct EnumNames<SmoothChoice> {
  static constexpr std::array<std::pair<std::string_view, SmoothChoice>, 3> kNames{
      {{"off", SmoothChoice::off},
       {"kalman", SmoothChoice::kalman},
       {"causal", SmoothChoice::causal}}};
};

/// What is computed for each video, and what is written.
struct RunOptions {
  ConsensusChoice consensus = ConsensusChoice::automatic;
  FrameRange frames;
  /// Table of boxes, or a folder with one for each video; empty: none.
  std::string bbox;
  TableFormat format = TableFormat::h5;
  bool save_members = false;
  bool wide_csv = false;
  SmoothChoice smooth = SmoothChoice::off;
  bool labeled_video = false;
  /// Name of a member: the consensus once more as a table that DeepLabCut takes for that member's
  /// own; empty: none.
  std::string as_member;
  /// Write members' tables in Lightning Pose's model folders too.
  bool video_preds = false;
  /// Folder of the further tables; empty: <out>-extras beside <out>.
  std::string extras;
  TrackChoices track;
  bool keep_evidence = false;
  /// File of a calibration; empty: none.
  std::string calibration;
  /// Radius in px, above 0.
  double radius = 5;
  bool force_calibration = false;
  bool keep_journal = true;
  bool force = false;
};

template <class Options, class Visitor>
requires std::same_as<std::remove_const_t<Options>, RunOptions>
void describe(Options& options, const Visitor& visit) {
  visit(
      "consensus", options.consensus, "METHOD",
      "way of making one pose from the members: mean or median of their probability maps frame by "
      "frame, or track through the maps of all frames; auto: track for a video with three members "
      "or more, else mean, unless results that are there or --calibration ask for another");
  describe_track(options.track, visit);
  visit("keep-evidence", options.keep_evidence, "",
        "store what a track needs in the journal with any consensus, so that --consensus track "
        "needs no network later");
  visit("calibration", options.calibration, "FILE",
        "use this calibration.json of posse calibrate: the .h5 then holds calibrated covariance, "
        "radius90 and likelihood_calibrated too");
  visit("radius", options.radius, "PX",
        "distance for --calibration: likelihood_calibrated is the chance that the truth lies "
        "within it (default 5)");
  visit("force-calibration", options.force_calibration, "",
        "use a calibration that was made for other networks or another rule, and mark the results");
  visit("frames", options.frames, "A:B:STEP",
        "frames to use, counted from 0, B excluded (default: all)");
  visit("bbox", options.bbox, "FILE",
        "cut frames for Lightning Pose members to the boxes in this table (columns x, y, h and w, "
        "one row a frame), or in a folder that holds VIDEO_bbox.csv for each video");
  visit("format", options.format, "FORMAT", "format of the pose tables");
  visit("save-members", options.save_members, "", "write each member's own table too");
  visit("wide-csv", options.wide_csv, "",
        "write poses and uncertainty as a csv with the columns of eks too");
  visit("smooth", options.smooth, "METHOD",
        "write the members' points smoothed by a Kalman smoother, with their variance, too: kalman "
        "looks both ways in time, causal only back");
  visit("labeled-video", options.labeled_video, "",
        "write a video with members, consensus and uncertainty drawn in");
  visit("as-member", options.as_member, "NAME",
        "write the consensus once more under the names by which DeepLabCut looks for this member's "
        "tables, into a folder to give it as destfolder");
  visit("video-preds", options.video_preds, "",
        "write the tables of Lightning Pose's members into their model folders too, as "
        "MODEL/video_preds/VIDEO.csv, where its viewer finds them");
  visit("extras", options.extras, "DIR",
        "folder for further tables: members', smoothed, wide, and those of a second format "
        "(default: beside --out, as posse-results-extras)");
  visit("keep-journal", options.keep_journal, "on|off",
        "keep the computed frames, so that further results need no network (default on)");
  visit("force", options.force, "",
        "overwrite results that were made with other options or inputs, and remove those of them "
        "that this run does not make");
}

}  // namespace posse
