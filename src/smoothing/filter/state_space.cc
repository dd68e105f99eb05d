#include "smoothing/filter/state_space.h"

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "smoothing/filter/packed_state.h"

namespace posse {
namespace {

using Eigen::Index;

size_t state_size(std::span<const StateTrack> tracks) {
  return static_cast<size_t>(tracks.front().model.initial_mean.size());
}

/// Puts entry(track, row, col) of each track's matrix into the lanes.
template <typename Entry>
void pack(std::span<const StateTrack> tracks, size_t height, size_t width, std::vector<Pack>& to,
          Entry entry) {
  for (size_t row = 0; row < height; ++row) {
    for (size_t col = 0; col < width; ++col) {
      for (size_t l = 0; l < tracks.size(); ++l)
        to[row * width + col][l] =
            entry(tracks[l].model, static_cast<Index>(row), static_cast<Index>(col));
    }
  }
}

PackedState initial_state(std::span<const StateTrack> tracks) {
  const size_t size = state_size(tracks);
  PackedState state(size);
  pack(tracks, size, 1, state.mean,
       [](const StateModel& model, Index row, Index) { return model.initial_mean(row); });
  pack(tracks, size, size, state.factor, [](const StateModel& model, Index row, Index col) {
    return model.initial_factor(row, col);
  });
  return state;
}

PackedProcess process_of(std::span<const StateTrack> tracks) {
  const size_t size = state_size(tracks);
  PackedProcess process{.transition = std::vector<Pack>(size, Pack::all(0)),
                        .factor = std::vector<Pack>(size * size, Pack::all(0))};
  pack(tracks, size, 1, process.transition,
       [](const StateModel& model, Index row, Index) { return model.transition(row); });
  pack(tracks, size, size, process.factor, [](const StateModel& model, Index row, Index col) {
    return model.process_factor(row, col);
  });
  return process;
}

/// The observations of a frame, gathered from the tracks; lanes without a track see nothing.
class FrameGatherer {
 public:
  FrameGatherer(std::span<const StateTrack> tracks, size_t num_coordinates)
      : tracks_(tracks),
        values_(num_coordinates, Pack::all(std::numeric_limits<double>::quiet_NaN())),
        variances_(num_coordinates, Pack::all(1)) {}

  FrameObservations at(size_t frame, const Observer& observer) {
    for (size_t l = 0; l < tracks_.size(); ++l) {
      const double* values = tracks_[l].values->row(frame);
      const bool constant = tracks_[l].variances->num_frames() == 1;
      const double* variances = tracks_[l].variances->row(constant ? 0 : frame);
      for (size_t i = 0; i < values_.size(); ++i) {
        values_[i][l] = values[i] - observer.offset()[i][l];
        variances_[i][l] = std::max(variances[i], kLeastObservationVariance);
      }
    }
    return {.rows = observer.rows().data(),
            .values = values_.data(),
            .variances = variances_.data(),
            .num_coordinates = values_.size()};
  }

 private:
  std::span<const StateTrack> tracks_;
  std::vector<Pack> values_;
  std::vector<Pack> variances_;
};

/// Filtered states of a group, packed: mean, then factor.
class FilteredStates {
 public:
  FilteredStates(size_t num_frames, size_t size)
      : size_(size), stride_(size + size * size), states_(num_frames * stride_) {}
  void store(size_t frame, const PackedState& state) {
    Pack* row = states_.data() + frame * stride_;
    std::copy(state.mean.begin(), state.mean.end(), row);
    std::copy(state.factor.begin(), state.factor.end(), row + size_);
  }
  const Pack* mean(size_t frame) const { return states_.data() + frame * stride_; }
  const Pack* factor(size_t frame) const { return mean(frame) + size_; }

 private:
  size_t size_;
  size_t stride_;
  std::vector<Pack, UnsetAllocator<Pack>> states_;
};

/// Runs the filter over `rows`. @param filtered  where to store the states; may be null
PackedLikelihood filter_states(std::span<const StateTrack> tracks, Observer& observer,
                               const ScalarLikelihoodRows& rows, FilteredStates* filtered) {
  POSSE_ASSERT(!tracks.empty() && tracks.size() <= kPackSize);
  const PackedState start = initial_state(tracks);
  const PackedProcess process = process_of(tracks);
  FrameGatherer gather(tracks, observer.offset().size());
  PackedState state = start;
  PackedLikelihood likelihood;
  bool at_start = true;
  for (const RowRange& range : rows.ranges) {
    if (rows.restart_at_ranges) state = start;
    at_start = at_start || rows.restart_at_ranges;
    for (size_t t = range.begin; t < range.end; ++t) {
      if (!at_start) predict_frame(process, state);
      at_start = false;
      observer.linearise(state.mean.data());
      observe_frame(gather.at(t, observer), state, likelihood);
      if (filtered != nullptr) filtered->store(t, state);
    }
  }
  return likelihood;
}

}  // namespace

LinearObserver::LinearObserver(std::span<const Eigen::MatrixXd> rows)
    : Observer(static_cast<size_t>(rows.front().rows()), static_cast<size_t>(rows.front().cols())) {
  const Index width = rows.front().cols();
  for (size_t l = 0; l < rows.size(); ++l) {
    for (Index i = 0; i < rows[l].size(); ++i)
      rows_[static_cast<size_t>(i)][l] = rows[l](i / width, i % width);
  }
}

std::vector<double> filter_likelihoods(std::span<const StateTrack> tracks, Observer& observer,
                                       const ScalarLikelihoodRows& rows) {
  const PackedLikelihood sums = filter_states(tracks, observer, rows, nullptr);
  std::vector<double> likelihoods;
  for (size_t l = 0; l < tracks.size(); ++l) likelihoods.push_back(sums.total(l));
  return likelihoods;
}

void smooth_states(std::span<const StateTrack> tracks, Observer& observer,
                   const std::function<void(size_t frame, const SmoothedFrame&)>& sink) {
  const size_t num_frames = tracks.front().values->num_frames();
  if (num_frames == 0) return;
  FilteredStates filtered(num_frames, state_size(tracks));
  filter_states(tracks, observer, {.ranges = {{.begin = 0, .end = num_frames}}}, &filtered);
  const PackedProcess process = process_of(tracks);
  const size_t num_coordinates = observer.offset().size();
  std::vector<Pack> position(num_coordinates);
  std::vector<Pack> variance(num_coordinates);
  size_t t = num_frames - 1;
  PackedPosterior posterior(filtered.mean(t), filtered.factor(t), state_size(tracks));
  for (;; --t) {
    observer.linearise(posterior.mean.data());
    project_posterior(posterior, observer.rows().data(), observer.offset().data(), num_coordinates,
                      position.data(), variance.data());
    sink(t, {.mean = posterior.mean,
             .covariance = posterior.covariance,
             .position = position,
             .variance = variance});
    if (t == 0) return;
    smooth_frame(process, filtered.mean(t - 1), filtered.factor(t - 1), posterior);
  }
}

}  // namespace posse
