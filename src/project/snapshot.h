/// Lists and chooses snapshots, the checkpoints of one training folder, and parses their names.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace posse {

/// Which program trained a network; decides the default rule for keypoints.
enum class SnapshotKind {
  dlc,   ///< DeepLabCut: argmax with location refinement
  dgp,   ///< DeepGraphPose (names with "-step<k>"): soft-argmax
  dlc3,  ///< DeepLabCut 3's PyTorch engine (.pt): argmax with location refinement
  lp,    ///< Lightning Pose (.ckpt): its sub-pixel soft-argmax
};

/// "dlc", "dgp" or "lp": the rule by which keypoints are read; "dlc" for dlc3 too.
std::string_view to_string(SnapshotKind kind);

/// What a snapshot's name says.
struct SnapshotName {
  SnapshotKind kind = SnapshotKind::dlc;
  /// Step of DeepGraphPose's training: 0, 1, 2, ...; -1 for DeepLabCut.
  int step = -1;
  /// True for DeepGraphPose's last snapshot of a step.
  bool final = false;
  /// Training iterations: digits after the last "-"; -1 without.
  int64_t number = -1;
  /// Of dlc3 and lp: the tool marked it as the best it found; `number` is its epoch or step.
  bool best = false;
};

/// "snapshot-50000", "snapshot-step2--100", "snapshot-step2-final--0" (text may follow the step's
/// digits); any other name is a DeepLabCut snapshot without a number.
SnapshotName parse_snapshot_name(std::string_view name);

struct Snapshot {
  /// Name without folder and endings.
  std::string name;
  /// The folder with the name; of dlc3 and lp the file itself.
  std::filesystem::path prefix;
  SnapshotName parsed;
  /// True: all .data files of one set lie beside the .index.
  bool has_data = false;
  /// The snapshot beside it whose copy its name says it is (see original_of_copy), as
  /// "snapshot-50" of "snapshot-50 (1)"; empty: none. Chosen only when it is named.
  std::string copy_of;
  /// Test error in px, of the project's evaluation results, if it was evaluated.
  std::optional<double> test_error;
};

/// The snapshots of a folder in order of training: DeepLabCut's by number, then DeepGraphPose's by
/// (step, final, number); DeepLabCut 3's and Lightning Pose's by (best, number), so that a best one
/// is the last. DeepLabCut 3's detectors ("snapshot-detector-...") are none. Hidden files
/// (is_hidden_name) are none. Empty for a folder that cannot be read.
std::vector<Snapshot> list_snapshots(const std::filesystem::path& folder);

/// A snapshot and why it was chosen.
struct SnapshotChoice {
  size_t index = 0;  ///< in the list
  std::string reason;
};

/// Picks one snapshot.
///
/// @param snapshots  as list_snapshots() gives them; at least one.
/// @param wanted  "": config's snapshotindex where it applies (DeepLabCut snapshots only), else the
///     newest; "newest": the last in order of training; "best": the lowest test error of the
///     project's evaluation; a name, with or without "snapshot-"; or an index into the list,
///     negative from the end. Copies (Snapshot::copy_of) are chosen by name only, and not counted.
/// @param config_index  config.yaml's snapshotindex; nullopt or -1: the last.
/// @param where  the folder, for messages.
/// @throws Error(not_found) for what is not there, listing what is.
SnapshotChoice choose_snapshot(std::span<const Snapshot> snapshots, std::string_view wanted,
                               std::optional<int> config_index, const std::string& where);

}  // namespace posse
