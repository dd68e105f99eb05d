#include "network/backends/onnxruntime/failure.h"

#include <gtest/gtest.h>

namespace posse::ort {
namespace {

TEST(Failure, MemoryThatIsFullIsToldByItsWords) {
  for (const char* words :
       {"CUDA failure 2: out of memory ; GPU=0 ; hostname=x ; expr=cudaMalloc((void**)&p, size);",
        "Non-zero status code returned while running Conv node. Name:'conv1' Status Message: "
        "bfc_arena.cc:376 AllocateRawInternal Failed to allocate memory for requested buffer of "
        "size 1073741824",
        "bfc_arena.cc:282 Available memory of 4194304 is smaller than requested bytes of 8388608",
        "CUBLAS failure 3: CUBLAS_STATUS_ALLOC_FAILED",
        "CUDNN failure 4002: "
        "CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED; CUDNN_STATUS_ALLOC_FAILED",
        "Exception during initialization: std::bad_alloc",
        "VK_ERROR_OUT_OF_DEVICE_MEMORY: out of "
        "memory",
        "E_OUTOFMEMORY"}) {
    EXPECT_EQ(kind_of_failure(words), ErrorKind::device_memory) << words;
  }
}

TEST(Failure, ALostDeviceIsToldByItsWords) {
  for (const char* words :
       {"CUDA failure 700: an illegal memory access was encountered ; GPU=0",
        "CUDA failure 719: unspecified launch failure ; GPU=0", "DXGI_ERROR_DEVICE_REMOVED",
        "887A0005: The GPU device instance has been suspended",
        "WebGPU device lost (2): Device was destroyed.", "VK_ERROR_DEVICE_LOST",
        "uncorrectable ECC error encountered",
        // The memory of a lost device is lost with it.
        "device lost: out of memory"}) {
    EXPECT_EQ(kind_of_failure(words), ErrorKind::device_lost) << words;
  }
}

TEST(Failure, OtherWordsAreNeither) {
  for (const char* words :
       {"", "Invalid rank for input: frames", "CUDNN failure 5000: CUDNN_STATUS_EXECUTION_FAILED",
        "Failed to load library libonnxruntime_providers_cuda.so"}) {
    EXPECT_EQ(kind_of_failure(words), ErrorKind::unavailable) << words;
  }
}

}  // namespace
}  // namespace posse::ort
