/// The backend that runs networks in ONNX Runtime, a library that is loaded when it is there; it
/// reaches graphics cards. See docs/gpu.md.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "network/backend.h"

namespace posse {

/// Named "onnxruntime": the CPU provider of the library that is found, looked for anew at every
/// call.
const Backend& onnxruntime_backend();

/// The backend on one device of one library.
/// @param device  "cpu", "cuda", "cuda:1", ... or "auto": the first of tensorrt, cuda, coreml, mlx,
/// openvino, directml, webgpu that the library or a plug-in has and that runs a trial network; else
/// cpu
/// @param library  a file; empty: POSSE_ORT_LIBRARY, else the usual places
/// @param precision  of the networks; maps are float32 in all
/// @throws Error(usage) for an unknown device, or tf32 on one that does not have it;
/// Error(unavailable) without a library, or if a device other than "auto" does not run the trial
/// network
std::shared_ptr<const Backend> open_onnxruntime(const std::string& device,
                                                const std::filesystem::path& library,
                                                Precision precision = Precision::fp32);

/// As open_onnxruntime("auto"); a device whose networks fail later has a Backend::next_choice().
/// @param processor  taken where no device works; nullptr: ONNX Runtime's own processor
/// @param notes  gets a sentence for each device that is passed over
std::shared_ptr<const Backend> open_best_device(const std::filesystem::path& library,
                                                Precision precision,
                                                std::shared_ptr<const Backend> processor,
                                                std::vector<std::string>& notes);

/// What became of trying a device.
struct DeviceTrial {
  std::string device;
  double golden_error = 0;  ///< where it works
  double milliseconds = 0;  ///< a frame of the trial network, where it works
  std::string why_not;      ///< empty: it works
};

/// A provider in a library of its own that was found.
struct PluginTrial {
  std::string file, device;
  int64_t num_devices = 0;  ///< that it offers here
  std::string why_not;      ///< it was not registered; empty: it was
};

/// What is there of ONNX Runtime, for a report.
struct OnnxRuntimeReport {
  /// File and version of the library; empty: there is none.
  std::string file, version;
  /// Why there is none, and what brings one.
  std::string why_not, hint;
  /// Devices that the library has, and those only install lines lead to.
  std::vector<DeviceTrial> devices;
  std::vector<PluginTrial> plugins;
};

/// Tries every device. @param library  as open_onnxruntime()
OnnxRuntimeReport try_onnxruntime(const std::filesystem::path& library);

}  // namespace posse
