#include "network/backends/onnxruntime/onnxruntime_backend.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "network/backends/onnxruntime/golden.h"
#include "network/backends/onnxruntime/plugins.h"
#include "network/backends/onnxruntime/session.h"
#include "network/backends/onnxruntime/trial_network.h"
#include "network/onnx.h"

namespace posse {
namespace ort {
namespace {

namespace fs = std::filesystem;

/// Frames side by side, as the network takes them.
class OrtWorkspace : public Workspace {
 public:
  int64_t num_bytes() const override { return static_cast<int64_t>(frames.capacity()); }
  std::vector<uint8_t> frames;
};

/// The library's file, and the plug-in's where the device is one's.
std::string library_text(const Library& library, const Device& device) {
  const std::string file = printable(library.file().string());
  const auto plugin = plugin_for(library, *device.kind);
  return plugin ? file + ", " + printable(plugin->file.string()) : file;
}

class OrtExecutor : public Executor {
 public:
  OrtExecutor(Graph graph, std::unique_ptr<OrtSession> session, const SessionSettings& settings,
              int64_t weight_bytes)
      : graph_(std::move(graph)),
        session_(std::move(session)),
        settings_(settings),
        weight_bytes_(weight_bytes) {}

  std::unique_ptr<Workspace> make_workspace() const override {
    return std::make_unique<OrtWorkspace>();
  }
  void run(const FrameBatch& batch, bool want_locref, Workspace& workspace,
           NetworkOutput& output) const override;
  int64_t weight_bytes() const override { return weight_bytes_; }
  ExecutionFacts facts() const override {
    ExecutionFacts facts{.device = settings_.device.text(),
                         .library = library_text(session_->library(), settings_.device),
                         .version = session_->library().version(),
                         .precision = std::string(name_of(settings_.precision))};
    facts.golden_error = golden_error_;
    return facts;
  }
  void set_golden_error(double error) { golden_error_ = error; }

 private:
  Graph graph_;
  std::unique_ptr<OrtSession> session_;
  SessionSettings settings_;
  int64_t weight_bytes_;
  double golden_error_ = 0;
};

/// Keeps the tensor if it has that shape already.
void shape_as(Shape shape, Tensor& tensor) {
  if (tensor.shape() != shape) tensor = Tensor(std::move(shape));
}

void OrtExecutor::run(const FrameBatch& batch, bool want_locref, Workspace& workspace,
                      NetworkOutput& output) const {
  const int64_t count = batch.size();
  const std::vector<Extent> extents = node_extents(graph_, {batch.height, batch.width});
  const Extent map = extents.at(static_cast<size_t>(graph_.scoremap_logits));
  const int64_t parts = graph_.nodes.at(static_cast<size_t>(graph_.scoremap_logits)).channels;
  shape_as({count, map.height, map.width, parts}, output.scoremap_logits);
  std::vector<SessionOutput> outputs = {{"scoremap_logits", &output.scoremap_logits}};
  if (want_locref && graph_.locref >= 0) {
    shape_as({count, map.height, map.width, parts, 2}, output.locref);
    outputs.push_back({"locref", &output.locref});
  } else {
    output.locref = Tensor();
  }
  if (count == 0) return;
  std::vector<uint8_t>& frames = dynamic_cast<OrtWorkspace&>(workspace).frames;
  const size_t size = static_cast<size_t>(3 * batch.height * batch.width);
  frames.resize(size * batch.frames.size());
  for (size_t i = 0; i < batch.frames.size(); ++i) {
    std::memcpy(frames.data() + i * size, batch.frames[i], size);
  }
  session_->run(frames.data(), {count, batch.height, batch.width, 3}, outputs);
}

int64_t bytes_of(const Weights& weights) {
  int64_t bytes = 0;
  for (const auto& [name, tensor] : weights) {
    bytes += static_cast<int64_t>(tensor.values().size_bytes());
  }
  return bytes;
}

class OrtBackend : public Backend {
 public:
  OrtBackend(fs::path library, Device device, Precision precision = Precision::fp32)
      : library_(std::move(library)), device_(device), precision_(precision) {}

  std::string_view name() const override { return "onnxruntime"; }
  std::string numerics() const override {
    return fmt::format("onnxruntime {} {}", device_.kind->word, name_of(precision_));
  }
  std::shared_ptr<const Backend> in_full_precision() const override {
    if (precision_ == Precision::fp32) return nullptr;
    return std::make_shared<OrtBackend>(library_, device_);
  }
  std::optional<std::string> why_unavailable() const override {
    try {
      find_library(library_);
    } catch (const Error& error) {  // the answer to the question
      return fmt::format("{} ({})", error.message(), error.notes().hint);
    }
    return std::nullopt;
  }
  bool suits_every_size() const override { return true; }
  /// One caller, since the library has threads of its own.
  ExecutionPlan plan(const PlanRequest& request) const override {
    ExecutionPlan plan = Backend::plan(request);
    plan.num_workers = 1;
    plan.threads_per_operator = request.num_threads;
    plan.compile_threads = 1;
    return plan;
  }
  std::unique_ptr<Executor> compile(const Graph& graph, const Weights& weights,
                                    const BackendOptions& options) const override {
    const auto library = find_library(library_);
    check_weights(graph, weights, "the network");
    const SessionSettings settings{
        .device = device_, .num_threads = options.threads_per_operator, .precision = precision_};
    auto session = std::make_unique<OrtSession>(
        library,
        onnx_bytes({.members = {{.graph = &graph, .weights = &weights, .name = "member"}},
                    .for_runtime = true,
                    .half = precision_ == Precision::fp16,
                    .metadata = {}}),
        settings);
    auto executor =
        std::make_unique<OrtExecutor>(graph, std::move(session), settings, bytes_of(weights));
    executor->set_golden_error(
        check_golden(graph, weights, *executor, options.frame_extent, device_.text(), precision_));
    return executor;
  }

 private:
  fs::path library_;
  Device device_;
  Precision precision_;
};

/// Compiles and runs the trial network.
DeviceTrial tried(const fs::path& library, const Device& device,
                  Precision precision = Precision::fp32) {
  DeviceTrial trial{.device = device.text()};
  try {
    const TrialNetwork network = make_trial_network();
    const OrtBackend backend(library, device, precision);
    const auto executor = backend.compile(network.graph, network.weights, {});
    trial.golden_error = executor->facts().golden_error;
    const Extent extent{480, 640};
    const std::vector<uint8_t> picture = golden_picture(extent);
    const auto workspace = executor->make_workspace();
    NetworkOutput output;
    trial.milliseconds = 1e9;
    for (int round = 0; round < 3; ++round) {
      const double start = seconds_now();
      executor->run({extent.height, extent.width, {picture.data()}}, true, *workspace, output);
      trial.milliseconds = std::min(trial.milliseconds, 1e3 * (seconds_now() - start));
    }
  } catch (const Error& error) {  // the answer to the question
    trial.why_not = error.message();
    if (!error.notes().hint.empty()) trial.why_not += "; " + error.notes().hint;
  }
  return trial;
}

/// What brings a device that neither the library nor a plug-in has.
std::string how_to_get(const DeviceKind& kind) {
  const bool has_plugin = !kind.plugin_line.empty() && kind.plugin_line != kind.install_line;
  return fmt::format(
      "this library is built without it; {} brings one{}; it needs {}", kind.install_line,
      has_plugin ? fmt::format(", {} a plug-in for this one", kind.plugin_line) : "", kind.needs);
}

bool has_kind(const Library& library, const DeviceKind& kind) {
  return library.has_provider(kind.provider) || plugin_for(library, kind).has_value();
}

bool has_precision(const DeviceKind& kind, Precision precision) {
  return precision != Precision::tf32 || kind.has_tf32;
}

/// What is left of a choice between devices.
struct DeviceChoice {
  fs::path library;
  Precision precision = Precision::fp32;
  std::shared_ptr<const Backend> processor;  ///< where none works; nullptr: ONNX Runtime's own
  size_t first = 0;                          ///< of device_kinds()
};

std::shared_ptr<const Backend> first_that_works(const DeviceChoice& choice,
                                                std::vector<std::string>& notes);

/// A device that was chosen; others may follow.
class ChosenDevice : public OrtBackend {
 public:
  ChosenDevice(const Device& device, DeviceChoice rest)
      : OrtBackend(rest.library, device, rest.precision), rest_(std::move(rest)) {}
  bool is_choice_of_posse() const override { return true; }
  std::shared_ptr<const Backend> next_choice(std::vector<std::string>& notes) const override {
    return first_that_works(rest_, notes);
  }

 private:
  DeviceChoice rest_;
};

/// @throws Error(unavailable) if there is none
std::shared_ptr<const Backend> first_that_works(const DeviceChoice& choice,
                                                std::vector<std::string>& notes) {
  const auto library = find_library(choice.library);
  for (size_t i = choice.first; i < device_kinds().size(); ++i) {
    const DeviceKind& kind = device_kinds()[i];
    const Device device{.kind = &kind};
    const bool is_processor = kind.word == "cpu";
    if (is_processor && choice.processor) return choice.processor;
    if (!has_kind(*library, kind) || !has_precision(kind, choice.precision)) continue;
    const DeviceTrial trial = tried(choice.library, device, choice.precision);
    DeviceChoice rest = choice;
    rest.first = i + 1;
    if (!trial.why_not.empty()) {
      notes.push_back(fmt::format("device {} is passed over: {}", trial.device, trial.why_not));
    } else if (is_processor) {
      return std::make_shared<OrtBackend>(choice.library, device, choice.precision);
    } else {
      return std::make_shared<ChosenDevice>(device, std::move(rest));
    }
  }
  throw Error(ErrorKind::unavailable,
              fmt::format("no device of ONNX Runtime {} ({}) works", library->version(),
                          printable(library->file().string())),
              {.hint = "posse doctor says what is missing"});
}

PluginTrial tried(const Library& library, const Plugin& plugin) {
  PluginTrial trial{.file = printable(plugin.file.string()),
                    .device = std::string(plugin.kind->word)};
  try {
    trial.num_devices = static_cast<int64_t>(plugin_devices(library, plugin).size());
  } catch (const Error& error) {  // the answer to the question
    trial.why_not = error.message();
  }
  return trial;
}

}  // namespace
}  // namespace ort

const Backend& onnxruntime_backend() {
  static const ort::OrtBackend kBackend({}, ort::parse_device("cpu"));
  return kBackend;
}

std::shared_ptr<const Backend> open_onnxruntime(const std::string& device,
                                                const std::filesystem::path& library,
                                                Precision precision) {
  using namespace ort;
  const auto backend_on = [&](const Library& of, const Device& on) {
    return std::make_shared<OrtBackend>(of.file(), on, precision);
  };
  if (device != "auto") {
    const Device on = parse_device(device);
    if (!has_precision(*on.kind, precision)) {
      throw Error(ErrorKind::usage, fmt::format("device '{}' has no precision tf32", on.text()),
                  {.hint = "cuda and tensorrt have it"});
    }
    const auto found = find_library(library);
    const auto backend = backend_on(*found, on);
    if (on.kind->word == "cpu") return backend;
    const TrialNetwork network = make_trial_network();
    backend->compile(network.graph, network.weights, {});
    return backend;
  }
  std::vector<std::string> unheard;
  return open_best_device(library, precision, nullptr, unheard);
}

std::shared_ptr<const Backend> open_best_device(const std::filesystem::path& library,
                                                Precision precision,
                                                std::shared_ptr<const Backend> processor,
                                                std::vector<std::string>& notes) {
  const auto found = ort::find_library(library);
  return ort::first_that_works(
      {.library = found->file(), .precision = precision, .processor = std::move(processor)}, notes);
}

OnnxRuntimeReport try_onnxruntime(const std::filesystem::path& library) {
  using namespace ort;
  OnnxRuntimeReport report;
  std::shared_ptr<const Library> found;
  try {
    found = find_library(library);
  } catch (const Error& error) {  // the answer to the question
    report.why_not = error.message();
    report.hint = error.notes().hint;
    return report;
  }
  report.file = printable(found->file().string());
  report.version = found->version();
  for (const DeviceKind& kind : device_kinds()) {
    if (has_kind(*found, kind)) {
      report.devices.push_back(tried(found->file(), {.kind = &kind}));
    } else {
      report.devices.push_back({.device = std::string(kind.word), .why_not = how_to_get(kind)});
    }
  }
  for (const Plugin& plugin : find_plugins(found->file())) {
    report.plugins.push_back(tried(*found, plugin));
  }
  return report;
}

}  // namespace posse
