// ONNX Runtime's own library under another's name: a card that computes, for tests on machines
// without one. What it is asked goes to the library that POSSE_POSING_AS_CARD names, whose
// processor computes; in its log and lists it calls itself the providers of POSSE_POSING, a list
// with "," between. POSSE_POSING_WRONG lists those whose maps of large networks are never filled:
// they pass the trial network, and fail with a member. A plug-in that is registered offers one
// card.
#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "network/backends/onnxruntime/interface.h"

namespace {

using namespace posse::ort;

constexpr size_t kLarge = 300'000;  ///< bytes of a model; the trial network has fewer
constexpr const char* kProcessor = "CPUExecutionProvider";

const ApiBase& real_base() {
  static const ApiBase* const kBase = [] {
    const char* file = std::getenv("POSSE_POSING_AS_CARD");
    void* handle = dlopen(file == nullptr ? "" : file, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (handle == nullptr) std::abort();
    return reinterpret_cast<GetApiBase>(dlsym(handle, kEntryPoint))();
  }();
  return *kBase;
}

const void* const* real_table() {
  static const void* const* const kTable = real_base().table_of(23);
  return kTable;
}

template <class Slot>
typename Slot::Type* real() {
  return reinterpret_cast<typename Slot::Type*>(
      const_cast<void*>(real_table()[Slot::kPlaceInTable]));
}

std::set<std::string> listed_in(const char* variable) {
  const char* text = std::getenv(variable);
  std::istringstream words(text == nullptr ? "" : text);
  std::set<std::string> all;
  for (std::string word; std::getline(words, word, ',');) all.insert(word);
  return all;
}

/// Of one session: how it calls itself, and who hears its log.
struct Pose {
  std::string provider;
  LogFunction function = nullptr;
  void* receiver = nullptr;
};

struct World {
  std::mutex mutex;
  std::deque<Pose> poses;  ///< kept: logs may come late
  std::map<const void*, Pose*> of_options;
  std::set<const void*> empty_sessions;  ///< that fill nothing
  std::deque<std::string> plugins;       ///< providers that were registered; each is a device
};
World& world() {
  static World made;
  return made;
}

Pose& pose_of(const void* options) {
  World& all = world();
  const std::lock_guard lock(all.mutex);
  Pose*& pose = all.of_options[options];
  if (pose == nullptr) pose = &all.poses.emplace_back();
  return *pose;
}

void relay(void* receiver, int severity, const char* category, const char* id, const char* place,
           const char* message) {
  const auto& pose = *static_cast<const Pose*>(receiver);
  std::string text = message == nullptr ? "" : message;
  const size_t at = text.find(kProcessor);
  if (!pose.provider.empty() && at != std::string::npos) {
    text.replace(at, std::string(kProcessor).size(), pose.provider);
  }
  pose.function(pose.receiver, severity, category, id, place, text.c_str());
}

Status* set_log(SessionOptions* options, LogFunction function, void* receiver) {
  Pose& pose = pose_of(options);
  pose.function = function;
  pose.receiver = receiver;
  return real<SetUserLoggingFunction>()(options, relay, &pose);
}

void release_options(SessionOptions* options) {
  {
    World& all = world();
    const std::lock_guard lock(all.mutex);
    all.of_options.erase(options);
  }
  real<ReleaseSessionOptions>()(options);
}

Status* pose_as(const void* options, const std::string& provider) {
  pose_of(options).provider = provider;
  return nullptr;
}

Status* create_session(const Env* env, const void* bytes, size_t size,
                       const SessionOptions* options, Session** out) {
  Status* status = real<CreateSessionFromArray>()(env, bytes, size, options, out);
  const bool is_wrong = listed_in("POSSE_POSING_WRONG").contains(pose_of(options).provider);
  World& all = world();
  const std::lock_guard lock(all.mutex);
  all.empty_sessions.erase(*out);
  if (status == nullptr && is_wrong && size > kLarge) all.empty_sessions.insert(*out);
  return status;
}

bool fills_nothing(const Session* session) {
  World& all = world();
  const std::lock_guard lock(all.mutex);
  return all.empty_sessions.contains(session);
}

Status* run(Session* session, const RunOptions* options, const IoBinding* binding) {
  if (fills_nothing(session)) return nullptr;
  return real<RunWithBinding>()(session, options, binding);
}

/// A copy on the heap that release_providers() takes back.
Status* providers(char*** names, int* count) {
  auto* all = new std::vector<std::string>;
  for (const std::string& name : listed_in("POSSE_POSING")) all->push_back(name);
  all->emplace_back(kProcessor);
  auto** list = new char*[all->size() + 1];
  for (size_t i = 0; i < all->size(); ++i) list[i + 1] = (*all)[i].data();
  list[0] = reinterpret_cast<char*>(all);
  *names = list + 1;
  *count = static_cast<int>(all->size());
  return nullptr;
}
Status* release_providers(char** names, int) {
  delete reinterpret_cast<std::vector<std::string>*>(names[-1]);
  delete[](names - 1);
  return nullptr;
}

template <class T>
Status* make(T** out) {
  static int thing;
  *out = reinterpret_cast<T*>(&thing);
  return nullptr;
}
template <class T>
Status* update(T*, Keys, Keys, size_t) {
  return nullptr;
}
template <class T>
void release(T*) {}
Status* append_cuda(SessionOptions* options, const CudaOptions*) {
  return pose_as(options, "CUDAExecutionProvider");
}
Status* append_tensorrt(SessionOptions* options, const TensorRtOptions*) {
  return pose_as(options, "TensorrtExecutionProvider");
}
Status* append_provider(SessionOptions* options, const char* name, Keys, Keys, size_t) {
  const std::string word = name;
  return pose_as(options, (word == "WebGPU" ? "WebGpu" : word) + "ExecutionProvider");
}

Status* register_plugin(Env*, const char* name, const char*) {
  World& all = world();
  const std::lock_guard lock(all.mutex);
  all.plugins.emplace_back(name);
  return nullptr;
}
Status* ep_devices(const Env*, const EpDevice* const** devices, size_t* count) {
  World& all = world();
  const std::lock_guard lock(all.mutex);
  static std::deque<std::vector<const EpDevice*>> lists;  // who asked holds one
  std::vector<const EpDevice*>& list = lists.emplace_back();
  for (const std::string& name : all.plugins) {
    list.push_back(reinterpret_cast<const EpDevice*>(&name));
  }
  *devices = list.data();
  *count = list.size();
  return nullptr;
}
const std::string& name_of(const EpDevice* device) {
  return *reinterpret_cast<const std::string*>(device);
}
const char* provider_of(const EpDevice* device) { return name_of(device).c_str(); }
const HardwareDevice* hardware_of(const EpDevice* device) {
  return reinterpret_cast<const HardwareDevice*>(device);
}
int type_of(const HardwareDevice*) { return kCard; }
Status* append_devices(SessionOptions* options, Env*, const EpDevice* const* devices, size_t, Keys,
                       Keys, size_t) {
  return pose_as(options, name_of(devices[0]));
}

using Table = std::array<const void*, kNumPlacesWithPlugins>;

template <class Slot, class Function>
void put(Table& table, Function* function) {
  typename Slot::Type* typed = function;
  table[Slot::kPlaceInTable] = reinterpret_cast<const void*>(typed);
}

Table make_table() {
  Table table{};
  std::copy_n(real_table(), table.size(), table.begin());
  put<SetUserLoggingFunction>(table, set_log);
  put<ReleaseSessionOptions>(table, release_options);
  put<CreateSessionFromArray>(table, create_session);
  put<RunWithBinding>(table, run);
  put<GetAvailableProviders>(table, providers);
  put<ReleaseAvailableProviders>(table, release_providers);
  put<CreateCudaOptions>(table, make<CudaOptions>);
  put<UpdateCudaOptions>(table, update<CudaOptions>);
  put<ReleaseCudaOptions>(table, release<CudaOptions>);
  put<AppendCuda>(table, append_cuda);
  put<CreateTensorRtOptions>(table, make<TensorRtOptions>);
  put<UpdateTensorRtOptions>(table, update<TensorRtOptions>);
  put<ReleaseTensorRtOptions>(table, release<TensorRtOptions>);
  put<AppendTensorRt>(table, append_tensorrt);
  put<AppendProvider>(table, append_provider);
  put<RegisterPlugin>(table, register_plugin);
  put<GetEpDevices>(table, ep_devices);
  put<EpDeviceProvider>(table, provider_of);
  put<EpDeviceHardware>(table, hardware_of);
  put<HardwareDeviceType>(table, type_of);
  put<AppendEpDevices>(table, append_devices);
  return table;
}

const void* const* table_of(uint32_t version) {
  static const Table kTable = make_table();
  return version <= 23 ? kTable.data() : nullptr;
}

const char* version_string() { return "1.23.0"; }

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): by this name the library is entered
extern "C" __attribute__((visibility("default"))) const ApiBase* OrtGetApiBase() {
  static const ApiBase kBase{table_of, version_string};
  return &kBase;
}
