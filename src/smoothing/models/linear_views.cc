#include "smoothing/models/linear_views.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include "cameras/symmetric_eigen.h"
#include "smoothing/observations/incomplete_views.h"

namespace posse {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

/// The subspace that a keypoint's views share.
struct Subspace {
  MatrixXd axes;  // [lanes, state], orthonormal columns
  VectorXd mean;  // [lanes], of the frames that made them
};

/// Rows of `centred` as a matrix.
MatrixXd rows_of(const FrameArray& centred, std::span<const size_t> frames) {
  MatrixXd rows(static_cast<Index>(frames.size()), static_cast<Index>(centred.num_lanes()));
  for (Index r = 0; r < rows.rows(); ++r) {
    for (Index i = 0; i < rows.cols(); ++i)
      rows(r, i) = centred.at(frames[static_cast<size_t>(r)], static_cast<size_t>(i));
  }
  return rows;
}

/// Principal axes of the first kept frames.
Subspace fit_axes(const FrameArray& centred, const StackedKeypoint& stacked, Index num_axes) {
  MatrixXd rows = rows_of(centred, std::span(stacked.kept).first(stacked.num_for_axes));
  Subspace subspace;
  subspace.mean = rows.colwise().mean();
  rows.rowwise() -= subspace.mean.transpose();
  const SymmetricEigen eigen = eigen_of_symmetric(rows.transpose() * rows);
  subspace.axes = eigen.vectors.rowwise().reverse().leftCols(num_axes);
  return subspace;
}

/// Kept frames' coordinates along the axes.
MatrixXd scores_of(const FrameArray& centred, const StackedKeypoint& stacked,
                   const Subspace& subspace) {
  MatrixXd scores = rows_of(centred, stacked.kept);
  scores.rowwise() -= subspace.mean.transpose();
  return scores * subspace.axes;
}

/// Steps between successive kept frames. Over `frames` that lie apart a random walk goes as the
/// root of their distance; without them successive ones count as neighbours, as in eks.
MatrixXd steps_of(const MatrixXd& scores, std::span<const size_t> frames) {
  MatrixXd steps = scores.bottomRows(scores.rows() - 1) - scores.topRows(scores.rows() - 1);
  for (size_t r = 1; r < frames.size(); ++r) {
    steps.row(static_cast<Index>(r - 1)) /=
        std::sqrt(static_cast<double>(frames[r] - frames[r - 1]));
  }
  return steps;
}

/// Prior and process shape.
StateModel fit_process(MatrixXd scores, MatrixXd steps) {
  const VectorXd mean_step = steps.colwise().mean();
  steps.rowwise() -= mean_step.transpose();
  MatrixXd covariance =
      steps.transpose() * steps / std::max(1.0, static_cast<double>(steps.rows() - 1));
  const double largest = covariance.cwiseAbs().maxCoeff();
  if (largest > 0) covariance /= largest;
  const VectorXd mean = scores.colwise().mean();
  scores.rowwise() -= mean.transpose();
  const VectorXd deviation =
      scores.colwise().norm() / std::sqrt(static_cast<double>(scores.rows()));
  const Index size = scores.cols();
  return {.transition = VectorXd::Ones(size),
          .process_factor = symmetric_factor(covariance),
          .initial_mean = VectorXd::Zero(size),
          .initial_factor = deviation.asDiagonal()};
}

/// From frames of which no camera lacks one.
void fit_complete(const StackedKeypoint& stacked, Index num_axes, LinearKeypoint& linear) {
  const FrameArray& centred = linear.keypoint.observed;
  Subspace subspace = fit_axes(centred, stacked, num_axes);
  const MatrixXd scores = scores_of(centred, stacked, subspace);
  linear.keypoint.model = fit_process(scores, steps_of(scores, {}));
  linear.axes = std::move(subspace.axes);
}

/// From frames that lack views. The mean of the views is fitted too: that of the frames in which a
/// camera shows the keypoint is not that of all frames.
void fit_incomplete(const StackedKeypoint& stacked, Index num_axes, LinearKeypoint& linear) {
  FrameArray& centred = linear.keypoint.observed;
  IncompleteFit fit = fit_incomplete_rows(rows_of(centred, stacked.kept), num_axes);
  linear.keypoint.model = fit_process(fit.scores, steps_of(fit.scores, stacked.kept));
  for (size_t i = 0; i < stacked.num_lanes(); ++i) {
    const double shift = fit.mean(static_cast<Index>(i));
    linear.keypoint.mean[i] += shift;
    for (size_t t = 0; t < centred.num_frames(); ++t) centred.at(t, i) -= shift;
  }
  linear.axes = std::move(fit.axes);
}

/// Options whose s and blocks, given for bodyparts, are given for parts of them. What fits no
/// bodypart stays out of range, so that it is refused.
TuningOptions tuning_of_parts(TuningOptions tuning, std::span<const StackedKeypoint> parts,
                              size_t num_bodyparts) {
  bool is_split = parts.size() != num_bodyparts;
  for (size_t i = 0; !is_split && i < parts.size(); ++i) is_split = parts[i].bodypart != i;
  if (!is_split) return tuning;
  if (tuning.s.size() > 1) {
    if (tuning.s.size() != num_bodyparts) {
      tuning.s.resize(parts.size() + 1, 1.0);
      return tuning;
    }
    std::vector<double> s;
    for (const StackedKeypoint& part : parts) s.push_back(tuning.s[part.bodypart]);
    tuning.s = std::move(s);
  }
  for (std::vector<size_t>& block : tuning.blocks) {
    std::vector<size_t> of_parts;
    for (const size_t bodypart : block) {
      if (bodypart >= num_bodyparts) of_parts.push_back(parts.size() + bodypart);
      for (size_t i = 0; i < parts.size(); ++i) {
        if (parts[i].bodypart == bodypart) of_parts.push_back(i);
      }
    }
    block = std::move(of_parts);
  }
  std::erase_if(tuning.blocks, [](const std::vector<size_t>& block) { return block.empty(); });
  return tuning;
}

/// "cam0 + cam1 (350 frames)"
std::string described(const StackedKeypoint& part, std::span<const std::string> cameras) {
  std::string names;
  for (const size_t c : part.cameras) names += (names.empty() ? "" : " + ") + cameras[c];
  return fmt::format("{} ({} frames)", names, frames_with_views(part, 1));
}

/// "hidden most from cam4, in 390 frames"
std::string least_seen(const StackedKeypoint& part, std::span<const std::string> cameras) {
  size_t most_hidden = 0;
  size_t camera = 0;
  for (size_t i = 0; i < part.cameras.size(); ++i) {
    size_t hidden = 0;
    for (size_t t = 0; t < part.position.num_frames(); ++t)
      hidden += std::isfinite(part.position.at(t, 2 * i)) ? 0 : 1;
    if (hidden <= most_hidden) continue;
    most_hidden = hidden;
    camera = part.cameras[i];
  }
  return fmt::format("hidden most from {}, in {} frames", cameras[camera], most_hidden);
}

}  // namespace

LinearKeypoint prepare_linear(StackedKeypoint stacked, const SeveralCamerasOptions& options) {
  LinearKeypoint linear{.keypoint = {.cameras = stacked.cameras,
                                     .observed = stacked.centred(),
                                     .variances = std::move(stacked.variance),
                                     .mean = stacked.mean,
                                     .model = std::nullopt,
                                     .inflation = {}},
                        .axes = {}};
  PreparedKeypoint& keypoint = linear.keypoint;
  if (stacked.kept.size() < 2 || stacked.num_for_axes < 1) return linear;
  if (has_enough_complete_frames(stacked)) {
    keypoint.inflation = inflate_variances(keypoint.observed, keypoint.variances,
                                           options.num_latent, options.inflation);
  }
  const Index num_axes =
      std::min<Index>(options.num_latent, static_cast<Index>(stacked.num_lanes()));
  if (stacked.kept_are_complete) {
    fit_complete(stacked, num_axes, linear);
  } else {
    fit_incomplete(stacked, num_axes, linear);
  }
  return linear;
}

void smooth_parts(std::vector<StackedKeypoint> parts, const std::vector<std::string>& bodyparts,
                  const SeveralCamerasOptions& options, SmoothedCameras& result) {
  const size_t num_frames = result.cameras.front().frame_index.size();
  const TuningOptions tuning = tuning_of_parts(options.tuning, parts, bodyparts.size());
  std::vector<size_t> bodypart_of;
  std::vector<std::string> names;
  for (const StackedKeypoint& part : parts) {
    bodypart_of.push_back(part.bodypart);
    names.push_back(bodyparts[part.bodypart]);
  }
  std::vector<MatrixXd> axes(parts.size());
  const auto observer_of = [&](std::span<const size_t> group) {
    std::vector<MatrixXd> rows;
    for (const size_t i : group) rows.push_back(axes[i]);
    return std::make_unique<LinearObserver>(rows);
  };
  const auto prepare = [&](size_t i) {
    LinearKeypoint linear = prepare_linear(std::move(parts[i]), options);
    axes[i] = std::move(linear.axes);
    return std::move(linear.keypoint);
  };
  const KeypointGroups groups(prepare_keypoints(parts.size(), options.num_threads, prepare),
                              observer_of, options.num_threads);
  const auto parameters = groups.tune(names, num_frames, tuning);
  result.inflation.resize(bodyparts.size());
  for (SmoothedTracks& tracks : result.cameras) {
    constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
    tracks.parameters.resize(bodyparts.size(), {.s = kNan, .negative_log_likelihood = kNan});
  }
  for (size_t i = parts.size(); i-- > 0;) {  // the first part of a bodypart has the last word
    const PreparedKeypoint& keypoint = groups.keypoints()[i];
    result.inflation[bodypart_of[i]] = keypoint.inflation;
    if (keypoint.usable()) place_variances(keypoint, bodypart_of[i], result);
    for (const size_t c : keypoint.cameras)
      result.cameras[c].parameters[bodypart_of[i]] = parameters[i];
  }
  for (size_t i = 0; i < parts.size(); ++i) {
    for (SmoothedTracks& tracks : result.cameras) {  // that never see the bodypart
      SmoothingParameter& own = tracks.parameters[bodypart_of[i]];
      if (std::isnan(own.s)) own = parameters[i];
    }
  }
  groups.smooth(parameters,
                [&](size_t i, size_t lane, size_t frame, const SmoothedFrame& smoothed) {
                  place_views(groups.keypoints()[i], bodypart_of[i], lane, frame, smoothed,
                              options.state_variance_only, result);
                });
}

std::vector<std::string> warnings_about_parts(std::span<const StackedKeypoint> parts,
                                              std::span<const std::string> bodyparts,
                                              std::span<const std::string> cameras) {
  constexpr size_t kFewFrames = 10;
  constexpr double kFew = 0.1;
  std::vector<std::string> warnings;
  for (size_t i = 0; i < parts.size();) {
    const StackedKeypoint& part = parts[i];
    const std::string& bodypart = bodyparts[part.bodypart];
    std::string sets;
    size_t num_sets = 0;
    for (; i < parts.size() && parts[i].bodypart == part.bodypart; ++i, ++num_sets)
      sets += (sets.empty() ? "" : ", ") + described(parts[i], cameras);
    if (num_sets > 1) {
      warnings.push_back(
          fmt::format("{}: its cameras share too few frames, and these are smoothed apart: {}",
                      bodypart, sets));
      continue;
    }
    if (part.kept_are_complete) continue;
    const size_t complete = frames_with_views(part, part.cameras.size());
    const size_t shared = frames_with_views(part, 2);
    if (complete >= kFewFrames &&
        static_cast<double>(complete) >= kFew * static_cast<double>(shared))
      continue;
    warnings.push_back(
        fmt::format("{}: {} frames show it to all {} cameras; the {} frames that two or more share "
                    "are relied on ({})",
                    bodypart, complete == 0 ? "no" : fmt::format("{}", complete),
                    part.cameras.size(), shared, least_seen(part, cameras)));
  }
  return warnings;
}

}  // namespace posse
