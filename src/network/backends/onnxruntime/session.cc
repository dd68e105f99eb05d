#include "network/backends/onnxruntime/session.h"

#include <fmt/format.h>

#include <mutex>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "network/backends/onnxruntime/plugins.h"

namespace posse::ort {
namespace {

/// An object of the library, released by one of its functions.
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

/// Gathers what a session says of itself, from any thread.
class LogLines {
 public:
  static void receive(void* receiver, int /*severity*/, const char* /*category*/,
                      const char* /*id*/, const char* /*place*/, const char* message) {
    auto& self = *static_cast<LogLines*>(receiver);
    const std::lock_guard lock(self.mutex_);
    const std::string_view text = message == nullptr ? "" : message;
    if (text.find("placed on [") != std::string_view::npos) self.gathering_ = true;
    if (self.gathering_ && !self.taken_ && self.lines_.size() < kMost)
      self.lines_.emplace_back(text);
  }
  /// Those from the first on that says where operations went; later ones are passed over.
  std::vector<std::string> take() {
    const std::lock_guard lock(mutex_);
    taken_ = true;
    return std::exchange(lines_, {});
  }

 private:
  static constexpr size_t kMost = 100'000;
  std::mutex mutex_;
  bool gathering_ = false;
  bool taken_ = false;
  std::vector<std::string> lines_;
};

/// "libcublasLt.so.13" of the words in which a system's loader says that it is not there.
std::string missing_library_in(const std::string& text) {
  const size_t end = text.find(": cannot open shared object file");
  if (end == std::string::npos) return "";
  const size_t start = text.find_last_of(" :", end - 1);
  return text.substr(start == std::string::npos ? 0 : start + 1,
                     end - (start == std::string::npos ? 0 : start + 1));
}

/// An error of the library's, with what the device needs.
Error with_needs(const Error& error, const Device& device) {
  if (device.kind->needs.empty()) return error;
  const std::string missing = missing_library_in(error.message());
  const std::string first =
      missing.empty() ? "" : fmt::format("{} is not found on this machine; ", missing);
  return {error.kind(),
          error.message(),
          {.hint = fmt::format("{}device {} needs {}; {}", first, device.text(), device.kind->needs,
                               device.kind->install_line)}};
}

using Options = std::vector<std::pair<const char*, std::string>>;

/// Calls use(keys, values, count).
template <class Use>
void with_texts(const Options& options, const Use& use) {
  std::vector<const char*> keys;
  std::vector<const char*> values;
  for (const auto& [key, value] : options) {
    keys.push_back(key);
    values.push_back(value.c_str());
  }
  use(keys.data(), values.data(), keys.size());
}

/// The fastest algorithms by trial, and the layout that a card's tensor cores want.
void append_cuda(const Library& library, const SessionSettings& settings, SessionOptions* session) {
  Options options = {{"device_id", std::to_string(settings.device.number)},
                     {"cudnn_conv_algo_search", "EXHAUSTIVE"},
                     {"cudnn_conv_use_max_workspace", "1"}};
  if (library.interface_version() >= 20) {
    options.insert(options.end(), {{"use_tf32", settings.precision == Precision::tf32 ? "1" : "0"},
                                   {"prefer_nhwc", "1"},
                                   {"fuse_conv_bias", "1"}});
  }
  Held<CudaOptions, ReleaseCudaOptions> cuda(library);
  library.call<CreateCudaOptions>("no options for CUDA", cuda.out());
  with_texts(options, [&](Keys keys, Keys values, size_t count) {
    library.call<UpdateCudaOptions>("options for CUDA", cuda.get(), keys, values, count);
  });
  library.call<AppendCuda>("CUDA cannot be used", session, cuda.get());
}

void append_tensorrt(const Library& library, const SessionSettings& settings,
                     SessionOptions* session) {
  const Options options = {{"device_id", std::to_string(settings.device.number)},
                           {"trt_fp16_enable", settings.precision == Precision::fp16 ? "1" : "0"}};
  Held<TensorRtOptions, ReleaseTensorRtOptions> tensorrt(library);
  library.call<CreateTensorRtOptions>("no options for TensorRT", tensorrt.out());
  with_texts(options, [&](Keys keys, Keys values, size_t count) {
    library.call<UpdateTensorRtOptions>("options for TensorRT", tensorrt.get(), keys, values,
                                        count);
  });
  library.call<AppendTensorRt>("TensorRT cannot be used", session, tensorrt.get());
}

void append_provider(const Library& library, const SessionSettings& settings,
                     SessionOptions* session) {
  const Device& device = settings.device;
  const std::string_view word = device.kind->word;
  if (word == "cpu") return;  // is always there
  if (const auto plugin = plugin_for(library, *device.kind)) {
    return append_plugin(library, *plugin, device, settings.precision == Precision::tf32, session);
  }
  if (!library.has_provider(device.kind->provider)) {
    throw Error(ErrorKind::unavailable,
                fmt::format("ONNX Runtime {} ({}) is built without {}", library.version(),
                            printable(library.file().string()), device.kind->provider));
  }
  if (word == "cuda") return append_cuda(library, settings, session);
  if (word == "tensorrt") return append_tensorrt(library, settings, session);
  const std::string name(device.kind->short_name);
  library.call<AppendProvider>("the provider cannot be used", session, name.c_str(), nullptr,
                               nullptr, size_t{0});
}

}  // namespace

struct OrtSession::Parts {
  explicit Parts(std::shared_ptr<const Library> of)
      : library(std::move(of)),
        env(*library),
        memory(*library),
        run_options(*library),
        session(*library) {}

  std::shared_ptr<const Library> library;
  LogLines log;
  Held<Env, ReleaseEnv> env;
  Held<MemoryInfo, ReleaseMemoryInfo> memory;
  Held<RunOptions, ReleaseRunOptions> run_options;
  Held<Session, ReleaseSession> session;
  Placement placement;

  void set_options(const SessionSettings& settings, SessionOptions* options);
};

void OrtSession::Parts::set_options(const SessionSettings& settings, SessionOptions* options) {
  const char* what = "a session's options are refused";
  library->call<SetUserLoggingFunction>(what, options, &LogLines::receive,
                                        static_cast<void*>(&log));
  library->call<SetSessionLogSeverityLevel>(what, options, kVerbose);
  library->call<SetSessionGraphOptimizationLevel>(what, options, kAllOptimizations);
  library->call<SetIntraOpNumThreads>(what, options, settings.num_threads);
  library->call<SetInterOpNumThreads>(what, options, 1);
  library->call<DisableMemPattern>(what, options);  // planned for one size of frames
  library->call<SetDeterministicCompute>(what, options, true);
  // Threads that wait sleep: those of the other members' sessions are at work.
  library->call<AddSessionConfigEntry>(what, options, "session.intra_op.allow_spinning", "0");
  append_provider(*library, settings, options);
}

OrtSession::OrtSession(std::shared_ptr<const Library> library, const std::string& model,
                       const SessionSettings& settings)
    : parts_(std::make_unique<Parts>(std::move(library))) {
  const Library& ort = *parts_->library;
  try {
    ort.call<CreateEnv>("cannot be started", kFatal, "posse", parts_->env.out());
    Held<SessionOptions, ReleaseSessionOptions> options(ort);
    ort.call<CreateSessionOptions>("has no options", options.out());
    parts_->set_options(settings, options.get());
    ort.call<CreateSessionFromArray>("cannot take the network", parts_->env.get(),
                                     static_cast<const void*>(model.data()), model.size(),
                                     options.get(), parts_->session.out());
    ort.call<CreateCpuMemoryInfo>("has no memory", kDeviceAllocator, kDefaultMemory,
                                  parts_->memory.out());
    ort.call<CreateRunOptions>("has no options", parts_->run_options.out());
    ort.call<SetRunLogSeverityLevel>("has no options", parts_->run_options.get(), kFatal);
  } catch (const Error& error) {
    throw with_needs(error, settings.device);
  }
  parts_->placement = read_placement(parts_->log.take());
  check_placement(parts_->placement, settings.device);
}

OrtSession::~OrtSession() = default;

void OrtSession::run(const uint8_t* frames, const std::vector<int64_t>& shape,
                     const std::vector<SessionOutput>& outputs) const {
  const Library& ort = *parts_->library;
  const auto value = [&](void* data, size_t bytes, const std::vector<int64_t>& extents, int type,
                         Value** out) {
    ort.call<CreateTensorWithDataAsOrtValue>("cannot take an array", parts_->memory.get(), data,
                                             bytes, extents.data(), extents.size(), type, out);
  };
  HeldValue input(ort);
  // The interface takes inputs as writable memory, and does not write there.
  value(const_cast<uint8_t*>(frames), static_cast<size_t>(num_elements(shape)), shape, kUint8,
        input.out());
  std::vector<std::unique_ptr<HeldValue>> held;
  std::vector<Value*> filled;
  std::vector<const char*> names;
  for (const SessionOutput& output : outputs) {
    held.push_back(std::make_unique<HeldValue>(ort));
    value(output.tensor->data(), output.tensor->values().size_bytes(), output.tensor->shape(),
          kFloat32, held.back()->out());
    filled.push_back(held.back()->get());
    names.push_back(output.name);
  }
  const char* input_name = "frames";
  const Value* inputs = input.get();
  ort.call<Run>("failed at a frame", parts_->session.get(), parts_->run_options.get(), &input_name,
                &inputs, size_t{1}, names.data(), names.size(), filled.data());
}

const Placement& OrtSession::placement() const { return parts_->placement; }
const Library& OrtSession::library() const { return *parts_->library; }

}  // namespace posse::ort
