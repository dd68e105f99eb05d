/// Writes results of `posse run` of a made video, without networks: a folder with run.json, the
/// consensus and the journal.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "ensemble/frame_result.h"

namespace posse::testing {

struct MadeResults {
  std::string stem = "video";
  /// The video as recorded; empty: /nowhere/<stem>.mp4, which is not there.
  std::filesystem::path video{};
  std::vector<std::string> bodyparts = {"nose", "tail"};
  std::vector<std::string> members = {"a", "b", "c", "d", "e"};
  int64_t num_frames = 100;
  double fps = 30;
  bool journal = true;
  /// Fills consensus positions [bodyparts] and members [members, bodyparts], and track [bodyparts]
  /// if it is asked for, all of which have their sizes; covariances are 1 px² along both axes.
  std::function<void(FrameResult& result)> fill = [](FrameResult&) {};
};

/// @return <out>/<stem>
std::filesystem::path write_made_results(const std::filesystem::path& out, const MadeResults& made);

}  // namespace posse::testing
