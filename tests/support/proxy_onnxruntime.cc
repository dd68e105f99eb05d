// ONNX Runtime's CPU provider under the name of CUDA's, for tests of what posse does with a card
// that fails: it hands all calls on to the library that POSSE_PROXY_ORT names, and fails as
// POSSE_PROXY_ORT_DOES says, words with commas between them:
//   oom:N      runs of more than N frames find the memory full
//   members:N  so does the making of a session where N are there
//   lost:N     after N runs the device is lost
//   locked     has page-locked memory
// posse_proxy_report() says what it was asked for.
#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "network/backends/onnxruntime/interface.h"

namespace {

using namespace posse::ort;

using CreateStatus = Slot<0, Status*(int code, const char* message)>;

const void* const* real_table = nullptr;

template <class Slot, class... Arguments>
auto real(Arguments... arguments) {
  auto* function =
      reinterpret_cast<typename Slot::Type*>(const_cast<void*>(real_table[Slot::kPlaceInTable]));
  return function(arguments...);
}

/// The number behind "word:", or -1.
int64_t asked(std::string_view word) {
  const char* text = std::getenv("POSSE_PROXY_ORT_DOES");
  std::istringstream words(text == nullptr ? "" : text);
  for (std::string each; std::getline(words, each, ',');) {
    if (each == word) return 0;
    if (each.starts_with(std::string(word) + ":"))
      return std::atoll(each.c_str() + word.size() + 1);
  }
  return -1;
}

struct Seen {
  std::mutex mutex;
  std::map<const void*, int64_t> frames;  ///< of values and bindings
  std::set<int64_t> batches;
  std::map<std::string, std::string> options;  ///< of providers
  int64_t runs = 0, in_flight = 0, most_in_flight = 0;
  int64_t sessions = 0, most_sessions = 0, locked_arrays = 0;
  std::string report;
};

Seen& seen() {
  static Seen all;
  return all;
}

Status* failure(const char* words) { return real<CreateStatus>(1, words); }
Status* memory_full() {
  return failure(
      "bfc_arena.cc:376 AllocateRawInternal Failed to allocate memory for requested buffer of size "
      "1073741824");
}

struct Receiver {
  LogFunction function;
  void* object;
};

void receive(void* receiver, int severity, const char* category, const char* id, const char* place,
             const char* message) {
  std::string text = message == nullptr ? "" : message;
  const std::string from = "CPUExecutionProvider", to = "CUDAExecutionProvider";
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  const auto& own = *static_cast<Receiver*>(receiver);
  own.function(own.object, severity, category, id, place, text.c_str());
}

Status* set_log(SessionOptions* options, LogFunction function, void* object) {
  static std::mutex mutex;
  static std::vector<std::unique_ptr<Receiver>> receivers;
  const std::lock_guard lock(mutex);
  receivers.push_back(std::make_unique<Receiver>(Receiver{function, object}));
  return real<SetUserLoggingFunction>(options, &receive,
                                      static_cast<void*>(receivers.back().get()));
}

Status* create_session(const Env* env, const void* bytes, size_t size,
                       const SessionOptions* options, Session** out) {
  {
    const std::lock_guard lock(seen().mutex);
    const int64_t most = asked("members");
    if (most >= 0 && seen().sessions >= most) return memory_full();
    ++seen().sessions;
    seen().most_sessions = std::max(seen().most_sessions, seen().sessions);
  }
  return real<CreateSessionFromArray>(env, bytes, size, options, out);
}

void release_session(Session* session) {
  {
    const std::lock_guard lock(seen().mutex);
    --seen().sessions;
  }
  real<ReleaseSession>(session);
}

Status* with_frames(Status* status, const int64_t* shape, Value* const* out) {
  const std::lock_guard lock(seen().mutex);
  if (status == nullptr) seen().frames[*out] = shape[0];
  return status;
}
Status* tensor_over(const MemoryInfo* memory, void* data, size_t bytes, const int64_t* shape,
                    size_t rank, int type, Value** out) {
  return with_frames(
      real<CreateTensorWithDataAsOrtValue>(memory, data, bytes, shape, rank, type, out), shape,
      out);
}
Status* tensor_of(Allocator* allocator, const int64_t* shape, size_t rank, int type, Value** out) {
  {
    const std::lock_guard lock(seen().mutex);
    ++seen().locked_arrays;
  }
  return with_frames(real<CreateTensorAsOrtValue>(allocator, shape, rank, type, out), shape, out);
}

Status* bind_input(IoBinding* binding, const char* name, const Value* value) {
  {
    const std::lock_guard lock(seen().mutex);
    seen().frames[binding] = seen().frames[value];
  }
  return real<BindInput>(binding, name, value);
}

Status* run(Session* session, const RunOptions* options, const IoBinding* binding) {
  {
    const std::lock_guard lock(seen().mutex);
    const int64_t frames = seen().frames[binding];
    const int64_t most = asked("oom"), last = asked("lost");
    if (most >= 0 && frames > most) return memory_full();
    if (last >= 0 && seen().runs >= last) {
      return failure("CUDA failure 719: unspecified launch failure ; GPU=0");
    }
    ++seen().runs;
    ++seen().in_flight;
    seen().most_in_flight = std::max(seen().most_in_flight, seen().in_flight);
    seen().batches.insert(frames);
  }
  Status* status = real<RunWithBinding>(session, options, binding);
  const std::lock_guard lock(seen().mutex);
  --seen().in_flight;
  return status;
}

/// The name that the real library knows.
Status* memory_info(const char* name, int allocator, int number, int memory, MemoryInfo** out) {
  const bool is_locked = std::string_view(name) == "CudaPinned" && asked("locked") >= 0;
  if (is_locked) return real<CreateMemoryInfo>("Cpu", allocator, 0, 0, out);
  return real<CreateMemoryInfo>(name, allocator, number, memory, out);
}

Status* providers(char*** names, int* count) {
  static std::string cuda = "CUDAExecutionProvider", tensorrt = "TensorrtExecutionProvider",
                     cpu = "CPUExecutionProvider";
  static std::array<char*, 3> all = {tensorrt.data(), cuda.data(), cpu.data()};
  *names = all.data();
  *count = static_cast<int>(all.size());
  return nullptr;
}
Status* release_providers(char**, int) { return nullptr; }

template <class Options>
Status* make_options(Options** out) {
  *out = reinterpret_cast<Options*>(new int(0));
  return nullptr;
}
template <class Options>
Status* update_options(Options*, Keys keys, Keys values, size_t count) {
  const std::lock_guard lock(seen().mutex);
  for (size_t i = 0; i < count; ++i) seen().options[keys[i]] = values[i];
  return nullptr;
}
template <class Options>
Status* append(SessionOptions*, const Options*) {
  return nullptr;
}
template <class Options>
void release_options(Options* options) {
  delete reinterpret_cast<int*>(options);
}

template <class Slot, class Function>
void put(std::vector<const void*>& table, Function* function) {
  typename Slot::Type* typed = function;
  table[Slot::kPlaceInTable] = reinterpret_cast<const void*>(typed);
}

const ApiBase* real_base() {
  const char* file = std::getenv("POSSE_PROXY_ORT");
  void* handle = file == nullptr ? nullptr : dlopen(file, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  void* entry = handle == nullptr ? nullptr : dlsym(handle, kEntryPoint);
  return entry == nullptr ? nullptr : reinterpret_cast<GetApiBase>(entry)();
}

/// Of the oldest version, which has all that posse needs.
std::vector<const void*> make_table() {
  std::vector<const void*> table(real_table, real_table + kNumPlaces);
  put<SetUserLoggingFunction>(table, set_log);
  put<CreateSessionFromArray>(table, create_session);
  put<ReleaseSession>(table, release_session);
  put<CreateTensorWithDataAsOrtValue>(table, tensor_over);
  put<CreateTensorAsOrtValue>(table, tensor_of);
  put<BindInput>(table, bind_input);
  put<RunWithBinding>(table, run);
  put<CreateMemoryInfo>(table, memory_info);
  put<GetAvailableProviders>(table, providers);
  put<ReleaseAvailableProviders>(table, release_providers);
  put<CreateCudaOptions>(table, make_options<CudaOptions>);
  put<UpdateCudaOptions>(table, update_options<CudaOptions>);
  put<AppendCuda>(table, append<CudaOptions>);
  put<ReleaseCudaOptions>(table, release_options<CudaOptions>);
  put<CreateTensorRtOptions>(table, make_options<TensorRtOptions>);
  put<UpdateTensorRtOptions>(table, update_options<TensorRtOptions>);
  put<AppendTensorRt>(table, append<TensorRtOptions>);
  put<ReleaseTensorRtOptions>(table, release_options<TensorRtOptions>);
  return table;
}

constexpr uint32_t kServed = 20;

const void* const* table_of(uint32_t version) {
  static const ApiBase* base = real_base();
  if (base == nullptr || version > kServed) return nullptr;
  real_table = base->table_of(version);
  if (real_table == nullptr) return nullptr;
  static const std::vector<const void*> kTable = make_table();
  return kTable.data();
}

const char* version_string() { return "1.20.0"; }

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): by this name the library is entered
extern "C" __attribute__((visibility("default"))) const ApiBase* OrtGetApiBase() {
  static const ApiBase kBase{table_of, version_string};
  return &kBase;
}

/// What there was since the last call, as "runs 3; most_in_flight 2; batches 1 8; ...".
extern "C" __attribute__((visibility("default"))) const char* posse_proxy_report() {
  Seen& all = seen();
  const std::lock_guard lock(all.mutex);
  std::ostringstream text;
  text << "locked_arrays " << all.locked_arrays << "; runs " << all.runs << "; most_in_flight "
       << all.most_in_flight << "; most_sessions " << all.most_sessions << "; batches";
  for (const int64_t frames : all.batches) text << " " << frames;
  text << ";";
  for (const auto& [key, value] : all.options) text << " " << key << "=" << value << ";";
  all.runs = all.most_in_flight = all.locked_arrays = 0;
  all.most_sessions = all.sessions;
  all.batches.clear();
  all.options.clear();
  all.report = text.str();
  return all.report.c_str();
}
