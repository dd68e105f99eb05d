/// The layout of the directory in which many machines do one run.
///
///     RUN/plan.json                                     what is to be done (run_plan_file.h)
///     RUN/units/<video id>/<begin>-<end>.<key>.unit     frames that are done: sealed journals
///     RUN/units/<video id>/<begin>-<end>.<key>....part  being computed, or left by an ended worker
///     RUN/units/<video id>/<begin>-<end>.<key>.claim    the same file as the .part at work
///     RUN/failed/<video id>.<begin>-<end>.<key>.json    last error of a unit
///     RUN/damaged/<video id>                            an empty file: frames of it are damaged
///     RUN/results/<video stem>/...                      as posse run --out RUN/results writes them
///     RUN/report.json                                   of the last posse finish
///     RUN/slurm/...                                     what posse submit wrote
/// Frames of a damaged video are all read from the range's start.
/// What is done is what valid unit files there are; nothing else counts.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace posse {

struct RunDirectory {
  std::filesystem::path root;

  std::filesystem::path plan() const { return root / "plan.json"; }
  std::filesystem::path units(const std::string& video_id) const {
    return root / "units" / video_id;
  }
  std::filesystem::path failed(const std::string& video_id, const std::string& unit_name) const {
    return root / "failed" / (video_id + "." + unit_name + ".json");
  }
  std::filesystem::path damaged(const std::string& video_id) const {
    return root / "damaged" / video_id;
  }
  std::filesystem::path report() const { return root / "report.json"; }
  std::filesystem::path slurm() const { return root / "slurm"; }
};

/// Notes that frames of the video are damaged. @throws Error(io)
void note_damage(const RunDirectory& directory, const std::string& video_id);

/// "<stem made of letters, digits, '.', '_' and '-'>.<12 digits of the hash>", at most 100
/// characters.
std::string video_id(const std::filesystem::path& video, const std::string& sha256);

}  // namespace posse
