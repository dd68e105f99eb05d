/// Declares the part of ONNX Runtime's C interface that posse uses, so that nothing of ONNX Runtime
/// is needed to build posse.
///
/// The interface is a table of function pointers that only ever grows at its end: a place in it
/// means the same in every version that has it. Source: the order of struct OrtApi in
/// onnxruntime_c_api.h; library_test.cc and agreement_test.cc call every place of it that the
/// library's CPU build has.
#pragma once

#include <cstddef>
#include <cstdint>

namespace posse::ort {

// Objects that only the library looks into.
struct Status;
struct Env;
struct Session;
struct SessionOptions;
struct RunOptions;
struct Value;
struct MemoryInfo;
struct CudaOptions;
struct TensorRtOptions;
struct EpDevice;        ///< a device that a provider offers
struct HardwareDevice;  ///< what it is made of
struct Allocator;
struct IoBinding;  ///< which memory a run reads and writes

/// The newest version of the interface that posse has seen, and the oldest that has all it calls.
inline constexpr uint32_t kNewestVersion = 32;
inline constexpr uint32_t kOldestVersion = 17;

/// What OrtGetApiBase() gives.
struct ApiBase {
  const void* const* (*table_of)(uint32_t version);  ///< null: not served
  const char* (*version_string)();
};
using GetApiBase = const ApiBase* (*)();
inline constexpr const char* kEntryPoint = "OrtGetApiBase";

/// A function of the table: where it stands, what it takes, and the first version that has it.
template <size_t kPlace, class Function, uint32_t kFirst = kOldestVersion>
struct Slot {
  static constexpr size_t kPlaceInTable = kPlace;
  static constexpr uint32_t kFirstVersion = kFirst;
  using Type = Function;
};

using LogFunction = void (*)(void* receiver, int severity, const char* category, const char* id,
                             const char* place, const char* message);
using Keys = const char* const*;

// Functions give null, or a Status that the caller releases; those that release give nothing.
using GetErrorMessage = Slot<2, const char*(const Status*)>;
using CreateEnv = Slot<3, Status*(int severity, const char* id, Env**)>;
using CreateSessionFromArray =
    Slot<8, Status*(const Env*, const void* bytes, size_t, const SessionOptions*, Session**)>;
using CreateSessionOptions = Slot<10, Status*(SessionOptions**)>;
using DisableMemPattern = Slot<17, Status*(SessionOptions*)>;
using SetSessionLogSeverityLevel = Slot<22, Status*(SessionOptions*, int)>;
using SetSessionGraphOptimizationLevel = Slot<23, Status*(SessionOptions*, int)>;
using SetIntraOpNumThreads = Slot<24, Status*(SessionOptions*, int)>;
using SetInterOpNumThreads = Slot<25, Status*(SessionOptions*, int)>;
using CreateRunOptions = Slot<39, Status*(RunOptions**)>;
using SetRunLogSeverityLevel = Slot<41, Status*(RunOptions*, int)>;
using CreateTensorAsOrtValue =
    Slot<48, Status*(Allocator*, const int64_t* shape, size_t rank, int element_type, Value**)>;
using CreateTensorWithDataAsOrtValue =
    Slot<49, Status*(const MemoryInfo*, void* data, size_t num_bytes, const int64_t* shape,
                     size_t rank, int element_type, Value**)>;
using GetTensorMutableData = Slot<51, Status*(Value*, void** data)>;
using CreateMemoryInfo =
    Slot<68, Status*(const char* name, int allocator, int number, int memory, MemoryInfo**)>;
using CreateCpuMemoryInfo = Slot<69, Status*(int allocator, int memory, MemoryInfo**)>;
using ReleaseEnv = Slot<92, void(Env*)>;
using ReleaseStatus = Slot<93, void(Status*)>;
using ReleaseMemoryInfo = Slot<94, void(MemoryInfo*)>;
using ReleaseSession = Slot<95, void(Session*)>;
using ReleaseValue = Slot<96, void(Value*)>;
using ReleaseRunOptions = Slot<97, void(RunOptions*)>;
using ReleaseSessionOptions = Slot<100, void(SessionOptions*)>;
using GetAvailableProviders = Slot<125, Status*(char*** names, int* count)>;
using ReleaseAvailableProviders = Slot<126, Status*(char** names, int count)>;
using AddSessionConfigEntry = Slot<130, Status*(SessionOptions*, const char* key, const char*)>;
using CreateAllocator = Slot<131, Status*(const Session*, const MemoryInfo*, Allocator**)>;
using ReleaseAllocator = Slot<132, void(Allocator*)>;
using RunWithBinding = Slot<133, Status*(Session*, const RunOptions*, const IoBinding*)>;
using CreateIoBinding = Slot<134, Status*(Session*, IoBinding**)>;
using ReleaseIoBinding = Slot<135, void(IoBinding*)>;
using BindInput = Slot<136, Status*(IoBinding*, const char* name, const Value*)>;
using BindOutput = Slot<137, Status*(IoBinding*, const char* name, const Value*)>;
using AppendTensorRt = Slot<170, Status*(SessionOptions*, const TensorRtOptions*)>;
using CreateTensorRtOptions = Slot<171, Status*(TensorRtOptions**)>;
using UpdateTensorRtOptions = Slot<172, Status*(TensorRtOptions*, Keys, Keys values, size_t)>;
using ReleaseTensorRtOptions = Slot<174, void(TensorRtOptions*)>;
using SynchronizeBoundInputs = Slot<202, Status*(IoBinding*)>;
using SynchronizeBoundOutputs = Slot<203, Status*(IoBinding*)>;
using AppendCuda = Slot<204, Status*(SessionOptions*, const CudaOptions*)>;
using CreateCudaOptions = Slot<205, Status*(CudaOptions**)>;
using UpdateCudaOptions = Slot<206, Status*(CudaOptions*, Keys, Keys values, size_t)>;
using ReleaseCudaOptions = Slot<208, void(CudaOptions*)>;
using AppendProvider = Slot<216, Status*(SessionOptions*, const char* name, Keys, Keys, size_t)>;
using SetUserLoggingFunction = Slot<266, Status*(SessionOptions*, LogFunction, void* receiver)>;
using SetDeterministicCompute = Slot<273, Status*(SessionOptions*, bool)>;

inline constexpr size_t kNumPlaces = 274;  ///< that the oldest version must have

// Plug-ins: providers in libraries of their own.
inline constexpr uint32_t kPluginVersion = 22;
using RegisterPlugin = Slot<301, Status*(Env*, const char* name, const char* file), kPluginVersion>;
using GetEpDevices =
    Slot<303, Status*(const Env*, const EpDevice* const** devices, size_t*), kPluginVersion>;
using AppendEpDevices = Slot<304,
                             Status*(SessionOptions*, Env*, const EpDevice* const*, size_t, Keys,
                                     Keys values, size_t num_options),
                             kPluginVersion>;
using HardwareDeviceType = Slot<307, int(const HardwareDevice*), kPluginVersion>;
using EpDeviceProvider = Slot<312, const char*(const EpDevice*), kPluginVersion>;
using EpDeviceHardware = Slot<316, const HardwareDevice*(const EpDevice*), kPluginVersion>;
inline constexpr size_t kNumPlacesWithPlugins = 318;

// Numbers of the interface.
inline constexpr int kVerbose = 0;  ///< severities of log lines
inline constexpr int kError = 3;
inline constexpr int kFatal = 4;
inline constexpr int kAllOptimizations = 99;
inline constexpr int kFloat32 = 1;  ///< element types
inline constexpr int kUint8 = 2;
inline constexpr int kDeviceAllocator = 0;
inline constexpr int kDefaultMemory = 0;
inline constexpr int kCard = 1;  ///< kinds of hardware: 0 is a processor
inline constexpr int kNeuralUnit = 2;
inline constexpr int kOutputOnProcessor = -1;  ///< memory that a device writes its outputs to

}  // namespace posse::ort
