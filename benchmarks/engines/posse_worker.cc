// An ensemble that waits for orders, so that posse and other engines can take turns.
//
// usage: posse_bench_worker FRAME.rgb WIDTH HEIGHT THREADS BATCH MEMORY MEMBER...
//   FRAME.rgb: bytes [height, width, 3]; BATCH 0: posse's own choice; MEMORY: full or low
// Prints a line of JSON when the first result is there, then answers every line of stdin with one:
//   run N       {"ms_per_frame", "network_ms", "consensus_ms"}, the last two summed over threads
//   peak        {"gflops", "instructions"}: the FMA peak of one thread
//   logits FILE writes member 1's scoremap_logits of the frame, float32; {}
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/files.h"
#include "ensemble/ensemble.h"
#include "network/backends/cpu/peak.h"
#include "network/flops.h"

namespace {

using namespace posse;
using Json = nlohmann::ordered_json;

/// `count` times the same picture through the networks; what the first member said of the last.
RunTimings run(Ensemble& ensemble, const Image& picture, int count, Tensor* logits = nullptr) {
  int next = 0;
  return ensemble.run({.source =
                           [&](VideoFrame& frame) {
                             if (next == count) return false;
                             frame.frame_index = next++;
                             frame.image = picture;
                             return true;
                           },
                       .sink =
                           [&](FrameBundle& bundle) {
                             if (logits != nullptr)
                               *logits = bundle.outputs[0].scoremap_logits.clone();
                           }});
}

Json answer(Ensemble& ensemble, const Image& picture, const std::string& order) {
  std::istringstream words(order);
  std::string verb, argument;
  words >> verb >> argument;
  if (verb == "run") {
    const int count = std::stoi(argument);
    const double start = seconds_now();
    const RunTimings timings = run(ensemble, picture, count);
    return {{"ms_per_frame", 1e3 * (seconds_now() - start) / count},
            {"network_ms", 1e3 * timings.network_seconds / count},
            {"consensus_ms", 1e3 * timings.consensus_seconds / count}};
  }
  if (verb == "peak") {
    const cpu::FmaPeak peak = cpu::measure_fma_peak();
    return {{"gflops", peak.gflops}, {"instructions", peak.instructions}};
  }
  if (verb == "logits") {
    Tensor logits;
    run(ensemble, picture, 1, &logits);
    std::ofstream(argument, std::ios::binary)
        .write(reinterpret_cast<const char*>(logits.data()),
               static_cast<std::streamsize>(logits.values().size_bytes()));
    return Json::object();
  }
  throw Error(ErrorKind::usage, "no order '" + verb + "'");
}

int64_t peak_memory_bytes() {
  struct rusage usage {};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<int64_t>(usage.ru_maxrss) * 1024;
}

void work(char** argv, int argc) {
  const double start = seconds_now();
  Image picture(std::atoi(argv[2]), std::atoi(argv[3]));
  const std::string bytes = read_file(argv[1]);
  if (bytes.size() != picture.rgb.size()) throw Error(ErrorKind::shape_mismatch, argv[1]);
  std::copy(bytes.begin(), bytes.end(), picture.rgb.begin());
  const std::vector<std::filesystem::path> members(argv + 7, argv + argc);
  Ensemble ensemble = Ensemble::open(members, {.decode = DecodeChoice::dgp,
                                               .threads = std::atoi(argv[4]),
                                               .batch = std::atoi(argv[5]),
                                               .low_memory = std::string(argv[6]) == "low"});
  const Extent extent{picture.height, picture.width};
  ensemble.prepare(extent);
  const double loaded = seconds_now();
  run(ensemble, picture, 1);
  const double first = seconds_now();
  run(ensemble, picture, 2 * ensemble.num_threads() * ensemble.batch_size(extent));  // warm-up
  double flops = 0;
  for (const MemberNetwork& member : ensemble.members())
    flops += graph_flops(member.graph, extent, false);
  std::cout << Json({{"load_seconds", loaded - start},
                     {"first_result_seconds", first - start},
                     {"members", ensemble.members().size()},
                     {"batch", ensemble.batch_size(extent)},
                     {"gflop", 1e-9 * flops},
                     {"weight_bytes", ensemble.weight_bytes()},
                     {"workspace_bytes", ensemble.workspace_bytes()},
                     {"peak_bytes", peak_memory_bytes()}})
                   .dump()
            << std::endl;
  for (std::string order; std::getline(std::cin, order);)
    std::cout << answer(ensemble, picture, order).dump() << std::endl;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 8) {
    std::fprintf(stderr, "usage: %s FRAME.rgb WIDTH HEIGHT THREADS BATCH full|low MEMBER...\n",
                 argv[0]);
    return 2;
  }
  try {
    work(argv, argc);
  } catch (const Error& error) {
    std::fprintf(stderr, "posse_bench_worker: %s\n", error.what());
    return 1;
  }
  return 0;
}
