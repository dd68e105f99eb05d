/// Writes what the smoother made: the plain table with its variances, and the smoother's wide csv.
#pragma once

#include <filesystem>
#include <string>

#include "smoothing/models/calibrated_cameras.h"
#include "smoothing/models/pupil.h"
#include "smoothing/models/smoothed_tracks.h"

namespace posse {

/// Writes x, y, likelihood as .csv or .h5; an .h5 also holds, under /posse, posterior_variance,
/// ensemble_position and ensemble_variance, each [frames, bodyparts, xy] in pixels or square
/// pixels, and as attributes where the variances come from and each bodypart's s. Tracks of a
/// single member say "uncalibrated" in the scorer. @throws Error(io) and what table writers refuse.
/// @param scorer  of the table; empty: "ensemble-kalman_tracker", as eks has it
void write_smoothed(const std::filesystem::path& path, const SmoothedTracks& tracks,
                    const std::string& scorer = "");

/// The same for the four bodyparts of a pupil, whose s are the diameter's and the centre's.
void write_smoothed(const std::filesystem::path& path, const SmoothedPupil& pupil);

/// Writes the columns of eks: x, y, likelihood, x_ens_median, y_ens_median, x_ens_var, y_ens_var,
/// x_posterior_var, y_posterior_var. @param scorer  as above
void write_smoothed_wide(const std::filesystem::path& path, const SmoothedTracks& tracks,
                         const std::string& scorer = "");

/// Writes points in space as a csv with the columns of eks: x, y, z, x_posterior_var,
/// y_posterior_var, z_posterior_var, in the calibration's unit.
void write_points(const std::filesystem::path& path, const SmoothedSpace& space);

/// Writes the circle as a csv of one bodypart, "pupil", with the columns x, y (its centre),
/// diameter, x_posterior_var, y_posterior_var, diameter_posterior_var, in pixels and square pixels.
void write_circle(const std::filesystem::path& path, const SmoothedPupil& pupil);

}  // namespace posse
