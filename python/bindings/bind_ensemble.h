/// An ensemble as Python holds it.
#pragma once

#include <array>
#include <atomic>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "bindings.h"
#include "ensemble/ensemble.h"
#include "frame_results.h"
#include "run/consensus_choice.h"

namespace posse {

/// One run at a time; other threads wait without the GIL. Long work runs without the GIL too.
class BoundEnsemble {
 public:
  BoundEnsemble(const std::vector<std::filesystem::path>& paths, const EnsembleOptions& options);

  const Ensemble& get() const { return ensemble_; }
  std::vector<py::dict> members() const;
  /// [height, width, bodyparts] of each member's scoremap for frames of this size.
  std::vector<std::array<int64_t, 3>> scoremap_shapes(int64_t height, int64_t width) const;

  /// Of each member's cells in frames of this size: pixels per cell along columns and rows, x and y
  /// of the first one's corner.
  std::vector<std::array<double, 4>> cell_places(int height, int width) const;

  /// @param on_chunk  called with FrameResults of at least `chunk_frames` frames each; with 0 all
  /// frames are returned. @param keep_scoremaps  the results hold the members' maps too.
  /// @param bbox  as RunOptions::bbox
  /// @param keywords  TrackChoices
  FrameResults run(const std::filesystem::path& video, const py::object& frames,
                   const std::string& consensus, const py::object& progress,
                   const py::object& on_chunk, size_t chunk_frames, bool keep_scoremaps,
                   const std::string& bbox, const py::kwargs& keywords);
  FrameResults predict(const py::object& images, const std::string& consensus);
  /// (frame_index, one float32 array [frames, height, width, bodyparts] per member)
  py::tuple scoremaps(const std::filesystem::path& video, const py::object& frames,
                      const py::object& progress, const std::string& bbox);
  py::dict write(const std::filesystem::path& video, const std::filesystem::path& folder,
                 const py::object& progress, const py::kwargs& keywords);
  /// What write() would do. @param measure  also run the networks on blank frames for the time
  py::dict plan(const std::filesystem::path& video, const std::filesystem::path& folder,
                bool measure, const py::kwargs& keywords);
  /// Writes what run_video writes for the same frames and options, without running the networks.
  std::vector<std::filesystem::path> save(const FrameResults& results,
                                          const std::filesystem::path& video,
                                          const std::filesystem::path& folder,
                                          const py::kwargs& keywords);
  /// Of the tables of a run.
  std::string scorer(const std::string& consensus) const;

 private:
  /// Holds the ensemble for one call.
  class Turn {
   public:
    explicit Turn(BoundEnsemble& ensemble);
    ~Turn();
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    BoundEnsemble& ensemble_;
  };

  FrameResults empty_results(FrameRange range, RunConsensus consensus) const;
  ChosenConsensus consensus_of(ConsensusChoice choice, const VideoInfo& info,
                               const FrameRange& range, std::optional<int64_t> num_frames) const;
  /// The frames with the track as their consensus, once all are there.
  void track(FrameResults& results, const std::filesystem::path& video,
             const VideoInfo& info) const;
  /// Equal for networks that give equal scoremaps: weights and everything that decides how they are
  /// run.
  static std::string fingerprint_of(const MemberNetwork& member);

  Ensemble ensemble_;
  std::mutex mutex_;
  std::atomic<std::thread::id> running_{};
};

}  // namespace posse
