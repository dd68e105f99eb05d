/// Finds and opens all networks of an ensemble, and warns of what is odd about them as a set.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "ensemble/member_network.h"
#include "ensemble/options.h"

namespace posse {

struct OpenedNetworks {
  std::vector<MemberNetwork> members;  ///< at least one
  std::vector<std::string> warnings;   ///< as Ensemble::warnings()
};

/// Finds and opens every member; nothing is loaded yet, but every file a member needs must be there
/// in full length.
/// @throws Error as find_members, require_data, open_network and TensorFlowCheckpoint::check_files;
/// with options.skip_broken_members only if no member is left.
OpenedNetworks open_networks(std::span<const std::filesystem::path> paths,
                             const EnsembleOptions& options);

}  // namespace posse
