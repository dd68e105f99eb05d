/// The job that makes one table from the tables of several networks.
#pragma once

#include <concepts>
#include <filesystem>
#include <string>
#include <type_traits>
#include <vector>

#include "consensus/track/track_choices.h"
#include "run/options.h"
#include "table_jobs/job.h"
#include "table_jobs/table_consensus.h"

namespace posse {

struct ConsensusJobOptions {
  TableMethod method = TableMethod::median;
  KeypointConsensusOptions keypoints;  ///< its method is not looked at
  TrackChoices track;
  double cell = 0;  ///< px; 0: found
  std::vector<std::string> bodypart_list;
  bool common_bodyparts = false;
  TableFormat format = TableFormat::h5;
  bool force = false;
};

template <class Options, class Visitor>
requires std::same_as<std::remove_const_t<Options>, ConsensusJobOptions>
void describe(Options& options, const Visitor& visit) {
  visit(
      "method", options.method, "METHOD",
      "way of making one keypoint from the members': frame by frame, or track through all frames");
  visit("min-likelihood", options.keypoints.min_likelihood, "FLOAT",
        "count keypoints with a lower likelihood as missing, in [0, 1] (default 0)");
  visit("min-members", options.keypoints.min_members, "N",
        "number of members that a keypoint needs; with fewer it is missing (default 1)");
  visit("trim", options.keypoints.trim, "FLOAT",
        "share that trimmed-mean leaves out at either end (default 0.2)");
  visit("agreement-radius", options.keypoints.agreement_radius, "FLOAT",
        "distance in pixels from the consensus within which a member counts as agreeing (default "
        "10)");
  describe_track(options.track, visit);
  visit("cell", options.cell, "PX",
        "width of a cell of the track: members within 2.5 cells are at one place, and a step of a "
        "frame is 1.5 cells; for a track only (default 0: as wide as members agree, at least 8)");
  visit("bodypart-list", options.bodypart_list, "NAME",
        "bodyparts to keep, in this order (default: all)");
  visit("common-bodyparts", options.common_bodyparts, "",
        "keep only the bodyparts that every table has");
  visit("format", options.format, "FORMAT", "format of the tables in a folder");
  visit("force", options.force, "", "replace tables that exist");
}

/// Forms the consensus of the members' tables, frame by frame or as a track.
///
/// In a track a keypoint below min_likelihood is missing, min_members and trim say nothing. Its
/// covariance is that of the members' points at the track's place, num_agreeing counts all members'
/// points near the position.
/// @param out  a table (.h5 or .csv), or a folder, where results are named as by posse run; empty:
/// nothing is written
/// @throws Error(usage) for fewer than two tables (one is enough for a track), targets that exist,
/// options that say nothing of the method,
/// a suffix that is not written; Error(interrupted); as read_tables, consensus_of_poses and the
/// writers
JobOutcome<TableConsensus> run_consensus(const JobInputs& inputs, const std::filesystem::path& out,
                                         const ConsensusJobOptions& options,
                                         const JobHooks& hooks = {});

}  // namespace posse
