#include "network/backends/onnxruntime/onnxruntime_backend.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "network/backends/onnxruntime/golden.h"
#include "network/backends/onnxruntime/ort_backend.h"
#include "network/backends/onnxruntime/plugins.h"
#include "network/backends/onnxruntime/trial_network.h"

namespace posse {
namespace ort {
namespace {

namespace fs = std::filesystem;

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
  if (device != "auto") {
    const Device on = parse_device(device);
    if (!has_precision(*on.kind, precision)) {
      throw Error(ErrorKind::usage, fmt::format("device '{}' has no precision tf32", on.text()),
                  {.hint = "cuda and tensorrt have it"});
    }
    const auto found = find_library(library);
    auto backend = std::make_shared<OrtBackend>(found->file(), on, precision);
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
