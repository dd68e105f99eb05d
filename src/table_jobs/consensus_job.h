/// One table from the tables of several networks, as a job.
#pragma once

#include <concepts>
#include <filesystem>
#include <string>
#include <type_traits>
#include <vector>

#include "run/options.h"
#include "table_jobs/job.h"
#include "table_jobs/table_consensus.h"

namespace posse {

struct ConsensusJobOptions {
  TableMethod method = TableMethod::median;
  KeypointConsensusOptions keypoints;  ///< its method is not looked at
  std::string look_alike = "auto";     ///< "auto", "none", or "paw1,paw2;ear1,ear2"
  std::string same_x;                  ///< "paw_top,paw_bottom;..." or empty
  std::string same_y;                  ///< likewise
  bool track_smooth = true;
  int track_lag = 64;     ///< frames looked ahead; 0: none
  double cell = 0;        ///< px; 0: found
  double hide_below = 0;  ///< in [0, 1]
  std::vector<std::string> bodypart_list;
  bool common_bodyparts = false;
  TableFormat format = TableFormat::h5;
  bool force = false;
};

template <class Options, class Visitor>
requires std::same_as<std::remove_const_t<Options>, ConsensusJobOptions>
void describe(Options& options, const Visitor& visit) {
  visit("method", options.method, "METHOD",
        "how members' keypoints become one: frame by frame, or as a track through all frames");
  visit("min-likelihood", options.keypoints.min_likelihood, "FLOAT",
        "keypoints below count as missing, in [0, 1] (default 0)");
  visit("min-members", options.keypoints.min_members, "N",
        "fewer members: no keypoint (default 1)");
  visit("trim", options.keypoints.trim, "FLOAT",
        "trimmed-mean: share left out at either end (default 0.2)");
  visit("agreement-radius", options.keypoints.agreement_radius, "FLOAT",
        "pixels within which a member agrees (default 10)");
  visit("look-alike", options.look_alike, "GROUPS",
        "track: bodyparts that look alike, as 'paw1,paw2;ear1,ear2', none, or auto: found from the "
        "tables (default auto)");
  visit(
      "same-x", options.same_x, "GROUPS",
      "track: bodyparts that are one seen from several sides, by mirrors that show it at the same "
      "x, as 'paw_top,paw_bottom;...'");
  visit("same-y", options.same_y, "GROUPS", "track: the same at the same y");
  visit("track-smooth", options.track_smooth, "on|off",
        "track: smooth the members' keypoints at the track (default on)");
  visit("track-lag", options.track_lag, "N",
        "track: frames that are looked ahead; 0 looks at the past alone, which is worse (default "
        "64)");
  visit("cell", options.cell, "PX",
        "track: members within 2.5 of this are at one place, and a step is 1.5 of it; 0: as wide "
        "as members agree, at least 8 (default 0)");
  visit("hide-below", options.hide_below, "P",
        "track: keypoints whose chance of being seen is below are missing, in [0, 1] (default 0: "
        "all are written)");
  visit("bodypart-list", options.bodypart_list, "NAME",
        "bodyparts to keep, in this order (default: all)");
  visit("common-bodyparts", options.common_bodyparts, "",
        "keep only bodyparts that every table has");
  visit("format", options.format, "FORMAT", "of tables in DIR");
  visit("force", options.force, "", "replace tables that exist");
}

/// Forms the consensus of the members' tables, frame by frame or as a track.
///
/// In a track a keypoint below min_likelihood is missing, min_members and trim do not matter. Its
/// covariance is that of the members' points at the track's place, num_agreeing counts all members'
/// points near the position.
/// @param out  a table (.h5 or .csv), or a folder, where results are named as by posse run; empty:
/// nothing is written
/// @throws Error(usage) for fewer than two tables (one is enough for a track), targets that exist,
/// a suffix that is not written; Error(interrupted); as read_tables, consensus_of_poses and the
/// writers
JobOutcome<TableConsensus> run_consensus(const JobInputs& inputs, const std::filesystem::path& out,
                                         const ConsensusJobOptions& options,
                                         const JobHooks& hooks = {});

}  // namespace posse
