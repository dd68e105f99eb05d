/// Measures the most that the processor can compute, to which posse's speeds are compared.
#pragma once

#include <string>

namespace posse::cpu {

struct FmaPeak {
  double gflops = 0;         ///< float32, one thread; a fused multiply-add counts two
  std::string instructions;  ///< "AVX-512", "AVX2", "baseline"
};

/// Measures independent fused multiply-adds in registers with the widest vectors the backend uses
/// here. The best of `rounds` bursts of about 5 ms, in processor time of the calling thread, so
/// that other processes disturb little; clock frequency and temperature count as they are.
FmaPeak measure_fma_peak(int rounds = 8);

/// Seconds of processor time that the calling thread has used.
double thread_seconds();

/// "AMD EPYC 9755 128-Core Processor"; "unknown processor" where the system does not tell.
std::string cpu_model();

}  // namespace posse::cpu
