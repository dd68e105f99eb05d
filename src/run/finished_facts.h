/// Reads what a run.json of `posse run` tells, and finds where the files that it names are now.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

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
  std::string stem;              ///< of the video: its name without the suffix of a video file
  std::string version;           ///< of posse
  std::string finished;          ///< time, UTC, as 2025-01-31T12:00:00Z
  std::string fingerprint;       ///< over everything that decides the numbers
  InputIdentity video;           ///< as it was when it was run
  int width = 0;                 ///< px; 0 if the record does not say
  int height = 0;                ///< px
  double fps = 0;                ///< 0 if the record does not say
  int64_t num_frames = 0;        ///< rows of the consensus
  int64_t num_decoded = 0;       ///< frames of the whole video; 0 if the record does not say
  int64_t num_in_container = 0;  ///< that the container claims; 0 if it does not
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

/// @param path  a folder of results, its run.json, or its consensus table
/// @throws Error(not_found) for what is not there or has no run.json; Error(bad_file) for a
/// run.json of another verb, and where its consensus table is gone; Error(unsupported) for the
/// record of a later version
FinishedFacts read_finished_facts(const std::filesystem::path& path);

/// The results below each path: itself, the folders in it that have a run.json (posse-results), or
/// for the name of a video posse-results/<stem> in the working folder. Each once, in the order
/// given.
/// @throws Error(not_found) for a path with none
std::vector<std::filesystem::path> find_results(std::span<const std::filesystem::path> paths);

/// In what two results differ that are to be treated as one: bodyparts, consensus, members. Empty
/// if in none of them.
std::string difference_of(const FinishedFacts& a, const FinishedFacts& b);

}  // namespace posse
