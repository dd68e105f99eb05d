#include "network/backends/reference/reference_ops.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/error.h"
#include "network/backends/reference/reference_kernels.h"

namespace posse::reference {
namespace {

/// Position in a map of extents (height, width, channels).
int64_t at(const Tensor& map, int64_t row, int64_t col) {
  return (row * map.dim(1) + col) * map.dim(2);
}

void round_into(const std::vector<double>& sums, float* out) {
  for (size_t i = 0; i < sums.size(); ++i) out[i] = static_cast<float>(sums[i]);
}

std::vector<double> start_values(int64_t channels, const Tensor* bias) {
  std::vector<double> values(static_cast<size_t>(channels), 0.0);
  if (bias != nullptr) std::copy(bias->values().begin(), bias->values().end(), values.begin());
  return values;
}

/// Where a convolution or pool reads along both axes.
struct Window {
  Window(const Node& node, const Tensor& in)
      : rows(padding_amount(node.padding, in.dim(0), node.kernel, node.stride, node.dilation)),
        cols(padding_amount(node.padding, in.dim(1), node.kernel, node.stride, node.dilation)),
        out_rows(output_length(node.padding, in.dim(0), node.kernel, node.stride, node.dilation)),
        out_cols(output_length(node.padding, in.dim(1), node.kernel, node.stride, node.dilation)) {}

  PaddingAmount rows, cols;
  int64_t out_rows, out_cols;
};

/// Calls visit(tap, input_position) for each of the kernel's taps that falls inside `in`, for the
/// output cell (row, col); tap = a * kernel + b.
template <typename Visit>
void for_each_tap(const Node& node, const Window& window, const Tensor& in, int64_t row,
                  int64_t col, const Visit& visit) {
  for (int64_t a = 0; a < node.kernel; ++a) {
    const int64_t in_row = row * node.stride + a * node.dilation - window.rows.before;
    if (in_row < 0 || in_row >= in.dim(0)) continue;
    for (int64_t b = 0; b < node.kernel; ++b) {
      const int64_t in_col = col * node.stride + b * node.dilation - window.cols.before;
      if (in_col < 0 || in_col >= in.dim(1)) continue;
      visit(a * node.kernel + b, at(in, in_row, in_col));
    }
  }
}

double activate(Activation kind, double x) {
  switch (kind) {
    case Activation::none:
      return x;
    case Activation::relu:
      return std::max(x, 0.0);
    case Activation::relu6:
      return std::min(std::max(x, 0.0), 6.0);
    case Activation::sigmoid:
      return 1.0 / (1.0 + std::exp(-x));
    case Activation::swish:
      return x / (1.0 + std::exp(-x));
  }
  POSSE_ASSERT(false);
}

struct Moments {
  std::vector<double> mean, variance;
};

/// Per channel over frames, height and width; the variance is the biased one.
Moments moments_of(std::span<const Tensor* const> frames) {
  const Tensor& first = *frames.front();
  const auto channels = static_cast<size_t>(first.dim(2));
  const double cells =
      static_cast<double>(first.dim(0) * first.dim(1)) * static_cast<double>(frames.size());
  Moments moments{std::vector<double>(channels, 0.0), std::vector<double>(channels, 0.0)};
  for (const Tensor* in : frames) {
    const auto values = in->values();
    for (size_t i = 0; i < values.size(); ++i) {
      moments.mean[i % channels] += static_cast<double>(values[i]);
    }
  }
  for (double& mean : moments.mean) mean /= cells;
  for (const Tensor* in : frames) {
    const auto values = in->values();
    for (size_t i = 0; i < values.size(); ++i) {
      const double deviation = static_cast<double>(values[i]) - moments.mean[i % channels];
      moments.variance[i % channels] += deviation * deviation;
    }
  }
  for (double& variance : moments.variance) variance /= cells;
  return moments;
}

Moments frame_moments(const Tensor& in) {
  const Tensor* frame = &in;
  return moments_of({&frame, 1});
}

Moments stored_moments(const Node& node, const Weights& weights) {
  const auto mean = weights.at(node.moving_mean).values();
  const auto variance = weights.at(node.moving_variance).values();
  return {{mean.begin(), mean.end()}, {variance.begin(), variance.end()}};
}

}  // namespace

Tensor input(const Graph& graph, const uint8_t* rgb, Extent frame) {
  Tensor out({frame.height, frame.width, 3});
  for (int64_t i = 0; i < out.size(); ++i) {
    const auto channel = static_cast<size_t>(i % 3);
    out.data()[i] =
        (static_cast<float>(rgb[i]) - graph.mean_pixel[channel]) / graph.input_scale[channel];
  }
  return out;
}

Tensor conv2d(const Node& node, const Tensor& in, const Tensor& weights, const Tensor* bias) {
  const Window window(node, in);
  const int64_t in_channels = in.dim(2);
  const int64_t out_channels = node.channels;
  Tensor out({window.out_rows, window.out_cols, out_channels});
  const std::vector<double> start = start_values(out_channels, bias);
  for (int64_t row = 0; row < window.out_rows; ++row) {
    for (int64_t col = 0; col < window.out_cols; ++col) {
      std::vector<double> sums = start;
      for_each_tap(node, window, in, row, col, [&](int64_t tap, int64_t position) {
        const float* w = weights.data() + tap * in_channels * out_channels;
        for (int64_t i = 0; i < in_channels; ++i) {
          const double x = static_cast<double>(in.data()[position + i]);
          kernels().add_scaled(x, w + i * out_channels, out_channels, sums.data());
        }
      });
      round_into(sums, out.data() + at(out, row, col));
    }
  }
  return out;
}

Tensor depthwise_conv2d(const Node& node, const Tensor& in, const Tensor& weights) {
  const Window window(node, in);
  const int64_t channels = in.dim(2);
  Tensor out({window.out_rows, window.out_cols, channels});
  for (int64_t row = 0; row < window.out_rows; ++row) {
    for (int64_t col = 0; col < window.out_cols; ++col) {
      std::vector<double> sums(static_cast<size_t>(channels), 0.0);
      for_each_tap(node, window, in, row, col, [&](int64_t tap, int64_t position) {
        for (int64_t c = 0; c < channels; ++c) {
          sums[static_cast<size_t>(c)] += static_cast<double>(in.data()[position + c]) *
                                          static_cast<double>(weights.data()[tap * channels + c]);
        }
      });
      round_into(sums, out.data() + at(out, row, col));
    }
  }
  return out;
}

Tensor conv2d_transpose(const Node& node, const Tensor& in, const Tensor& weights,
                        const Tensor* bias) {
  const int64_t in_channels = in.dim(2);
  const int64_t crop = transpose_crop(node.padding, node.kernel, node.stride);
  Tensor out({transpose_length(node.padding, in.dim(0), node.kernel, node.stride),
              transpose_length(node.padding, in.dim(1), node.kernel, node.stride), node.channels});
  std::vector<double> sums;
  const std::vector<double> start = start_values(node.channels, bias);
  for (int64_t i = 0; i < out.dim(0) * out.dim(1); ++i) {
    sums.insert(sums.end(), start.begin(), start.end());
  }
  const auto inside = [](int64_t position, int64_t extent) {
    return position >= 0 && position < extent;
  };
  for (int64_t p = 0; p < in.dim(0); ++p) {
    for (int64_t q = 0; q < in.dim(1); ++q) {
      const float* x = in.data() + at(in, p, q);
      for (int64_t a = 0; a < node.kernel; ++a) {
        for (int64_t b = 0; b < node.kernel; ++b) {
          const int64_t row = p * node.stride + a - crop;
          const int64_t col = q * node.stride + b - crop;
          if (!inside(row, out.dim(0)) || !inside(col, out.dim(1))) continue;
          const float* w = weights.data() + (a * node.kernel + b) * node.channels * in_channels;
          for (int64_t o = 0; o < node.channels; ++o) {
            double sum = 0;
            for (int64_t i = 0; i < in_channels; ++i) {
              sum += static_cast<double>(x[i]) * static_cast<double>(w[o * in_channels + i]);
            }
            sums[static_cast<size_t>(at(out, row, col) + o)] += sum;
          }
        }
      }
    }
  }
  round_into(sums, out.data());
  return out;
}

namespace {

Tensor normalized(const Node& node, const Tensor& in, const Moments& moments,
                  const Weights& weights) {
  const auto gamma = weights.at(node.gamma).values();
  const auto beta = weights.at(node.beta).values();
  const auto channels = static_cast<size_t>(in.dim(2));
  POSSE_ASSERT(channels > 0);
  std::vector<double> scale(channels);
  for (size_t c = 0; c < channels; ++c) {
    scale[c] = static_cast<double>(gamma[c]) / std::sqrt(moments.variance[c] + node.epsilon);
  }
  Tensor out(in.shape());
  for (size_t i = 0; i < in.values().size(); ++i) {
    const size_t c = i % channels;
    const double centred = static_cast<double>(in.values()[i]) - moments.mean[c];
    out.values()[i] = static_cast<float>(scale[c] * centred + static_cast<double>(beta[c]));
  }
  return out;
}

}  // namespace

Tensor batch_norm(const Node& node, const Tensor& in, const Weights& weights) {
  const Moments moments = node.batch_norm_mode == BatchNormMode::moving
                              ? stored_moments(node, weights)
                              : frame_moments(in);
  return normalized(node, in, moments, weights);
}

std::vector<Tensor> batch_norm(const Node& node, std::span<const Tensor* const> frames,
                               const Weights& weights) {
  POSSE_ASSERT(node.batch_norm_mode == BatchNormMode::batch);
  const Moments moments = moments_of(frames);
  std::vector<Tensor> out;
  for (const Tensor* in : frames) out.push_back(normalized(node, *in, moments, weights));
  return out;
}

Tensor group_norm(const Node& node, const Tensor& in, const Weights& weights) {
  Moments moments = frame_moments(in);
  const auto per_group = static_cast<size_t>(node.channels / node.groups);
  for (size_t first = 0; first < moments.mean.size(); first += per_group) {
    double mean = 0;
    for (size_t c = first; c < first + per_group; ++c) mean += moments.mean[c];
    mean /= static_cast<double>(per_group);
    double variance = 0;
    for (size_t c = first; c < first + per_group; ++c) {
      const double apart = moments.mean[c] - mean;
      variance += moments.variance[c] + apart * apart;
    }
    variance /= static_cast<double>(per_group);
    for (size_t c = first; c < first + per_group; ++c) {
      moments.mean[c] = mean;
      moments.variance[c] = variance;
    }
  }
  return normalized(node, in, moments, weights);
}

Tensor activation(const Node& node, const Tensor& in) {
  Tensor out(in.shape());
  std::transform(in.values().begin(), in.values().end(), out.values().begin(), [&](float x) {
    return static_cast<float>(activate(node.activation, static_cast<double>(x)));
  });
  return out;
}

Tensor add(const Tensor& first, const Tensor& second) {
  POSSE_ASSERT(first.shape() == second.shape());
  Tensor out(first.shape());
  std::transform(first.values().begin(), first.values().end(), second.values().begin(),
                 out.values().begin(), [](float a, float b) { return a + b; });
  return out;
}

Tensor max_pool(const Node& node, const Tensor& in) {
  const Window window(node, in);
  const int64_t channels = in.dim(2);
  Tensor out({window.out_rows, window.out_cols, channels});
  for (int64_t row = 0; row < window.out_rows; ++row) {
    for (int64_t col = 0; col < window.out_cols; ++col) {
      float* cell = out.data() + at(out, row, col);
      std::fill_n(cell, channels, -std::numeric_limits<float>::infinity());
      for_each_tap(node, window, in, row, col, [&](int64_t, int64_t position) {
        for (int64_t c = 0; c < channels; ++c) {
          cell[c] = std::max(cell[c], in.data()[position + c]);
        }
      });
    }
  }
  return out;
}

Tensor subsample(const Node& node, const Tensor& in) {
  Tensor out({(in.dim(0) + node.stride - 1) / node.stride,
              (in.dim(1) + node.stride - 1) / node.stride, in.dim(2)});
  for (int64_t row = 0; row < out.dim(0); ++row) {
    for (int64_t col = 0; col < out.dim(1); ++col) {
      std::copy_n(in.data() + at(in, row * node.stride, col * node.stride), in.dim(2),
                  out.data() + at(out, row, col));
    }
  }
  return out;
}

Tensor global_mean(const Tensor& in) {
  const Moments moments = frame_moments(in);
  Tensor out({1, 1, in.dim(2)});
  round_into(moments.mean, out.data());
  return out;
}

Tensor multiply(const Tensor& map, const Tensor& factor) {
  POSSE_ASSERT(factor.size() == map.dim(2));
  Tensor out(map.shape());
  const int64_t channels = map.dim(2);
  for (int64_t i = 0; i < map.size(); ++i) {
    out.data()[i] = map.data()[i] * factor.data()[i % channels];
  }
  return out;
}

Tensor pixel_shuffle(const Node& node, const Tensor& in) {
  const int64_t s = node.stride;
  Tensor out({in.dim(0) * s, in.dim(1) * s, node.channels});
  for (int64_t row = 0; row < out.dim(0); ++row) {
    for (int64_t col = 0; col < out.dim(1); ++col) {
      const float* cell = in.data() + at(in, row / s, col / s);
      for (int64_t c = 0; c < node.channels; ++c) {
        out.data()[at(out, row, col) + c] = cell[(c * s + row % s) * s + col % s];
      }
    }
  }
  return out;
}

namespace {

/// The two cells that a resized cell lies between, and the share of the second.
struct Between {
  int64_t first, second;
  double share;
};

Between between(int64_t target, int64_t to, int64_t from) {
  const double scale = static_cast<double>(from) / static_cast<double>(to);
  const double place = std::max((static_cast<double>(target) + 0.5) * scale - 0.5, 0.0);
  const auto first = std::min(static_cast<int64_t>(place), from - 1);
  return {first, std::min(first + 1, from - 1), place - static_cast<double>(first)};
}

}  // namespace

namespace {

/// Share of source cell `k` in a target cell: a triangle around its centre that reaches as far as
/// the next target cells' centres.
double triangle(int64_t target, int64_t k, double scale) {
  const double centre = (static_cast<double>(target) + 0.5) * scale;
  const double distance = std::abs(static_cast<double>(k) + 0.5 - centre);
  return std::max(0.0, 1 - distance / std::max(scale, 1.0));
}

Tensor antialiased(const Node& node, const Tensor& in) {
  Tensor out({node.resized.height, node.resized.width, in.dim(2)});
  const double scale_y = static_cast<double>(in.dim(0)) / static_cast<double>(out.dim(0));
  const double scale_x = static_cast<double>(in.dim(1)) / static_cast<double>(out.dim(1));
  for (int64_t row = 0; row < out.dim(0); ++row) {
    for (int64_t col = 0; col < out.dim(1); ++col) {
      std::vector<double> sums(static_cast<size_t>(in.dim(2)), 0.0);
      double mass = 0;
      for (int64_t r = 0; r < in.dim(0); ++r) {
        const double y = triangle(row, r, scale_y);
        if (y == 0) continue;
        for (int64_t k = 0; k < in.dim(1); ++k) {
          const double weight = y * triangle(col, k, scale_x);
          mass += weight;
          for (size_t c = 0; weight > 0 && c < sums.size(); ++c) {
            sums[c] +=
                weight * static_cast<double>(in.data()[at(in, r, k) + static_cast<int64_t>(c)]);
          }
        }
      }
      for (size_t c = 0; c < sums.size(); ++c) {
        out.data()[at(out, row, col) + static_cast<int64_t>(c)] =
            static_cast<float>(sums[c] / mass);
      }
    }
  }
  return out;
}

}  // namespace

Tensor resize(const Node& node, const Tensor& in) {
  if (node.antialias) return antialiased(node, in);
  Tensor out({node.resized.height, node.resized.width, in.dim(2)});
  for (int64_t row = 0; row < out.dim(0); ++row) {
    const Between y = between(row, out.dim(0), in.dim(0));
    for (int64_t col = 0; col < out.dim(1); ++col) {
      const Between x = between(col, out.dim(1), in.dim(1));
      for (int64_t c = 0; c < out.dim(2); ++c) {
        const auto value = [&](int64_t r, int64_t k) {
          return static_cast<double>(in.data()[at(in, r, k) + c]);
        };
        const double above =
            value(y.first, x.first) * (1 - x.share) + value(y.first, x.second) * x.share;
        const double below =
            value(y.second, x.first) * (1 - x.share) + value(y.second, x.second) * x.share;
        out.data()[at(out, row, col) + c] =
            static_cast<float>(above * (1 - y.share) + below * y.share);
      }
    }
  }
  return out;
}

Tensor concat(std::span<const Tensor* const> parts) {
  int64_t channels = 0;
  for (const Tensor* part : parts) channels += part->dim(2);
  Tensor out({parts.front()->dim(0), parts.front()->dim(1), channels});
  float* to = out.data();
  for (int64_t cell = 0; cell < out.dim(0) * out.dim(1); ++cell) {
    for (const Tensor* part : parts) {
      to = std::copy_n(part->data() + cell * part->dim(2), part->dim(2), to);
    }
  }
  return out;
}

}  // namespace posse::reference
