#include "smoothing/filter/causal_filter.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/error.h"
#include "smoothing/filter/scalar_filter.h"

namespace posse {

CausalFilter::CausalFilter(size_t num_bodyparts, CausalOptions options)
    : options_(std::move(options)),
      mean_(2 * num_bodyparts, std::numeric_limits<double>::quiet_NaN()),
      variance_(2 * num_bodyparts, std::numeric_limits<double>::quiet_NaN()) {
  options_.ensemble.validate();
  if (options_.s.size() != 1 && options_.s.size() != num_bodyparts) {
    throw Error(ErrorKind::invalid_value,
                fmt::format("{} values of s for {} bodyparts; expected 1 or {}", options_.s.size(),
                            num_bodyparts, num_bodyparts));
  }
  for (size_t k = 0; k < num_bodyparts; ++k) {
    const double s = options_.s[options_.s.size() == 1 ? 0 : k];
    if (!(s > 0) || !std::isfinite(s)) {
      throw Error(ErrorKind::invalid_value,
                  fmt::format("s must be positive and finite, got {}", s));
    }
    s_.push_back(s);
  }
}

CausalFrame CausalFilter::push(std::span<const std::span<const Keypoint>> members) {
  if (members.size() < 2 && !(members.size() == 1 && options_.ensemble.allow_one_member)) {
    throw Error(ErrorKind::invalid_value,
                fmt::format("filtering needs at least two members, got {}", members.size()));
  }
  for (const auto row : members) {
    if (row.size() == s_.size()) continue;
    throw Error(ErrorKind::shape_mismatch,
                fmt::format("a row of {} bodyparts, expected {}", row.size(), s_.size()));
  }
  CausalFrame frame{.keypoints = std::vector<Keypoint>(s_.size()),
                    .variance = std::vector<double>(mean_.size()),
                    .ensemble_position = std::vector<double>(mean_.size()),
                    .ensemble_variance = std::vector<double>(mean_.size())};
  std::vector<double> likelihood(s_.size());
  summarise_frame(members, options_.ensemble, frame.ensemble_position, frame.ensemble_variance,
                  likelihood);
  for (size_t i = 0; i < mean_.size(); ++i) {
    const double y = frame.ensemble_position[i];
    const double r = std::max(frame.ensemble_variance[i], kLeastObservationVariance);
    if (std::isnan(mean_[i])) {  // the limit of an infinite prior; stays NaN without an observation
      mean_[i] = y;
      variance_[i] = std::isnan(y) ? y : r;
    } else if (!std::isnan(y)) {
      const double inverse = 1 / (variance_[i] + r);
      mean_[i] += variance_[i] * inverse * (y - mean_[i]);
      variance_[i] = variance_[i] * inverse * r;
    }
    frame.variance[i] = variance_[i];
    variance_[i] += s_[i / 2];
  }
  for (size_t k = 0; k < s_.size(); ++k) {
    const bool found = std::isfinite(mean_[2 * k]) && std::isfinite(mean_[2 * k + 1]);
    frame.keypoints[k] = {
        .x = mean_[2 * k], .y = mean_[2 * k + 1], .likelihood = found ? likelihood[k] : 0.0};
  }
  return frame;
}

void CausalFilter::skip(int64_t num_frames) {
  for (size_t i = 0; i < variance_.size(); ++i)
    variance_[i] += static_cast<double>(num_frames) * s_[i / 2];
}

SmoothedTracks filter_causally(std::span<const Poses> members, const CausalOptions& options) {
  EnsembleStatistics statistics = summarise_ensemble(members, options.ensemble);
  const Poses& first = members.front();
  SmoothedTracks tracks;
  tracks.bodyparts = first.bodyparts;
  tracks.frame_index = first.frame_index;
  tracks.calibrated = members.size() > 1;
  tracks.unobserved_bodyparts = unobserved(first.bodyparts, statistics.position);
  tracks.position = FrameArray(first.num_frames(), 2 * first.num_bodyparts());
  tracks.posterior_variance = tracks.position;
  CausalFilter filter(first.num_bodyparts(), options);
  for (size_t t = 0; t < first.num_frames(); ++t) {
    std::vector<std::span<const Keypoint>> rows;
    for (const Poses& member : members) rows.push_back(member.row(t));
    if (t > 0) filter.skip(first.frame_index[t] - first.frame_index[t - 1] - 1);
    const CausalFrame frame = filter.push(rows);
    for (size_t k = 0; k < first.num_bodyparts(); ++k) {
      tracks.position.at(t, 2 * k) = frame.keypoints[k].x;
      tracks.position.at(t, 2 * k + 1) = frame.keypoints[k].y;
    }
    std::ranges::copy(frame.variance, tracks.posterior_variance.row(t));
  }
  for (size_t k = 0; k < first.num_bodyparts(); ++k) {
    tracks.parameters.push_back(
        {.s = options.s[options.s.size() == 1 ? 0 : k],
         .negative_log_likelihood = std::numeric_limits<double>::quiet_NaN()});
  }
  tracks.ensemble_position = std::move(statistics.position);
  tracks.ensemble_variance = std::move(statistics.variance);
  tracks.likelihood = std::move(statistics.likelihood);
  return tracks;
}

}  // namespace posse
