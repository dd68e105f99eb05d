#include "network/backends/onnxruntime/provider_options.h"

#include <fmt/format.h>

#include <filesystem>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/paths.h"
#include "base/text.h"
#include "network/backends/onnxruntime/held.h"
#include "network/backends/onnxruntime/plugins.h"

namespace posse::ort {
namespace {

using Options = std::vector<std::pair<const char*, std::string>>;

/// Calls use(keys, values, count).
template <class Use>
void with_texts(const Options& options, const Use& use) {
  std::vector<const char*> keys;
  std::vector<const char*> values;
  for (const auto& [key, value] : options) {
    keys.push_back(key);
    values.push_back(value.c_str());
  }
  use(keys.data(), values.data(), keys.size());
}

/// The fastest algorithms by trial, memory in the sizes that are asked for, and the layout that a
/// card's tensor cores want.
void append_cuda(const Library& library, const ProviderSettings& settings,
                 SessionOptions* session) {
  Options options = {{"device_id", std::to_string(settings.device.number)},
                     {"cudnn_conv_algo_search", "EXHAUSTIVE"},
                     {"cudnn_conv_use_max_workspace", "1"},
                     {"arena_extend_strategy", "kSameAsRequested"}};
  if (library.interface_version() >= 20) {
    options.insert(options.end(), {{"use_tf32", settings.precision == Precision::tf32 ? "1" : "0"},
                                   {"prefer_nhwc", "1"},
                                   {"fuse_conv_bias", "1"}});
  }
  Held<CudaOptions, ReleaseCudaOptions> cuda(library);
  library.call<CreateCudaOptions>("no options for CUDA", cuda.out());
  with_texts(options, [&](Keys keys, Keys values, size_t count) {
    library.call<UpdateCudaOptions>("options for CUDA", cuda.get(), keys, values, count);
  });
  library.call<AppendCuda>("CUDA cannot be used", session, cuda.get());
}

/// Engines take minutes to make. The provider names them by the layers' names alone, which members
/// share: the key keeps their weights apart.
void keep_on_disk(const ProviderSettings& settings, Options& options) {
  const std::filesystem::path cache = user_cache_folder();
  if (cache.empty()) return;
  const std::string folder = (cache / "tensorrt").string();
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  if (failure) return;
  options.insert(options.end(), {{"trt_engine_cache_enable", "1"},
                                 {"trt_engine_cache_path", folder},
                                 {"trt_engine_cache_prefix", "posse-" + settings.network_key},
                                 {"trt_timing_cache_enable", "1"},
                                 {"trt_timing_cache_path", folder}});
}

void append_tensorrt(const Library& library, const ProviderSettings& settings,
                     SessionOptions* session) {
  Options options = {{"device_id", std::to_string(settings.device.number)},
                     {"trt_fp16_enable", settings.precision == Precision::fp16 ? "1" : "0"}};
  keep_on_disk(settings, options);
  Held<TensorRtOptions, ReleaseTensorRtOptions> tensorrt(library);
  library.call<CreateTensorRtOptions>("no options for TensorRT", tensorrt.out());
  with_texts(options, [&](Keys keys, Keys values, size_t count) {
    library.call<UpdateTensorRtOptions>("options for TensorRT", tensorrt.get(), keys, values,
                                        count);
  });
  library.call<AppendTensorRt>("TensorRT cannot be used", session, tensorrt.get());
}

}  // namespace

void append_provider(const Library& library, const ProviderSettings& settings,
                     SessionOptions* session) {
  const Device& device = settings.device;
  const std::string_view word = device.kind->word;
  if (word == "cpu") return;  // is always there
  if (const auto plugin = plugin_for(library, *device.kind)) {
    return append_plugin(library, *plugin, device, settings.precision == Precision::tf32, session);
  }
  if (!library.has_provider(device.kind->provider)) {
    throw Error(ErrorKind::unavailable,
                fmt::format("ONNX Runtime {} ({}) is built without {}", library.version(),
                            printable(library.file().string()), device.kind->provider));
  }
  if (word == "cuda") return append_cuda(library, settings, session);
  if (word == "tensorrt") return append_tensorrt(library, settings, session);
  const std::string name(device.kind->short_name);
  library.call<AppendProvider>("the provider cannot be used", session, name.c_str(), nullptr,
                               nullptr, size_t{0});
}

}  // namespace posse::ort
