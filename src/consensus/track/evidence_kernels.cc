#include "consensus/track/evidence_kernels.h"

#include "simd/floats.h"

namespace posse::POSSE_SIMD_NAMESPACE {
namespace {

static_assert(kBlockCells % kLanes == 0);

bool keep_highest(const float* logits, size_t count, float* highest) {
  IntVec nan{};
  for (size_t i = 0; i < count; i += kLanes) {
    const Vec x = load(logits + i);
    store(highest + i, max(x, load(highest + i)));
    nan |= nan_lanes(x);
  }
  return any(nan);
}

void add_softmax(const float* logits, const float* highest, size_t count, float* weights,
                 double* sums) {
  const Vec least = broadcast(-kNegligible);
  const Vec zero = broadcast(0.0F);
  for (size_t i = 0; i < count; i += kLanes) {
    const Vec above = min(load(logits + i) - load(highest + i), zero);
    const Vec weight = exponential(max(above, least));
    const Vec kept = (PlainVec)above > (PlainVec)least ? weight : zero;
    store(weights + i, kept);
    accumulate(kept, 1.0, sums + i);
  }
}

void mix(const float* weights, const float* scale, size_t count, float* mixture) {
  for (size_t i = 0; i < count; i += kLanes)
    store(mixture + i, load(mixture + i) + load(scale + i) * load(weights + i));
}

size_t find_above(const float* values, const float* least, size_t count, uint32_t* found) {
  size_t num_found = 0;
  for (size_t i = 0; i < count; i += kLanes) {
    const IntVec above = (PlainVec)load(values + i) > (PlainVec)load(least + i);
    if (!any(above)) continue;
    for (size_t k = i; k < i + kLanes; ++k) {
      found[num_found] = static_cast<uint32_t>(k);
      num_found += values[k] > least[k] ? 1 : 0;
    }
  }
  return num_found;
}

}  // namespace

const EvidenceKernels kEvidenceKernels = {
    .keep_highest = keep_highest, .add_softmax = add_softmax, .mix = mix, .find_above = find_above};

}  // namespace posse::POSSE_SIMD_NAMESPACE
