/// Lays the variables of a network out as the constants of an ONNX model.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/tensor.h"
#include "network/graph.h"

namespace posse {

/// [kh, kw, a, b] as [first, second, kh, kw], where (first, second) is (a, b), or (b, a) if `swap`.
Tensor spatial_last(const Tensor& weights, bool swap);

/// Scale and offset per channel of a batch norm with stored statistics.
struct Affine {
  std::vector<double> scale, offset;
};
Affine affine_of(const Node& norm, const Weights& weights);

/// Multiplies output channel o, the first axis of `weights`, by scale[o].
void scale_channels(const std::vector<double>& scale, Tensor& weights);

/// Rounded once.
Tensor floats(const Shape& shape, const std::vector<double>& values);

/// The entries of `axis` that belong to the bodyparts `columns`, in that order.
Tensor pick_bodyparts(const Tensor& all, size_t axis, const std::vector<int>& columns,
                      int64_t per_bodypart);

}  // namespace posse
