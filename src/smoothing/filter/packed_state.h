/// The arithmetic of state_space.h for one frame of a group of tracks, one track per lane of a
/// Pack. Matrices are row-major.
#pragma once

#include <cstdint>
#include <vector>

#include "simd/pack.h"

namespace posse {

/// Means and covariance factors F (P = F F') of a group.
struct PackedState {
  explicit PackedState(size_t size)
      : mean(size, Pack::all(0)), factor(size * size, Pack::all(0)), scratch(2 * size * size) {}
  std::vector<Pack> mean;    ///< [state]
  std::vector<Pack> factor;  ///< [state, state]
  std::vector<Pack> scratch;
};

/// What a likelihood is summed from. The logarithm of the product of innovation variances is taken
/// once at the end: the product's mantissa is kept in [1, 2) and its exponents are added up.
struct PackedLikelihood {
  Pack quadratic = Pack::all(0);
  Pack mantissa = Pack::all(1);
  Pack num_seen = Pack::all(0);
  std::array<int64_t, kPackSize> exponent{};

  /// Negative log likelihood of one lane, with the 2 pi term.
  double total(size_t lane) const;
};

/// Observations of one frame: value[i] = rows[i] * x + N(0, variance[i]); NaN = missing.
struct FrameObservations {
  const Pack* rows;       ///< [coordinates, state]
  const Pack* values;     ///< [coordinates], less the offset of a linearised observation
  const Pack* variances;  ///< [coordinates], > 0
  size_t num_coordinates;
};

/// Takes in a frame's coordinates one by one (Potter's update).
void observe_frame(const FrameObservations& frame, PackedState& state,
                   PackedLikelihood& likelihood);

/// The process of a group: x[t+1] = diag(transition) x[t] + N(0, factor factor').
struct PackedProcess {
  std::vector<Pack> transition;  ///< [state]
  std::vector<Pack> factor;      ///< [state, state]
};

/// Next frame's state, by a Householder triangularisation.
void predict_frame(const PackedProcess& process, PackedState& state);

/// Smoothed mean and covariance of a frame.
struct PackedPosterior {
  /// Of the last frame, where the filtered state is the smoothed one.
  PackedPosterior(const Pack* filtered_mean, const Pack* filtered_factor, size_t size);
  std::vector<Pack> mean;        ///< [state]
  std::vector<Pack> covariance;  ///< [state, state]
  std::vector<Pack> scratch;
};

/// Turns the next frame's smoothed state into this one's.
void smooth_frame(const PackedProcess& process, const Pack* filtered_mean,
                  const Pack* filtered_factor, PackedPosterior& posterior);

/// Mean and variance of rows * x + offset.
void project_posterior(const PackedPosterior& posterior, const Pack* rows, const Pack* offset,
                       size_t num_coordinates, Pack* position, Pack* variance);

}  // namespace posse
