/// The weights of one step, in the order its kernel reads them. Made once at load and shared,
/// read-only, by all threads and frame sizes.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "base/tensor.h"
#include "network/backends/cpu/machine.h"
#include "network/backends/cpu/onednn.h"
#include "network/backends/cpu/program.h"

namespace posse::cpu {

/// How a convolution is computed.
enum class ConvolutionMethod {
  direct,     ///< oneDNN
  matrix,     ///< own matrix product, 1x1
  winograd2,  ///< own F(2x2, 3x3)
  winograd4   ///< own F(4x4, 3x3)
};
std::string_view to_string(ConvolutionMethod method);

class LayerWeights {
 public:
  /// @param method     of a convolution step; others ignore it.
  /// @param reference  shape to pack direct weights for; other shapes use them too.
  LayerWeights(const Step& step, const Machine& machine, ConvolutionMethod method,
               const ConvolutionShape& reference);

  ConvolutionMethod method() const { return method_; }
  /// Packed for this convolution. One copy is kept; a frame size whose kernel wants another order
  /// gets a copy of its own only while operations of the first are alive.
  std::shared_ptr<const PackedWeights> direct_for(const OneDnnConvolution& convolution) const;
  const Tensor& winograd() const { return winograd_; }
  const Tensor& matrix() const { return matrix_; }        ///< [panel, padded in, gemm_columns]
  const Tensor& depthwise() const { return depthwise_; }  ///< [k * k, padded channels]
  /// Padded with zeros; nullptr if the step has none.
  const float* bias() const { return data_or_null(bias_); }
  const float* scale() const { return data_or_null(scale_); }
  const float* gamma() const { return data_or_null(gamma_); }
  const float* beta() const { return data_or_null(beta_); }

  int64_t num_bytes() const;

 private:
  static const float* data_or_null(const Tensor& t) { return t.empty() ? nullptr : t.data(); }

  ConvolutionMethod method_;
  Tensor winograd_, matrix_, depthwise_, bias_, scale_, gamma_, beta_;
  mutable std::mutex mutex_;
  mutable std::shared_ptr<const PackedWeights> direct_;
  mutable std::vector<std::weak_ptr<const PackedWeights>> others_;
};

}  // namespace posse::cpu
