/// A network that runs in ONNX Runtime.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/tensor.h"
#include "network/backends/onnxruntime/devices.h"
#include "network/backends/onnxruntime/library.h"
#include "network/backends/onnxruntime/placement.h"
#include "network/precision.h"

namespace posse::ort {

struct SessionSettings {
  Device device;
  /// Threads of the CPU for this network; at least 1.
  int num_threads = 1;
  /// That the device is allowed; the network's own types are in its bytes.
  Precision precision = Precision::fp32;
};

/// An output to be filled.
struct SessionOutput {
  const char* name;
  Tensor* tensor;  ///< of the shape that the network gives for the frames
};

/// Const calls are thread-safe.
class OrtSession {
 public:
  /// @param model  bytes of an ONNX file with the input "frames", read during the call only
  /// @throws Error(unavailable), naming the library that a provider misses; as check_placement()
  OrtSession(std::shared_ptr<const Library> library, const std::string& model,
             const SessionSettings& settings);
  ~OrtSession();
  OrtSession(const OrtSession&) = delete;
  OrtSession& operator=(const OrtSession&) = delete;

  /// @param frames  [frames, height, width, 3] bytes
  /// @throws Error(unavailable) with the library's words
  void run(const uint8_t* frames, const std::vector<int64_t>& shape,
           const std::vector<SessionOutput>& outputs) const;
  const Placement& placement() const;
  const Library& library() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace posse::ort
