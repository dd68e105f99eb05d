/// Memory for frames and maps that a session's runs use again and again.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/tensor.h"
#include "network/backends/onnxruntime/devices.h"
#include "network/backends/onnxruntime/held.h"

namespace posse::ort {

struct BoundOutput {
  std::string name;
  Shape shape;
  bool operator==(const BoundOutput&) const = default;
};

/// What a run takes and gives.
struct BindingShape {
  Shape frames;  ///< [frames, height, width, 3]
  std::vector<BoundOutput> outputs;
  bool operator==(const BindingShape&) const = default;
};

/// Frames in and maps out, bound to their places once. Where the device is a card of NVIDIA they
/// lie in page-locked memory, which it reads and writes by itself while it computes something else.
/// For one run at a time; several bindings of one session may run side by side.
class Binding {
 public:
  /// @param session  outlives the binding
  /// @throws Error of the library
  Binding(const Library& library, Session* session, const Device& device,
          const BindingShape& shape);

  const BindingShape& shape() const { return shape_; }
  /// [frames, height, width, 3], to be filled before run().
  uint8_t* frames() const { return static_cast<uint8_t*>(frames_.data); }
  const float* output(size_t number) const {
    return static_cast<const float*>(outputs_.at(number)->data);
  }
  /// Bytes of frames and maps; what the library holds by itself is not counted.
  int64_t num_bytes() const { return num_bytes_; }

  /// Computes the maps of the frames. @throws Error of the library, with its words
  void run();

 private:
  struct Array {
    explicit Array(const Library& library) : value(library) {}
    HeldValue value;
    void* data = nullptr;
    std::vector<float> own;  ///< where the device has no memory of its kind
  };
  void allocate(const Shape& shape, int type, size_t element_bytes, Array& array);

  const Library& library_;
  Session* session_;
  BindingShape shape_;
  int64_t num_bytes_ = 0;
  // Released in the opposite order.
  HeldMemoryInfo plain_;
  HeldMemoryInfo locked_;
  Held<Allocator, ReleaseAllocator> allocator_;  ///< gives locked memory; empty: there is none
  Array frames_;
  std::vector<std::unique_ptr<Array>> outputs_;
  Held<RunOptions, ReleaseRunOptions> run_options_;
  Held<IoBinding, ReleaseIoBinding> binding_;
};

}  // namespace posse::ort
