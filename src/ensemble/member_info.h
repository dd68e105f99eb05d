/// Collects what `posse info` shows of a member, and formats it as text and as JSON.
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
  /// What wrote the file: "TensorFlow checkpoint", ...
  std::string format;
  int num_shards = 0;
  int num_variables = 0;
  int64_t num_bytes = 0;
  /// Groups of variables, largest first.
  std::vector<VariableGroup> groups;
  /// Types beyond float32, as "int64 (1 variable)".
  std::vector<std::string> other_types;
  /// The network's name, as "resnet_50"; nullopt if it cannot be run.
  std::optional<std::string> network;
  /// Why it cannot be run, else empty.
  std::string why_no_network;
  /// Channels of the scoremaps.
  int num_bodyparts = 0;
  bool has_locref = false;
  /// Heads that only training uses.
  std::vector<std::string> unused_heads;
  /// Of PyTorch's tools: what is done to frames in front of the network, by default; empty:
  /// nothing.
  std::string preparation;
};

struct MemberInfo {
  Member member;
  /// Names; numbered where no configuration names them.
  std::vector<std::string> bodyparts;
  std::optional<SnapshotInfo> snapshot;
  /// What keeps the member from being run, empty if nothing does: one line per problem.
  std::vector<std::string> problems;
  /// True: all checksums were asked for and looked at.
  bool verified = false;
  /// What is worth knowing and not odd.
  std::vector<std::string> notes;
  /// Warnings of the member, and where checkpoint and settings differ.
  std::vector<std::string> warnings;
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
