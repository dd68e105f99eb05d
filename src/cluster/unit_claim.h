/// Claims a unit for one process: keeps other processes off while its journal grows.
///
/// A claim is a second name (hard link) of the journal at work, which the file system makes once,
/// on network file systems too; writing to the journal keeps it fresh. It saves work and is no
/// lock: a claim that has not been written to for kStaleSeconds, or whose process has ended, is
/// taken over, and two processes that compute one unit all the same give the same bytes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cluster/run_directory.h"
#include "cluster/run_plan_file.h"
#include "run/journal.h"

namespace posse {

/// How the files of a unit are put in their places; replaced in tests by a file system that reports
/// errors although it has done what it was asked.
struct FileCalls {
  /// As ::link and ::rename: 0, or the error's number.
  std::function<int(const char* from, const char* to)> link;
  std::function<int(const char* from, const char* to)> rename;
};
const FileCalls& system_calls();

struct UnitPlace {
  std::filesystem::path folder;  ///< of the video's units
  std::string name;              ///< unit_name()
  JournalKey key;

  std::filesystem::path unit() const { return folder / (name + ".unit"); }
  std::filesystem::path claim() const { return folder / (name + ".claim"); }
  /// True if the unit is done, as far as its ends say. @throws Error(io)
  bool is_done() const { return is_sealed_journal(unit(), key, SealCheck::ends); }
};

UnitPlace place_of(const ClusterPlan& plan, const RunDirectory& directory, const Unit& unit);

/// Finished units below the directory that are not of this plan: of one that was replaced.
std::vector<std::filesystem::path> units_of_other_plans(const ClusterPlan& plan,
                                                        const RunDirectory& directory);

/// Seconds without a frame after which another machine's claim is taken over.
inline constexpr double kStaleSeconds = 180;

class UnitClaim {
 public:
  /// Claims a unit that is not done. What ended workers left of it is taken over: the longest sound
  /// beginning.
  /// @return nullptr if another process is at work on it, or has finished it
  /// @throws Error(io)
  static std::unique_ptr<UnitClaim> take(const UnitPlace& place,
                                         const FileCalls& calls = system_calls());
  /// Without seal(): lets go; what is computed stays for whoever comes next.
  ~UnitClaim();
  UnitClaim(const UnitClaim&) = delete;
  UnitClaim& operator=(const UnitClaim&) = delete;

  const std::filesystem::path& journal() const { return journal_; }
  /// Makes the complete journal the unit: digest, to the disk, its name. @throws Error(io)
  void seal();

 private:
  UnitClaim(UnitPlace place, std::filesystem::path journal, const FileCalls& calls)
      : place_(std::move(place)), journal_(std::move(journal)), calls_(calls) {}
  /// True if the name is ours now; false if a live process has it.
  bool claim();
  bool is_held() const;
  void adopt();

  UnitPlace place_;
  std::filesystem::path journal_;
  const FileCalls& calls_;
  std::optional<uint64_t> claimed_inode_;  ///< of the journal, if the claim could be made
};

/// Whether a process is at work on the unit: it has a claim that is not stale.
/// @param now_seconds  as the file system's clock has it: of a file made just now
bool is_at_work(const UnitPlace& place, double now_seconds);

/// Seconds since 1970 by the clock of the file system that the folder lies on: of a file made there
/// and removed. Clocks of machines may differ.
double file_system_now(const std::filesystem::path& folder);

/// Removes files of units at work that nobody has written to for a day. @return how many
size_t remove_old_parts(const std::filesystem::path& folder, double now_seconds);

}  // namespace posse
