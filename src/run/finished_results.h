/// Reading what `posse run` has written of one video: the facts, the consensus with all that is
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
#include <utility>
#include <vector>

#include "base/poses.h"
#include "results/table/extra_reader.h"
#include "run/options.h"
#include "run/run_record.h"

namespace posse {

/// One network, as run.json describes it.
struct FinishedMember : RecordedMember {
  std::string path;      ///< as it was opened
  std::string snapshot;  ///< path of the weights
  std::string network;   ///< as "resnet_50"
  std::vector<std::string> bodyparts;
  std::vector<std::string> warnings;
};

/// What run.json says, and where the files are now.
struct FinishedFacts {
  std::filesystem::path folder;  ///< that holds run.json
  std::filesystem::path table;   ///< of the consensus, .h5 or .csv
  std::string stem;              ///< the video's name, as the folder is called
  std::string version;           ///< of posse
  std::string finished;          ///< time, UTC, as 2025-01-31T12:00:00Z
  std::string fingerprint;       ///< over everything that decides the numbers
  InputIdentity video;           ///< as it was when it was run
  int width = 0;                 ///< px; 0 if the record does not say
  int height = 0;                ///< px
  double fps = 0;                ///< 0 if the record does not say
  int64_t num_frames = 0;        ///< rows of the consensus
  int64_t num_decoded = 0;       ///< frames of the whole video; 0 if the record does not say
  RunConsensus consensus = RunConsensus::mean;
  std::string consensus_why;  ///< half a sentence; may be empty
  std::string stages;         ///< between the networks and the table, as "track(...)"
  std::string rule;           ///< how a consensus is read from its map: "dlc", "dgp", "lp"
  std::vector<FinishedMember> members;
  std::vector<std::string> bodyparts;
  std::vector<std::pair<std::string, std::string>> options;  ///< by name, values as text
  std::vector<std::string> warnings;
  std::vector<std::filesystem::path> member_tables;  ///< [members]; empty where one has none
  std::filesystem::path wide_table;                  ///< empty: none
};

/// Where the video of finished results is now.
enum class VideoPlace {
  there,    ///< as it was run: same size, and same time or below a folder that was named
  changed,  ///< a file of another size lies at its place
  gone
};

struct FoundVideo {
  VideoPlace place = VideoPlace::gone;
  std::filesystem::path file;  ///< where it is; where it was if it is not there
  std::string why_not;         ///< half a sentence unless it is there
};

/// Looks for the video where it was when it was run, then by its file name in `folders`.
FoundVideo find_video(const FinishedFacts& facts,
                      std::span<const std::filesystem::path> folders = {});

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
  std::vector<double> values;  ///< [frames, bodyparts, (xx, xy, yy)], px²; NaN where missing
};

/// Where read_members() takes the points from.
enum class MemberSource {
  journal,  ///< of the run, complete: one pass over a file
  tables,   ///< of --save-members
  none
};

/// @param path  a folder of results, its run.json, or its consensus table
/// @throws Error(not_found) for what is not there or has no run.json; Error(bad_file) for a
/// run.json of another verb, and where its consensus table is gone; Error(unsupported) for the
/// record of a later version
FinishedFacts read_finished_facts(const std::filesystem::path& path);

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

/// The results below each path: itself, the folders in it that have a run.json (posse-results), or
/// for the name of a video posse-results/<stem> in the working folder. Each once, in the order
/// given.
/// @throws Error(not_found) for a path with none
std::vector<std::filesystem::path> find_results(std::span<const std::filesystem::path> paths);

/// For what treats several results as one: the same bodyparts, members and consensus.
/// @throws Error(usage) naming two results that differ, and in what
void require_alike(std::span<const FinishedResults> results);

}  // namespace posse
