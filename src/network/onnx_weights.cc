#include "network/onnx_weights.h"

#include <algorithm>
#include <cmath>

namespace posse {

Tensor spatial_last(const Tensor& weights, bool swap) {
  const int64_t taps = weights.dim(0) * weights.dim(1);
  const int64_t a_count = weights.dim(2);
  const int64_t b_count = weights.dim(3);
  Tensor out(swap ? Shape{b_count, a_count, weights.dim(0), weights.dim(1)}
                  : Shape{a_count, b_count, weights.dim(0), weights.dim(1)});
  for (int64_t tap = 0; tap < taps; ++tap) {
    for (int64_t a = 0; a < a_count; ++a) {
      for (int64_t b = 0; b < b_count; ++b) {
        const int64_t pair = swap ? b * a_count + a : a * b_count + b;
        out.data()[pair * taps + tap] = weights.data()[(tap * a_count + a) * b_count + b];
      }
    }
  }
  return out;
}

Affine affine_of(const Node& norm, const Weights& weights) {
  const auto gamma = weights.at(norm.gamma).values();
  const auto beta = weights.at(norm.beta).values();
  const auto mean = weights.at(norm.moving_mean).values();
  const auto variance = weights.at(norm.moving_variance).values();
  Affine affine;
  for (size_t c = 0; c < gamma.size(); ++c) {
    const double scale =
        static_cast<double>(gamma[c]) / std::sqrt(static_cast<double>(variance[c]) + norm.epsilon);
    affine.scale.push_back(scale);
    affine.offset.push_back(static_cast<double>(beta[c]) - static_cast<double>(mean[c]) * scale);
  }
  return affine;
}

void scale_channels(const std::vector<double>& scale, Tensor& weights) {
  const size_t group = weights.values().size() / scale.size();
  for (size_t i = 0; i < weights.values().size(); ++i) {
    weights.values()[i] =
        static_cast<float>(static_cast<double>(weights.values()[i]) * scale[i / group]);
  }
}

Tensor floats(const Shape& shape, const std::vector<double>& values) {
  const std::vector<float> rounded(values.begin(), values.end());
  return {shape, rounded};
}

Tensor pick_bodyparts(const Tensor& all, size_t axis, const std::vector<int>& columns,
                      int64_t per_bodypart) {
  Shape shape = all.shape();
  const int64_t channels = shape[axis];
  shape[axis] = static_cast<int64_t>(columns.size()) * per_bodypart;
  int64_t inner = 1;
  for (size_t i = axis + 1; i < shape.size(); ++i) inner *= shape[i];
  Tensor picked(shape);
  float* out = picked.data();
  for (int64_t outer = 0; outer < all.size() / (channels * inner); ++outer) {
    for (const int column : columns) {
      const int64_t first = outer * channels + column * per_bodypart;
      out = std::copy_n(all.data() + first * inner, per_bodypart * inner, out);
    }
  }
  return picked;
}

}  // namespace posse
