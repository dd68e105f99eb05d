#include "run/smoothed_tables.h"

#include <fmt/format.h>

#include <span>
#include <string>
#include <vector>

#include "results/table/table_writer.h"

namespace posse {
namespace {

std::string scorer_of(const SmoothedTracks& tracks) {
  return tracks.calibrated ? "ensemble-kalman_tracker" : "ensemble-kalman_tracker-uncalibrated";
}

/// Every `step`-th lane, from `offset`: with 2, x (0) or y (1) of all bodyparts, [frames,
/// bodyparts].
std::vector<double> lane_of(const FrameArray& array, size_t offset, size_t step = 2) {
  std::vector<double> values;
  values.reserve(array.values().size() / step);
  for (size_t i = offset; i < array.values().size(); i += step) values.push_back(array.values()[i]);
  return values;
}

/// "snout: 12.5 (tuned), tail: 3 (given)", with all digits.
std::string parameters_of(const SmoothedTracks& tracks) {
  std::string text;
  for (size_t k = 0; k < tracks.parameters.size(); ++k) {
    const SmoothingParameter& parameter = tracks.parameters[k];
    text += fmt::format("{}{}: {} ({})", k == 0 ? "" : ", ", tracks.bodyparts[k], parameter.s,
                        parameter.tuned ? "tuned" : "given");
  }
  return text;
}

void write_with_parameters(const std::filesystem::path& path, const SmoothedTracks& tracks,
                           const std::string& parameters, const std::string& scorer = "") {
  const PoseTable table{.scorer = scorer.empty() ? scorer_of(tracks) : scorer,
                        .poses = tracks.poses()};
  if (path.extension() != ".h5") {
    write_pose_table(path, table);
    return;
  }
  const auto bodyparts = static_cast<int64_t>(tracks.bodyparts.size());
  const auto array = [&](const char* name, const char* description) {
    return ExtraArray{.name = name,
                      .axes = {"bodyparts", "xy"},
                      .extents = {bodyparts, 2},
                      .description = description};
  };
  const std::vector<std::span<const double>> values = {tracks.posterior_variance.values(),
                                                       tracks.ensemble_position.values(),
                                                       tracks.ensemble_variance.values()};
  write_pose_table(
      path, table,
      {.extras = {array("posterior_variance",
                        "Variance of the smoothed position, in square pixels."),
                  array("ensemble_position", "Median or mean of the members, in pixels."),
                  array("ensemble_variance", "Variance the filter took, in square pixels.")},
       .attributes = {{"variances", tracks.calibrated
                                        ? "from several members"
                                        : "uncalibrated: from one member's likelihood"},
                      {"s", parameters}}},
      values);
}

}  // namespace

void write_smoothed(const std::filesystem::path& path, const SmoothedTracks& tracks,
                    const std::string& scorer) {
  write_with_parameters(path, tracks, parameters_of(tracks), scorer);
}

void write_smoothed(const std::filesystem::path& path, const SmoothedPupil& pupil) {
  write_with_parameters(path, pupil.tracks,
                        fmt::format("diameter: {}, centre: {}", pupil.diameter_s, pupil.centre_s));
}

void write_smoothed_wide(const std::filesystem::path& path, const SmoothedTracks& tracks,
                         const std::string& scorer) {
  const std::vector<std::vector<double>> lanes = {
      lane_of(tracks.position, 0),           lane_of(tracks.position, 1),
      lane_of(tracks.ensemble_position, 0),  lane_of(tracks.ensemble_position, 1),
      lane_of(tracks.ensemble_variance, 0),  lane_of(tracks.ensemble_variance, 1),
      lane_of(tracks.posterior_variance, 0), lane_of(tracks.posterior_variance, 1)};
  const std::vector<WideCoord> coords = {{"x", lanes[0]},
                                         {"y", lanes[1]},
                                         {"likelihood", tracks.likelihood.values()},
                                         {"x_ens_median", lanes[2]},
                                         {"y_ens_median", lanes[3]},
                                         {"x_ens_var", lanes[4]},
                                         {"y_ens_var", lanes[5]},
                                         {"x_posterior_var", lanes[6]},
                                         {"y_posterior_var", lanes[7]}};
  write_wide_csv(path, scorer.empty() ? scorer_of(tracks) : scorer, tracks.bodyparts,
                 tracks.frame_index, coords);
}

void write_points(const std::filesystem::path& path, const SmoothedSpace& space) {
  std::vector<std::vector<double>> lanes;
  for (const FrameArray* array : {&space.points, &space.point_variances}) {
    for (size_t axis = 0; axis < 3; ++axis) lanes.push_back(lane_of(*array, axis, 3));
  }
  const std::vector<WideCoord> coords = {{"x", lanes[0]},
                                         {"y", lanes[1]},
                                         {"z", lanes[2]},
                                         {"x_posterior_var", lanes[3]},
                                         {"y_posterior_var", lanes[4]},
                                         {"z_posterior_var", lanes[5]}};
  const SmoothedTracks& first = space.views.cameras.front();
  write_wide_csv(path, scorer_of(first), first.bodyparts, first.frame_index, coords);
}

void write_circle(const std::filesystem::path& path, const SmoothedPupil& pupil) {
  std::vector<std::vector<double>> lanes;
  for (const FrameArray* array : {&pupil.state, &pupil.state_variance}) {
    for (const size_t state : {1, 2, 0}) lanes.push_back(lane_of(*array, state, 3));
  }
  const std::vector<WideCoord> coords = {{"x", lanes[0]},
                                         {"y", lanes[1]},
                                         {"diameter", lanes[2]},
                                         {"x_posterior_var", lanes[3]},
                                         {"y_posterior_var", lanes[4]},
                                         {"diameter_posterior_var", lanes[5]}};
  const std::vector<std::string> bodyparts = {"pupil"};
  write_wide_csv(path, scorer_of(pupil.tracks), bodyparts, pupil.tracks.frame_index, coords);
}

}  // namespace posse
