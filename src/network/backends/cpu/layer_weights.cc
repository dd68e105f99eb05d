#include "network/backends/cpu/layer_weights.h"

#include <algorithm>

#include "network/backends/cpu/winograd_weights.h"

namespace posse::cpu {
namespace {

Tensor padded_vector(const std::vector<float>& values, int64_t size) {
  if (values.empty()) return {};
  Tensor padded({size});
  std::fill(padded.values().begin(), padded.values().end(), 0.0F);
  std::copy(values.begin(), values.end(), padded.data());
  return padded;
}

/// [k, k, channels] with channels padded.
Tensor padded_depthwise(const Tensor& weights, const Machine& machine) {
  const int64_t taps = weights.dim(0) * weights.dim(1), channels = weights.dim(2);
  const int64_t to_channels = machine.padded(channels);
  Tensor padded({taps, to_channels});
  std::fill(padded.values().begin(), padded.values().end(), 0.0F);
  for (int64_t t = 0; t < taps; ++t) {
    std::copy_n(weights.data() + t * channels, channels, padded.data() + t * to_channels);
  }
  return padded;
}

/// [out, in, k, k] with both channel counts padded to those of `shape`.
Tensor padded_convolution(const Tensor& weights, const ConvolutionShape& shape) {
  const int64_t out = weights.dim(0), in = weights.dim(1), taps = weights.dim(2) * weights.dim(3);
  Tensor padded({shape.out_channels, shape.in_channels, weights.dim(2), weights.dim(3)});
  std::fill(padded.values().begin(), padded.values().end(), 0.0F);
  for (int64_t o = 0; o < out; ++o) {
    std::copy_n(weights.data() + o * in * taps, in * taps,
                padded.data() + o * shape.in_channels * taps);
  }
  return padded;
}

/// [out, in, 1, 1] as panels of output channels: [panel, padded in, gemm_columns].
Tensor matrix_panels(const Tensor& weights, const Machine& machine) {
  const int64_t out = weights.dim(0), in = weights.dim(1);
  const int64_t columns = machine.kernels->gemm_columns, padded_in = machine.padded(in);
  Tensor panels({(out + columns - 1) / columns, padded_in, columns});
  std::fill(panels.values().begin(), panels.values().end(), 0.0F);
  for (int64_t o = 0; o < out; ++o) {
    float* to = panels.data() + o / columns * padded_in * columns + o % columns;
    for (int64_t i = 0; i < in; ++i) to[i * columns] = weights.data()[o * in + i];
  }
  return panels;
}

}  // namespace

std::string_view to_string(ConvolutionMethod method) {
  switch (method) {
    case ConvolutionMethod::direct:
      return "direct";
    case ConvolutionMethod::matrix:
      return "matrix";
    case ConvolutionMethod::winograd2:
      return "winograd2";
    case ConvolutionMethod::winograd4:
      return "winograd4";
  }
  return "?";
}

LayerWeights::LayerWeights(const Step& step, const Machine& machine, ConvolutionMethod method,
                           const ConvolutionShape& reference)
    : method_(method) {
  const int64_t channels = machine.padded(step.channels);
  bias_ = padded_vector(step.bias, channels);
  scale_ = padded_vector(step.scale, channels);
  gamma_ = padded_vector(step.gamma, channels);
  beta_ = padded_vector(step.beta, channels);
  if (step.kind == StepKind::depthwise) depthwise_ = padded_depthwise(step.weights, machine);
  if (step.kind != StepKind::convolution) return;
  if (method == ConvolutionMethod::direct) {
    const OneDnnThreads threads(1);  // members are loaded side by side
    const Tensor padded = padded_convolution(step.weights, reference);
    direct_ = make_convolution(reference, 1)->pack(padded.values());
  } else if (method == ConvolutionMethod::matrix) {
    matrix_ = matrix_panels(step.weights, machine);
  } else {
    winograd_ = winograd_weights(step.weights.view(),
                                 method == ConvolutionMethod::winograd4 ? 4 : 2, *machine.kernels);
  }
}

std::shared_ptr<const PackedWeights> LayerWeights::direct_for(
    const OneDnnConvolution& convolution) const {
  const std::lock_guard lock(mutex_);
  std::shared_ptr<const PackedWeights> repacked = convolution.repack(*direct_);
  if (!repacked) return direct_;
  for (const auto& other : others_) {
    const auto known = other.lock();
    if (known && !convolution.repack(*known)) return known;
  }
  if (direct_.use_count() == 1) {
    direct_ = repacked;
  } else {
    others_.push_back(repacked);
  }
  return repacked;
}

int64_t LayerWeights::num_bytes() const {
  int64_t floats = 0;
  for (const Tensor* t : {&winograd_, &matrix_, &depthwise_, &bias_, &scale_, &gamma_, &beta_}) {
    floats += t->size();
  }
  int64_t bytes = floats * static_cast<int64_t>(sizeof(float));
  const std::lock_guard lock(mutex_);
  if (direct_) bytes += direct_->num_bytes();
  for (const auto& other : others_) {
    if (const auto known = other.lock()) bytes += known->num_bytes();
  }
  return bytes;
}

}  // namespace posse::cpu
