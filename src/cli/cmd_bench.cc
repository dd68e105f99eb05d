#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "base/error.h"
#include "cli/command.h"
#include "cli/option_binding.h"
#include "ensemble/ensemble.h"
#include "network/backends/cpu/peak.h"
#include "network/flops.h"

namespace posse {
namespace {
namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

struct BenchArguments {
  std::vector<fs::path> members;
  fs::path video;
  std::string size = "640x480";
  int rounds = 7;
  bool json = false;
  EnsembleOptions options;
};

/// Times in milliseconds, spread and all.
struct Spread {
  double median = 0;
  double least = 0;
  double most = 0;
  double p99 = 0;
};

Spread spread_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t last = values.size() - 1;
  return {values[values.size() / 2], values.front(), values.back(), values[(99 * last + 50) / 100]};
}

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

Extent parse_size(const std::string& text) {
  Extent extent;
  char rest = 0;
  if (std::sscanf(text.c_str(), "%ldx%ld%c", &extent.width, &extent.height, &rest) != 2 ||
      extent.width < 16 || extent.height < 16 || extent.width > 16384 || extent.height > 16384) {
    throw Error(ErrorKind::usage, fmt::format("--size '{}' is no size", text),
                {.hint = "write WIDTHxHEIGHT, as 640x480"});
  }
  return extent;
}

/// A picture with something in it: noise is as hard to a network as anything.
Image noise(Extent extent) {
  Image image(static_cast<int>(extent.width), static_cast<int>(extent.height));
  std::mt19937 random(1);
  for (uint8_t& byte : image.rgb) byte = static_cast<uint8_t>(random());
  return image;
}

/// What one ensemble takes for frames of one size.
struct BenchResult {
  double load_seconds = 0;
  Spread milliseconds_per_frame;     ///< of whole runs over many frames
  Spread single_frame_milliseconds;  ///< from picture to poses, one at a time
  double network_share = 0;  ///< of the workers' time; the rest is consensus and decoding of poses
  double consensus_milliseconds = 0;  ///< per frame
  int64_t weight_bytes = 0;
  int64_t workspace_bytes = 0;
};

/// Frames per timed run: enough for every worker to be busy with two batches.
size_t frames_per_round(const Ensemble& ensemble, Extent extent) {
  return 2 * static_cast<size_t>(ensemble.num_threads()) *
         static_cast<size_t>(ensemble.batch_size(extent));
}

BenchResult bench(const std::vector<fs::path>& members, const EnsembleOptions& options,
                  Extent extent, int rounds) {
  BenchResult result;
  const double start = seconds_now();
  Ensemble ensemble = Ensemble::open(members, options);
  ensemble.prepare(extent);
  result.load_seconds = seconds_now() - start;
  const size_t count = frames_per_round(ensemble, extent);
  const std::vector<Image> pictures(count, noise(extent));
  ensemble.predict(pictures);  // plans memory, fills caches
  std::vector<double> per_frame, single;
  double network = 0, consensus = 0;
  for (int round = 0; round < rounds; ++round) {
    size_t next = 0;
    const RunTimings timings = ensemble.run({.source =
                                                 [&](VideoFrame& frame) {
                                                   if (next == count) return false;
                                                   frame.frame_index = static_cast<int64_t>(next);
                                                   frame.image = pictures[next++];
                                                   return true;
                                                 },
                                             .sink = [](FrameBundle&) {}});
    per_frame.push_back(1e3 * timings.wall_seconds / static_cast<double>(count));
    network += timings.network_seconds;
    consensus += timings.consensus_seconds;
  }
  for (int i = 0; i < std::max(20, rounds); ++i) {
    const double begin = seconds_now();
    ensemble.predict(std::span(pictures).first(1));
    single.push_back(1e3 * (seconds_now() - begin));
  }
  result.milliseconds_per_frame = spread_of(per_frame);
  result.single_frame_milliseconds = spread_of(single);
  result.network_share = network / (network + consensus);
  result.consensus_milliseconds =
      1e3 * consensus / static_cast<double>(count * static_cast<size_t>(rounds));
  result.weight_bytes = ensemble.weight_bytes();
  result.workspace_bytes = ensemble.workspace_bytes();
  return result;
}

Json to_json(const Spread& spread) {
  return {
      {"median", spread.median}, {"min", spread.least}, {"max", spread.most}, {"p99", spread.p99}};
}

/// Milliseconds per decoded frame of a video; nullopt without one.
std::optional<double> decode_milliseconds(const fs::path& video) {
  if (video.empty()) return std::nullopt;
  const auto reader = open_video(video);
  const double start = seconds_now();
  int64_t frames = 0;
  for (VideoFrame frame; reader->read(frame) && frames < 500;) ++frames;
  if (frames == 0) return std::nullopt;
  return 1e3 * (seconds_now() - start) / static_cast<double>(frames);
}

void run_bench(const BenchArguments& arguments, CommandContext& context) {
  const Extent extent = parse_size(arguments.size);
  const Ensemble all = Ensemble::open(arguments.members, arguments.options);
  EnsembleOptions alone = arguments.options;
  alone.threads = 1;
  Json report = {{"processor", cpu::cpu_model()},
                 {"size", arguments.size},
                 {"threads", all.num_threads()},
                 {"backend", all.backend_name()}};
  Console& console = context.console;
  const auto say = [&](const std::string& line) {
    if (!arguments.json) console.print(line);
  };
  say(fmt::format("{}, {} frames, backend {}", cpu::cpu_model(), arguments.size,
                  all.backend_name()));
  if (const auto decode = decode_milliseconds(arguments.video)) {
    report["decode_ms"] = *decode;
    say(fmt::format("decoding and RGB      {:9.2f} ms per frame", *decode));
  }
  for (const MemberNetwork& member : all.members()) {
    if (context.stop.requested()) throw Error(ErrorKind::interrupted, "stopped");
    const cpu::FmaPeak peak = cpu::measure_fma_peak();
    const BenchResult one = bench({member.checkpoint.prefix()}, alone, extent, arguments.rounds);
    const double gflops = graph_flops(member.graph, extent, member.rule == DecodeRule::dlc) * 1e-9;
    const double rate = gflops / (1e-3 * one.milliseconds_per_frame.median);
    say(
        fmt::format("{:<22}{:9.2f} ms per frame on 1 thread ({:.2f} to {:.2f}), {:.1f} GFLOP, "
                    "{:.0f} GFLOP/s, {:.2f} of the "
                    "{} peak ({:.0f})",
                    member.name + " " + net_type(member.spec), one.milliseconds_per_frame.median,
                    one.milliseconds_per_frame.least, one.milliseconds_per_frame.most, gflops, rate,
                    rate / peak.gflops, peak.instructions, peak.gflops));
    report["networks"].push_back({{"member", member.name},
                                  {"network", net_type(member.spec)},
                                  {"ms_per_frame", to_json(one.milliseconds_per_frame)},
                                  {"gflop", gflops},
                                  {"gflop_per_second", rate},
                                  {"fma_peak", peak.gflops},
                                  {"instructions", peak.instructions}});
  }
  const BenchResult whole = bench(arguments.members, arguments.options, extent, arguments.rounds);
  say(
      fmt::format("ensemble of {:<10}{:9.2f} ms per frame on {} threads ({:.2f} to {:.2f}); "
                  "consensus {:.3f} ms, {:.2f} % of "
                  "the work",
                  all.members().size(), whole.milliseconds_per_frame.median, all.num_threads(),
                  whole.milliseconds_per_frame.least, whole.milliseconds_per_frame.most,
                  whole.consensus_milliseconds, 100 * (1 - whole.network_share)));
  say(fmt::format("single frames         {:9.2f} ms median, {:.2f} ms 99th percentile",
                  whole.single_frame_milliseconds.median, whole.single_frame_milliseconds.p99));
  say(fmt::format("loading               {:9.2f} s; weights {}, workspaces {}", whole.load_seconds,
                  format_bytes(static_cast<double>(whole.weight_bytes)),
                  format_bytes(static_cast<double>(whole.workspace_bytes))));
  report["ensemble"] = {{"members", all.members().size()},
                        {"ms_per_frame", to_json(whole.milliseconds_per_frame)},
                        {"single_frame_ms", to_json(whole.single_frame_milliseconds)},
                        {"consensus_ms_per_frame", whole.consensus_milliseconds},
                        {"network_share", whole.network_share},
                        {"load_seconds", whole.load_seconds},
                        {"weight_bytes", whole.weight_bytes},
                        {"workspace_bytes", whole.workspace_bytes}};
  if (arguments.json) console.print(report.dump(2));
}

}  // namespace

void add_bench(CLI::App& root, CommandContext& context) {
  auto arguments = std::make_shared<BenchArguments>();
  CLI::App* verb = root.add_subcommand("bench", "how fast an ensemble runs on this machine");
  verb->add_option("MEMBERS", arguments->members, "as --members of posse run")->required();
  verb->add_option("--size", arguments->size, "of the frames (default 640x480)")->type_name("WxH");
  verb->add_option("--video", arguments->video, "also time the decoding of this video")
      ->type_name("FILE");
  verb->add_option("--rounds", arguments->rounds,
                   "timed runs, of which medians are shown (default 7)")
      ->check(CLI::Range(1, 1000));
  verb->add_flag("--json", arguments->json, "print the figures as JSON");
  describe(arguments->options, OptionBinder(*verb, "Networks"));
  verb->footer(
      "GFLOP counts every multiply and every add of the direct form of a convolution, whatever "
      "algorithm runs.");
  verb->callback([arguments, &context] { run_bench(*arguments, context); });
}

}  // namespace posse
