/// Tells a device's failures apart by ONNX Runtime's words.
#pragma once

#include <string_view>

#include "base/error.h"

namespace posse::ort {

/// device_memory where the device has no memory left, device_lost where it is gone for this process
/// (a fault of the card or its driver, after which every call fails), else unavailable.
///
/// The library gives one code for all of them, so the words of CUDA, cuDNN, cuBLAS, Direct3D,
/// Vulkan and of ONNX Runtime's own allocator are looked for, in any case. Source: CUDA's and
/// Direct3D's lists of errors; bfc_arena.cc.
ErrorKind kind_of_failure(std::string_view words);

}  // namespace posse::ort
