#include "smoothing/observations/inflation_kernels.h"

#include "simd/pack_vector.h"

namespace posse::POSSE_SIMD_NAMESPACE {
namespace {

/// Cholesky factor of the information matrix W' D W, in place: lower triangle, inverse diagonal.
POSSE_ALWAYS_INLINE void factorise(Pack* information, size_t size) {
  for (size_t i = 0; i < size; ++i) {
    for (size_t j = 0; j <= i; ++j) {
      Vector sum = vec(information[i * size + j]);
      const Vector least = 1e-15 * sum;  // rounding of a matrix that is singular
      for (size_t k = 0; k < j; ++k)
        sum -= vec(information[i * size + k]) * vec(information[j * size + k]);
      if (j < i) {
        vec(information[i * size + j]) = sum * vec(information[j * size + j]);
      } else {
        Vector root;
        square_root(sum > least ? sum : least, root);
        vec(information[i * size + i]) = 1 / root;
      }
    }
  }
}

/// x = L^-1 x for a factor as factorise() leaves it.
POSSE_ALWAYS_INLINE void solve_lower(const Pack* factor, size_t size, Pack* x) {
  for (size_t i = 0; i < size; ++i) {
    Vector sum = vec(x[i]);
    for (size_t k = 0; k < i; ++k) sum -= vec(factor[i * size + k]) * vec(x[k]);
    vec(x[i]) = sum * vec(factor[i * size + i]);
  }
}

void measure_distances(const double* loadings, size_t num_lanes, size_t size, const Pack* observed,
                       const Pack* variances, Pack* distances, Pack* scratch) {
  Pack* information = scratch;
  Pack* weighted = information + size * size;
  Pack* solved = weighted + size;  // [lanes, factors]: L^-1 W', so that W B W' = solved solved'
  for (size_t i = 0; i < size * size + size; ++i) vec(information[i]) = Vector{};
  for (size_t i = 0; i < num_lanes; ++i) {
    const double* row = loadings + i * size;
    const Vector v = vec(variances[i]);
    const Vector weight =
        1 / ((v > kLeastInflatedVariance ? v : Vector{} + kLeastInflatedVariance) +
             kLeastInflatedVariance);
    for (size_t a = 0; a < size; ++a) {
      vec(weighted[a]) += row[a] * weight * vec(observed[i]);
      for (size_t b = 0; b <= a; ++b) vec(information[a * size + b]) += row[a] * row[b] * weight;
    }
  }
  factorise(information, size);
  solve_lower(information, size, weighted);
  for (size_t i = 0; i < num_lanes; ++i) {
    for (size_t a = 0; a < size; ++a) vec(solved[i * size + a]) = Vector{} + loadings[i * size + a];
    solve_lower(information, size, solved + i * size);
  }
  for (size_t i = 0; i < num_lanes; i += 2) {
    const Pack* u = solved + i * size;
    const Pack* v = u + size;
    Vector xx = vec(variances[i]) > kLeastInflatedVariance ? vec(variances[i])
                                                           : Vector{} + kLeastInflatedVariance;
    Vector yy = vec(variances[i + 1]) > kLeastInflatedVariance ? vec(variances[i + 1])
                                                               : Vector{} + kLeastInflatedVariance;
    Vector xy{};
    Vector rx = vec(observed[i]);
    Vector ry = vec(observed[i + 1]);
    for (size_t a = 0; a < size; ++a) {
      xx += vec(u[a]) * vec(u[a]);
      yy += vec(v[a]) * vec(v[a]);
      xy += vec(u[a]) * vec(v[a]);
      rx -= vec(u[a]) * vec(weighted[a]);
      ry -= vec(v[a]) * vec(weighted[a]);
    }
    vec(distances[i / 2]) = (rx * rx * yy - 2 * rx * ry * xy + ry * ry * xx) / (xx * yy - xy * xy);
  }
}

}  // namespace

const InflationKernels kInflationKernels = {.measure_distances = measure_distances};

}  // namespace posse::POSSE_SIMD_NAMESPACE
