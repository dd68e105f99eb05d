/// What `posse info` knows of a member, as a value; and that value as text and as JSON.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "project/project.h"

namespace posse {

/// The variables under one first part of their names, as "resnet_v1_50" or "pose".
struct VariableGroup {
  std::string name;
  int num_variables = 0;
  int64_t num_bytes = 0;
};

/// A snapshot's checkpoint and the network in it.
struct SnapshotInfo {
  std::string format;  ///< what wrote the file: "TensorFlow checkpoint", ...
  int num_shards = 0;
  int num_variables = 0;
  int64_t num_bytes = 0;
  std::vector<VariableGroup> groups;     ///< largest first
  std::vector<std::string> other_types;  ///< types beyond float32, as "int64 (1 variable)"
  std::optional<std::string> network;    ///< as "resnet_50"; nullopt if it cannot be run
  std::string why_no_network;            ///< the reason, else empty
  int num_bodyparts = 0;                 ///< channels of the scoremaps
  bool has_locref = false;
  std::vector<std::string> unused_heads;  ///< heads only training uses
  /// Of PyTorch's tools: what is done to frames in front of the network, by default; empty:
  /// nothing.
  std::string preparation;
};

struct MemberInfo {
  Member member;
  std::vector<std::string> bodyparts;  ///< numbered where no configuration names them
  std::optional<SnapshotInfo> snapshot;
  /// What keeps the member from being run, empty if nothing does: one line per problem.
  std::vector<std::string> problems;
  bool verified = false;              ///< all checksums were asked for and looked at
  std::vector<std::string> notes;     ///< what is worth knowing and not odd
  std::vector<std::string> warnings;  ///< of the member, and where checkpoint and settings differ
};

/// The options that pick a training folder of the member's project, as "--shuffle 2".
std::string option_for(const Member& member, const ModelFolder& folder);

/// Looks into the chosen snapshot; never throws for what is wrong in it: that becomes a problem.
/// @param verify  also read every value and check its checksum.
MemberInfo describe_member(Member member, bool verify);

/// Lines for people, without a line feed at the end.
std::string to_text(const MemberInfo& info);

/// One object: path, name, project, network, bodyparts, snapshot, scorer, decode, variables, frames
/// (of PyTorch's tools), chosen, snapshots, shuffles, warnings, problems; `verified` if asked for.
Json to_json(const MemberInfo& info);

}  // namespace posse
