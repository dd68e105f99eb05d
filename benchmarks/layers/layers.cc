// Times of every layer of a network on one thread, against the FMA peak measured in the same run.
//
//   posse_bench_layers [--net resnet50|mobilenet|MEMBER] [--size WxH] [--batch N] [--rounds N]
//                      [--isa avx512|avx2|baseline] [--direct] [--total]
//
// MEMBER is a trained member, of any tool, as posse run takes it.
//
// Times are medians over the rounds, in processor time of the thread where other processes run.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "ensemble/ensemble.h"
#include "network/architecture.h"
#include "network/backends/cpu/cpu_backend.h"
#include "network/backends/cpu/peak.h"
#include "network/load_network.h"
#include "support/synthetic_weights.h"

namespace {

using namespace posse;

struct Options {
  std::string net = "resnet50";
  Extent frame{384, 464};
  int64_t batch = 1;
  int rounds = 9;
  std::string isa;
  bool direct = false;  ///< no Winograd
  bool total = false;   ///< the last line only
};

[[noreturn]] void usage(const std::string& about) {
  fmt::print(stderr, "posse_bench_layers: {}\n", about);
  std::exit(2);
}

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--direct") {
      options.direct = true;
    } else if (name == "--total") {
      options.total = true;
    } else if (++i == argc) {
      usage("no value for " + name);
    } else if (name == "--net") {
      options.net = argv[i];
    } else if (name == "--size") {
      if (std::sscanf(argv[i], "%ldx%ld", &options.frame.width, &options.frame.height) != 2) {
        usage("--size wants WIDTHxHEIGHT");
      }
    } else if (name == "--batch") {
      options.batch = std::atol(argv[i]);
    } else if (name == "--rounds") {
      options.rounds = std::atoi(argv[i]);
    } else if (name == "--isa") {
      options.isa = argv[i];
    } else {
      usage("unknown option " + name);
    }
  }
  return options;
}

struct Network {
  Graph graph;
  Weights weights;
};

Network made_up(const NetworkSpec& spec) {
  Network network{build_graph(spec), {}};
  network.weights = testing::synthetic_weights(network.graph);
  return network;
}

Network network_of(const std::string& net) {
  if (net == "resnet50") {
    return made_up({.family = NetworkFamily::resnet, .scope = "resnet_v1_50/", .num_bodyparts = 4});
  }
  if (net == "mobilenet") {
    return made_up({.family = NetworkFamily::mobilenet_v2,
                    .mobilenet_width = 0.35,
                    .scope = "MobilenetV2/",
                    .num_bodyparts = 4,
                    .batch_norm_mode = BatchNormMode::frame});
  }
  const Ensemble ensemble = Ensemble::open(std::vector<std::filesystem::path>{net});
  const MemberNetwork& member = ensemble.members().front();
  return {member.graph, load_weights(member.graph, *member.weights)};
}

const Backend& backend_of(const std::string& isa) {
  if (isa.empty()) return cpu_backend();
  for (const InstructionSet set : available_instruction_sets()) {
    if (isa == name_of(set)) return *cpu::cpu_backend_with(set);
  }
  usage("no instruction set '" + isa + "' here");
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<int64_t>(values.size()) / 2;
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  const auto [graph, weights] = network_of(options.net);
  const double compile_start = cpu::thread_seconds();
  const auto executor =
      backend_of(options.isa)
          .compile(graph, weights, {.low_memory = options.direct, .frame_extent = options.frame});
  const double compile_seconds = cpu::thread_seconds() - compile_start;
  const std::vector<uint8_t> picture(
      static_cast<size_t>(options.frame.height * options.frame.width * 3), 99);
  FrameBatch batch{options.frame.height, options.frame.width, {}};
  for (int64_t i = 0; i < options.batch; ++i) batch.frames.push_back(picture.data());

  const auto workspace = executor->make_workspace();
  NetworkOutput output;
  executor->run(batch, false, *workspace, output);  // makes the primitives, touches the memory
  std::vector<std::vector<cpu::LayerTime>> rounds;
  std::vector<double> totals, peaks;
  for (int round = 0; round < options.rounds; ++round) {
    peaks.push_back(cpu::measure_fma_peak(1).gflops);
    std::vector<cpu::LayerTime> times;
    const double start = cpu::thread_seconds();
    cpu::run_timed(*executor, batch, false, *workspace, output, times);
    totals.push_back((cpu::thread_seconds() - start) / static_cast<double>(options.batch));
    rounds.push_back(std::move(times));
  }
  const double peak = *std::max_element(peaks.begin(), peaks.end());
  double flops = 0;
  for (size_t i = 0; i < rounds[0].size(); ++i) {
    const cpu::LayerTime& layer = rounds[0][i];
    flops += layer.flops;
    std::vector<double> seconds;
    for (const auto& times : rounds) seconds.push_back(times[i].seconds);
    const double typical = median(seconds);
    if (options.total || layer.implementation.empty()) continue;
    fmt::print("{:<40} {:9.3f} ms {:8.1f} GFLOP/s {:5.0f} %  {}\n", layer.name, typical * 1e3,
               layer.flops / typical / 1e9, 100 * layer.flops / typical / 1e9 / peak,
               layer.implementation);
  }
  const double total = median(totals);
  fmt::print(
      "{} {}x{} batch {}: {:.2f} ms per frame (best {:.2f}), {:.1f} GFLOP, {:.1f} GFLOP/s, "
      "FMA peak {:.1f} GFLOP/s ({}), ratio {:.2f}; weights {:.1f} MB, workspace {:.1f} MB, loading "
      "{:.2f} s\n",
      options.net, options.frame.width, options.frame.height, options.batch, total * 1e3,
      *std::min_element(totals.begin(), totals.end()) * 1e3, flops / 1e9, flops / total / 1e9, peak,
      cpu::measure_fma_peak(1).instructions, flops / total / 1e9 / peak,
      static_cast<double>(executor->weight_bytes()) / 1e6,
      static_cast<double>(workspace->num_bytes()) / 1e6, compile_seconds);
}
