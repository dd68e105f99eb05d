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

namespace posse {

enum class TableFormat { h5, csv, both };
/// What follows the networks: nothing, the ensemble Kalman smoother, or its filter that does not
/// look ahead.
enum class SmoothChoice { off, kalman, causal };

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
  ConsensusMethod consensus = ConsensusMethod::mean;
  FrameRange frames;
  TableFormat format = TableFormat::h5;
  bool save_members = false;
  bool wide_csv = false;
  SmoothChoice smooth = SmoothChoice::off;
  bool labeled_video = false;
  std::string extras;  ///< folder of the further tables; empty: "extras" in the results' folder
  bool keep_journal = true;
  bool force = false;
};

template <class Options, class Visitor>
requires std::same_as<std::remove_const_t<Options>, RunOptions>
void describe(Options& options, const Visitor& visit) {
  visit("consensus", options.consensus, "METHOD", "of the members' probability maps");
  visit("frames", options.frames, "A:B:STEP",
        "frames to use, counted from 0, B excluded (default: all)");
  visit("format", options.format, "FORMAT", "of the pose tables");
  visit("save-members", options.save_members, "", "write each member's own table too");
  visit("wide-csv", options.wide_csv, "",
        "write poses and uncertainty as a csv with the columns of eks too");
  visit("smooth", options.smooth, "METHOD",
        "also write the members' smoothed track with its variance");
  visit("labeled-video", options.labeled_video, "",
        "write a video with members, consensus and uncertainty drawn in");
  visit(
      "extras", options.extras, "DIR",
      "where members', smoothed, wide and second tables go (default: the folder extras in --out)");
  visit("keep-journal", options.keep_journal, "on|off",
        "keep the frames as they were computed, so that further results need no network (default "
        "on)");
  visit("force", options.force, "",
        "overwrite results that were made with other options or inputs");
}

}  // namespace posse
