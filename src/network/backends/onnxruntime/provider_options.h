/// A device's provider in a session's options.
#pragma once

#include <string>

#include "network/backends/onnxruntime/devices.h"
#include "network/backends/onnxruntime/library.h"
#include "network/precision.h"

namespace posse::ort {

struct ProviderSettings {
  Device device;
  /// That the device is allowed; the network's own types are in its bytes.
  Precision precision = Precision::fp32;
  /// Tells networks apart, weights included: names what TensorRT keeps of one on disk.
  std::string network_key;
};

/// Appends the device's provider, with the fastest algorithms by trial; nothing for "cpu".
/// @throws Error(unavailable) where the library does not have it; Error of the library
void append_provider(const Library& library, const ProviderSettings& settings,
                     SessionOptions* session);

}  // namespace posse::ort
