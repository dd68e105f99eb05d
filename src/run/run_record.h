/// Writes and reads run.json of `posse run`: what was run, on what, with what. It is written when
/// the results are there.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "ensemble/ensemble.h"
#include "run/input_identity.h"
#include "run/options.h"

namespace posse {

/// 64 hexadecimal digits over everything that decides the numbers in the journal: video, snapshots,
/// options, the version of the results.
/// @param method  of the members' maps; @param whole_pictures  as EnsembleRun::whole_pictures
std::string fingerprint_of(const Ensemble& ensemble, const InputIdentity& video,
                           const RunOptions& options, ConsensusMethod method,
                           bool whole_pictures = false, const std::string& boxes_sha256 = "");

struct RecordedMember {
  std::string name;
  std::string weights_sha256;
  std::string decode;  ///< the rule that its keypoints were read by
};

/// What an existing run.json says of the run that wrote it.
struct RecordedRun {
  std::string fingerprint;
  std::optional<RunConsensus> consensus;
  std::string stages;  ///< description of the stages between journal and outputs
  InputIdentity video;
  int width = 0;  ///< of the video, px; 0 if the record does not say
  int height = 0;
  std::vector<RecordedMember> members;
  int64_t num_frames = 0;
  std::vector<std::string> files;  ///< names relative to the folder, as printable() shows them
};

/// nullopt if there is no record or it cannot be understood. @throws Error(unsupported) for the
/// record of a later version.
std::optional<RecordedRun> read_run_record(const std::filesystem::path& record);

/// Whether results made with stages of these descriptions differ by a calibration at most: it comes
/// last, and changes no position and nothing of the members.
bool are_alike_but_for_calibration(const std::string& stages, const std::string& others);

/// The members' tables of the run whose results folder this is, one format each, in the order of
/// run.json; those below members/ for a folder without a record.
std::vector<std::filesystem::path> member_tables_of(const std::filesystem::path& folder);

/// The wide csv (--wide-csv) of that run; nullopt where there is none.
std::optional<std::filesystem::path> wide_table_of(const std::filesystem::path& folder);

struct RunPlan;
struct RunOutcome;
struct JournalFacts;

/// Writes run.json for a run that was carried out as planned.
void write_run_record(const Ensemble& ensemble, const RunOptions& options, const RunPlan& plan,
                      const RunOutcome& outcome, const JournalFacts& facts);

}  // namespace posse
