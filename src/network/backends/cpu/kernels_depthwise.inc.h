/// Depthwise convolution. Input rows are copied, normalised and zero-padded, into a ring of rows
/// that stays in the cache, so the inner loops know no borders and each value is normalised once.

namespace posse::cpu::POSSE_SIMD_NAMESPACE {

// A chunk of channels that is worked on together, as a map of its own.
struct DepthwiseChunk {
  int64_t first_vector, vectors;
  int64_t padded_width;  // of a ring row, pixels
  int64_t ring_rows;
  POSSE_ALWAYS_INLINE int64_t row_floats() const { return padded_width * vectors * kLanes; }
};

POSSE_ALWAYS_INLINE void fill_ring_row(const DepthwiseArgs& a, const DepthwiseChunk& chunk,
                                       int64_t row, float* to) {
  const MapView& src = a.src;
  const int64_t pixel = chunk.vectors * kLanes;
  const Vec zero = broadcast(0.0F);
  const bool inside = row >= 0 && row < src.height;
  const int64_t left = inside ? a.pad_left : chunk.padded_width;
  for (int64_t i = 0; i < left * pixel; i += kLanes) store(to + i, zero);
  if (!inside) return;
  const int64_t right = (a.pad_left + src.width) * pixel;
  for (int64_t i = right; i < chunk.row_floats(); i += kLanes) store(to + i, zero);
  const float* from = src.data + row * src.width * src.pixel_stride;
  to += left * pixel;
  const int64_t columns = least(src.width, chunk.padded_width - left);
  for (int64_t v = 0; v < chunk.vectors; ++v) {
    const int64_t channel = (chunk.first_vector + v) * kLanes;
    const float* x = from + (chunk.first_vector + v) * src.vector_stride;
    float* y = to + v * kLanes;
    if (a.input_scale) {
      const Vec scale = load(a.input_scale + channel), shift = load(a.input_shift + channel);
      for (int64_t col = 0; col < columns; ++col) {
        store(y + col * pixel,
              activate(fma(load(x + col * src.pixel_stride), scale, shift), a.input_activation));
      }
    } else {
      for (int64_t col = 0; col < columns; ++col) {
        store(y + col * pixel, load(x + col * src.pixel_stride));
      }
    }
  }
}

// One output row for one vector of channels, kernel 3, dilation 1: weights stay in registers.
template <int kStride>
inline void depthwise_row_3(const float* const* rows, int64_t pixel, const float* weights,
                            int64_t channels, Vec bias, Activation activation, float* dst,
                            int64_t dst_pixel, int64_t width) {
  const Vec w00 = load(weights), w01 = load(weights + channels), w02 = load(weights + 2 * channels);
  const Vec w10 = load(weights + 3 * channels), w11 = load(weights + 4 * channels),
            w12 = load(weights + 5 * channels);
  const Vec w20 = load(weights + 6 * channels), w21 = load(weights + 7 * channels),
            w22 = load(weights + 8 * channels);
  const float *r0 = rows[0], *r1 = rows[1], *r2 = rows[2];
  for (int64_t col = 0; col < width; ++col) {
    Vec first = fma(load(r0), w00, bias);
    Vec second = load(r1) * w10;
    Vec third = load(r2) * w20;
    first = fma(load(r0 + pixel), w01, first);
    second = fma(load(r1 + pixel), w11, second);
    third = fma(load(r2 + pixel), w21, third);
    first = fma(load(r0 + 2 * pixel), w02, first);
    second = fma(load(r1 + 2 * pixel), w12, second);
    third = fma(load(r2 + 2 * pixel), w22, third);
    store(dst + col * dst_pixel, activate(first + (second + third), activation));
    r0 += kStride * pixel;
    r1 += kStride * pixel;
    r2 += kStride * pixel;
  }
}

// Any kernel, stride and dilation; four outputs at a time share the loads of the weights.
inline void depthwise_row_any(const DepthwiseArgs& a, const float* const* rows, int64_t pixel,
                              const float* weights, int64_t channels, Vec bias, float* dst,
                              int64_t width) {
  const int64_t tap = a.dilation * pixel, step = a.stride * pixel;
  int64_t col = 0;
  for (; col + 4 <= width; col += 4) {
    Vec s0 = bias, s1 = bias, s2 = bias, s3 = bias;
    const float* w = weights;
    for (int i = 0; i < a.kernel; ++i) {
      const float* x = rows[i] + col * step;
      for (int j = 0; j < a.kernel; ++j, x += tap, w += channels) {
        const Vec weight = load(w);
        s0 = fma(load(x), weight, s0);
        s1 = fma(load(x + step), weight, s1);
        s2 = fma(load(x + 2 * step), weight, s2);
        s3 = fma(load(x + 3 * step), weight, s3);
      }
    }
    float* y = dst + col * a.dst.pixel_stride;
    store(y, activate(s0, a.activation));
    store(y + a.dst.pixel_stride, activate(s1, a.activation));
    store(y + 2 * a.dst.pixel_stride, activate(s2, a.activation));
    store(y + 3 * a.dst.pixel_stride, activate(s3, a.activation));
  }
  for (; col < width; ++col) {
    Vec sum = bias;
    const float* w = weights;
    for (int i = 0; i < a.kernel; ++i) {
      const float* x = rows[i] + col * step;
      for (int j = 0; j < a.kernel; ++j, x += tap, w += channels) sum = fma(load(x), load(w), sum);
    }
    store(dst + col * a.dst.pixel_stride, activate(sum, a.activation));
  }
}

inline void depthwise_output_row(const DepthwiseArgs& a, const DepthwiseChunk& chunk, int64_t row,
                                 int64_t first_source_row) {
  constexpr int kMostTaps = 16;
  const int64_t pixel = chunk.vectors * kLanes, channels = a.dst.vectors * kLanes;
  const float* rows[kMostTaps];
  for (int64_t v = 0; v < chunk.vectors; ++v) {
    for (int i = 0; i < a.kernel; ++i) {
      const int64_t source =
          first_source_row + i * a.dilation + a.pad_top;  // counted from the padding
      rows[i] = a.rows + source % chunk.ring_rows * chunk.row_floats() + v * kLanes;
    }
    const int64_t vector = chunk.first_vector + v;
    const float* weights = a.weights + vector * kLanes;
    const Vec bias = a.bias ? load(a.bias + vector * kLanes) : broadcast(0.0F);
    float* dst = a.dst.data + row * a.dst.width * a.dst.pixel_stride + vector * a.dst.vector_stride;
    if (a.kernel == 3 && a.dilation == 1 && a.stride == 1) {
      depthwise_row_3<1>(rows, pixel, weights, channels, bias, a.activation, dst,
                         a.dst.pixel_stride, a.dst.width);
    } else if (a.kernel == 3 && a.dilation == 1 && a.stride == 2) {
      depthwise_row_3<2>(rows, pixel, weights, channels, bias, a.activation, dst,
                         a.dst.pixel_stride, a.dst.width);
    } else {
      depthwise_row_any(a, rows, pixel, weights, channels, bias, dst, a.dst.width);
    }
  }
}

inline void depthwise(const DepthwiseArgs& a) {
  const int64_t span = static_cast<int64_t>(a.kernel - 1) * a.dilation + 1;
  const bool blocked = a.src.vector_stride > a.src.pixel_stride;
  DepthwiseChunk chunk;
  chunk.padded_width = most(a.src.width + a.pad_left, (a.dst.width - 1) * a.stride + span);
  chunk.ring_rows = span;
  const int64_t most_vectors =
      blocked ? 1 : depthwise_chunk_vectors(chunk.padded_width, span, a.src.vectors, kLanes);
  if (a.statistics.scale) clear_sums(a.statistics.sums, a.dst.vectors);
  for (int64_t first = 0; first < a.src.vectors; first += most_vectors) {
    chunk.first_vector = first;
    chunk.vectors = least(most_vectors, a.src.vectors - first);
    int64_t filled = -a.pad_top;  // next source row that is not in the ring yet
    for (int64_t row = 0; row < a.dst.height; ++row) {
      const int64_t begin = row * a.stride - a.pad_top;
      filled = most(filled, begin);
      for (; filled < begin + span; ++filled) {
        fill_ring_row(a, chunk, filled,
                      a.rows + (filled + a.pad_top) % chunk.ring_rows * chunk.row_floats());
      }
      depthwise_output_row(a, chunk, row, begin);
      if (a.statistics.scale) {
        add_row_to_sums(a.dst, a.dst.data, row, chunk.first_vector, chunk.vectors,
                        a.statistics.sums);
      }
    }
  }
  if (a.statistics.scale) finish_statistics(a.dst, a.statistics);
}

}  // namespace posse::cpu::POSSE_SIMD_NAMESPACE
