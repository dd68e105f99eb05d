#include "smoothing/filter/scalar_filter.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>

#include "base/error.h"
#include "smoothing/filter/scalar_kernels.h"
#include "smoothing/parallel.h"

namespace posse {
namespace {

constexpr size_t kLaneGrain = 8;  // lanes of one cache line: threads never share one

/// One number per lane, from the start of a cache line: vectors that cross lines cost twice.
template <typename T>
using LaneVector = std::vector<T, UnsetAllocator<T>>;

/// State of the lanes of one thread. The mean is relative to the prior's.
struct Lanes {
  explicit Lanes(size_t count) : mean(count, 0.0), variance(count, 0.0) {}
  LaneVector<double> mean;
  LaneVector<double> variance;
};

/// Sums of a likelihood. The logarithm of a product of variances is taken once at the end: the
/// product's mantissa is kept in [1, 2) and its exponents are added up.
struct LikelihoodSums {
  explicit LikelihoodSums(size_t count)
      : quadratic(count, 0.0), mantissa(count, 1.0), exponent(count, 0), seen(count, 0.0) {}
  LaneVector<double> quadratic;
  LaneVector<double> mantissa;
  LaneVector<uint64_t> exponent;
  LaneVector<double> seen;
};

void check_shapes(const FrameArray& observations, const FrameArray& variances,
                  const ScalarPrior& prior, std::span<const double> s) {
  const size_t lanes = observations.num_lanes();
  POSSE_ASSERT(variances.num_lanes() == lanes && prior.mean.size() == lanes &&
               prior.variance.size() == lanes);
  POSSE_ASSERT(s.size() == lanes);
}

/// Filtered means relative to the prior's and filtered variances, lanes [begin, end).
void filter_lanes(const FrameArray& observations, const FrameArray& variances,
                  const ScalarPrior& prior, std::span<const double> s, size_t begin, size_t end,
                  ScalarTracks& out) {
  Lanes state(end - begin);
  std::copy(prior.variance.begin() + begin, prior.variance.begin() + end, state.variance.begin());
  for (size_t t = 0; t < observations.num_frames(); ++t) {
    const ScalarFrame in{.observation = observations.row(t) + begin,
                         .variance = variances.row(t) + begin,
                         .centre = prior.mean.data() + begin,
                         .s = s.data() + begin};
    scalar_kernels().step_forward(in, end - begin, state.mean.data(), state.variance.data(),
                                  out.position.row(t) + begin, out.variance.row(t) + begin);
  }
}

void smooth_lanes(const ScalarPrior& prior, std::span<const double> s, size_t begin, size_t end,
                  ScalarTracks& out) {
  const size_t num_frames = out.position.num_frames();
  if (num_frames == 0) return;
  Lanes next(end - begin);
  const size_t last = num_frames - 1;
  for (size_t i = begin; i < end; ++i) {
    next.mean[i - begin] = out.position.at(last, i);
    next.variance[i - begin] = out.variance.at(last, i);
    out.position.at(last, i) += prior.mean[i];
  }
  for (size_t t = last; t-- > 0;) {
    scalar_kernels().step_backward(prior.mean.data() + begin, s.data() + begin, end - begin,
                                   out.position.row(t) + begin, out.variance.row(t) + begin,
                                   next.mean.data(), next.variance.data());
  }
}

/// A lane without observations has no position, and its variance would be the prior's guess.
void blank_unobserved_lanes(const ScalarPrior& prior, ScalarTracks& tracks) {
  for (size_t i = 0; i < prior.mean.size(); ++i) {
    if (!std::isnan(prior.mean[i])) continue;
    for (size_t t = 0; t < tracks.position.num_frames(); ++t) {
      tracks.position.at(t, i) = std::numeric_limits<double>::quiet_NaN();
      tracks.variance.at(t, i) = std::numeric_limits<double>::quiet_NaN();
    }
  }
}

double total_of(const LikelihoodSums& sums, size_t lane, size_t num_frames) {
  const double exponents = static_cast<double>(static_cast<int64_t>(sums.exponent[lane]) -
                                               int64_t{1023} * static_cast<int64_t>(num_frames));
  const double log_variances = std::log(sums.mantissa[lane]) + exponents * std::numbers::ln2;
  return 0.5 *
         (sums.seen[lane] * std::log(2 * std::numbers::pi) + log_variances + sums.quadratic[lane]);
}

}  // namespace

ScalarPrior prior_from_track(const FrameArray& observations, int num_threads) {
  const size_t lanes = observations.num_lanes();
  ScalarPrior prior{.mean = std::vector<double>(lanes), .variance = std::vector<double>(lanes)};
  for_each_piece(lanes, kLaneGrain, num_threads, [&](size_t begin, size_t end) {
    std::vector<double> count(end - begin, 0.0);
    for (size_t t = 0; t < observations.num_frames(); ++t) {
      const double* row = observations.row(t);
      for (size_t i = begin; i < end; ++i) {
        const bool seen = row[i] == row[i];
        prior.mean[i] += seen ? row[i] : 0.0;
        count[i - begin] += seen ? 1.0 : 0.0;
      }
    }
    for (size_t i = begin; i < end; ++i)
      prior.mean[i] /= count[i - begin];  // 0 / 0: no observation, NaN
    for (size_t t = 0; t < observations.num_frames(); ++t) {
      const double* row = observations.row(t);
      for (size_t i = begin; i < end; ++i) {
        const double difference = row[i] - prior.mean[i];
        prior.variance[i] += difference == difference ? difference * difference : 0.0;
      }
    }
    for (size_t i = begin; i < end; ++i) prior.variance[i] /= std::max(1.0, count[i - begin]);
  });
  return prior;
}

ScalarTracks filter_tracks(const FrameArray& observations, const FrameArray& variances,
                           const ScalarPrior& prior, std::span<const double> s, int num_threads) {
  check_shapes(observations, variances, prior, s);
  const size_t num_lanes = observations.num_lanes();
  ScalarTracks tracks{.position = FrameArray(observations.num_frames(), num_lanes),
                      .variance = FrameArray(observations.num_frames(), num_lanes)};
  for_each_piece(num_lanes, kLaneGrain, num_threads, [&](size_t begin, size_t end) {
    filter_lanes(observations, variances, prior, s, begin, end, tracks);
    for (size_t t = 0; t < observations.num_frames(); ++t) {
      for (size_t i = begin; i < end; ++i) tracks.position.at(t, i) += prior.mean[i];
    }
  });
  blank_unobserved_lanes(prior, tracks);
  return tracks;
}

ScalarTracks smooth_tracks(const FrameArray& observations, const FrameArray& variances,
                           const ScalarPrior& prior, std::span<const double> s, int num_threads) {
  check_shapes(observations, variances, prior, s);
  const size_t num_lanes = observations.num_lanes();
  ScalarTracks tracks{.position = FrameArray(observations.num_frames(), num_lanes),
                      .variance = FrameArray(observations.num_frames(), num_lanes)};
  for_each_piece(num_lanes, kLaneGrain, num_threads, [&](size_t begin, size_t end) {
    filter_lanes(observations, variances, prior, s, begin, end, tracks);
    smooth_lanes(prior, s, begin, end, tracks);
  });
  blank_unobserved_lanes(prior, tracks);
  return tracks;
}

std::vector<double> negative_log_likelihood(const FrameArray& observations,
                                            const FrameArray& variances, const ScalarPrior& prior,
                                            std::span<const double> s,
                                            const ScalarLikelihoodRows& rows, int num_threads) {
  check_shapes(observations, variances, prior, s);
  const bool constant_variance = variances.num_frames() == 1;
  std::vector<double> result(observations.num_lanes());
  constexpr double kNanosecondsPerLane = 0.7;
  size_t num_steps = 0;
  for (const RowRange& range : rows.ranges)
    num_steps += (range.end - range.begin) * observations.num_lanes();
  const int threads = threads_worth_starting(num_steps, kNanosecondsPerLane, num_threads);
  for_each_piece(observations.num_lanes(), kLaneGrain, threads, [&](size_t begin, size_t end) {
    Lanes state(end - begin);
    LikelihoodSums sums(end - begin);
    size_t num_frames = 0;
    bool at_start = true;
    for (const RowRange& range : rows.ranges) {
      if (at_start || rows.restart_at_ranges) {
        std::fill(state.mean.begin(), state.mean.end(), 0.0);
        std::copy(prior.variance.begin() + begin, prior.variance.begin() + end,
                  state.variance.begin());
      }
      at_start = false;
      for (size_t t = range.begin; t < range.end; ++t) {
        const ScalarFrame in{.observation = observations.row(t) + begin,
                             .variance = variances.row(constant_variance ? 0 : t) + begin,
                             .centre = prior.mean.data() + begin,
                             .s = s.data() + begin};
        scalar_kernels().step_likelihood(in, end - begin, state.mean.data(), state.variance.data(),
                                         sums.quadratic.data(), sums.mantissa.data(),
                                         sums.exponent.data(), sums.seen.data());
      }
      num_frames += range.end - range.begin;
    }
    for (size_t i = begin; i < end; ++i) result[i] = total_of(sums, i - begin, num_frames);
  });
  return result;
}

}  // namespace posse
