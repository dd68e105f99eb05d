#include "smoothing/filter/state_kernels.h"

#include <bit>

#include "simd/pack_vector.h"

namespace posse::POSSE_SIMD_NAMESPACE {
namespace {

constexpr uint64_t kMantissaBits = (uint64_t{1} << 52) - 1;
constexpr uint64_t kExponentOfOne = uint64_t{1023} << 52;

/// Multiplies the running product by `factor`, lane by lane; all positive and normal.
POSSE_ALWAYS_INLINE void multiply(PackedLikelihood& likelihood, const Vector& factor) {
  Pack product;
  vec(product) = vec(likelihood.mantissa) * factor;
  for (size_t l = 0; l < kPackSize; ++l) {
    const auto bits = std::bit_cast<uint64_t>(product[l]);
    likelihood.exponent[l] += static_cast<int64_t>(bits >> 52) - 1023;
    likelihood.mantissa[l] = std::bit_cast<double>((bits & kMantissaBits) | kExponentOfOne);
  }
}

/// Makes the first `columns` columns of array [rows, width] upper triangular by Householder
/// reflections of all columns.
POSSE_ALWAYS_INLINE void triangularise(Pack* array, size_t rows, size_t width, size_t columns) {
  const auto at = [ array, width ](size_t r, size_t c) __attribute__((always_inline))->Vector& {
    return vec(array[r * width + c]);
  };
  for (size_t c = 0; c < columns; ++c) {
    Vector squares = at(c, c) * at(c, c);
    for (size_t r = c + 1; r < rows; ++r) squares += at(r, c) * at(r, c);
    Vector norm;
    square_root(squares, norm);
    const Vector diagonal = at(c, c);
    const Vector size = diagonal > 0 ? diagonal : -diagonal;
    const Vector pivot = diagonal > 0 ? -norm : norm;
    const Vector head = diagonal - pivot;  // no cancellation: opposite signs
    const Vector scale = norm > 0 ? 1 / (norm * (norm + size)) : 0 * norm;
    for (size_t other = c + 1; other < width; ++other) {
      Vector product = head * at(c, other);
      for (size_t r = c + 1; r < rows; ++r) product += at(r, c) * at(r, other);
      product *= scale;
      at(c, other) -= product * head;
      for (size_t r = c + 1; r < rows; ++r) at(r, other) -= product * at(r, c);
    }
    at(c, c) = pivot;
    for (size_t r = c + 1; r < rows; ++r) at(r, c) = Vector{};
  }
}

/// V' U^-T of the triangularised array [2 size, 2 size]: how x[t] follows x[t+1]. A direction the
/// prediction knows exactly follows nothing. @param gain  its transpose, [size, size]
POSSE_ALWAYS_INLINE void smoother_gain(const Pack* array, size_t size, Pack* gain) {
  constexpr double kNothing = 1e-15;  // of the largest standard deviation: rounding
  const size_t width = 2 * size;
  Vector largest{};
  for (size_t i = 0; i < size; ++i) {
    const Vector& u = vec(array[i * width + i]);
    const Vector length = u > 0 ? u : -u;
    largest = length > largest ? length : largest;
  }
  for (size_t i = size; i-- > 0;) {
    const Vector& u = vec(array[i * width + i]);
    const Vector length = u > 0 ? u : -u;
    const Vector inverse = length > kNothing * largest ? 1 / u : Vector{};
    for (size_t c = 0; c < size; ++c) {
      Vector sum = vec(array[i * width + size + c]);
      for (size_t j = i + 1; j < size; ++j)
        sum -= vec(array[i * width + j]) * vec(gain[j * size + c]);
      vec(gain[i * size + c]) = sum * inverse;
    }
  }
}

void observe(const FrameObservations& frame, size_t size, Pack* mean, Pack* factor,
             PackedLikelihood& likelihood, Pack* f) {
  for (size_t coordinate = 0; coordinate < frame.num_coordinates; ++coordinate) {
    const Pack* row = frame.rows + coordinate * size;
    const Vector value = vec(frame.values[coordinate]);
    const Vector variance = vec(frame.variances[coordinate]);
    const auto seen = value == value;
    Vector total = variance;
    Vector error = seen ? value : Vector{};
    for (size_t j = 0; j < size; ++j) {
      Vector sum{};
      for (size_t i = 0; i < size; ++i)
        sum += vec(factor[i * size + j]) * (seen ? vec(row[i]) : Vector{});
      vec(f[j]) = sum;
      total += sum * sum;
      error -= (seen ? vec(row[j]) : Vector{}) * vec(mean[j]);
    }
    const Vector inverse = 1 / total;
    Vector root;
    square_root(variance * inverse, root);
    const Vector share = 1 / (1 + root);
    for (size_t i = 0; i < size; ++i) {
      Vector gain{};
      for (size_t j = 0; j < size; ++j) gain += vec(factor[i * size + j]) * vec(f[j]);
      gain *= inverse;
      vec(mean[i]) += gain * error;
      gain *= share;
      for (size_t j = 0; j < size; ++j) vec(factor[i * size + j]) -= gain * vec(f[j]);
    }
    const Vector one = Vector{} + 1;
    vec(likelihood.quadratic) += seen ? error * error * inverse : Vector{};
    vec(likelihood.num_seen) += seen ? one : Vector{};
    multiply(likelihood, seen ? total : one);
  }
}

void predict(const PackedProcess& process, size_t size, Pack* mean, Pack* factor, Pack* array) {
  for (size_t r = 0; r < size; ++r) {
    for (size_t c = 0; c < size; ++c) {
      vec(array[r * size + c]) = vec(factor[c * size + r]) * vec(process.transition[c]);
      vec(array[(size + r) * size + c]) = vec(process.factor[c * size + r]);
    }
  }
  triangularise(array, 2 * size, size, size);
  for (size_t r = 0; r < size; ++r) {
    for (size_t c = 0; c < size; ++c) vec(factor[r * size + c]) = vec(array[c * size + r]);
    vec(mean[r]) *= vec(process.transition[r]);
  }
}

/// covariance = rest' rest + gain covariance gain', with gain given transposed.
POSSE_ALWAYS_INLINE void smooth_covariance(const Pack* array, const Pack* gain, size_t size,
                                           Pack* covariance, Pack* product) {
  const size_t width = 2 * size;
  for (size_t i = 0; i < size; ++i) {
    for (size_t j = 0; j < size; ++j) {
      Vector sum{};
      for (size_t k = 0; k < size; ++k)
        sum += vec(gain[k * size + i]) * vec(covariance[k * size + j]);
      vec(product[i * size + j]) = sum;
    }
  }
  for (size_t i = 0; i < size; ++i) {
    for (size_t j = 0; j < size; ++j) {
      Vector sum{};
      for (size_t k = 0; k < size; ++k) {
        const Pack* rest = array + (size + k) * width + size;
        sum += vec(rest[i]) * vec(rest[j]);
        sum += vec(product[i * size + k]) * vec(gain[k * size + j]);
      }
      vec(covariance[i * size + j]) = sum;
    }
  }
}

// [ F'A'  F' ]  triangularised:  [ U  V ]   U'U = predicted covariance,  V'U = cov(x[t], x[t+1]),
// [ G'    0  ]                   [ 0  C ]   C'C = cov(x[t] given x[t+1])
void smooth(const PackedProcess& process, size_t size, const Pack* filtered_mean,
            const Pack* filtered_factor, Pack* mean, Pack* covariance, Pack* scratch) {
  const size_t width = 2 * size;
  Pack* array = scratch;
  Pack* gain = scratch + width * width;
  for (size_t r = 0; r < size; ++r) {
    for (size_t c = 0; c < size; ++c) {
      const Vector& f = vec(filtered_factor[c * size + r]);
      vec(array[r * width + c]) = f * vec(process.transition[c]);
      vec(array[r * width + size + c]) = f;
      vec(array[(size + r) * width + c]) = vec(process.factor[c * size + r]);
      vec(array[(size + r) * width + size + c]) = Vector{};
    }
  }
  triangularise(array, width, width, size);
  smoother_gain(array, size, gain);
  Pack* difference = gain + size * size;  // then the product's place
  for (size_t i = 0; i < size; ++i)
    vec(difference[i]) = vec(mean[i]) - vec(process.transition[i]) * vec(filtered_mean[i]);
  for (size_t i = 0; i < size; ++i) {
    Vector sum = vec(filtered_mean[i]);
    for (size_t k = 0; k < size; ++k) sum += vec(gain[k * size + i]) * vec(difference[k]);
    vec(mean[i]) = sum;
  }
  smooth_covariance(array, gain, size, covariance, difference);
}

void project(size_t size, const Pack* mean, const Pack* covariance, const Pack* rows,
             const Pack* offset, size_t num_coordinates, Pack* position, Pack* variance) {
  for (size_t coordinate = 0; coordinate < num_coordinates; ++coordinate) {
    const Pack* row = rows + coordinate * size;
    Vector place = vec(offset[coordinate]);
    Vector spread{};
    for (size_t i = 0; i < size; ++i) {
      place += vec(row[i]) * vec(mean[i]);
      Vector sum{};
      for (size_t j = 0; j < size; ++j) sum += vec(covariance[i * size + j]) * vec(row[j]);
      spread += vec(row[i]) * sum;
    }
    vec(position[coordinate]) = place;
    vec(variance[coordinate]) = spread;
  }
}

void square(const Pack* factor, size_t size, Pack* covariance) {
  for (size_t i = 0; i < size; ++i) {
    for (size_t j = 0; j < size; ++j) {
      Vector sum{};
      for (size_t k = 0; k < size; ++k)
        sum += vec(factor[i * size + k]) * vec(factor[j * size + k]);
      vec(covariance[i * size + j]) = sum;
    }
  }
}

}  // namespace

const StateKernels kStateKernels = {
    .observe = observe, .predict = predict, .smooth = smooth, .project = project, .square = square};

}  // namespace posse::POSSE_SIMD_NAMESPACE
