/// Writes what DeepLabCut's labelled-video and outlier tools ask for beside each table of a run.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "ensemble/member_network.h"
#include "run/run_setting.h"

namespace posse {

/// Writes "<stem><scorer>_meta.pickle" for a table of a run, with iteration, training fraction and
/// configuration of `member`: for a member's own table itself, for the consensus the first.
/// @param crop  what the points' frames were cut to; nullopt: points are those of the whole frame
/// @throws Error(io)
void write_run_meta(const std::filesystem::path& path, const std::string& scorer,
                    const RunSetting& setting, const MemberNetwork& member, int64_t num_frames,
                    const std::optional<CropBox>& crop = std::nullopt);

}  // namespace posse
