#include "support/plain_networks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace posse::testing {
namespace {

/// Zeros before an axis and its number of outputs.
struct Window {
  int64_t before = 0;
  int64_t outputs = 0;
};

/// TensorFlow's SAME: outputs = ceil(n / stride), the odd zero goes behind.
Window same_window(int64_t n, int64_t kernel, int64_t stride, int64_t rate) {
  const int64_t reach = (kernel - 1) * rate + 1;
  const int64_t outputs = (n + stride - 1) / stride;
  return {std::max<int64_t>((outputs - 1) * stride + reach - n, 0) / 2, outputs};
}

/// tf_slim's conv2d_same: with a stride, (reach - 1) / 2 zeros before whatever the size.
Window slim_window(int64_t n, int64_t kernel, int64_t stride, int64_t rate) {
  if (stride == 1) return same_window(n, kernel, stride, rate);
  const int64_t reach = (kernel - 1) * rate + 1;
  return {(reach - 1) / 2, (n - 1) / stride + 1};
}

class PlainNetwork {
 public:
  PlainNetwork(const NetworkSpec& spec, const Weights& weights) : spec_(spec), weights_(weights) {}

  PlainOutput run(const std::vector<uint8_t>& rgb, Extent frame) {
    PlainMap features = input(rgb, frame);
    switch (spec_.family) {
      case NetworkFamily::resnet:
        features = resnet(features);
        break;
      case NetworkFamily::mobilenet_v2:
        features = mobilenet(features);
        break;
      case NetworkFamily::efficientnet:
        features = efficientnet(features);
        break;
      case NetworkFamily::torch_resnet:
        break;  // compared with the tools themselves
    }
    return {head(features, "part_pred"), head(features, "locref_pred")};
  }

 private:
  const Tensor& variable(const std::string& name) const {
    const auto found = weights_.find(name);
    if (found == weights_.end()) throw std::runtime_error("no variable " + name);
    return found->second;
  }

  PlainMap input(const std::vector<uint8_t>& rgb, Extent frame) const {
    constexpr std::array<float, 3> kMean = {123.68F, 116.779F, 103.939F};
    constexpr std::array<float, 3> kScale = {58.395F, 57.12F, 57.375F};
    PlainMap map(frame.height, frame.width, 3);
    for (size_t i = 0; i < map.values.size(); ++i) {
      map.values[i] = static_cast<double>(static_cast<float>(rgb[i]) - kMean[i % 3]);
      if (spec_.family == NetworkFamily::efficientnet) {
        map.values[i] /= static_cast<double>(kScale[i % 3]);
      }
    }
    return map;
  }

  using WindowRule = Window (*)(int64_t, int64_t, int64_t, int64_t);

  /// weights [k, k, in, out]
  PlainMap conv(const PlainMap& in, const std::string& name, int64_t stride = 1, int64_t rate = 1,
                WindowRule rule = same_window) const {
    const Tensor& weights = variable(name);
    const int64_t kernel = weights.dim(0);
    const int64_t outputs = weights.dim(3);
    if (weights.dim(2) != in.channels) throw std::runtime_error("channels of " + name);
    const Window rows = rule(in.height, kernel, stride, rate);
    const Window cols = rule(in.width, kernel, stride, rate);
    PlainMap out(rows.outputs, cols.outputs, outputs);
    for_each_tap(in, out, kernel, stride, rate, rows.before, cols.before,
                 [&](const double* from, double* to, int64_t tap) {
                   const float* w = weights.data() + tap * in.channels * outputs;
                   for (int64_t i = 0; i < in.channels; ++i, w += outputs) {
                     for (int64_t o = 0; o < outputs; ++o) {
                       to[o] += from[i] * static_cast<double>(w[o]);
                     }
                   }
                 });
    return out;
  }

  /// weights [k, k, channels, 1]
  PlainMap depthwise(const PlainMap& in, const std::string& name, int64_t stride) const {
    const Tensor& weights = variable(name);
    const int64_t kernel = weights.dim(0);
    const Window rows = same_window(in.height, kernel, stride, 1);
    const Window cols = same_window(in.width, kernel, stride, 1);
    PlainMap out(rows.outputs, cols.outputs, in.channels);
    for_each_tap(in, out, kernel, stride, 1, rows.before, cols.before,
                 [&](const double* from, double* to, int64_t tap) {
                   const float* w = weights.data() + tap * in.channels;
                   for (int64_t c = 0; c < in.channels; ++c) {
                     to[c] += from[c] * static_cast<double>(w[c]);
                   }
                 });
    return out;
  }

  template <typename Visit>
  static void for_each_tap(const PlainMap& in, PlainMap& out, int64_t kernel, int64_t stride,
                           int64_t rate, int64_t rows_before, int64_t cols_before, Visit&& visit) {
    for (int64_t row = 0; row < out.height; ++row) {
      for (int64_t col = 0; col < out.width; ++col) {
        for (int64_t tap = 0; tap < kernel * kernel; ++tap) {
          const int64_t from_row = row * stride - rows_before + tap / kernel * rate;
          const int64_t from_col = col * stride - cols_before + tap % kernel * rate;
          const bool inside =
              from_row >= 0 && from_row < in.height && from_col >= 0 && from_col < in.width;
          if (inside) visit(in.at(from_row, from_col), out.at(row, col), tap);
        }
      }
    }
  }

  static PlainMap max_pool(const PlainMap& in) {  // 3x3, stride 2, SAME
    const Window rows = same_window(in.height, 3, 2, 1);
    const Window cols = same_window(in.width, 3, 2, 1);
    PlainMap out(rows.outputs, cols.outputs, in.channels);
    std::fill(out.values.begin(), out.values.end(), -std::numeric_limits<double>::infinity());
    for_each_tap(in, out, 3, 2, 1, rows.before, cols.before,
                 [&](const double* from, double* to, int64_t) {
                   for (int64_t c = 0; c < in.channels; ++c) to[c] = std::max(to[c], from[c]);
                 });
    return out;
  }

  void add_bias(PlainMap& map, const std::string& name) const {
    const Tensor& bias = variable(name);
    for (size_t i = 0; i < map.values.size(); ++i) {
      map.values[i] += static_cast<double>(bias.data()[i % map.channels]);
    }
  }

  void batch_norm(PlainMap& map, const std::string& scope, double epsilon) const {
    const Tensor& gamma = variable(scope + "/gamma");
    const Tensor& beta = variable(scope + "/beta");
    const int64_t cells = map.height * map.width;
    for (int64_t c = 0; c < map.channels; ++c) {
      double mean = static_cast<double>(variable(scope + "/moving_mean").data()[c]);
      double variance = static_cast<double>(variable(scope + "/moving_variance").data()[c]);
      if (spec_.batch_norm_mode == BatchNormMode::frame) {
        mean = variance = 0;
        for (int64_t i = 0; i < cells; ++i) mean += map.values[i * map.channels + c];
        mean /= static_cast<double>(cells);
        for (int64_t i = 0; i < cells; ++i) {
          variance += std::pow(map.values[i * map.channels + c] - mean, 2);
        }
        variance /= static_cast<double>(cells);
      }
      const double scale = static_cast<double>(gamma.data()[c]) / std::sqrt(variance + epsilon);
      for (int64_t i = 0; i < cells; ++i) {
        double& value = map.values[i * map.channels + c];
        value = scale * (value - mean) + static_cast<double>(beta.data()[c]);
      }
    }
  }

  template <typename Function>
  static void apply(PlainMap& map, Function&& function) {
    for (double& value : map.values) value = function(value);
  }
  static double relu(double x) { return std::max(x, 0.0); }
  static double relu6(double x) { return std::clamp(x, 0.0, 6.0); }
  static double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
  static double swish(double x) { return x * sigmoid(x); }

  static void add(PlainMap& map, const PlainMap& other) {
    if (map.values.size() != other.values.size()) throw std::runtime_error("shapes of a sum");
    for (size_t i = 0; i < map.values.size(); ++i) map.values[i] += other.values[i];
  }

  // ResNet v1.
  static constexpr double kResnetEpsilon =
      1.001e-5;  // what TensorFlow's fused kernel makes of 1e-5

  PlainMap conv_norm(const PlainMap& in, const std::string& scope, int64_t stride = 1,
                     int64_t rate = 1) const {
    PlainMap out = conv(in, scope + "/weights", stride, rate, slim_window);
    batch_norm(out, scope + "/BatchNorm", kResnetEpsilon);
    return out;
  }

  PlainMap bottleneck(const PlainMap& in, const std::string& scope, bool first, int64_t stride,
                      int64_t rate) const {
    PlainMap residual = conv_norm(in, scope + "/conv1");
    apply(residual, relu);
    residual = conv_norm(residual, scope + "/conv2", stride, rate);
    apply(residual, relu);
    residual = conv_norm(residual, scope + "/conv3");
    add(residual, first ? conv_norm(in, scope + "/shortcut", stride) : every(in, stride));
    apply(residual, relu);
    return residual;
  }

  static PlainMap every(const PlainMap& in, int64_t stride) {
    PlainMap out((in.height + stride - 1) / stride, (in.width + stride - 1) / stride, in.channels);
    for (int64_t row = 0; row < out.height; ++row) {
      for (int64_t col = 0; col < out.width; ++col) {
        std::copy_n(in.at(row * stride, col * stride), in.channels, out.at(row, col));
      }
    }
    return out;
  }

  PlainMap resnet(const PlainMap& frame) const {
    const int depth = spec_.resnet_depth;
    const std::array<int, 4> units = depth == 50    ? std::array{3, 4, 6, 3}
                                     : depth == 101 ? std::array{3, 4, 23, 3}
                                                    : std::array{3, 8, 36, 3};
    const std::string root = fmt::format("resnet_v1_{}", depth);
    PlainMap map = conv_norm(frame, root + "/conv1", 2);
    apply(map, relu);
    map = max_pool(map);
    for (int block = 0; block < 4; ++block) {
      for (int unit = 0; unit < units[block]; ++unit) {
        // At stride 16: blocks 1 and 2 halve in their last unit; block 4 is dilated instead.
        const bool halves = block < 2 && unit == units[block] - 1;
        map = bottleneck(map,
                         fmt::format("{}/block{}/unit_{}/bottleneck_v1", root, block + 1, unit + 1),
                         unit == 0, halves ? 2 : 1, block == 3 ? 2 : 1);
      }
    }
    return map;
  }

  // MobileNetV2.
  void norm_relu6(PlainMap& map, const std::string& scope) const {
    batch_norm(map, scope + "/BatchNorm", 1e-3);
    apply(map, relu6);
  }

  PlainMap inverted_residual(const PlainMap& in, const std::string& scope, bool expands,
                             int64_t stride) const {
    PlainMap map = in;
    if (expands) {
      map = conv(map, scope + "/expand/weights");
      norm_relu6(map, scope + "/expand");
    }
    map = depthwise(map, scope + "/depthwise/depthwise_weights", stride);
    norm_relu6(map, scope + "/depthwise");
    map = conv(map, scope + "/project/weights");
    batch_norm(map, scope + "/project/BatchNorm", 1e-3);
    if (stride == 1 && map.channels == in.channels) add(map, in);
    return map;
  }

  PlainMap mobilenet(const PlainMap& frame) const {
    PlainMap map = conv(frame, "MobilenetV2/Conv/weights", 2);
    norm_relu6(map, "MobilenetV2/Conv");
    for (int k = 0; k <= 16; ++k) {
      const std::string scope =
          k == 0 ? "MobilenetV2/expanded_conv" : fmt::format("MobilenetV2/expanded_conv_{}", k);
      const bool halves = k == 1 || k == 3 || k == 6;  // 13 too in the paper; not in DeepLabCut
      map = inverted_residual(map, scope, k > 0, halves ? 2 : 1);
    }
    map = conv(map, "MobilenetV2/Conv_1/weights");
    norm_relu6(map, "MobilenetV2/Conv_1");
    return map;
  }

  // EfficientNet.
  void efficient_norm(PlainMap& map, const std::string& scope, int number) const {
    const std::string suffix = number == 0 ? "" : fmt::format("_{}", number);
    batch_norm(map, scope + "tpu_batch_normalization" + suffix, 1e-3);
  }

  void squeeze_and_excite(PlainMap& map, const std::string& scope) const {
    PlainMap mean(1, 1, map.channels);
    for (size_t i = 0; i < map.values.size(); ++i) mean.values[i % map.channels] += map.values[i];
    apply(mean, [&](double sum) { return sum / static_cast<double>(map.height * map.width); });
    PlainMap gate = conv(mean, scope + "se/conv2d/kernel");
    add_bias(gate, scope + "se/conv2d/bias");
    apply(gate, swish);
    gate = conv(gate, scope + "se/conv2d_1/kernel");
    add_bias(gate, scope + "se/conv2d_1/bias");
    apply(gate, sigmoid);
    for (size_t i = 0; i < map.values.size(); ++i) map.values[i] *= gate.values[i % map.channels];
  }

  PlainMap efficient_block(const PlainMap& in, const std::string& scope, bool expands,
                           int64_t stride) const {
    PlainMap map = in;
    int norms = 0;
    if (expands) {
      map = conv(map, scope + "conv2d/kernel");
      efficient_norm(map, scope, norms++);
      apply(map, swish);
    }
    map = depthwise(map, scope + "depthwise_conv2d/depthwise_kernel", stride);
    efficient_norm(map, scope, norms++);
    apply(map, swish);
    squeeze_and_excite(map, scope);
    map = conv(map, scope + (expands ? "conv2d_1/kernel" : "conv2d/kernel"));
    efficient_norm(map, scope, norms);
    if (stride == 1 && map.channels == in.channels) add(map, in);
    return map;
  }

  PlainMap efficientnet(const PlainMap& frame) const {
    constexpr std::array<double, 8> kDepth = {1.0, 1.1, 1.2, 1.4, 1.8, 2.2, 2.6, 3.1};
    constexpr std::array<int, 7> kRepeats = {1, 2, 2, 3, 3, 4, 1};
    constexpr std::array<int, 7> kStrides = {1, 2, 2, 2, 1, 1, 1};  // the sixth is 2 in the paper
    const double depth = kDepth[spec_.efficientnet_number];
    PlainMap map = conv(frame, spec_.scope + "stem/conv2d/kernel", 2);
    efficient_norm(map, spec_.scope + "stem/", 0);
    apply(map, swish);
    int block = 0;
    for (int stage = 0; stage < 7; ++stage) {
      const int repeats = static_cast<int>(std::ceil(depth * kRepeats[stage]));
      for (int i = 0; i < repeats; ++i, ++block) {
        map = efficient_block(map, fmt::format("{}blocks_{}/", spec_.scope, block), stage > 0,
                              i == 0 ? kStrides[stage] : 1);
      }
    }
    return map;
  }

  /// Transposed convolution 3x3, stride 2, SAME; weights [3, 3, out, in]. Input cell i adds to
  /// outputs 2i, 2i + 1 and 2i + 2; what falls behind the end is lost.
  PlainMap head(const PlainMap& in, const std::string& name) const {
    const Tensor& weights = variable("pose/" + name + "/block4/weights");
    const int64_t outputs = weights.dim(2);
    PlainMap out(2 * in.height, 2 * in.width, outputs);
    for (int64_t row = 0; row < in.height; ++row) {
      for (int64_t col = 0; col < in.width; ++col) {
        for (int64_t tap = 0; tap < 9; ++tap) {
          const int64_t to_row = 2 * row + tap / 3;
          const int64_t to_col = 2 * col + tap % 3;
          if (to_row >= out.height || to_col >= out.width) continue;
          const float* w = weights.data() + tap * outputs * in.channels;
          for (int64_t o = 0; o < outputs; ++o, w += in.channels) {
            double sum = 0;
            for (int64_t i = 0; i < in.channels; ++i) {
              sum += in.at(row, col)[i] * static_cast<double>(w[i]);
            }
            out.at(to_row, to_col)[o] += sum;
          }
        }
      }
    }
    add_bias(out, "pose/" + name + "/block4/biases");
    return out;
  }

  const NetworkSpec& spec_;
  const Weights& weights_;
};

}  // namespace

PlainOutput evaluate_plainly(const NetworkSpec& spec, const Weights& weights,
                             const std::vector<uint8_t>& rgb, Extent frame) {
  return PlainNetwork(spec, weights).run(rgb, frame);
}

}  // namespace posse::testing
