/// An object of ONNX Runtime's, released by one of its functions.
#pragma once

#include "network/backends/onnxruntime/library.h"

namespace posse::ort {

template <class T, class Release>
class Held {
 public:
  explicit Held(const Library& library) : library_(&library) {}
  ~Held() {
    if (object_ != nullptr) library_->function<Release>()(object_);
  }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;

  T** out() { return &object_; }
  T* get() const { return object_; }

 private:
  const Library* library_;
  T* object_ = nullptr;
};

using HeldValue = Held<Value, ReleaseValue>;
using HeldMemoryInfo = Held<MemoryInfo, ReleaseMemoryInfo>;

}  // namespace posse::ort
