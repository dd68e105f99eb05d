#include "network/backends/onnxruntime/session.h"

#include <fmt/format.h>

#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/hash.h"
#include "network/backends/onnxruntime/held.h"
#include "network/backends/onnxruntime/provider_options.h"

namespace posse::ort {
namespace {

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
  if (device.kind->needs.empty() || error.kind() != ErrorKind::unavailable) return error;
  const std::string missing = missing_library_in(error.message());
  const std::string first =
      missing.empty() ? "" : fmt::format("{} is not found on this machine; ", missing);
  return {error.kind(),
          error.message(),
          {.hint = fmt::format("{}device {} needs {}; {}", first, device.text(), device.kind->needs,
                               device.kind->install_line)}};
}

}  // namespace

struct OrtSession::Parts {
  explicit Parts(std::shared_ptr<const Library> of)
      : library(std::move(of)), env(*library), session(*library) {}

  std::shared_ptr<const Library> library;
  Device device;
  LogLines log;
  Held<Env, ReleaseEnv> env;
  Held<Session, ReleaseSession> session;
  Placement placement;

  void set_options(const SessionSettings& settings, const std::string& model,
                   SessionOptions* options);
};

void OrtSession::Parts::set_options(const SessionSettings& settings, const std::string& model,
                                    SessionOptions* options) {
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
  Sha256 hash;
  hash.update(model);
  append_provider(*library,
                  {.device = settings.device,
                   .precision = settings.precision,
                   .network_key = hash.finish().substr(0, 32)},
                  options);
}

OrtSession::OrtSession(std::shared_ptr<const Library> library, const std::string& model,
                       const SessionSettings& settings)
    : parts_(std::make_unique<Parts>(std::move(library))) {
  const Library& ort = *parts_->library;
  parts_->device = settings.device;
  try {
    ort.call<CreateEnv>("cannot be started", kFatal, "posse", parts_->env.out());
    Held<SessionOptions, ReleaseSessionOptions> options(ort);
    ort.call<CreateSessionOptions>("has no options", options.out());
    parts_->set_options(settings, model, options.get());
    ort.call<CreateSessionFromArray>("cannot take the network", parts_->env.get(),
                                     static_cast<const void*>(model.data()), model.size(),
                                     options.get(), parts_->session.out());
  } catch (const Error& error) {
    throw with_needs(error, settings.device);
  }
  parts_->placement = read_placement(parts_->log.take());
  check_placement(parts_->placement, settings.device);
}

OrtSession::~OrtSession() = default;

std::unique_ptr<Binding> OrtSession::bind(const BindingShape& shape) const {
  return std::make_unique<Binding>(*parts_->library, parts_->session.get(), parts_->device, shape);
}

const Placement& OrtSession::placement() const { return parts_->placement; }
const Library& OrtSession::library() const { return *parts_->library; }

}  // namespace posse::ort
