/// What DeepLabCut's labelled-video and outlier tools ask for beside each table of a run.
#pragma once

#include <filesystem>
#include <string>

#include "ensemble/member_network.h"
#include "run/run_setting.h"

namespace posse {

/// Writes "<stem><scorer>_meta.pickle" for a table of a run, with iteration, training fraction and
/// configuration of `member`: for a member's own table itself, for the consensus the first.
/// @throws Error(io)
void write_run_meta(const std::filesystem::path& path, const std::string& scorer,
                    const RunSetting& setting, const MemberNetwork& member, int64_t num_frames);

}  // namespace posse
