/// A burst of independent fused multiply-adds, by which the processor's peak rate is measured.

namespace posse::cpu::POSSE_SIMD_NAMESPACE {

/// Twelve chains of `iterations` steps: more than latency times units of any processor. Gives the
/// number of floating-point operations. Named accumulators, see multiply_tiles().
inline double fma_burst(int64_t iterations) {
  const Vec factor = broadcast(0.999999F), term = broadcast(1e-7F);
  // Each chain starts elsewhere: a compiler computes equal ones once.
  Vec a = broadcast(1), b = broadcast(2), c = broadcast(3), d = broadcast(4), e = broadcast(5);
  Vec f = broadcast(6), g = broadcast(7), h = broadcast(8), i = broadcast(9), j = broadcast(10);
  Vec k = broadcast(11), l = broadcast(12);
  for (int64_t n = 0; n < iterations; ++n) {
    a = fma(a, factor, term);
    b = fma(b, factor, term);
    c = fma(c, factor, term);
    d = fma(d, factor, term);
    e = fma(e, factor, term);
    f = fma(f, factor, term);
    g = fma(g, factor, term);
    h = fma(h, factor, term);
    i = fma(i, factor, term);
    j = fma(j, factor, term);
    k = fma(k, factor, term);
    l = fma(l, factor, term);
  }
  float kept[kLanes];
  store(kept, ((a + b) + (c + d)) + ((e + f) + (g + h)) + ((i + j) + (k + l)));
  asm volatile("" : : "r"(kept) : "memory");  // the sums are wanted
  return 2.0 * 12 * kLanes * static_cast<double>(iterations);
}

}  // namespace posse::cpu::POSSE_SIMD_NAMESPACE
