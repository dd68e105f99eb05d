/// Writes the consensus of tables as `posse run` writes the consensus of networks.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "table_jobs/table_consensus.h"

namespace posse {

/// What went into a consensus.
struct ConsensusSources {
  std::vector<std::string> names;  ///< [members], without suffix
  std::span<const Poses> members;  ///< [members], aligned
  TableMethod method = TableMethod::median;
};

/// The scorer of the table, as "DLC_posseMedian_3members".
std::string consensus_scorer(const ConsensusSources& sources);

/// What the results are called: the video's stem if the files carry DeepLabCut's names and agree on
/// it, else what their names begin with in common, else "consensus".
std::string common_stem(std::span<const std::filesystem::path> files);

/// Writes one table, .csv or .h5. An .h5 also holds, under /posse: members_std [frames, bodyparts,
/// xy] in px, members_covariance [frames, bodyparts, xx_xy_yy] in px², num_members and num_agreeing
/// [frames, bodyparts], member_distance [frames, members, bodyparts] in px, and of a track what
/// track_arrays says; see docs/results.md.
/// @throws Error(io) and what table writers refuse
void write_consensus_table(const std::filesystem::path& path, const TableConsensus& consensus,
                           const ConsensusSources& sources);

}  // namespace posse
