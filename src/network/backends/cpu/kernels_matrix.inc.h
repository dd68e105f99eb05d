/// The matrix product behind 1x1 convolutions and Winograd's frequencies: rows (pixels, tiles) of
/// vectors of channels, times a panel of weights that is two vectors wide.

namespace posse::cpu::POSSE_SIMD_NAMESPACE {

constexpr int kPanel = 2 * kLanes;  // output channels per weight panel: two vectors

// Rows that one call of the micro-kernel holds in registers, two accumulators each.
#if defined(__AVX512F__)
constexpr int kMostRows = 14;
#elif defined(__AVX2__)
constexpr int kMostRows = 6;
#else
constexpr int kMostRows = 3;
#endif

constexpr int64_t kLineFloats = 16;  // of a cache line

/// Cache lines to fetch while a micro-kernel runs, `per_vector` of them for each vector of
/// channels: what is needed next comes from memory, and the hardware's own prefetching stops at
/// every page.
struct Fetch {
  const float* from = nullptr;
  int64_t per_vector = 0;
};

/// Rows of x, each vectors * kLanes channels, to rows of y, each two vectors.
struct RowsArgs {
  const float* x;
  int64_t x_row, x_vector;  // strides
  int64_t vectors;
  const float* weights;  // [vectors * kLanes, kPanel]
  float* y;
  int64_t y_row, y_vector;
  const float* bias = nullptr;               // [kPanel]
  bool add = false;                          // to what y holds
  bool right = true;                         // whether y has a second vector
  bool fetch_y = false;                      // y is not in the cache
  Activation activation = Activation::none;  // none, relu or relu6
  Fetch weights_ahead, x_ahead;
};

template <bool kAdd, Activation kActivation>
POSSE_ALWAYS_INLINE void store_sum(float* y, Vec sum) {
  if constexpr (kAdd) sum = sum + load(y);
  if constexpr (kActivation != Activation::none) sum = max(sum, broadcast(0.0F));
  if constexpr (kActivation == Activation::relu6) sum = min(sum, broadcast(6.0F));
  store(y, sum);
}

// kStoresAsTheyAre: for Winograd: no epilogue, and x_row is kLanes.
// The accumulators are named: GCC 12 keeps an array of them in memory, a third of the speed.
template <int kRows, bool kStoresAsTheyAre>
inline __attribute__((noinline)) void multiply_rows(const RowsArgs& a) {
  const float* x = a.x;
  const float* w = a.weights;
  const float *w_ahead = a.weights_ahead.from, *x_ahead = a.x_ahead.from;
  int64_t x_row = kStoresAsTheyAre ? kLanes : a.x_row;
  float* y = a.y;
#define POSSE_ROWS(DO) \
  DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11) DO(12) DO(13)
  Vec bias0 = broadcast(0.0F), bias1 = bias0;
  if constexpr (!kStoresAsTheyAre) {
    if (a.fetch_y) {
      for (int r = 0; r < kRows; ++r) {
        __builtin_prefetch(y + r * a.y_row, 1, 3);
        __builtin_prefetch(y + r * a.y_row + a.y_vector, 1, 3);
      }
    }
    if (a.bias) {
      bias0 = load(a.bias);
      if (a.right) bias1 = load(a.bias + kLanes);
    }
  }
#define POSSE_DECLARE(r) [[maybe_unused]] Vec left##r = bias0, right##r = bias1;
  POSSE_ROWS(POSSE_DECLARE)
#undef POSSE_DECLARE
  // Three rows per pointer: with strides of one and two rows they fit the registers.
  const float *x0 = x, *x3 = x + 3 * x_row, *x6 = x + 6 * x_row, *x9 = x + 9 * x_row,
              *x12 = x + 12 * x_row;
  for (int64_t v = 0; v < a.vectors; ++v) {
    for (int64_t i = 0; i < a.weights_ahead.per_vector; ++i, w_ahead += kLineFloats) {
      __builtin_prefetch(w_ahead, 0, 2);
    }
    for (int64_t i = 0; i < a.x_ahead.per_vector; ++i, x_ahead += kLineFloats) {
      __builtin_prefetch(x_ahead, 0, 2);
    }
// NOLINTBEGIN(bugprone-macro-parentheses): names
#define POSSE_ONE(r, from, times)                         \
  if constexpr (kRows > r) {                              \
    const Vec value = broadcast(from[times * x_row + k]); \
    left##r = fma(value, w0, left##r);                    \
    right##r = fma(value, w1, right##r);                  \
  }
#pragma GCC unroll 16
    for (int k = 0; k < kLanes; ++k) {
      const Vec w0 = load(w), w1 = load(w + kLanes);
      w += kPanel;
      // Else all sixteen steps' offsets are kept, in memory.
      if constexpr (!kStoresAsTheyAre) asm("" : "+r"(x_row));
      POSSE_ONE(0, x0, 0)
      POSSE_ONE(1, x0, 1)
      POSSE_ONE(2, x0, 2)
      POSSE_ONE(3, x3, 0)
      POSSE_ONE(4, x3, 1)
      POSSE_ONE(5, x3, 2)
      POSSE_ONE(6, x6, 0)
      POSSE_ONE(7, x6, 1)
      POSSE_ONE(8, x6, 2)
      POSSE_ONE(9, x9, 0)
      POSSE_ONE(10, x9, 1)
      POSSE_ONE(11, x9, 2)
      POSSE_ONE(12, x12, 0)
      POSSE_ONE(13, x12, 1)
    }
#undef POSSE_ONE
    // NOLINTEND(bugprone-macro-parentheses)
    x0 += a.x_vector;
    x3 += a.x_vector;
    x6 += a.x_vector;
    x9 += a.x_vector;
    x12 += a.x_vector;
  }
// NOLINTBEGIN(bugprone-macro-parentheses): a number
#define POSSE_STORE(r)                                                               \
  if constexpr (kRows > r) {                                                         \
    store_sum<kAdd, kActivation>(y + r * a.y_row, left##r);                          \
    if (right) store_sum<kAdd, kActivation>(y + r * a.y_row + a.y_vector, right##r); \
  }
  // NOLINTEND(bugprone-macro-parentheses)
  const auto store_all = [&]<bool kAdd, Activation kActivation>(bool right)
                             POSSE_LAMBDA_INLINE { POSSE_ROWS(POSSE_STORE) };
  if constexpr (kStoresAsTheyAre) {
    store_all.template operator()<false, Activation::none>(true);
  } else if (a.add && a.activation == Activation::relu) {
    store_all.template operator()<true, Activation::relu>(a.right);
  } else if (a.add) {
    store_all.template operator()<true, Activation::none>(a.right);
  } else if (a.activation == Activation::relu) {
    store_all.template operator()<false, Activation::relu>(a.right);
  } else if (a.activation == Activation::relu6) {
    store_all.template operator()<false, Activation::relu6>(a.right);
  } else {
    store_all.template operator()<false, Activation::none>(a.right);
  }
#undef POSSE_STORE
#undef POSSE_ROWS
}

using MultiplyRows = void (*)(const RowsArgs&);

template <bool kStoresAsTheyAre>
POSSE_ALWAYS_INLINE MultiplyRows multiply_rows_of(int64_t rows) {
  static constexpr MultiplyRows kTable[] = {
    nullptr,
    multiply_rows<1, kStoresAsTheyAre>,
    multiply_rows<2, kStoresAsTheyAre>,
    multiply_rows<3, kStoresAsTheyAre>,
#if defined(__AVX2__)
    multiply_rows<4, kStoresAsTheyAre>,
    multiply_rows<5, kStoresAsTheyAre>,
    multiply_rows<6, kStoresAsTheyAre>,
#endif
#if defined(__AVX512F__)
    multiply_rows<7, kStoresAsTheyAre>,
    multiply_rows<8, kStoresAsTheyAre>,
    multiply_rows<9, kStoresAsTheyAre>,
    multiply_rows<10, kStoresAsTheyAre>,
    multiply_rows<11, kStoresAsTheyAre>,
    multiply_rows<12, kStoresAsTheyAre>,
    multiply_rows<13, kStoresAsTheyAre>,
    multiply_rows<14, kStoresAsTheyAre>,
#endif
  };
  return kTable[rows];
}

/// All panels for the pixels [first, end), panel by panel, so that these stay in the second-level
/// cache; meanwhile the next panel and the next pixels are fetched. `x` is the map of these pixels.
POSSE_ALWAYS_INLINE void multiply_block(const MatrixArgs& a, const MapView& x, int64_t first,
                                        int64_t end) {
  const int64_t in = a.src.vectors, panels = (a.dst.vectors + 1) / 2;
  const int64_t panel_floats = in * kLanes * kPanel;
  const int64_t groups = (end - first + kMostRows - 1) / kMostRows;
  const int64_t panel_lines = kLanes * kPanel / kLineFloats;  // per vector of channels
  const int64_t lines = (panel_lines + groups - 1) / groups;
  constexpr int64_t kNearWeights = 64 * 1024;  // floats that stay in the cache all the time
  const bool weights_are_far = panels * panel_floats > kNearWeights;
  // Lines of the next block, shared out among this one's calls; pixels one after the other only.
  const int64_t calls = groups * panels;
  const int64_t next_lines =
      least(end - first, a.src.height * a.src.width - end) * in * kLanes / kLineFloats;
  const int64_t next_per_vector =
      a.src.vector_stride == kLanes ? (next_lines + calls * in - 1) / (calls * in) : 0;
  for (int64_t panel = 0; panel < panels; ++panel) {
    RowsArgs rows = {.x_row = x.pixel_stride,
                     .x_vector = x.vector_stride,
                     .vectors = in,
                     .weights = a.weights + panel * panel_floats,
                     .y_row = a.dst.pixel_stride,
                     .y_vector = a.dst.vector_stride,
                     .bias = a.bias ? a.bias + panel * kPanel : nullptr,
                     .add = a.add_to_dst,
                     .right = 2 * panel + 1 < a.dst.vectors,
                     .fetch_y = true,
                     .activation = a.activation};
    const float* next_panel = a.weights + (panel + 1 < panels ? panel + 1 : 0) * panel_floats;
    for (int64_t group = 0; group < groups; ++group) {
      const int64_t from = (end - first) * group / groups;
      const int64_t to = (end - first) * (group + 1) / groups;
      rows.x = x.data + from * x.pixel_stride;
      rows.y = a.dst.data + (first + from) * a.dst.pixel_stride + 2 * panel * a.dst.vector_stride;
      const bool fetch = weights_are_far && group * lines < panel_lines;
      rows.weights_ahead = {next_panel + group * lines * in * kLineFloats, fetch ? lines : 0};
      rows.x_ahead = {a.src.data + end * a.src.pixel_stride +
                          (panel * groups + group) * in * next_per_vector * kLineFloats,
                      next_per_vector};
      multiply_rows_of<false>(to - from)(rows);
    }
  }
}

/// The pixels [first, end) one vector further apart than they lie: a distance of whole pages would
/// put all of a call's rows into one set of the first-level cache.
POSSE_ALWAYS_INLINE MapView spread_rows(const MatrixArgs& a, int64_t first, int64_t end) {
  MapView x = a.src;
  x.data = a.scratch;
  x.pixel_stride = (a.src.vectors + 1) * kLanes;
  x.vector_stride = kLanes;
  for (int64_t p = first; p < end; ++p) {
    const float* from = a.src.data + p * a.src.pixel_stride;
    float* to = a.scratch + (p - first) * x.pixel_stride;
    for (int64_t v = 0; v < a.src.vectors; ++v) {
      store(to + v * kLanes, load(from + v * a.src.vector_stride));
    }
  }
  return x;
}

inline void matrix(const MatrixArgs& a) {
  constexpr int64_t kPageFloats = 1024;
  const bool spread = a.src.pixel_stride % kPageFloats == 0;
  const int64_t pixels = a.src.height * a.src.width;
  const int64_t groups = (pixels + kMostRows - 1) / kMostRows;
  const int64_t fit = matrix_block_pixels(a.src.vectors * kLanes) / kMostRows;
  const int64_t blocks = (groups + fit - 1) / fit;
  for (int64_t block = 0; block < blocks; ++block) {
    const int64_t first = groups * block / blocks * kMostRows;
    const int64_t end = least(pixels, groups * (block + 1) / blocks * kMostRows);
    MapView x = spread ? spread_rows(a, first, end) : a.src;
    if (!spread) x.data += first * a.src.pixel_stride;
    multiply_block(a, x, first, end);
  }
}

}  // namespace posse::cpu::POSSE_SIMD_NAMESPACE
