/// Writes and reads plan.json, which holds all that a machine must know to do a piece of a run and
/// to put the pieces together.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ensemble/ensemble.h"
#include "run/journal.h"
#include "run/options.h"
#include "run/plan.h"

namespace posse {

/// Raised when a key of plan.json is dropped or changes its meaning.
inline constexpr int kPlanFormat = 1;

struct ClusterMember {
  std::string name;
  std::filesystem::path path;  ///< as Ensemble::open takes it
  std::string weights_sha256;
};

struct ClusterVideo {
  std::string id;
  KnownVideo known;  ///< known.info.path as the plan has it
  RunConsensus consensus = RunConsensus::mean;
  std::string consensus_why;  ///< that consensus, in words; empty in plans of earlier versions
  std::string fingerprint;    ///< of the whole run over this video
};

/// Frames of a video that are kept or lost as a whole, with all members.
struct Unit {
  size_t video = 0;
  int64_t begin = 0;           ///< frame number
  std::optional<int64_t> end;  ///< behind its last frame; empty: to the end of the video
  bool operator==(const Unit&) const = default;
};

/// Consecutive units, [first, last): what a scheduler starts.
struct Task {
  size_t first = 0;
  size_t last = 0;
  bool operator==(const Task&) const = default;
};

struct ClusterPlan {
  /// Version of posse that made the plan.
  std::string engine;
  /// Ensemble::backend_name(), whose numbers they are: units of others are none of this run.
  std::string backend;
  /// Members as given.
  std::vector<std::filesystem::path> members;
  /// Networks in order.
  std::vector<ClusterMember> networks;
  /// Bodyparts of the results.
  std::vector<std::string> bodyparts;
  EnsembleOptions ensemble;
  RunOptions run;
  std::filesystem::path out;
  int64_t unit_frames = 0;
  std::vector<ClusterVideo> videos;
  /// By video, then by frame.
  std::vector<Unit> units;
  std::vector<Task> tasks;
};

/// Where paths of a plan lie on this machine: "OLD=NEW" replaces the beginning of a path, the first
/// that fits.
class PathMap {
 public:
  /// @throws Error(usage) for a text without "=" or with an empty side
  explicit PathMap(const std::vector<std::string>& texts = {});
  std::filesystem::path operator()(const std::filesystem::path& path) const;
  /// The same with relative OLDs as paths of a plan are relative: to the folder that its run's lies
  /// in; relative NEWs to the present one.
  PathMap seen_from(const std::filesystem::path& folder) const;
  /// @param paths  of a plan @throws Error(usage), naming an OLD with which none of them begins
  void require_use(const std::vector<std::filesystem::path>& paths) const;

 private:
  static bool fits(const std::string& path, const std::string& from);
  std::vector<std::pair<std::string, std::string>> pairs_;
};

/// JSON, the same bytes for the same plan.
std::string to_text(const ClusterPlan& plan);

/// Whether two texts of plans are of the same plan. `consensus_why` does not count: results that
/// are there by now are another reason for the same consensus.
bool are_same_plan(const std::string& text, const std::string& other);

/// @param file  for messages; relative paths in the plan are of the folder above its own
/// @throws Error(bad_file) for what is no plan, naming what is missing or wrong; Error(unsupported)
///         for one of a later format; Error(usage) as PathMap::require_use
ClusterPlan plan_from(const std::string& text, const std::filesystem::path& file,
                      const PathMap& map = PathMap());

/// @throws as plan_from; Error(not_found), saying that posse plan makes one
ClusterPlan read_plan(const std::filesystem::path& run_folder, const PathMap& map = PathMap());

/// 64 hexadecimal digits over everything that decides the unit's bytes.
std::string unit_key(const ClusterPlan& plan, const Unit& unit);
/// "000003000-000006000.0123456789abcdef": the names of its files begin with it.
std::string unit_name(const Unit& unit, const std::string& key);
/// The key of the unit's journal.
JournalKey journal_key(const ClusterPlan& plan, const Unit& unit);
/// Its frames, within the range that the run asks for.
FrameRange frames_of(const ClusterPlan& plan, const Unit& unit);
/// The plan's options with the backend and the kind of device that the plan was made with, where
/// its maker left the choice to the machine.
EnsembleOptions ensemble_of(const ClusterPlan& plan);
/// The options of the run for one of its videos: its consensus in the place of auto.
RunOptions options_for(const ClusterPlan& plan, const ClusterVideo& video);

}  // namespace posse
