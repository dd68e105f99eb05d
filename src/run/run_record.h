/// run.json: what was run, on what, with what; written beside the results when they are complete.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "run/input_identity.h"
#include "run/run_video.h"

namespace posse {

/// 64 hexadecimal digits over everything that decides the numbers: video, snapshots, options, the
/// version of the results.
std::string fingerprint_of(const Ensemble& ensemble, const InputIdentity& video,
                           const RunOptions& options);

/// The fingerprint and video identity in an existing run.json; nullopt if there is none or it
/// cannot be understood. @throws Error(unsupported) for the record of a later version.
struct RecordedRun {
  std::string fingerprint;
  InputIdentity video;
  int64_t num_frames = 0;
  std::vector<std::string> files;  ///< names relative to the folder
};
std::optional<RecordedRun> read_run_record(const std::filesystem::path& record);

/// The most memory this process has held so far.
int64_t peak_memory_bytes();

void write_run_record(const Ensemble& ensemble, const RunOptions& options,
                      const RunOutcome& outcome, const InputIdentity& video, const VideoInfo& info,
                      const VideoReport& report, const std::string& fingerprint);

}  // namespace posse
