/// Marks functions and lambdas that must be compiled as part of each kernel that calls them.
#pragma once

#define POSSE_ALWAYS_INLINE inline __attribute__((always_inline))
#define POSSE_LAMBDA_INLINE __attribute__((always_inline))
