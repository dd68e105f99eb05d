/// Explains, as errors, what is wrong with a path that is no member, or with a member without
/// networks.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "project/locate.h"

namespace posse {

/// The error of a path that is no member.
[[noreturn]] void throw_not_a_member(const std::filesystem::path& path);

/// The error of a training folder without snapshots.
[[noreturn]] void throw_without_snapshots(const MemberLocation& location,
                                          const std::vector<ModelFolder>& others);

/// For messages, as "iteration-0/TaskAug30-trainset95shuffle1 (2 snapshots), ...".
std::string list_model_folder_names(const std::vector<const ModelFolder*>& folders);

}  // namespace posse
