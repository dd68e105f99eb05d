/// Kernels that work value by value or sum over a map: memory-bound, one pass each.

namespace posse::cpu::POSSE_SIMD_NAMESPACE {

// ---- statistics of a map -------------------------------------------------------------------

POSSE_ALWAYS_INLINE void clear_sums(double* sums, int64_t vectors) {
  for (int64_t i = 0; i < 2 * vectors * kLanes; ++i) sums[i] = 0;
}

// Vectors of channels that are summed side by side: neighbours in memory where a pixel's channels
// are, so that whole stretches are read; as many as the registers hold.
#if defined(__AVX512F__)
constexpr int kSummedTogether = 4;
#else
constexpr int kSummedTogether = 2;
#endif

/// kCount vectors of one row from `first` on, see add_row_to_sums().
template <int kCount>
POSSE_ALWAYS_INLINE void add_vectors_to_sums(const MapView& map, const float* pivots, int64_t row,
                                             int64_t first, double* sums) {
  const int64_t channels = map.vectors * kLanes, next = map.vector_stride;
  const float* x = map.data + row * map.width * map.pixel_stride + first * next;
  Vec pivot[kCount], sum0[kCount], sum1[kCount], square0[kCount], square1[kCount];
  for (int v = 0; v < kCount; ++v) {
    pivot[v] = load(pivots + (first + v) * next);
    sum0[v] = sum1[v] = square0[v] = square1[v] = broadcast(0.0F);
  }
  int64_t col = 0;
  for (; col + 2 <= map.width; col += 2, x += 2 * map.pixel_stride) {
    for (int v = 0; v < kCount; ++v) {
      const Vec d0 = load(x + v * next) - pivot[v];
      const Vec d1 = load(x + map.pixel_stride + v * next) - pivot[v];
      sum0[v] = sum0[v] + d0;
      sum1[v] = sum1[v] + d1;
      square0[v] = fma(d0, d0, square0[v]);
      square1[v] = fma(d1, d1, square1[v]);
    }
  }
  for (int v = 0; v < kCount; ++v) {
    if (col < map.width) {
      const Vec d = load(x + v * next) - pivot[v];
      sum0[v] = sum0[v] + d;
      square0[v] = fma(d, d, square0[v]);
    }
    alignas(64) float values[2 * kLanes];
    store(values, sum0[v] + sum1[v]);
    store(values + kLanes, square0[v] + square1[v]);
    double* to = sums + (first + v) * kLanes;
    for (int i = 0; i < kLanes; ++i) {
      to[i] += static_cast<double>(values[i]);
      to[channels + i] += static_cast<double>(values[kLanes + i]);
    }
  }
}

/// Adds the sums of (x - pivot) and (x - pivot)^2 of one row, pivot being the first pixel of
/// `pivots`, a map laid out like `map`: that keeps the variance exact for channels whose mean is
/// far from zero.
POSSE_ALWAYS_INLINE void add_row_to_sums(const MapView& map, const float* pivots, int64_t row,
                                         int64_t first, int64_t count, double* sums) {
  int64_t v = first;
  for (; v + kSummedTogether <= first + count; v += kSummedTogether) {
    add_vectors_to_sums<kSummedTogether>(map, pivots, row, v, sums);
  }
  for (; v < first + count; ++v) add_vectors_to_sums<1>(map, pivots, row, v, sums);
}

/// Replaces the sums of each channel by those that a channel with the mean and variance of its
/// group would have.
inline void finish_groups(const MapView& map, const StatisticsArgs& a) {
  const int64_t channels = map.vectors * kLanes;
  const double count = static_cast<double>(a.num_frames * map.height * map.width);
  const auto pivot = [&](int64_t c) {
    return static_cast<double>(map.data[c / kLanes * map.vector_stride + c % kLanes]);
  };
  for (int64_t group = 0; group < a.num_groups; ++group) {
    const int64_t first = group * a.group_channels, end = first + a.group_channels;
    double mean = 0;
    for (int64_t c = first; c < end; ++c) mean += pivot(c) + a.sums[c] / count;
    mean /= static_cast<double>(a.group_channels);
    double variance = 0;
    for (int64_t c = first; c < end; ++c) {
      const double offset = a.sums[c] / count;
      const double apart = pivot(c) + offset - mean;
      variance += a.sums[channels + c] / count - offset * offset + apart * apart;
    }
    variance /= static_cast<double>(a.group_channels);
    for (int64_t c = first; c < end; ++c) {
      a.sums[c] = (mean - pivot(c)) * count;
      const double offset = mean - pivot(c);
      a.sums[channels + c] = (variance + offset * offset) * count;
    }
  }
}

POSSE_ALWAYS_INLINE void finish_statistics(const MapView& map, const StatisticsArgs& a) {
  const int64_t channels = map.vectors * kLanes;
  const double count = static_cast<double>(a.num_frames * map.height * map.width);
  for (int64_t v = 0; v < map.vectors; ++v) {
    for (int i = 0; i < kLanes; ++i) {
      const int64_t channel = v * kLanes + i;
      const double pivot = static_cast<double>(map.data[v * map.vector_stride + i]);
      const double offset = a.sums[channel] / count;
      double variance = a.sums[channels + channel] / count - offset * offset;
      if (variance < 0) variance = 0;
      const double scale =
          static_cast<double>(a.gamma[channel]) / __builtin_sqrt(variance + a.epsilon);
      a.scale[channel] = static_cast<float>(scale);
      a.shift[channel] =
          static_cast<float>(static_cast<double>(a.beta[channel]) - (pivot + offset) * scale);
    }
  }
}

inline void statistics(const StatisticsArgs& a) {
  clear_sums(a.sums, a.src.vectors);
  MapView map = a.src;
  for (int64_t frame = 0; frame < a.num_frames; ++frame, map.data += a.src_frame_stride) {
    for (int64_t row = 0; row < map.height; ++row) {
      add_row_to_sums(map, a.src.data, row, 0, map.vectors, a.sums);
    }
  }
  if (a.group_channels > 0) finish_groups(a.src, a);
  finish_statistics(a.src, a);
}

inline void global_mean(const MapView& map, float* dst) {
  const double count = static_cast<double>(map.height * map.width);
  for (int64_t v = 0; v < map.vectors; ++v) {
    double sums[kLanes] = {};
    for (int64_t row = 0; row < map.height; ++row) {
      const float* x = map.data + row * map.width * map.pixel_stride + v * map.vector_stride;
      Vec sum = broadcast(0.0F);
      for (int64_t col = 0; col < map.width; ++col) sum = sum + load(x + col * map.pixel_stride);
      alignas(64) float values[kLanes];
      store(values, sum);
      for (int i = 0; i < kLanes; ++i) sums[i] += static_cast<double>(values[i]);
    }
    for (int i = 0; i < kLanes; ++i) dst[v * kLanes + i] = static_cast<float>(sums[i] / count);
  }
}

// ---- value by value ------------------------------------------------------------------------

template <bool kScale, bool kShift, bool kResidual>
POSSE_ALWAYS_INLINE Vec pointwise_value(const PointwiseArgs& a, int64_t channel, int64_t offset) {
  Vec x = load(a.src.data + offset);
  if constexpr (kScale && kShift) {
    x = fma(x, load(a.scale + channel), load(a.shift + channel));
  } else if constexpr (kScale) {
    x = x * load(a.scale + channel);
  } else if constexpr (kShift) {
    x = x + load(a.shift + channel);
  }
  if constexpr (kResidual) x = x + load(a.residual + offset);
  return activate(x, a.activation);
}

template <bool kScale, bool kShift, bool kResidual>
inline void pointwise_all(const PointwiseArgs& a) {
  const int64_t pixels = a.src.height * a.src.width;
  if (a.src.vector_stride > a.src.pixel_stride) {
    for (int64_t v = 0; v < a.src.vectors; ++v) {
      for (int64_t p = 0; p < pixels; ++p) {
        const int64_t offset = v * a.src.vector_stride + p * a.src.pixel_stride;
        store(a.dst.data + offset,
              pointwise_value<kScale, kShift, kResidual>(a, v * kLanes, offset));
      }
    }
    return;
  }
  for (int64_t p = 0; p < pixels; ++p) {
    for (int64_t v = 0; v < a.src.vectors; ++v) {
      const int64_t offset = v * a.src.vector_stride + p * a.src.pixel_stride;
      store(a.dst.data + offset, pointwise_value<kScale, kShift, kResidual>(a, v * kLanes, offset));
    }
  }
}

inline void pointwise(const PointwiseArgs& a) {
  const int which = (a.scale ? 4 : 0) + (a.shift ? 2 : 0) + (a.residual ? 1 : 0);
  static constexpr void (*kTable[])(const PointwiseArgs&) = {
      pointwise_all<false, false, false>, pointwise_all<false, false, true>,
      pointwise_all<false, true, false>,  pointwise_all<false, true, true>,
      pointwise_all<true, false, false>,  pointwise_all<true, false, true>,
      pointwise_all<true, true, false>,   pointwise_all<true, true, true>};
  kTable[which](a);
}

// ---- input and pooling ---------------------------------------------------------------------

inline void preprocess(const PreprocessArgs& a) {
  for (int c = 0; c < 3; ++c) {
    const float mean = a.mean[c], scale = a.scale[c];
    float table[256];
    for (int i = 0; i < 256; ++i) table[i] = (static_cast<float>(i) - mean) / scale;
    float* to = a.dst + c * a.channel_stride;
    const uint8_t* from = a.rgb + c;
    for (int64_t p = 0; p < a.num_pixels; ++p) to[p * a.pixel_stride] = table[from[3 * p]];
  }
}

inline void max_pool(const PoolArgs& a) {
  for (int64_t row = 0; row < a.dst.height; ++row) {
    const int64_t top = row * a.stride - a.pad_top;
    const int64_t row_begin = most(top, 0), row_end = least(top + a.kernel, a.src.height);
    for (int64_t col = 0; col < a.dst.width; ++col) {
      const int64_t left = col * a.stride - a.pad_left;
      const int64_t col_begin = most(left, 0), col_end = least(left + a.kernel, a.src.width);
      float* to = a.dst.data + (row * a.dst.width + col) * a.dst.pixel_stride;
      for (int64_t v = 0; v < a.dst.vectors; ++v) {
        Vec best = broadcast(-__builtin_inff());
        for (int64_t y = row_begin; y < row_end; ++y) {
          const float* x =
              a.src.data + y * a.src.width * a.src.pixel_stride + v * a.src.vector_stride;
          for (int64_t k = col_begin; k < col_end; ++k)
            best = max(best, load(x + k * a.src.pixel_stride));
        }
        store(to + v * a.dst.vector_stride, best);
      }
    }
  }
}

}  // namespace posse::cpu::POSSE_SIMD_NAMESPACE
