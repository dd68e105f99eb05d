/// Reads what `posse run` has written of one video: the facts, the consensus with all that is
/// stated beside it, and every member's points frame by frame.
///
///     const FinishedResults results("posse-results/m3v1");
///     const Poses consensus = results.consensus();
///     results.read_members([&](const MembersFrame& frame) { ...; return true; });
///
/// Nothing of the video is needed: it may be gone.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/poses.h"
#include "results/table/extra_reader.h"
#include "run/finished_facts.h"

namespace posse {

/// The members' points in one frame.
struct MembersFrame {
  size_t row = 0;  ///< of the consensus
  int64_t frame_index = 0;
  std::span<const Keypoint> keypoints;  ///< [members, bodyparts]; missing where a table lacks it
};

/// Covariance of the position as the results state it.
struct StatedCovariance {
  /// "covariance" (calibrated), "track_covariance", or "members_std" where neither is stored: the
  /// members' variances along x and y.
  std::string source;
  /// [frames, bodyparts, (xx, xy, yy)], px²; NaN where missing.
  std::vector<double> values;
};

/// Where read_members() takes the points from.
enum class MemberSource {
  journal,  ///< of the run, complete: one pass over a file
  tables,   ///< of --save-members
  none
};

/// The results of one run over one video. Reads run.json when it is made, all else when asked.
class FinishedResults {
 public:
  /// @throws as read_finished_facts
  explicit FinishedResults(const std::filesystem::path& path);

  const FinishedFacts& facts() const { return facts_; }

  /// The consensus in the order of facts().bodyparts. Memory: 24 bytes a point.
  /// @throws Error as read_pose_table; Error(shape_mismatch) where table and run.json disagree
  Poses consensus() const;

  /// An array beside the consensus, by its name in docs/results.md: "members_std", "radius90",
  /// "second_place" ...; of a csv those of a track that its wide csv has. nullopt where it is not
  /// stored. Memory: 8 bytes a number.
  /// @throws Error(bad_file) where it does not fit the table
  std::optional<ExtraValues> array(const std::string& name) const;

  /// The best covariance there is; nullopt of a plain csv. Memory: 24 bytes a point.
  std::optional<StatedCovariance> covariance() const;

  MemberSource member_source() const { return source_; }

  /// Calls `take` with every frame of the consensus in order, until it returns false.
  ///
  /// From the journal memory is that of one frame. From tables it is at most 512 MB (and one
  /// table): they are read again for every part of the video that fits. Both give the same numbers.
  /// @throws Error(not_found) where neither is there, saying how to have it; Error as the readers;
  /// Error(bad_file) for a journal that is damaged
  void read_members(const std::function<bool(const MembersFrame&)>& take) const;

 private:
  void read_journal(std::span<const int64_t> frames,
                    const std::function<bool(const MembersFrame&)>& take) const;
  void read_tables(std::span<const int64_t> frames,
                   const std::function<bool(const MembersFrame&)>& take) const;

  FinishedFacts facts_;
  MemberSource source_ = MemberSource::none;
};

/// For what treats several results as one: the same bodyparts, members and consensus.
/// @throws Error(usage) naming two results that differ, and in what
void require_alike(std::span<const FinishedResults> results);

}  // namespace posse
