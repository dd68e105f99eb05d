/// Winograd convolution F(m x m, 3 x 3), m = 4 or 2, fused with the map layout: tiles are gathered
/// from and scattered to the map as it lies, dilation d is d * d interleaved maps of dilation 1.
///
///   transformed[f][v][t] = (B^T d B) of tile t, channels v     one GEMM per frequency f:
///   products[f][n][t]    = sum over channels of transformed * weights
///   dst                  = activation(A^T products A + bias)

namespace posse::cpu::POSSE_SIMD_NAMESPACE {

struct TileGrid {
  int64_t down, across;  // tiles of one interleaved map
  int outputs, dilation;

  TileGrid(int64_t height, int64_t width, int tile_outputs, int map_dilation)
      : down(((height + map_dilation - 1) / map_dilation + tile_outputs - 1) / tile_outputs),
        across(((width + map_dilation - 1) / map_dilation + tile_outputs - 1) / tile_outputs),
        outputs(tile_outputs),
        dilation(map_dilation) {}

  struct Place {
    int64_t frame, row, col;  // of the tile's first output
  };
  POSSE_ALWAYS_INLINE Place place(int64_t tile) const {
    const int64_t tile_col = tile % across;
    tile /= across;
    const int64_t tile_row = tile % down;
    tile /= down;
    const int64_t phase = tile % (static_cast<int64_t>(dilation) * dilation);
    const int64_t frame = tile / (static_cast<int64_t>(dilation) * dilation);
    return {frame, tile_row * outputs * dilation + phase / dilation,
            tile_col * outputs * dilation + phase % dilation};
  }
};

// One-dimensional transforms; interpolation points 0, 1, -1, 2, -2, infinity (F4) and
// 0, 1, -1, infinity (F2).
template <int kOutputs>
POSSE_ALWAYS_INLINE void transform_input(const Vec* d, Vec* o) {
  if constexpr (kOutputs == 4) {
    const Vec four = broadcast(4.0F), five = broadcast(5.0F), two = broadcast(2.0F);
    const Vec even = fnma(four, d[2], d[4]), odd = fnma(four, d[1], d[3]);
    const Vec far = d[4] - d[2], near = two * (d[3] - d[1]);
    o[0] = fma(four, d[0], fnma(five, d[2], d[4]));
    o[1] = even + odd;
    o[2] = even - odd;
    o[3] = far + near;
    o[4] = far - near;
    o[5] = fma(four, d[1], fnma(five, d[3], d[5]));
  } else {
    o[0] = d[0] - d[2];
    o[1] = d[1] + d[2];
    o[2] = d[2] - d[1];
    o[3] = d[1] - d[3];
  }
}

template <int kOutputs>
POSSE_ALWAYS_INLINE void transform_output(const Vec* m, Vec* o) {
  if constexpr (kOutputs == 4) {
    const Vec sum1 = m[1] + m[2], difference1 = m[1] - m[2];
    const Vec sum2 = m[3] + m[4], difference2 = m[3] - m[4];
    o[0] = m[0] + (sum1 + sum2);
    o[1] = fma(broadcast(2.0F), difference2, difference1);
    o[2] = fma(broadcast(4.0F), sum2, sum1);
    o[3] = m[5] + fma(broadcast(8.0F), difference2, difference1);
  } else {
    o[0] = m[0] + m[1] + m[2];
    o[1] = m[1] - m[2] - m[3];
  }
}

// Frequencies start one vector further each than a multiple of the page size, so that the stores
// of one tile do not all fall into one set of the cache.
POSSE_ALWAYS_INLINE int64_t frequency_stride(int64_t vectors, int64_t capacity) {
  return (vectors * capacity + 1) * kLanes;
}

template <int kOutputs>
inline void winograd_input(const WinogradArgs& a, const TileGrid& grid) {
  constexpr int kSide = kOutputs + 2;
  alignas(64) static const float kZeros[kLanes] = {};
  const MapView& src = a.src;
  const int64_t stride = frequency_stride(src.vectors, a.tile_capacity);
  for (int64_t t = 0; t < a.num_tiles; ++t) {
    const TileGrid::Place at = grid.place(a.first_tile + t);
    const float* from[kSide * kSide];
    int64_t step[kSide * kSide];
    for (int i = 0; i < kSide; ++i) {
      for (int j = 0; j < kSide; ++j) {
        const int64_t row = at.row + (i - 1) * grid.dilation;
        const int64_t col = at.col + (j - 1) * grid.dilation;
        const bool inside = row >= 0 && row < src.height && col >= 0 && col < src.width;
        from[i * kSide + j] = inside ? src.data + at.frame * a.src_frame_stride +
                                           (row * src.width + col) * src.pixel_stride
                                     : kZeros;
        step[i * kSide + j] = inside ? src.vector_stride : 0;
      }
    }
    for (int64_t v = 0; v < src.vectors; ++v) {
      Vec half[kSide][kSide];
      for (int j = 0; j < kSide; ++j) {
        Vec column[kSide], transformed[kSide];
        for (int i = 0; i < kSide; ++i) {
          column[i] = load(from[i * kSide + j] + v * step[i * kSide + j]);
        }
        transform_input<kOutputs>(column, transformed);
        for (int i = 0; i < kSide; ++i) half[i][j] = transformed[i];
      }
      float* to = a.transformed + (v * a.tile_capacity + t) * kLanes;
      for (int i = 0; i < kSide; ++i) {
        Vec transformed[kSide];
        transform_input<kOutputs>(half[i], transformed);
        for (int j = 0; j < kSide; ++j) store(to + (i * kSide + j) * stride, transformed[j]);
      }
    }
  }
}

inline void winograd_multiply(const WinogradArgs& a, int frequencies) {
  const int64_t in_vectors = a.src.vectors, panels = (a.dst.vectors + 1) / 2;
  const int64_t step = a.tile_capacity * kLanes;
  const int64_t in_stride = frequency_stride(in_vectors, a.tile_capacity);
  const int64_t out_stride = frequency_stride(2 * panels, a.tile_capacity);
  const int64_t panel_size = in_vectors * kLanes * kPanel;
  const int64_t num_blocks = (a.num_tiles + kMostRows - 1) / kMostRows;
  // The next panel comes in while the blocks of this one are computed, each fetching its share.
  const int64_t panel_lines = kLanes * kPanel / 16;  // per vector of channels
  const int64_t lines = (panel_lines + num_blocks - 1) / num_blocks;
  for (int f = 0; f < frequencies; ++f) {
    for (int64_t panel = 0; panel < panels; ++panel) {
      const float* w = a.weights + (f * panels + panel) * panel_size;
      float* y = a.products + f * out_stride + panel * 2 * step;
      for (int64_t block = 0; block < num_blocks; ++block) {
        const int64_t first = a.num_tiles * block / num_blocks;
        const int64_t rows = a.num_tiles * (block + 1) / num_blocks - first;
        multiply_rows_of<true>(rows)(
            {.x = a.transformed + f * in_stride + first * kLanes,
             .x_row = kLanes,
             .x_vector = step,
             .vectors = in_vectors,
             .weights = w,
             .y = y + first * kLanes,
             .y_row = kLanes,
             .y_vector = step,
             .weights_ahead = {w + panel_size + block * lines * in_vectors * 16,
                               block * lines < panel_lines ? lines : 0}});
      }
    }
  }
}

template <int kOutputs>
inline void winograd_output(const WinogradArgs& a, const TileGrid& grid) {
  constexpr int kSide = kOutputs + 2;
  const MutableMapView& dst = a.dst;
  const int64_t stride = frequency_stride((dst.vectors + 1) / 2 * 2, a.tile_capacity);
  for (int64_t t = 0; t < a.num_tiles; ++t) {
    const TileGrid::Place at = grid.place(a.first_tile + t);
    const int64_t rows = least(kOutputs, (dst.height - at.row + grid.dilation - 1) / grid.dilation);
    const int64_t cols = least(kOutputs, (dst.width - at.col + grid.dilation - 1) / grid.dilation);
    if (rows <= 0 || cols <= 0) continue;
    float* corner =
        dst.data + at.frame * a.dst_frame_stride + (at.row * dst.width + at.col) * dst.pixel_stride;
    for (int64_t v = 0; v < dst.vectors; ++v) {
      const float* m = a.products + (v * a.tile_capacity + t) * kLanes;
      Vec half[kOutputs][kSide];
      for (int j = 0; j < kSide; ++j) {
        Vec column[kSide], transformed[kOutputs];
        for (int i = 0; i < kSide; ++i) column[i] = load(m + (i * kSide + j) * stride);
        transform_output<kOutputs>(column, transformed);
        for (int i = 0; i < kOutputs; ++i) half[i][j] = transformed[i];
      }
      const Vec bias = a.bias ? load(a.bias + v * kLanes) : broadcast(0.0F);
      for (int64_t i = 0; i < rows; ++i) {
        Vec transformed[kOutputs];
        transform_output<kOutputs>(half[i], transformed);
        float* to =
            corner + v * dst.vector_stride + i * grid.dilation * dst.width * dst.pixel_stride;
        for (int64_t j = 0; j < cols; ++j) {
          store(to + j * grid.dilation * dst.pixel_stride,
                activate(transformed[j] + bias, a.activation));
        }
      }
    }
  }
}

template <int kOutputs>
inline void winograd_tiles(const WinogradArgs& a) {
  const TileGrid grid(a.src.height, a.src.width, kOutputs, a.dilation);
  winograd_input<kOutputs>(a, grid);
  winograd_multiply(a, (kOutputs + 2) * (kOutputs + 2));
  winograd_output<kOutputs>(a, grid);
}

inline void winograd(const WinogradArgs& a) {
  if (a.outputs == 4) {
    winograd_tiles<4>(a);
  } else {
    winograd_tiles<2>(a);
  }
}

}  // namespace posse::cpu::POSSE_SIMD_NAMESPACE
