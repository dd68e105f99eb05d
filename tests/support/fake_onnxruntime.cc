// A library that says it is ONNX Runtime, for tests of what posse does with one that is too old, or
// whose provider leaves the nodes to the CPU. It computes nothing. POSSE_FAKE_ORT says how it
// behaves: "old", "missing" (a library that the provider needs is not there), "drops" (all nodes go
// to the CPU), "splits" (some of the convolutions do), "silent" (does not say where nodes went),
// "wrong" (all nodes where they should be, but nothing fills the maps), "plugin" (as "wrong", on
// the card that a plug-in offers), "plugin-idle" (the plug-in offers none), "plugin-refused",
// "no-plugins" (an older one that knows none).
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "network/backends/onnxruntime/interface.h"

namespace {

using namespace posse::ort;

std::string_view behaviour() {
  const char* text = std::getenv("POSSE_FAKE_ORT");
  return text == nullptr ? "" : text;
}

struct Log {
  LogFunction function = nullptr;
  void* receiver = nullptr;
};

/// All of the interface's objects are of this type; who holds one deletes it.
struct Thing {
  std::string text;
  Log log;
};

template <class T>
T* made(Thing thing = {}) {
  return reinterpret_cast<T*>(new Thing(std::move(thing)));
}
template <class T>
const Thing& seen(const T* object) {
  return *reinterpret_cast<const Thing*>(object);
}

template <class T>
void release(T* object) {
  delete reinterpret_cast<Thing*>(object);
}

template <class T>
Status* make(T** out) {
  *out = made<T>();
  return nullptr;
}

const char* message_of(const Status* status) { return seen(status).text.c_str(); }

Status* create_env(int, const char*, Env** out) { return make(out); }

Status* set_log(SessionOptions* options, LogFunction function, void* receiver) {
  reinterpret_cast<Thing*>(options)->log = {function, receiver};
  return nullptr;
}

Status* create_session(const Env*, const void*, size_t, const SessionOptions* options,
                       Session** out) {
  const auto say = [&](const char* line) {
    seen(options).log.function(seen(options).log.receiver, kVerbose, "", "", "", line);
  };
  const std::string_view how = behaviour();
  if (how == "drops") {
    say("Node placements");
    say(" All nodes placed on [CPUExecutionProvider]. Number of nodes: 3");
  } else if (how == "splits") {
    say("Node placements");
    say(" Node(s) placed on [CUDAExecutionProvider]. Number of nodes: 2");
    say("  Conv (conv1)");
    say("  Relu (relu1)");
    say(" Node(s) placed on [CPUExecutionProvider]. Number of nodes: 2");
    say("  Shape (shape)");
    say("  Conv (conv2)");
  } else if (how == "plugin") {
    say("Node placements");
    say(" All nodes placed on [WebGpuExecutionProvider]. Number of nodes: 3");
  } else if (how == "wrong") {
    say("Node placements");
    say(" All nodes placed on [CUDAExecutionProvider]. Number of nodes: 3");
  }
  *out = made<Session>();
  return nullptr;
}

Status* run(Session*, const RunOptions*, const IoBinding*) { return nullptr; }
Status* create_binding(Session*, IoBinding** out) { return make(out); }
Status* bind(IoBinding*, const char*, const Value*) { return nullptr; }
Status* synchronize(IoBinding*) { return nullptr; }
Status* no_allocator(const Session*, const MemoryInfo*, Allocator**) {
  return made<Status>({.text = "no memory of this kind", .log = {}});
}
Status* create_memory_of(const char*, int, int, int, MemoryInfo** out) { return make(out); }

Status* set_number(SessionOptions*, int) { return nullptr; }
Status* set_nothing(SessionOptions*) { return nullptr; }
Status* set_entry(SessionOptions*, const char*, const char*) { return nullptr; }
Status* create_memory(int, int, MemoryInfo** out) { return make(out); }
Status* create_tensor(const MemoryInfo*, void*, size_t, const int64_t*, size_t, int, Value** out) {
  return make(out);
}
Status* set_run_number(RunOptions*, int) { return nullptr; }
Status* set_flag(SessionOptions*, bool) { return nullptr; }

Status* providers(char*** names, int* count) {
  static std::string cuda = "CUDAExecutionProvider";
  static std::string cpu = "CPUExecutionProvider";
  static std::array<char*, 2> all = {cuda.data(), cpu.data()};
  *names = all.data();
  *count = 2;
  return nullptr;
}
Status* release_providers(char**, int) { return nullptr; }

Status* append_cuda(SessionOptions*, const CudaOptions*) {
  if (behaviour() != "missing") return nullptr;
  return made<Status>({.text =
                           "Failed to load library libonnxruntime_providers_cuda.so with error: "
                           "libcublasLt.so.13: cannot open shared object file: No such file or "
                           "directory"});
}
Status* update_cuda(CudaOptions*, Keys, Keys, size_t) { return nullptr; }

Status* register_plugin(Env*, const char*, const char*) {
  if (behaviour() != "plugin-refused") return nullptr;
  return made<Status>({.text = "the plug-in was built for another version"});
}

/// The processor, which is always there, and what a plug-in offers.
const std::array<Thing, 2>& all_devices() {
  static const std::array<Thing, 2> kDevices = {Thing{.text = "CPUExecutionProvider"},
                                                Thing{.text = "WebGpuExecutionProvider"}};
  return kDevices;
}
Status* ep_devices(const Env*, const EpDevice* const** devices, size_t* count) {
  const auto device = [](size_t i) { return reinterpret_cast<const EpDevice*>(&all_devices()[i]); };
  static const std::array<const EpDevice*, 2> kBoth = {device(0), device(1)};
  *devices = kBoth.data();
  *count = behaviour() == "plugin" ? 2 : 1;
  return nullptr;
}
const char* provider_of(const EpDevice* device) { return seen(device).text.c_str(); }
const HardwareDevice* hardware_of(const EpDevice* device) {
  return reinterpret_cast<const HardwareDevice*>(device);
}
int type_of(const HardwareDevice* device) {
  return seen(device).text == "CPUExecutionProvider" ? 0 : kCard;
}
Status* append_devices(SessionOptions*, Env*, const EpDevice* const*, size_t, Keys, Keys, size_t) {
  return nullptr;
}

using Table = std::array<const void*, kNumPlacesWithPlugins>;

template <class Slot, class Function>
void put(Table& table, Function* function) {
  typename Slot::Type* typed = function;
  table[Slot::kPlaceInTable] = reinterpret_cast<const void*>(typed);
}

Table make_table() {
  Table table{};
  put<GetErrorMessage>(table, message_of);
  put<CreateEnv>(table, create_env);
  put<CreateSessionFromArray>(table, create_session);
  put<RunWithBinding>(table, run);
  put<CreateIoBinding>(table, create_binding);
  put<ReleaseIoBinding>(table, release<IoBinding>);
  put<BindInput>(table, bind);
  put<BindOutput>(table, bind);
  put<SynchronizeBoundInputs>(table, synchronize);
  put<SynchronizeBoundOutputs>(table, synchronize);
  put<CreateMemoryInfo>(table, create_memory_of);
  put<CreateAllocator>(table, no_allocator);
  put<CreateSessionOptions>(table, make<SessionOptions>);
  put<DisableMemPattern>(table, set_nothing);
  put<SetSessionLogSeverityLevel>(table, set_number);
  put<SetSessionGraphOptimizationLevel>(table, set_number);
  put<SetIntraOpNumThreads>(table, set_number);
  put<SetInterOpNumThreads>(table, set_number);
  put<CreateTensorWithDataAsOrtValue>(table, create_tensor);
  put<CreateRunOptions>(table, make<RunOptions>);
  put<SetRunLogSeverityLevel>(table, set_run_number);
  put<ReleaseRunOptions>(table, release<RunOptions>);
  put<SetUserLoggingFunction>(table, set_log);
  put<SetDeterministicCompute>(table, set_flag);
  put<CreateCpuMemoryInfo>(table, create_memory);
  put<ReleaseEnv>(table, release<Env>);
  put<ReleaseStatus>(table, release<Status>);
  put<ReleaseMemoryInfo>(table, release<MemoryInfo>);
  put<ReleaseSession>(table, release<Session>);
  put<ReleaseValue>(table, release<Value>);
  put<ReleaseSessionOptions>(table, release<SessionOptions>);
  put<GetAvailableProviders>(table, providers);
  put<ReleaseAvailableProviders>(table, release_providers);
  put<AddSessionConfigEntry>(table, set_entry);
  put<AppendCuda>(table, append_cuda);
  put<CreateCudaOptions>(table, make<CudaOptions>);
  put<UpdateCudaOptions>(table, update_cuda);
  put<ReleaseCudaOptions>(table, release<CudaOptions>);
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
  const uint32_t newest = behaviour() == "old" ? 7 : behaviour() == "no-plugins" ? 21 : 23;
  return version <= newest ? kTable.data() : nullptr;
}

const char* version_string() {
  if (behaviour() == "old") return "1.7.0";
  return behaviour() == "no-plugins" ? "1.21.0" : "1.23.0";
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): by this name the library is entered
extern "C" __attribute__((visibility("default"))) const ApiBase* OrtGetApiBase() {
  static const ApiBase kBase{table_of, version_string};
  return &kBase;
}
