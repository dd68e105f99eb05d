#include "smoothing/filter/packed_state.h"

#include <cmath>
#include <numbers>

#include "smoothing/filter/state_kernels.h"

namespace posse {

double PackedLikelihood::total(size_t lane) const {
  const double log_variances =
      std::log(mantissa[lane]) + static_cast<double>(exponent[lane]) * std::numbers::ln2;
  return 0.5 * (num_seen[lane] * std::log(2 * std::numbers::pi) + log_variances + quadratic[lane]);
}

PackedPosterior::PackedPosterior(const Pack* filtered_mean, const Pack* filtered_factor,
                                 size_t size)
    : mean(filtered_mean, filtered_mean + size), covariance(size * size), scratch(6 * size * size) {
  state_kernels().square(filtered_factor, size, covariance.data());
}

void observe_frame(const FrameObservations& frame, PackedState& state,
                   PackedLikelihood& likelihood) {
  state_kernels().observe(frame, state.mean.size(), state.mean.data(), state.factor.data(),
                          likelihood, state.scratch.data());
}

void predict_frame(const PackedProcess& process, PackedState& state) {
  state_kernels().predict(process, state.mean.size(), state.mean.data(), state.factor.data(),
                          state.scratch.data());
}

void smooth_frame(const PackedProcess& process, const Pack* filtered_mean,
                  const Pack* filtered_factor, PackedPosterior& posterior) {
  state_kernels().smooth(process, posterior.mean.size(), filtered_mean, filtered_factor,
                         posterior.mean.data(), posterior.covariance.data(),
                         posterior.scratch.data());
}

void project_posterior(const PackedPosterior& posterior, const Pack* rows, const Pack* offset,
                       size_t num_coordinates, Pack* position, Pack* variance) {
  state_kernels().project(posterior.mean.size(), posterior.mean.data(), posterior.covariance.data(),
                          rows, offset, num_coordinates, position, variance);
}

}  // namespace posse
