/// The interface of a run's outputs, each of which writes one kind of result file.
///
/// To add a result file:
///  1. write src/run/outputs/<name>.cc with a class that derives from RunOutput. Its constructor
///     only takes what it needs from the RunSetting and opens nothing: it is also made to plan a
///     run. Files are opened by the first append(), written under temporary names and renamed in
///     finish(), so that a stopped run leaves none of them;
///  2. give the file its name and folder in src/run/result_paths.h: a folder that a person hands
///     over holds each recording once, everything else lies with the extras;
///  3. declare its `make_<name>(const RunSetting&)` in src/run/outputs/outputs.h, call it in
///     make_outputs() under the option that asks for it (describe() in src/run/options.h), and name
///     the source in src/run/CMakeLists.txt;
///  4. describe the file in docs/results.md, remake docs/cli.md (scripts/make_cli_docs.py), and
///     test it beside the others in run_video_test.cc.
/// Planning, estimates, run.json, retrying after a failure and adding the file to a finished run
/// come by themselves.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "ensemble/frame_result.h"

namespace posse {

class RunOutput {
 public:
  RunOutput() = default;
  virtual ~RunOutput() = default;
  RunOutput(const RunOutput&) = delete;
  RunOutput& operator=(const RunOutput&) = delete;

  /// For messages and run.json: "consensus table (h5)". Unique among the outputs of a run.
  virtual std::string name() const = 0;
  /// What finish() leaves, in the order in which it is listed.
  virtual std::vector<std::filesystem::path> files() const = 0;
  /// Estimated size, for planning.
  virtual double bytes_per_frame() const = 0;
  /// True if the output shows the consensus and so waits for the stages; false if it is made from
  /// the members alone, as they are in the journal.
  virtual bool shows_consensus() const { return true; }

  /// Whether the files can be written at all, as far as that is known before the networks run.
  /// @throws Error that names the video and what to leave out of the command
  virtual void check() const {}
  /// Takes the next frame. @throws Error(io) and what the file's writer refuses.
  virtual void append(const FrameResult& result) = 0;
  /// After the last frame, also if there was none: completes the files and gives them their names.
  /// @throws as append().
  virtual void finish() = 0;
  /// After finish(): what was odd about the data and how it was taken, a sentence each.
  virtual std::vector<std::string> warnings() const { return {}; }
};

}  // namespace posse
