/// One table from the tables of several networks, as a job.
#pragma once

#include <concepts>
#include <filesystem>
#include <string>
#include <type_traits>
#include <vector>

#include "consensus/keypoint_consensus.h"
#include "run/options.h"
#include "table_jobs/job.h"

namespace posse {

struct ConsensusOptions {
  KeypointConsensusOptions keypoints;
  std::vector<std::string> bodypart_list;
  bool common_bodyparts = false;
  TableFormat format = TableFormat::h5;
  bool force = false;
};

template <class Options, class Visitor>
requires std::same_as<std::remove_const_t<Options>, ConsensusOptions>
void describe(Options& options, const Visitor& visit) {
  visit("method", options.keypoints.method, "METHOD", "how members' keypoints become one");
  visit("min-likelihood", options.keypoints.min_likelihood, "FLOAT",
        "keypoints below count as missing, in [0, 1] (default 0)");
  visit("min-members", options.keypoints.min_members, "N",
        "fewer members: no keypoint (default 1)");
  visit("trim", options.keypoints.trim, "FLOAT",
        "trimmed-mean: share left out at either end (default 0.2)");
  visit("agreement-radius", options.keypoints.agreement_radius, "FLOAT",
        "pixels within which a member agrees (default 10)");
  visit("bodypart-list", options.bodypart_list, "NAME",
        "bodyparts to keep, in this order (default: all)");
  visit("common-bodyparts", options.common_bodyparts, "",
        "keep only bodyparts that every table has");
  visit("format", options.format, "FORMAT", "of tables in DIR");
  visit("force", options.force, "", "replace tables that exist");
}

/// Forms the consensus of the members' tables, frame by frame.
/// @param out  a table (.h5 or .csv), or a folder, where results are named as by posse run; empty:
/// nothing is written
/// @throws Error(usage) for fewer than two tables, targets that exist, a suffix that is not
/// written; Error(interrupted); as read_tables, consensus_of_poses and the writers
JobOutcome<PoseConsensus> run_consensus(const JobInputs& inputs, const std::filesystem::path& out,
                                        const ConsensusOptions& options,
                                        const JobHooks& hooks = {});

}  // namespace posse
