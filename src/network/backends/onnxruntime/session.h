/// A network that runs in ONNX Runtime.
#pragma once

#include <memory>
#include <string>

#include "network/backends/onnxruntime/binding.h"
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

  /// Memory for runs, which must end before the session does. @throws Error of the library
  std::unique_ptr<Binding> bind(const BindingShape& shape) const;
  const Placement& placement() const;
  const Library& library() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace posse::ort
