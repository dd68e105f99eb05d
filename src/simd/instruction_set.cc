#include "simd/instruction_set.h"

#include <vector>

namespace posse {

const char* name_of(InstructionSet set) {
  switch (set) {
    case InstructionSet::baseline:
      break;
    case InstructionSet::avx2:
      return "avx2";
    case InstructionSet::avx512:
      return "avx512";
  }
  return "baseline";
}

const char* title_of(InstructionSet set) {
  switch (set) {
    case InstructionSet::baseline:
      break;
    case InstructionSet::avx2:
      return "AVX2";
    case InstructionSet::avx512:
      return "AVX-512";
  }
  return "baseline";
}

bool is_available(InstructionSet set) {
  switch (set) {
    case InstructionSet::baseline:
      return true;
#if defined(POSSE_SIMD_X86)
    case InstructionSet::avx2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case InstructionSet::avx512:
      return is_available(InstructionSet::avx2) && __builtin_cpu_supports("avx512f") &&
             __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
             __builtin_cpu_supports("avx512bw");
#else
    default:
      break;
#endif
  }
  return false;
}

std::span<const InstructionSet> available_instruction_sets() {
  static const std::vector<InstructionSet> kSets = [] {
    std::vector<InstructionSet> available;
    for (const InstructionSet set :
         {InstructionSet::avx512, InstructionSet::avx2, InstructionSet::baseline}) {
      if (is_available(set)) available.push_back(set);
    }
    return available;
  }();
  return kSets;
}

bool has_crc32c_instruction() {
#if defined(POSSE_SIMD_X86)
  return __builtin_cpu_supports("sse4.2") != 0;
#else
  return false;
#endif
}

}  // namespace posse
