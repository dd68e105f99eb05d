#include "network/backends/onnxruntime/plugins.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "base/count_text.h"
#include "base/error.h"
#include "base/text.h"
#include "network/backends/onnxruntime/library_file.h"

namespace posse::ort {
namespace {

namespace fs = std::filesystem;

/// The kind of device that a plug-in of this name is for; nullptr: it is none.
const DeviceKind* kind_of(const fs::path& file) {
  for (const DeviceKind& kind : device_kinds()) {
    if (kind.plugin.empty()) continue;
    for (const char* end : {".so", ".dylib"}) {
      if (file.filename() == std::string(kind.plugin) + end) return &kind;
    }
  }
  return nullptr;
}

/// Gathers plug-ins, the first of each kind.
class FoundPlugins {
 public:
  void add(const fs::path& file) {
    const DeviceKind* kind = kind_of(file);
    const bool is_new = std::none_of(found_.begin(), found_.end(),
                                     [&](const Plugin& other) { return other.kind == kind; });
    if (kind != nullptr && is_new) found_.push_back({file, kind});
  }
  void add_all_in(const fs::path& folder, int depth) {
    std::error_code failure;
    for (fs::recursive_directory_iterator entry(folder, failure), end; !failure && entry != end;
         entry.increment(failure)) {
      if (entry.depth() >= depth) entry.disable_recursion_pending();
      add(entry->path());
    }
  }
  /// Those of packages named onnxruntime_ep_*.
  void add_packages_in(const fs::path& packages) {
    std::error_code failure;
    std::set<fs::path> folders;  // in order of their names
    for (fs::directory_iterator entry(packages, failure), end; !failure && entry != end;
         entry.increment(failure)) {
      const std::string name = entry->path().filename().string();
      if (name.starts_with("onnxruntime_ep_") && !name.ends_with("-info")) {
        folders.insert(entry->path());
      }
    }
    for (const fs::path& folder : folders) add_all_in(folder, 2);
  }
  std::vector<Plugin> take() { return std::move(found_); }

 private:
  std::vector<Plugin> found_;
};

/// ONNX Runtime has one environment in a process, and plug-ins stay registered in it. So what is
/// registered is known once per process, too, and the environment is kept.
class Registrations {
 public:
  static Registrations& of_process() {
    static Registrations registrations;
    return registrations;
  }
  /// The environment of a library in which the plug-in is registered.
  Env* with(const Library& library, const Plugin& plugin) {
    const std::lock_guard lock(mutex_);
    Env*& env = envs_[library.file()];
    if (env == nullptr) library.call<CreateEnv>("cannot be started", kFatal, "posse", &env);
    const auto key = std::pair(library.file(), plugin.file);
    if (registered_.contains(key)) return env;
    library.call<RegisterPlugin>("the plug-in is refused", env,
                                 std::string(plugin.kind->plugin_provider).c_str(),
                                 plugin.file.c_str());
    registered_.insert(key);
    return env;
  }

 private:
  std::mutex mutex_;
  std::map<fs::path, Env*> envs_;
  std::set<std::pair<fs::path, fs::path>> registered_;
};

/// @throws Error(unavailable) where registering it cannot work
void check_plugin(const Library& library, const Plugin& plugin) {
  const std::string file = printable(plugin.file.string());
  if (library.interface_version() < kPluginVersion) {
    throw Error(ErrorKind::unavailable,
                fmt::format("the plug-in {} needs ONNX Runtime 1.{} or newer; {} is {}", file,
                            kPluginVersion, printable(library.file().string()), library.version()));
  }
  if (const auto why = why_not_loadable(plugin.file)) {
    throw Error(ErrorKind::unavailable,
                fmt::format("{} cannot serve as a plug-in: {}", file, *why));
  }
}

Env* environment_with(const Library& library, const Plugin& plugin) {
  check_plugin(library, plugin);
  return Registrations::of_process().with(library, plugin);
}

/// 0: cards.
int order_of(const Library& library, const EpDevice* device) {
  const int type =
      library.function<HardwareDeviceType>()(library.function<EpDeviceHardware>()(device));
  return type == kCard ? 0 : type == kNeuralUnit ? 1 : 2;
}

/// As those of the provider that is built in. NVIDIA's TensorRT-RTX has none of them.
std::vector<std::array<const char*, 2>> options_of(const DeviceKind& kind, bool tf32) {
  if (kind.word != "cuda") return {};
  return {{"use_tf32", tf32 ? "1" : "0"},
          {"prefer_nhwc", "1"},
          {"fuse_conv_bias", "1"},
          {"cudnn_conv_algo_search", "EXHAUSTIVE"},
          {"cudnn_conv_use_max_workspace", "1"}};
}

}  // namespace

std::vector<Plugin> find_plugins(const fs::path& library, const Surroundings& surroundings) {
  FoundPlugins found;
  std::string named = surroundings.variable("POSSE_ORT_PLUGINS");
  while (!named.empty()) {
    const size_t colon = std::min(named.find(':'), named.size());
    found.add(named.substr(0, colon));
    named.erase(0, std::min(colon + 1, named.size()));
  }
  found.add_all_in(library.parent_path(), 0);
  // <packages>/onnxruntime/capi/libonnxruntime.so
  found.add_packages_in(library.parent_path().parent_path().parent_path());
  for (const fs::path& folder : package_folders(surroundings)) found.add_packages_in(folder);
  return found.take();
}

std::optional<Plugin> plugin_for(const Library& library, const DeviceKind& kind) {
  if (kind.plugin.empty() || library.has_provider(kind.provider)) return std::nullopt;
  for (Plugin& plugin : find_plugins(library.file())) {
    if (plugin.kind == &kind) return std::move(plugin);
  }
  return std::nullopt;
}

std::vector<const EpDevice*> plugin_devices(const Library& library, const Plugin& plugin) {
  const Env* env = environment_with(library, plugin);
  const EpDevice* const* all = nullptr;
  size_t count = 0;
  library.call<GetEpDevices>("does not say which devices there are", env, &all, &count);
  std::vector<const EpDevice*> own;
  for (size_t i = 0; i < count; ++i) {
    const char* provider = library.function<EpDeviceProvider>()(all[i]);
    if (provider != nullptr && plugin.kind->plugin_provider == provider) own.push_back(all[i]);
  }
  std::stable_sort(own.begin(), own.end(), [&](const EpDevice* a, const EpDevice* b) {
    return order_of(library, a) < order_of(library, b);
  });
  return own;
}

void append_plugin(const Library& library, const Plugin& plugin, const Device& device, bool tf32,
                   SessionOptions* options) {
  const std::vector<const EpDevice*> devices = plugin_devices(library, plugin);
  if (device.number >= static_cast<int>(devices.size())) {
    const std::string offered =
        devices.empty()
            ? "no device"
            : fmt::format("{} only", count_text(static_cast<int64_t>(devices.size()), "device"));
    throw Error(ErrorKind::unavailable,
                fmt::format("device {}: the plug-in {} offers {} on this machine", device.text(),
                            printable(plugin.file.string()), offered));
  }
  std::vector<const char*> keys, values;
  for (const auto& [key, value] : options_of(*plugin.kind, tf32)) {
    keys.push_back(key);
    values.push_back(value);
  }
  const EpDevice* const chosen = devices[static_cast<size_t>(device.number)];
  library.call<AppendEpDevices>("the plug-in cannot be used", options,
                                environment_with(library, plugin), &chosen, size_t{1}, keys.data(),
                                values.data(), keys.size());
}

}  // namespace posse::ort
