#include "network/backends/onnxruntime/devices.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

#include "base/error.h"
#include "base/text.h"

namespace posse::ort {
namespace {

constexpr std::array<DeviceKind, 8> kKinds = {{
    {"tensorrt", "TensorrtExecutionProvider", "TensorRT",
     "pip install 'onnxruntime-gpu[cuda,cudnn]' tensorrt",
     "a card of NVIDIA, its driver, and TensorRT's libnvinfer", true,
     "libonnxruntime_providers_nv_tensorrt_rtx", "NvTensorRTRTXExecutionProvider",
     "pip install onnxruntime-ep-nv-tensorrt-rtx"},
    {"cuda", "CUDAExecutionProvider", "CUDA", "pip install 'onnxruntime-gpu[cuda,cudnn]'",
     "a card of NVIDIA, its driver, CUDA (13 for ONNX Runtime 1.27 and later, else 12) and cuDNN "
     "9",
     true, "libonnxruntime_providers_cuda_plugin", "CudaPluginExecutionProvider", ""},
    {"coreml", "CoreMLExecutionProvider", "CoreML", "pip install onnxruntime", "macOS", false, "",
     "", ""},
    {"mlx", "MLXExecutionProvider", "MLX", "pip install onnxruntime-ep-mlx",
     "macOS on a processor of Apple", false, "libonnxruntime_mlx_ep", "MLXExecutionProvider",
     "pip install onnxruntime-ep-mlx"},
    {"openvino", "OpenVINOExecutionProvider", "OpenVINO", "pip install onnxruntime-openvino",
     "a processor or card of Intel", false, "libonnxruntime_providers_openvino_plugin",
     "OpenVINOExecutionProvider", "pip install onnxruntime-ep-openvino"},
    {"directml", "DmlExecutionProvider", "DML", "pip install onnxruntime-directml", "Windows",
     false, "", "", ""},
    {"webgpu", "WebGpuExecutionProvider", "WebGPU", "pip install onnxruntime-webgpu",
     "any card with a Vulkan, Metal or Direct3D 12 driver", false,
     "libonnxruntime_providers_webgpu", "WebGpuExecutionProvider",
     "pip install onnxruntime-ep-webgpu"},
    {"cpu", "CPUExecutionProvider", "CPU", "pip install onnxruntime", "", false, "", "", ""},
}};

}  // namespace

std::span<const DeviceKind> device_kinds() { return kKinds; }

std::string Device::text() const {
  return number == 0 ? std::string(kind->word) : fmt::format("{}:{}", kind->word, number);
}

Device parse_device(std::string_view text) {
  const size_t colon = text.find(':');
  const std::string_view word = text.substr(0, colon);
  for (const DeviceKind& kind : kKinds) {
    if (kind.word != word) continue;
    if (colon == std::string_view::npos) return {.kind = &kind};
    const bool has_cards = word == "cuda" || word == "tensorrt";
    Device device{.kind = &kind};
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data() + colon + 1, end, device.number);
    if (has_cards && error == std::errc() && rest == end && device.number >= 0) return device;
  }
  throw Error(ErrorKind::usage, fmt::format("device '{}' is not known", printable(text)),
              {.have = "auto, cpu, cuda, cuda:N, tensorrt, tensorrt:N, coreml, mlx, openvino, "
                       "directml, webgpu"});
}

std::string install_lines() {
  return "pip install onnxruntime (a card of NVIDIA: pip install 'onnxruntime-gpu[cuda,cudnn]'); "
         "conda install -c conda-forge onnxruntime-cpp; "
         "apt install libonnxruntime1.21 (Debian 13)";
}

}  // namespace posse::ort
