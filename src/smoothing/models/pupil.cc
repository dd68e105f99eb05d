#include "smoothing/models/pupil.h"

#include <fmt/format.h>

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/error.h"
#include "base/median.h"
#include "base/text.h"
#include "smoothing/filter/state_space.h"
#include "smoothing/observations/frame_gaps.h"
#include "smoothing/tuning/simplex_search.h"
#include "smoothing/tuning/tuning.h"

namespace posse {
namespace {

using Eigen::Vector3d;

enum Mark : size_t { top, bottom, right, left };
constexpr size_t kNumMarks = 4;

/// Median of the finite values, NaN without any.
double median_of_finite(std::vector<double> values) {
  std::erase_if(values, [](double v) { return !std::isfinite(v); });
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  return median_of(values);
}

/// Diameter and centre of one frame; [marks, xy].
Vector3d circle_of(const double* p) {
  const auto apart = [p](Mark a, Mark b) {
    return std::hypot(p[2 * a] - p[2 * b], p[2 * a + 1] - p[2 * b + 1]);
  };
  const double side = std::sqrt(2.0);
  const double diameter = median_of_finite(
      {apart(top, bottom), apart(left, right), side * apart(top, left), side * apart(top, right),
       side * apart(bottom, left), side * apart(bottom, right)});
  // top and bottom lie above one another: either tells the centre's x; right and left only both
  // together; and so for y
  const auto either = [p](Mark a, Mark b, size_t axis) {
    return median_of_finite({p[2 * a + axis], p[2 * b + axis]});
  };
  const auto both = [p](Mark a, Mark b, size_t axis) {
    return (p[2 * a + axis] + p[2 * b + axis]) / 2;
  };
  const double x = median_of_finite({either(top, bottom, 0), both(right, left, 0)});
  const double y = median_of_finite({both(top, bottom, 1), either(right, left, 1)});
  return {diameter, x, y};
}

/// Time means and variances of diameter and centre over the frames that have them.
struct CircleStatistics {
  Vector3d mean;
  Vector3d variance;
};

CircleStatistics circle_statistics(const FrameArray& position) {
  CircleStatistics result;
  for (Eigen::Index i = 0; i < 3; ++i) {
    double sum = 0;
    double squares = 0;
    double count = 0;
    std::vector<double> values;
    for (size_t t = 0; t < position.num_frames(); ++t) {
      const double value = circle_of(position.row(t))(i);
      if (std::isfinite(value)) values.push_back(value), sum += value, ++count;
    }
    const double mean = sum / count;
    for (const double value : values) squares += (value - mean) * (value - mean);
    result.mean(i) = mean;
    result.variance(i) = squares / count;
  }
  return result;
}

/// Rows of the circle's points: x and y of each mark by diameter and centre.
Eigen::MatrixXd rows_of_marks() {
  Eigen::MatrixXd rows(2 * kNumMarks, 3);
  rows << 0, 1, 0, -0.5, 0, 1,  // top: y grows downwards
      0, 1, 0, 0.5, 0, 1,       // bottom
      0.5, 1, 0, 0, 0, 1,       // right
      -0.5, 1, 0, 0, 0, 1;      // left
  return rows;
}

/// The model of a pupil whose parameters are still open.
class PupilModel {
 public:
  explicit PupilModel(const EnsembleStatistics& statistics)
      : circle_(circle_statistics(statistics.position)),
        centred_(statistics.position),
        variances_(statistics.variance) {
    for (size_t t = 0; t < centred_.num_frames(); ++t) {
      for (size_t i = 0; i < 2 * kNumMarks; ++i)
        centred_.at(t, i) -= circle_.mean(i % 2 == 0 ? 1 : 2);
    }
  }

  bool determined() const { return circle_.mean.allFinite(); }
  const CircleStatistics& circle() const { return circle_; }

  double negative_log_likelihood(double diameter_s, double centre_s,
                                 const ScalarLikelihoodRows& rows) const {
    const std::vector<StateTrack> track{track_of(diameter_s, centre_s)};
    LinearObserver observer(std::vector<Eigen::MatrixXd>{rows_of_marks()});
    return filter_likelihoods(track, observer, rows).front();
  }

  template <typename Sink>
  void smooth(double diameter_s, double centre_s, Sink sink) const {
    const std::vector<StateTrack> track{track_of(diameter_s, centre_s)};
    LinearObserver observer(std::vector<Eigen::MatrixXd>{rows_of_marks()});
    smooth_states(track, observer, sink);
  }

 private:
  StateTrack track_of(double diameter_s, double centre_s) const {
    const Vector3d transition(diameter_s, centre_s, centre_s);
    const Vector3d share = ((1 - transition.array()) * (1 + transition.array()))
                               .matrix();  // 1 - s^2 without cancellation
    const Vector3d step = circle_.variance.cwiseProduct(share).cwiseSqrt();
    const Vector3d deviation = circle_.variance.cwiseSqrt();
    return {.model = {.transition = transition,
                      .process_factor = step.asDiagonal(),
                      .initial_mean = Vector3d(circle_.mean(0), 0, 0),
                      .initial_factor = deviation.asDiagonal()},
            .values = &centred_,
            .variances = &variances_};
  }

  CircleStatistics circle_;
  FrameArray centred_;
  FrameArray variances_;
};

/// The members with only the four marks, in our order.
std::vector<Poses> marks_of(std::span<const Poses> members,
                            const std::array<std::string, 4>& names) {
  std::vector<Poses> result;
  for (const Poses& member : members) {
    Poses marks{.bodyparts = {names.begin(), names.end()},
                .frame_index = member.frame_index,
                .keypoints = {}};
    std::array<size_t, kNumMarks> columns{};
    for (size_t i = 0; i < kNumMarks; ++i) {
      const auto found = std::ranges::find(member.bodyparts, names[i]);
      if (found == member.bodyparts.end()) {
        throw Error(ErrorKind::not_found,
                    fmt::format("bodypart '{}' of the pupil is not there", names[i]),
                    {.have = list_names(member.bodyparts)});
      }
      columns[i] = static_cast<size_t>(found - member.bodyparts.begin());
    }
    for (size_t t = 0; t < member.num_frames(); ++t) {
      for (const size_t column : columns) marks.keypoints.push_back(member.at(t, column));
    }
    result.push_back(std::move(marks));
  }
  return result;
}

/// s from a number without bounds, and back; logistic, so that values close to 1 keep their digits
/// in 1 - s.
double s_of(double u) { return 1 / (1 + std::exp(-u)); }
double u_of(double s) { return std::log(s) - std::log1p(-s); }

void choose_parameters(const PupilModel& model, const PupilOptions& options,
                       const ScalarLikelihoodRows& rows, SmoothedPupil& result) {
  constexpr double kFirstDiameterS = 0.99;
  constexpr double kFirstCentreS = 0.98;
  std::vector<double> start;
  if (!options.diameter_s) start.push_back(u_of(kFirstDiameterS));
  if (!options.centre_s) start.push_back(u_of(kFirstCentreS));
  const auto parameters = [&](std::span<const double> u) {
    const double diameter_s = options.diameter_s ? *options.diameter_s : s_of(u.front());
    const double centre_s = options.centre_s ? *options.centre_s : s_of(u.back());
    return std::pair(diameter_s, centre_s);
  };
  const auto objective = [&](std::span<const double> u) {
    if (options.on_evaluation) options.on_evaluation();
    const auto [diameter_s, centre_s] = parameters(u);
    return model.negative_log_likelihood(diameter_s, centre_s, rows);
  };
  const SimplexMinimum minimum = minimise_by_simplex(std::move(start), objective);
  std::tie(result.diameter_s, result.centre_s) = parameters(minimum.place);
  result.negative_log_likelihood = minimum.value;
}

void check_given(const std::optional<double>& s, const char* name) {
  if (!s || (*s > 0 && *s < 1)) return;
  throw Error(ErrorKind::invalid_value,
              fmt::format("{} must lie between 0 and 1 (both excluded), got {}", name, *s));
}

}  // namespace

SmoothedPupil smooth_pupil(std::span<const Poses> members, const PupilOptions& options) {
  check_given(options.diameter_s, "diameter s");
  check_given(options.centre_s, "centre s");
  if (!members.empty() && has_gaps(members.front().frame_index)) {
    const std::vector<int64_t>& frames = members.front().frame_index;
    SmoothedPupil result = smooth_pupil(fill_gaps(members), options);
    keep_frames(result.tracks, frames);
    result.state = rows_of_frames(result.state, frames);
    result.state_variance = rows_of_frames(result.state_variance, frames);
    return result;
  }
  const std::vector<Poses> marks = marks_of(members, options.names);
  EnsembleStatistics statistics = summarise_ensemble(marks, options.ensemble, options.num_threads);
  const size_t num_frames = statistics.position.num_frames();
  if (num_frames < 2) {
    throw Error(ErrorKind::invalid_value,
                fmt::format("smoothing needs at least 2 frames, got {}", num_frames));
  }
  const PupilModel model(statistics);
  if (!model.determined()) {
    throw Error(ErrorKind::invalid_value,
                "no frame shows enough of the pupil to tell its diameter and centre");
  }
  SmoothedPupil result;
  choose_parameters(model, options, tuning_rows({.frames = options.tuning_frames}, num_frames),
                    result);
  result.state = FrameArray(num_frames, 3);
  result.state_variance = FrameArray(num_frames, 3);
  SmoothedTracks& tracks = result.tracks;
  tracks.position = FrameArray(num_frames, 2 * kNumMarks);
  tracks.posterior_variance = FrameArray(num_frames, 2 * kNumMarks);
  const Vector3d shift(0, model.circle().mean(1), model.circle().mean(2));
  model.smooth(result.diameter_s, result.centre_s, [&](size_t t, const SmoothedFrame& smoothed) {
    for (size_t i = 0; i < 3; ++i) {
      result.state.at(t, i) = smoothed.mean[i][0] + shift(static_cast<Eigen::Index>(i));
      result.state_variance.at(t, i) = smoothed.covariance[4 * i][0];
    }
    for (size_t i = 0; i < 2 * kNumMarks; ++i) {
      tracks.position.at(t, i) = smoothed.position[i][0] + model.circle().mean(i % 2 == 0 ? 1 : 2);
      tracks.posterior_variance.at(t, i) = smoothed.variance[i][0];
    }
  });
  tracks.bodyparts = marks.front().bodyparts;
  tracks.frame_index = marks.front().frame_index;
  tracks.unobserved_bodyparts = unobserved(tracks.bodyparts, statistics.position);
  tracks.calibrated = members.size() > 1;
  tracks.ensemble_position = std::move(statistics.position);
  tracks.ensemble_variance = std::move(statistics.variance);
  tracks.likelihood = std::move(statistics.likelihood);
  return result;
}

}  // namespace posse
