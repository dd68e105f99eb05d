/// Compiles a function once per vector width and picks the widest the CPU has when the program is
/// loaded.
///
/// The clones differ in speed only: they contract nothing and keep each lane's order of operations,
/// so a result does not depend on the machine.
#pragma once

// GCC and Clang tell of sanitizers in ways of their own.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define POSSE_IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define POSSE_IS_SANITIZED 1
#endif
#endif

#if defined(__x86_64__) && defined(__ELF__) && !defined(POSSE_IS_SANITIZED)
#define POSSE_SIMD_CLONES __attribute__((target_clones("default", "avx2", "avx512f")))
#else
#define POSSE_SIMD_CLONES  // sanitizers run before ifuncs can be resolved safely; other CPUs have
                           // one width
#endif
