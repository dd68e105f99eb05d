#include "network/backends/cpu/peak.h"

#include <algorithm>
#include <ctime>
#include <fstream>

#include "network/backends/cpu/machine.h"

namespace posse::cpu {

double thread_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

FmaPeak measure_fma_peak(int rounds) {
  const Kernels& kernels = *this_machine().kernels;
  const auto burst = [&](int64_t iterations) {
    const double start = thread_seconds();
    const double flops = kernels.fma_burst(iterations);
    return std::pair(flops, thread_seconds() - start);
  };
  int64_t iterations = 1000;
  while (burst(iterations).second < 5e-3) iterations *= 2;
  double best = 0;
  for (int i = 0; i < rounds; ++i) {
    const auto [flops, seconds] = burst(iterations);
    best = std::max(best, flops / seconds);
  }
  return {best / 1e9, title_of(kernels.set)};
}

std::string cpu_model() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (!line.starts_with("model name")) continue;
    const size_t value = line.find_first_not_of(" \t", line.find(':') + 1);
    if (value != std::string::npos) return line.substr(value);
  }
  return "unknown processor";
}

}  // namespace posse::cpu
