#include "network/backends/onnxruntime/binding.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"

namespace posse::ort {
namespace {

constexpr const char* kWhat = "cannot take an array";

bool is_of_nvidia(const Device& device) {
  return device.kind->word == "cuda" || device.kind->word == "tensorrt";
}

}  // namespace

Binding::Binding(const Library& library, Session* session, const Device& device,
                 const BindingShape& shape)
    : library_(library),
      session_(session),
      shape_(shape),
      plain_(library),
      locked_(library),
      allocator_(library),
      frames_(library),
      run_options_(library),
      binding_(library) {
  library.call<CreateCpuMemoryInfo>("has no memory", kDeviceAllocator, kDefaultMemory,
                                    plain_.out());
  if (is_of_nvidia(device)) {
    try {
      library.call<CreateMemoryInfo>(kWhat, "CudaPinned", kDeviceAllocator, device.number,
                                     kOutputOnProcessor, locked_.out());
      library.call<CreateAllocator>(kWhat, static_cast<const Session*>(session), locked_.get(),
                                    allocator_.out());
    } catch (const Error& error) {  // plain memory is slower, and as good
      if (error.kind() != ErrorKind::unavailable) throw;
    }
  }
  library.call<CreateRunOptions>("has no options", run_options_.out());
  library.call<SetRunLogSeverityLevel>("has no options", run_options_.get(), kFatal);
  library.call<CreateIoBinding>(kWhat, session, binding_.out());
  allocate(shape.frames, kUint8, sizeof(uint8_t), frames_);
  library.call<BindInput>(kWhat, binding_.get(), "frames", frames_.value.get());
  for (const BoundOutput& output : shape.outputs) {
    Array& array = *outputs_.emplace_back(std::make_unique<Array>(library));
    allocate(output.shape, kFloat32, sizeof(float), array);
    library.call<BindOutput>(kWhat, binding_.get(), output.name.c_str(), array.value.get());
  }
}

void Binding::allocate(const Shape& shape, int type, size_t element_bytes, Array& array) {
  const size_t bytes = static_cast<size_t>(num_elements(shape)) * element_bytes;
  num_bytes_ += static_cast<int64_t>(bytes);
  if (allocator_.get() != nullptr) {
    library_.call<CreateTensorAsOrtValue>(kWhat, allocator_.get(), shape.data(), shape.size(), type,
                                          array.value.out());
    library_.call<GetTensorMutableData>(kWhat, array.value.get(), &array.data);
  } else {
    array.own.resize((bytes + sizeof(float) - 1) / sizeof(float));
    array.data = array.own.data();
    library_.call<CreateTensorWithDataAsOrtValue>(kWhat, plain_.get(), array.data, bytes,
                                                  shape.data(), shape.size(), type,
                                                  array.value.out());
  }
  std::memset(array.data, 0, bytes);
}

void Binding::run() {
  library_.call<SynchronizeBoundInputs>("failed at a frame", binding_.get());
  library_.call<RunWithBinding>("failed at a frame", session_, run_options_.get(), binding_.get());
  library_.call<SynchronizeBoundOutputs>("failed at a frame", binding_.get());
}

}  // namespace posse::ort
