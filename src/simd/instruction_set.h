/// Instruction sets that kernels are compiled for, and which of them this machine has.
///
/// There is one way to write code per instruction set. Plain loops, or code on the vectors of
/// simd/floats.h and simd/pack_vector.h, are written once, in namespace POSSE_SIMD_NAMESPACE of a
/// source x_kernels.cc that posse_simd_kernels() (cmake/PosseModule.cmake) compiles once per set.
/// The header x_kernels.h declares a struct of function pointers and, by POSSE_KERNEL_TABLE, one
/// such table per set; callers ask for the best: `row_kernels().add_softmax(...)`.
///
/// A kernel source instantiates nothing of the standard library that is not inlined whole: the
/// linker could take a function compiled for one set in place of another's. The test
/// simd.KernelsKeepToThemselves looks for such functions.
#pragma once

#include <span>

namespace posse {

enum class InstructionSet {
  baseline,  ///< what every machine of the architecture has
  avx2,      ///< x86-64 with AVX2 and FMA
  avx512,    ///< x86-64 with AVX-512 F, VL, DQ and BW
};

/// "baseline", "avx2" or "avx512": the kernels' namespace.
const char* name_of(InstructionSet set);

/// "baseline", "AVX2" or "AVX-512": for people.
const char* title_of(InstructionSet set);

/// True if kernels of `set` are built in and this machine can run them.
bool is_available(InstructionSet set);

/// Those that are available, best first; the last is the baseline.
std::span<const InstructionSet> available_instruction_sets();

/// True if this machine has the CRC-32C instruction of SSE 4.2.
bool has_crc32c_instruction();

}  // namespace posse

#if defined(__x86_64__)
#define POSSE_SIMD_X86 1
/// Declares a kernel source's tables, one per instruction set, for a header x_kernels.h:
/// name_for(set), nullptr where the set is not available, and name(), the best one.
#define POSSE_KERNEL_TABLE(Table, name)                                          \
  namespace baseline {                                                           \
  extern const Table name;                                                       \
  }                                                                              \
  namespace avx2 {                                                               \
  extern const Table name;                                                       \
  }                                                                              \
  namespace avx512 {                                                             \
  extern const Table name;                                                       \
  }                                                                              \
  inline const Table* name##_for(::posse::InstructionSet set) {                  \
    if (!::posse::is_available(set)) return nullptr;                             \
    if (set == ::posse::InstructionSet::avx512) return &avx512::name;            \
    return set == ::posse::InstructionSet::avx2 ? &avx2::name : &baseline::name; \
  }                                                                              \
  POSSE_BEST_KERNEL_TABLE(Table, name)
#else
#define POSSE_KERNEL_TABLE(Table, name)                            \
  namespace baseline {                                             \
  extern const Table name;                                         \
  }                                                                \
  inline const Table* name##_for(::posse::InstructionSet set) {    \
    return ::posse::is_available(set) ? &baseline::name : nullptr; \
  }                                                                \
  POSSE_BEST_KERNEL_TABLE(Table, name)
#endif
#define POSSE_BEST_KERNEL_TABLE(Table, name)                                               \
  inline const Table& name() {                                                             \
    static const Table& best = *name##_for(::posse::available_instruction_sets().front()); \
    return best;                                                                           \
  }
