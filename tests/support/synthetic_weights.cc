#include "support/synthetic_weights.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <functional>
#include <string>

#include "base/error.h"

namespace posse::testing {
namespace {

uint64_t mix(uint64_t x) {
  uint64_t z = x + 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

double uniform_of_hash(uint64_t hash, uint64_t index) {
  return std::ldexp(static_cast<double>(mix(hash + index) >> 40), -23) - 1.0;
}

/// One variable's numbers u(key, 0), u(key, 1), ...
class Uniform {
 public:
  explicit Uniform(std::string_view key) : hash_(fnv1a64(key)) {}
  double operator()(uint64_t index) const { return uniform_of_hash(hash_, index); }

 private:
  uint64_t hash_;
};

std::string key_of(const std::string& name, uint64_t seed) {
  return seed == 0 ? name : fmt::format("{}#{}", name, seed);
}

double head_gain(std::string_view head) {
  return head == "part_pred" || head == "intermediate_supervision" ? 1.5 : 0.125;
}

/// [3, 3, out, in]: a bilinear profile with an eighth of independent taps.
Tensor head_weights(const Variable& variable, const std::string& key, std::string_view head) {
  constexpr std::array<double, 3> kProfile = {0.5, 1.0, 0.5};
  POSSE_ASSERT(variable.shape.size() == 4 && variable.shape[0] == 3 && variable.shape[1] == 3);
  const int64_t in = variable.shape[3];
  const int64_t plane = variable.shape[2] * in;
  const double scale = head_gain(head) * std::sqrt(6.0 / static_cast<double>(in));
  const Uniform base(key + "/base");
  const Uniform own(key);
  Tensor tensor(variable.shape);
  for (int64_t i = 0; i < tensor.size(); ++i) {
    const int64_t tap = i / plane;
    const double profile =
        kProfile[static_cast<size_t>(tap / 3)] * kProfile[static_cast<size_t>(tap % 3)];
    const double bracket =
        profile * base(static_cast<uint64_t>(i % plane)) + own(static_cast<uint64_t>(i)) * 0.125;
    tensor.data()[i] = static_cast<float>(scale * bracket);
  }
  return tensor;
}

Tensor fill(const Shape& shape, const std::string& key,
            const std::function<double(double)>& value) {
  const Uniform u(key);
  Tensor tensor(shape);
  for (int64_t i = 0; i < tensor.size(); ++i) {
    tensor.data()[i] = static_cast<float>(value(u(static_cast<uint64_t>(i))));
  }
  return tensor;
}

Tensor head_tensor(const Variable& variable, const std::string& key,
                   const SyntheticWeightsOptions& options) {
  const std::string_view name = variable.name;
  const std::string_view head = name.substr(5, name.find('/', 5) - 5);  // behind "pose/"
  if (name.ends_with("/weights")) return head_weights(variable, key, head);
  if (head == "part_pred" && !options.part_bias.empty()) {
    const std::vector<float> biases(options.part_bias.begin(), options.part_bias.end());
    return Tensor(variable.shape, biases);
  }
  if (head_gain(head) > 1) return fill(variable.shape, key, [](double u) { return u - 4.0; });
  return fill(variable.shape, key, [](double u) { return u * 0.125; });
}

double convolution_scale(const Variable& variable, std::string_view last) {
  POSSE_ASSERT(variable.shape.size() == 4);
  const bool depthwise = last.starts_with("depthwise");
  const int64_t fan_in =
      variable.shape[0] * variable.shape[1] * (depthwise ? 1 : variable.shape[2]);
  const double scale = std::sqrt((last == "kernel" ? 5.0 : 6.0) / static_cast<double>(fan_in));
  const std::string_view name = variable.name;
  // These layers read grey levels.
  const bool first =
      name == "MobilenetV2/Conv/weights" ||
      (name.starts_with("resnet_v1_") && name.find('/') == name.find("/conv1/weights"));
  return first ? scale / 64.0 : scale;
}

Tensor backbone_tensor(const Variable& variable, const std::string& key) {
  const std::string_view name = variable.name;
  const std::string_view last = name.substr(name.rfind('/') + 1);
  const auto values = [&](auto value) { return fill(variable.shape, key, value); };
  if (last == "gamma") {
    if (name.find("/conv3/BatchNorm/") != std::string_view::npos) {
      return values([](double u) { return 0.25 + u * 0.03125; });
    }
    return values([](double u) { return 1.0 + u * 0.125; });
  }
  if (last.ends_with(".weight") && variable.shape.size() == 4) {
    const double scale = convolution_scale(variable, last);
    return values([scale](double u) { return scale * u; });
  }
  if (last.ends_with(".running_mean")) return values([](double u) { return u * 0.125; });
  if (last.ends_with(".running_var")) return values([](double u) { return 1.0 + u * 0.5; });
  if (last.ends_with(".weight")) return values([](double u) { return 1.0 + u * 0.125; });
  if (last.ends_with(".bias")) return values([](double u) { return u * 0.125; });
  if (last == "beta" || last == "moving_mean") return values([](double u) { return u * 0.125; });
  if (last == "moving_variance") return values([](double u) { return 1.0 + u * 0.5; });
  if (last == "bias" || last == "biases") {
    const double offset = name.ends_with("/se/conv2d_1/bias") ? 1.0 : 0.0;
    return values([offset](double u) { return u * 0.125 + offset; });
  }
  POSSE_ASSERT(last == "weights" || last == "kernel" || last == "depthwise_weights" ||
               last == "depthwise_kernel");
  const double scale = convolution_scale(variable, last);
  return values([scale](double u) { return scale * u; });
}

/// ResNet's channels 31, 63, ... get a variance comparable with epsilon, so that a wrong epsilon
/// shows.
void quieten(const Variable& variable, Tensor& tensor) {
  const std::string_view last =
      std::string_view(variable.name).substr(variable.name.rfind('/') + 1);
  int power = 0;
  if (last == "weights" || last == "moving_mean") power = -9;
  if (last == "moving_variance") power = -18;
  if (power == 0) return;
  const int64_t channels = variable.shape.back();
  for (int64_t i = 0; i < tensor.size(); ++i) {
    if (i % channels % 32 == 31) tensor.data()[i] = std::ldexp(tensor.data()[i], power);
  }
}

}  // namespace

uint64_t fnv1a64(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return hash;
}

double synthetic_uniform(std::string_view key, uint64_t index) { return Uniform(key)(index); }

Tensor synthetic_tensor(const Variable& variable, const SyntheticWeightsOptions& options) {
  const std::string key = key_of(variable.name, options.seed);
  if (variable.name.starts_with("pose/")) return head_tensor(variable, key, options);
  Tensor tensor = backbone_tensor(variable, key);
  if (variable.name.starts_with("resnet_v1_")) quieten(variable, tensor);
  return tensor;
}

Weights synthetic_weights(const Graph& graph, const SyntheticWeightsOptions& options) {
  Weights weights;
  for (const Variable& variable : graph_variables(graph)) {
    weights.emplace(variable.name, synthetic_tensor(variable, options));
  }
  return weights;
}

Weights damped_weights(const Graph& graph) {
  Weights weights = synthetic_weights(graph);
  for (auto& [name, tensor] : weights) {
    if (!name.ends_with("tpu_batch_normalization_2/gamma")) continue;  // of EfficientNets alone
    for (float& value : tensor.values()) value *= 0.25F;
  }
  return weights;
}

}  // namespace posse::testing
