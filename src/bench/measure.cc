#include "bench/measure.h"

#include <algorithm>
#include <random>

#include "base/clock.h"
#include "base/error.h"
#include "base/files.h"
#include "network/backend.h"
#include "network/backends/cpu/cpu_backend.h"
#include "network/flops.h"
#include "network/load_network.h"
#include "run/run_video.h"
#include "video/video_writer.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

constexpr int64_t kMostVideoFrames = 400;

void stop_if_asked(const BenchOptions& options) {
  if (options.stop != nullptr && options.stop->requested())
    throw Error(ErrorKind::interrupted, "stopped");
}

/// Noise: as hard to a network as anything.
Image noise(Extent extent) {
  Image image(static_cast<int>(extent.width), static_cast<int>(extent.height));
  std::mt19937 random(1);
  for (uint8_t& byte : image.rgb) byte = static_cast<uint8_t>(random());
  return image;
}

RunTimings run_frames(Ensemble& ensemble, const Image& picture, size_t count) {
  size_t next = 0;
  return ensemble.run({.source =
                           [&](VideoFrame& frame) {
                             if (next == count) return false;
                             frame.frame_index = static_cast<int64_t>(next++);
                             frame.image = picture;
                             return true;
                           },
                       .sink = [](FrameBundle&) {},
                       .without_precision_check = true});
}

/// Enough for every worker to be busy with two batches.
size_t frames_per_run(const Ensemble& ensemble, Extent extent) {
  return 2 * static_cast<size_t>(ensemble.num_threads()) *
         static_cast<size_t>(ensemble.batch_size(extent));
}

/// Milliseconds per frame of runs over many frames in memory, and what they say of themselves.
struct MemoryRuns {
  std::vector<double> per_frame, consensus;
  double network_seconds = 0, consensus_seconds = 0;
};

MemoryRuns run_from_memory(Ensemble& ensemble, const BenchOptions& options) {
  const Image picture = noise(options.extent);
  const size_t count = frames_per_run(ensemble, options.extent);
  const double to_ms = 1e3 / static_cast<double>(count);
  run_frames(ensemble, picture, count);  // plans memory, fills caches
  MemoryRuns runs;
  for (int round = 0; round < options.rounds; ++round) {
    stop_if_asked(options);
    const RunTimings timings = run_frames(ensemble, picture, count);
    runs.per_frame.push_back(to_ms * timings.wall_seconds);
    runs.consensus.push_back(to_ms * timings.consensus_seconds);
    runs.network_seconds += timings.network_seconds;
    runs.consensus_seconds += timings.consensus_seconds;
  }
  return runs;
}

/// From bytes to the network's floats, as the layer times have it.
Spread preprocess_times(const MemberNetwork& member, const BenchOptions& options) {
  const EnsembleOptions& wish = options.ensemble;
  const std::shared_ptr<const Backend> chosen =
      choose_backend(BackendWish{.backend = wish.backend,
                                 .device = wish.device,
                                 .ort_library = wish.ort_library,
                                 .precision = wish.precision});
  const Backend& backend = *chosen;
  if (backend.name() != "cpu") return {};
  const auto executor =
      backend.compile(member.graph, load_weights(member.graph, *member.weights),
                      {.low_memory = true, .tune = false, .frame_extent = options.extent});
  const auto workspace = executor->make_workspace();
  const Image picture = noise(options.extent);
  const FrameBatch batch{options.extent.height, options.extent.width, {picture.rgb.data()}};
  NetworkOutput output;
  executor->run(batch, false, *workspace, output);
  std::vector<double> times;
  for (int round = 0; round < options.rounds; ++round) {
    std::vector<cpu::LayerTime> layers;
    cpu::run_timed(*executor, batch, false, *workspace, output, layers);
    const auto input = std::find_if(layers.begin(), layers.end(), [&](const cpu::LayerTime& layer) {
      return layer.name == member.graph.nodes.front().name;
    });
    POSSE_ASSERT(input != layers.end());
    times.push_back(1e3 * input->seconds);
  }
  return spread_of(times);
}

}  // namespace

Spread spread_of(std::vector<double> values) {
  POSSE_ASSERT(!values.empty());
  std::sort(values.begin(), values.end());
  const size_t count = values.size();
  const size_t rank = (99 * count + 99) / 100;
  return {0.5 * (values[(count - 1) / 2] + values[count / 2]), values.front(), values.back(),
          values[rank - 1]};
}

NetworkBench bench_network(const MemberNetwork& member, const BenchOptions& options) {
  EnsembleOptions alone = options.ensemble;
  alone.threads = 1;
  Ensemble ensemble = Ensemble::open(std::vector{member.weights->path()}, alone);
  NetworkBench result{.member = member.name, .network = net_type(member.spec)};
  const cpu::FmaPeak before = cpu::measure_fma_peak();
  result.per_frame = spread_of(run_from_memory(ensemble, options).per_frame);
  const cpu::FmaPeak after = cpu::measure_fma_peak();
  result.peak = before.gflops > after.gflops ? before : after;
  result.preprocess = preprocess_times(member, options);
  result.gflop = 1e-9 * graph_flops(member.graph, options.extent, member.rule == DecodeRule::dlc);
  return result;
}

EnsembleBench bench_ensemble(const BenchOptions& options) {
  EnsembleBench result;
  const Image picture = noise(options.extent);
  const double start = seconds_now();
  Ensemble ensemble = Ensemble::open(options.members, options.ensemble);
  ensemble.prepare(options.extent);
  result.load_seconds = seconds_now() - start;
  run_frames(ensemble, picture, 1);
  result.first_result_seconds = seconds_now() - start;
  const MemoryRuns runs = run_from_memory(ensemble, options);
  result.per_frame = spread_of(runs.per_frame);
  result.consensus = spread_of(runs.consensus);
  result.network_share = runs.network_seconds / (runs.network_seconds + runs.consensus_seconds);
  std::vector<double> single;
  for (int i = 0; i < std::max(20, options.rounds); ++i) {
    stop_if_asked(options);
    const double begin = seconds_now();
    run_frames(ensemble, picture, 1);
    single.push_back(1e3 * (seconds_now() - begin));
  }
  result.single_frame = spread_of(single);
  result.weight_bytes = ensemble.weight_bytes();
  result.workspace_bytes = ensemble.workspace_bytes();
  return result;
}

VideoBench bench_video(const fs::path& video, double expected_per_frame,
                       const BenchOptions& options) {
  Ensemble ensemble = Ensemble::open(options.members, options.ensemble);
  const TemporaryFolder folder;
  const auto wanted = static_cast<int64_t>(2e3 / expected_per_frame);  // about two seconds a run
  RunOptions run{.frames = {.stop = std::clamp<int64_t>(wanted, 8, kMostVideoFrames)},
                 .keep_journal = false,
                 .force = true};
  VideoBench result;
  std::vector<double> decode, write, end_to_end;
  for (int round = 0; round <= options.rounds; ++round) {
    stop_if_asked(options);
    const double start = seconds_now();
    const RunOutcome outcome = run_video(ensemble, video, folder.path() / "out", run);
    const double whole = seconds_now() - start - outcome.load_seconds;
    if (outcome.num_frames == 0)
      throw Error(ErrorKind::bad_file, video.string() + ": no frame can be read");
    if (round == 0) continue;  // loads the networks
    const double to_ms = 1e3 / static_cast<double>(outcome.num_frames);
    const RunTimings& t = outcome.timings;
    decode.push_back(to_ms * t.decode_seconds);
    write.push_back(to_ms * (whole - t.wall_seconds + t.sink_seconds));
    end_to_end.push_back(to_ms * whole);
    result.num_frames = outcome.num_frames;
  }
  result.decode = spread_of(decode);
  result.write = spread_of(write);
  result.end_to_end = spread_of(end_to_end);
  return result;
}

void write_made_up_clip(const fs::path& path, Extent extent) {
  VideoWriterOptions options;
  options.encoder = "mpeg4";  // always there
  options.quality = 5;
  VideoWriter writer(path, static_cast<int>(extent.width), static_cast<int>(extent.height),
                     options);
  Image image(static_cast<int>(extent.width), static_cast<int>(extent.height));
  for (int64_t frame = 0; frame < kMostVideoFrames; ++frame) {
    for (int row = 0; row < image.height; ++row) {
      for (int col = 0; col < image.width; ++col) {
        uint8_t* pixel = image.pixel(row, col);
        pixel[0] = static_cast<uint8_t>(col + frame);
        pixel[1] = static_cast<uint8_t>(2 * row - frame);
        pixel[2] = static_cast<uint8_t>((col * row >> 6) + 3 * frame);
      }
    }
    writer.write(image, static_cast<double>(frame) / options.fps);
  }
  writer.finish();
}

}  // namespace posse
