#include "ensemble/open_networks.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/text.h"

namespace posse {
namespace {

/// The same weights under two names count twice in every mean; run at another stride they are a
/// network of their own.
void warn_of_twins(OpenedNetworks& opened) {
  std::map<std::pair<std::string, double>, const MemberNetwork*> seen;
  for (const MemberNetwork& member : opened.members) {
    const auto [first, is_new] =
        seen.emplace(std::pair(member.weights_sha256, member.stride()), &member);
    if (is_new) continue;
    opened.warnings.push_back(
        fmt::format("members '{}' and '{}' are the same network, which counts twice: one seems to "
                    "be a copy of the other",
                    printable(first->second->name), printable(member.name)));
  }
}

/// The newest other snapshot of a member whose files are whole; empty if there is none.
std::string other_whole_snapshot(const Member& member) {
  for (auto other = member.snapshots.rbegin(); other != member.snapshots.rend(); ++other) {
    if (!other->has_data || other->name == member.snapshot.name) continue;
    try {
      open_weights(other->prefix)->check_files();
      return other->name;
    } catch (const Error&) {  // no better than the chosen one
      continue;
    }
  }
  return "";
}

/// @throws Error as WeightSource::check_files, naming a whole snapshot if the member has one.
void check_files(const MemberNetwork& network) {
  try {
    network.weights->check_files();
  } catch (const Error& error) {
    const std::string whole = printable(other_whole_snapshot(network.member));
    if (whole.empty()) throw;
    throw Error(error.kind(), error.message(),
                {.have = whole,
                 .hint = fmt::format("copy the file again from where the network was trained, or "
                                     "take another snapshot: --snapshot {}",
                                     whole)});
  }
}

/// Gives members' bodyparts the names of options.bodypart_map.
/// @throws Error(usage) for an old name that no member has
void rename_bodyparts(const EnsembleOptions& options, std::vector<MemberNetwork>& members) {
  for (const auto& [old_name, new_name] : parse_bodypart_map(options.bodypart_map)) {
    bool found = false;
    std::vector<std::string> names;
    for (MemberNetwork& member : members) {
      for (std::string& name : member.bodyparts) {
        names.push_back(name);
        if (name != old_name) continue;
        name = new_name;
        found = true;
      }
    }
    if (found) continue;
    throw Error(ErrorKind::usage,
                fmt::format("bodypart-map: no member has a bodypart '{}'", printable(old_name)),
                {.have = list_names(nearest_names(old_name, names))});
  }
}

}  // namespace

OpenedNetworks open_networks(std::span<const std::filesystem::path> paths,
                             const EnsembleOptions& options) {
  FoundMembers found = find_members(paths, {.snapshot = options.snapshot,
                                            .shuffle = options.shuffle,
                                            .training_set_index = options.training_set_index,
                                            .iteration = options.iteration,
                                            .skip_broken = options.skip_broken_members});
  OpenedNetworks opened{.members = {}, .warnings = std::move(found.warnings)};
  std::optional<Error> first_failure;
  for (const Member& member : found.members) {
    try {
      require_data(member);
      MemberNetwork network = open_network(member, options);
      check_files(network);
      opened.members.push_back(std::move(network));
    } catch (const Error& error) {
      if (!options.skip_broken_members || error.kind() == ErrorKind::usage) throw;
      if (!first_failure) first_failure = error;
      opened.warnings.push_back(
          fmt::format("member '{}' is left out: {}", printable(member.name), error.message()));
    }
  }
  if (opened.members.empty()) throw *first_failure;
  rename_bodyparts(options, opened.members);
  warn_of_twins(opened);
  const bool over_batch =
      std::any_of(opened.members.begin(), opened.members.end(), [](const MemberNetwork& member) {
        return member.spec.batch_norm_mode == BatchNormMode::batch;
      });
  if (options.batch_norm.num_frames > 1 && !over_batch) {
    opened.warnings.push_back(
        fmt::format("batch norm over {} frames changes nothing: no member is a MobileNet",
                    options.batch_norm.num_frames));
  }
  return opened;
}

}  // namespace posse
