/// Lists the instruction sets that kernels are compiled for, and finds which this machine has.
///
/// There is one way to write code per instruction set. Plain loops, or code on the vectors of
/// simd/floats.h and simd/pack_vector.h, are written once, in namespace POSSE_SIMD_NAMESPACE of a
/// source x_kernels.cc that posse_simd_kernels() (cmake/PosseModule.cmake) compiles once per set.
/// The header x_kernels.h declares a struct of function pointers and, by POSSE_KERNEL_TABLE, one
/// such table per set; callers ask for the best: `row_kernels().add_softmax(...)`.
///
/// A kernel source instantiates nothing of the standard library that is not inlined whole: the
/// linker could take a function compiled for one set in place of another's. The test
/// simd.KernelsKeepToThemselves looks for such functions. Apart from this way stands one function
/// alone, around an instruction that computes CRC-32C (checkpoint/tensorflow/crc32c.cc).
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

// NOLINTBEGIN(bugprone-macro-parentheses): types and names
#if defined(__x86_64__)
#define POSSE_SIMD_X86 1
#define POSSE_KERNEL_TABLES_BEYOND_BASELINE(Table, constant) \
  namespace avx2 {                                           \
  extern const Table constant;                               \
  }                                                          \
  namespace avx512 {                                         \
  extern const Table constant;                               \
  }
#define POSSE_KERNEL_TABLE_OF(set, constant)                  \
  (set == ::posse::InstructionSet::avx512 ? &avx512::constant \
   : set == ::posse::InstructionSet::avx2 ? &avx2::constant   \
                                          : &baseline::constant)
#else
#define POSSE_KERNEL_TABLES_BEYOND_BASELINE(Table, constant)
#define POSSE_KERNEL_TABLE_OF(set, constant) (&baseline::constant)
#endif

/// Declares what x_kernels.cc defines once per instruction set, `const Table constant`, and
/// function_for(set), nullptr where the set is not available, and function(), the best one.
#define POSSE_KERNEL_TABLE(Table, constant, function)                                          \
  namespace baseline {                                                                         \
  extern const Table constant;                                                                 \
  }                                                                                            \
  POSSE_KERNEL_TABLES_BEYOND_BASELINE(Table, constant)                                         \
  inline const Table* function##_for(::posse::InstructionSet set) {                            \
    return ::posse::is_available(set) ? POSSE_KERNEL_TABLE_OF(set, constant) : nullptr;        \
  }                                                                                            \
  inline const Table& function() {                                                             \
    static const Table& best = *function##_for(::posse::available_instruction_sets().front()); \
    return best;                                                                               \
  }
// NOLINTEND(bugprone-macro-parentheses)
