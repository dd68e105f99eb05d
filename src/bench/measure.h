/// Measures what `posse bench` reports: each function runs once unmeasured, then several times.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/stop.h"
#include "ensemble/ensemble.h"
#include "network/backends/cpu/peak.h"

namespace posse {

/// The spread of several measurements, in milliseconds.
struct Spread {
  double median = 0;
  double least = 0;
  double most = 0;
  double p99 = 0;  ///< 99th percentile, by the nearest rank
};
/// @param values  at least one.
Spread spread_of(std::vector<double> values);

struct BenchOptions {
  std::vector<std::filesystem::path> members;
  Extent extent = {480, 640};
  int rounds = 7;  ///< measured runs, at least 1
  EnsembleOptions ensemble;
  const StopFlag* stop = nullptr;  ///< looked at between runs; throws Error(interrupted)
};

/// One member alone on one thread.
struct NetworkBench {
  std::string member;
  /// The network's name, as pose_cfg.yaml has it.
  std::string network;
  Spread per_frame;
  /// Bytes to floats: part of per_frame, measured layer by layer; zeros on other backends than cpu.
  Spread preprocess;
  /// Billions of operations per frame, convolutions in their direct form.
  double gflop = 0;
  /// The better of two measurements, before and after.
  cpu::FmaPeak peak;
  double gflop_per_second() const { return gflop / (1e-3 * per_frame.median); }
};
NetworkBench bench_network(const MemberNetwork& member, const BenchOptions& options);

/// All members on all threads, frames in memory.
struct EnsembleBench {
  double load_seconds = 0;          ///< opening, reading and compiling all members
  double first_result_seconds = 0;  ///< load_seconds and the first frame's poses
  Spread per_frame;                 ///< of runs over many frames
  Spread single_frame;              ///< latency: picture to poses, one at a time
  Spread consensus;                 ///< per frame, on one of the threads
  double network_share = 0;         ///< of the workers' time; the rest is the consensus
  int64_t weight_bytes = 0;
  int64_t workspace_bytes = 0;
};
EnsembleBench bench_ensemble(const BenchOptions& options);

/// A video file to an .h5 table.
struct VideoBench {
  int64_t num_frames = 0;  ///< per run
  Spread decode;           ///< per frame, on its own thread beside the networks
  Spread write;            ///< per frame: journal, tables, record
  Spread end_to_end;       ///< per frame, everything but loading the networks
};
/// @param video              its own size counts, not the options'.
/// @param expected_per_frame milliseconds, decides over how many frames a run goes.
VideoBench bench_video(const std::filesystem::path& video, double expected_per_frame,
                       const BenchOptions& options);

/// A clip of moving colours for lack of a video; longer than any run of bench_video.
void write_made_up_clip(const std::filesystem::path& path, Extent extent);

}  // namespace posse
