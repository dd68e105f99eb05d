#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "base/json.h"
#include "base/memory.h"
#include "bench/measure.h"
#include "cli/command.h"
#include "cli/option_binding.h"
#include "video/video_reader.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

struct BenchArguments {
  BenchOptions bench;
  std::string size;
  fs::path video;
  bool json = false;
};

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

Json to_json(const Spread& spread) {
  return Json::object({{"median", spread.median},
                       {"min", spread.least},
                       {"max", spread.most},
                       {"p99", spread.p99}});
}

Json to_json(const NetworkBench& bench) {
  return Json::object({{"member", bench.member},
                       {"network", bench.network},
                       {"ms_per_frame", to_json(bench.per_frame)},
                       {"preprocess_ms", to_json(bench.preprocess)},
                       {"gflop", bench.gflop},
                       {"gflop_per_second", bench.gflop_per_second()},
                       {"fma_peak", bench.peak.gflops},
                       {"fraction_of_peak", bench.gflop_per_second() / bench.peak.gflops},
                       {"instructions", bench.peak.instructions}});
}

Json to_json(const EnsembleBench& bench, size_t members) {
  return Json::object({{"members", members},
                       {"ms_per_frame", to_json(bench.per_frame)},
                       {"single_frame_ms", to_json(bench.single_frame)},
                       {"consensus_ms", to_json(bench.consensus)},
                       {"network_share", bench.network_share},
                       {"load_seconds", bench.load_seconds},
                       {"first_result_seconds", bench.first_result_seconds},
                       {"weight_bytes", bench.weight_bytes},
                       {"workspace_bytes", bench.workspace_bytes}});
}

Json to_json(const VideoBench& bench, const std::string& name) {
  return Json::object({{"video", name},
                       {"frames", bench.num_frames},
                       {"decode_ms", to_json(bench.decode)},
                       {"write_ms", to_json(bench.write)},
                       {"end_to_end_ms", to_json(bench.end_to_end)}});
}

std::string line(const std::string& what, const Spread& spread, const std::string& more = "") {
  return fmt::format("{:<34}{:10.3f} ms  ({:.3f} to {:.3f}){}", what, spread.median, spread.least,
                     spread.most, more);
}

void print(const NetworkBench& bench, Console& console) {
  console.print(
      line(bench.member + ", " + bench.network, bench.per_frame,
           fmt::format("; {:.1f} GFLOP, {:.0f} GFLOP/s, {:.2f} of the {} peak, {:.0f}", bench.gflop,
                       bench.gflop_per_second(), bench.gflop_per_second() / bench.peak.gflops,
                       bench.peak.instructions, bench.peak.gflops)));
  if (bench.preprocess.median > 0) console.print(line("  of it preprocessing", bench.preprocess));
}

void print(const EnsembleBench& bench, const Ensemble& ensemble, Console& console) {
  console.print(line(
      fmt::format("{} member(s), {} thread(s)", ensemble.members().size(), ensemble.num_threads()),
      bench.per_frame));
  console.print(line("  of it consensus, on one thread", bench.consensus,
                     fmt::format("; {:.2f} % of the work", 100 * (1 - bench.network_share))));
  console.print(line("single frames, picture to poses", bench.single_frame,
                     fmt::format("; 99th percentile {:.3f}", bench.single_frame.p99)));
}

void print(const VideoBench& bench, double networks_ms, const std::string& name, Console& console) {
  console.print(line("decoding and RGB", bench.decode, "; of " + name));
  console.print(line("writing tables", bench.write));
  console.print(line("video to .h5 table", bench.end_to_end,
                     fmt::format("; {:.3f} times the networks from memory",
                                 bench.end_to_end.median / networks_ms)));
}

/// The video, or a made-up clip in `folder`.
fs::path video_of(const BenchArguments& arguments, const TemporaryFolder& folder) {
  if (!arguments.video.empty()) return arguments.video;
  fs::path clip = folder.path() / "made-up-clip.mp4";
  write_made_up_clip(clip, arguments.bench.extent);
  return clip;
}

/// Frame size from the arguments. @throws Error as open_video.
Extent extent_of(const BenchArguments& arguments) {
  if (!arguments.size.empty()) return parse_size(arguments.size);
  if (arguments.video.empty()) return arguments.bench.extent;
  const VideoInfo info = open_video(arguments.video)->info();
  return {info.height, info.width};
}

void print_head(const Ensemble& ensemble, const BenchOptions& options, Console& console) {
  console.print(fmt::format(
      "{}; {}x{} frames, backend {}; per frame, medians of {} (least to most)", cpu::cpu_model(),
      options.extent.width, options.extent.height, ensemble.backend_name(), options.rounds));
}

void print_tail(const EnsembleBench& bench, int64_t peak_bytes, Console& console) {
  console.print(fmt::format(
      "loading {:.2f} s, first result after {:.2f} s; weights {}, workspaces {}, memory at most {}",
      bench.load_seconds, bench.first_result_seconds,
      format_bytes(static_cast<double>(bench.weight_bytes)),
      format_bytes(static_cast<double>(bench.workspace_bytes)),
      format_bytes(static_cast<double>(peak_bytes))));
}

void run_bench(BenchArguments& arguments, CommandContext& context) {
  BenchOptions& options = arguments.bench;
  options.stop = &context.stop;
  options.extent = extent_of(arguments);
  options.ensemble.no_crop = true;  // pictures of any size are timed whole
  const bool text = !arguments.json;
  Console& console = context.console;
  const Ensemble all = Ensemble::open(options.members, options.ensemble);
  Json report =
      Json::object({{"processor", cpu::cpu_model()},
                    {"size", fmt::format("{}x{}", options.extent.width, options.extent.height)},
                    {"threads", all.num_threads()},
                    {"backend", all.backend_name()},
                    {"rounds", options.rounds}});
  if (text) print_head(all, options, console);
  for (const MemberNetwork& member : all.members()) {
    const NetworkBench bench = bench_network(member, options);
    if (text) print(bench, console);
    report["networks"].push_back(to_json(bench));
  }
  const EnsembleBench whole = bench_ensemble(options);
  if (text) print(whole, all, console);
  report["ensemble"] = to_json(whole, all.members().size());
  const TemporaryFolder folder;
  const fs::path video = video_of(arguments, folder);
  const VideoBench end_to_end = bench_video(video, whole.per_frame.median, options);
  if (text) print(end_to_end, whole.per_frame.median, video.filename().string(), console);
  report["video"] = to_json(end_to_end, video.filename().string());
  report["peak_resident_bytes"] = peak_resident_bytes();
  if (text) print_tail(whole, peak_resident_bytes(), console);
  if (arguments.json) console.print(report.dump(2));
}

}  // namespace

void add_bench(Verb root, CommandContext& context) {
  auto arguments = std::make_shared<BenchArguments>();
  Verb verb = root.add_verb("bench", "measure how fast an ensemble runs on this machine");
  verb.add_option("MEMBERS", arguments->bench.members,
                  "trained networks: project folders, train/ folders or snapshot prefixes, or a "
                  "folder that holds them")
      .required();
  verb.add_option("--size", arguments->size, "size of the frames (default 640x480)")
      .placeholder("WxH");
  verb.add_option("--video", arguments->video,
                  "decode this video; its size is the frames' size (default: a made-up clip)")
      .placeholder("FILE")
      .excludes("--size");
  verb.add_option("--rounds", arguments->bench.rounds,
                  "number of timed runs; their medians are shown (default 7)")
      .between(1, 1000);
  verb.add_flag("--json", arguments->json, "print the figures as JSON");
  describe(arguments->bench.ensemble, OptionBinder(verb, "Networks"));
  verb.footer(
      "Measures each network alone on one thread, then all of them on all threads, then the whole "
      "way from a video file to\n"
      "a table. GFLOP counts every multiplication and addition of a plain convolution, whatever "
      "algorithm runs; the peak of\n"
      "the processor is measured in the same run.\n"
      "\n"
      "example: posse bench data/demo --size 320x240");
  verb.on_call([arguments, &context] { run_bench(*arguments, context); });
}

}  // namespace posse
