/// The operators of OpKind as plain loops. Maps are [height, width, channels], float32; sums run in
/// float64 in a fixed order and are rounded once.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/tensor.h"
#include "network/graph.h"

namespace posse::reference {

/// (rgb - mean_pixel) / input_scale, in float32 as TensorFlow does it.
Tensor input(const Graph& graph, const uint8_t* rgb, Extent frame);

/// out[r, c, o] = bias[o] + sum over a, b, i of in[r s + a d - pad, c s + b d - pad, i] w[a, b, i,
/// o], cells outside `in` being 0. `bias` may be null.
Tensor conv2d(const Node& node, const Tensor& in, const Tensor& weights, const Tensor* bias);

/// As conv2d with a kernel of its own for each channel: w[a, b, channel, 0].
Tensor depthwise_conv2d(const Node& node, const Tensor& in, const Tensor& weights);

/// out[r, c, o] = bias[o] + sum of in[p, q, i] w[a, b, o, i] over all p, q, a, b with
/// r = p s + a - crop and c = q s + b - crop.
Tensor conv2d_transpose(const Node& node, const Tensor& in, const Tensor& weights,
                        const Tensor* bias);

/// gamma (x - mean) / sqrt(variance + epsilon) + beta, of one frame or, in the mode `batch`, of
/// several frames of one size that share their statistics.
Tensor batch_norm(const Node& node, const Tensor& in, const Weights& weights);
std::vector<Tensor> batch_norm(const Node& node, std::span<const Tensor* const> frames,
                               const Weights& weights);

/// gamma (x - mean) / sqrt(variance + epsilon) + beta, mean and biased variance being those of the
/// channel's group.
Tensor group_norm(const Node& node, const Tensor& in, const Weights& weights);

Tensor activation(const Node& node, const Tensor& in);
Tensor add(const Tensor& first, const Tensor& second);
Tensor max_pool(const Node& node, const Tensor& in);
Tensor subsample(const Node& node, const Tensor& in);
Tensor global_mean(const Tensor& in);
Tensor multiply(const Tensor& map, const Tensor& factor);
Tensor pixel_shuffle(const Node& node, const Tensor& in);
Tensor resize(const Node& node, const Tensor& in);
Tensor concat(std::span<const Tensor* const> parts);

}  // namespace posse::reference
