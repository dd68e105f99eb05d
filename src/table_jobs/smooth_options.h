/// Options of the five kinds of smoothing: declared once; the command line, Python, docs/cli.md and
/// run.json are made from describe().
#pragma once

#include <array>
#include <concepts>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/enum_names.h"
#include "base/frame_range.h"
#include "cameras/triangulation.h"
#include "smoothing/observations/ensemble_statistics.h"
#include "smoothing/tuning/tuning.h"

namespace posse {

template <>
struct EnumNames<EnsembleAverage> {
  static constexpr std::array<std::pair<std::string_view, EnsembleAverage>, 2> kNames{
      {{"median", EnsembleAverage::median}, {"mean", EnsembleAverage::mean}}};
};
template <>
struct EnumNames<VarianceMode> {
  static constexpr std::array<std::pair<std::string_view, VarianceMode>, 2> kNames{
      {{"confidence_weighted_var", VarianceMode::confidence_weighted},
       {"var", VarianceMode::plain}}};
};
template <>
struct EnumNames<TuningObjective> {
  static constexpr std::array<std::pair<std::string_view, TuningObjective>, 2> kNames{
      {{"full", TuningObjective::full}, {"constant", TuningObjective::constant}}};
};
template <>
struct EnumNames<Triangulation> {
  static constexpr std::array<std::pair<std::string_view, Triangulation>, 2> kNames{
      {{"pair-median", Triangulation::pair_median}, {"joint", Triangulation::joint}}};
};

/// Sets of keypoints, by position, that share one s.
using KeypointBlocks = std::vector<std::vector<size_t>>;

/// What every kind takes.
struct SmoothCommonOptions {
  std::filesystem::path wide_csv;
  bool force = false;
  EnsembleAverage average = EnsembleAverage::median;
  std::optional<VarianceMode> variance;  ///< nothing: confidence_weighted, of paws plain
  double min_likelihood = 0;
  bool one_member = false;
  std::vector<FrameRange> s_frames;
  int threads = 0;  ///< 0: all that this process may use
};

/// @param out_is_folder  there is a table per camera
template <class Options, class Visitor>
requires std::same_as<std::remove_const_t<Options>, SmoothCommonOptions>
void describe_common(Options& options, bool out_is_folder, const Visitor& visit) {
  visit("wide-csv", options.wide_csv, out_is_folder ? "DIR" : "FILE",
        out_is_folder ? "folder for tables with the columns of eks"
                      : "also write the columns of eks here");
  visit("force", options.force, "", "replace files that exist");
  visit("average", options.average, "", "how members are averaged");
  visit("variance", options.variance, "",
        "how the variance of an observation is found (default: as eks, confidence_weighted_var; "
        "paw: var)");
  visit("min-likelihood", options.min_likelihood, "FLOAT",
        "predictions below count as missing, in [0, 1] (default 0)");
  visit("one-member", options.one_member, "",
        "accept a single table; its variances come from the likelihood and are not calibrated");
  visit("s-frames", options.s_frames, "A:B...",
        "frames used to tune s, as 0:1000 2000:3000; N means 0:N (default: all)");
  visit("threads", options.threads, "N",
        "how many threads to use (default 0: all that this process may use)");
}

/// Of the kinds that have one s per keypoint.
struct SmoothTuningOptions {
  std::vector<double> s;  ///< empty: tuned
  KeypointBlocks blocks;
  TuningObjective objective = TuningObjective::full;
  bool restart_at_ranges = false;
  bool eks_objective = false;
};

template <class Options, class Visitor>
requires std::same_as<std::remove_const_t<Options>, SmoothTuningOptions>
void describe(Options& options, const Visitor& visit) {
  visit("s", options.s, "FLOAT",
        "process variance in square pixels per frame, one or one per keypoint; smaller is smoother "
        "(default: tuned)");
  visit("blocks", options.blocks, "TEXT", "keypoints that share one s, by position, as 0,1,2;3,4");
  visit("objective", options.objective, "",
        "likelihood that tuning maximises: full, or constant (each coordinate's median variance, "
        "as eks has it)");
  visit("restart-at-ranges", options.restart_at_ranges, "",
        "start anew at each range of --s-frames instead of joining them");
  visit("eks-objective", options.eks_objective, "",
        "tune exactly as eks does, to match its results");
}

/// Of the kinds that see a keypoint from several sides.
struct SmoothViewOptions {
  double quantile_keep_pca = 95;
  int n_latent = 3;
  bool no_inflate_vars = false;
  bool state_variance = false;
};

template <class Options, class Visitor>
requires std::same_as<std::remove_const_t<Options>, SmoothViewOptions>
void describe(Options& options, const Visitor& visit) {
  visit("quantile-keep-pca", options.quantile_keep_pca, "FLOAT",
        "share of frames, by certainty, that axes are made from, in (0, 100] (default 95)");
  visit("n-latent", options.n_latent, "N", "axes of the common subspace (default 3)");
  visit("no-inflate-vars", options.no_inflate_vars, "",
        "do not distrust views that contradict the others");
  visit("state-variance", options.state_variance, "",
        "posterior variance without the ensemble's own");
}

/// One camera.
struct SmoothSingleOptions {
  SmoothCommonOptions common;
  SmoothTuningOptions tuning;
  std::vector<std::string> bodypart_list;
  bool causal = false;
};

template <class Options, class Visitor>
requires std::same_as<std::remove_const_t<Options>, SmoothSingleOptions>
void describe(Options& options, const Visitor& visit) {
  describe_common(options.common, false, visit);
  describe(options.tuning, visit);
  visit("bodypart-list", options.bodypart_list, "NAME",
        "bodyparts to keep, in this order (default: all)");
  visit("causal", options.causal, "",
        "do not look ahead: filter only, with --s or 10 square pixels per frame");
}

/// Several cameras, a file per camera and member.
struct SmoothMultiOptions {
  SmoothCommonOptions common;
  SmoothTuningOptions tuning;
  SmoothViewOptions views;
  std::vector<std::string> bodypart_list;
  std::vector<std::string> camera_names;
  std::filesystem::path calibration;
  Triangulation triangulation = Triangulation::pair_median;
  bool relative_floors = false;
};

template <class Options, class Visitor>
requires std::same_as<std::remove_const_t<Options>, SmoothMultiOptions>
void describe(Options& options, const Visitor& visit) {
  describe_common(options.common, true, visit);
  describe(options.tuning, visit);
  describe(options.views, visit);
  visit("bodypart-list", options.bodypart_list, "NAME",
        "bodyparts to keep, in this order (default: all)");
  visit("camera-names", options.camera_names, "NAME",
        "names of the cameras, as they stand in the files' names (or without this option: "
        "CAMERA=FILE ...)");
  visit("calibration", options.calibration, "FILE",
        "Anipose calibration (.toml): smooth in space, and write points_3d.csv");
  visit("triangulation", options.triangulation, "",
        "where a path in space starts from: pair-median, as eks, or joint");
  visit("relative-floors", options.relative_floors, "",
        "least variances in space as shares of the points' spread; for calibrations in metres");
}

/// Several views in one picture.
struct SmoothMirroredOptions {
  SmoothCommonOptions common;
  SmoothTuningOptions tuning;
  SmoothViewOptions views;
  std::vector<std::string> camera_names;
};

template <class Options, class Visitor>
requires std::same_as<std::remove_const_t<Options>, SmoothMirroredOptions>
void describe(Options& options, const Visitor& visit) {
  describe_common(options.common, false, visit);
  describe(options.tuning, visit);
  describe(options.views, visit);
  visit("camera-names", options.camera_names, "NAME",
        "the views, as they end the bodyparts' names; must be given");
}

/// Four points around a pupil, as one circle.
struct SmoothPupilOptions {
  SmoothCommonOptions common;
  std::optional<double> diameter_s;
  std::optional<double> com_s;
  std::filesystem::path circle;
};

template <class Options, class Visitor>
requires std::same_as<std::remove_const_t<Options>, SmoothPupilOptions>
void describe(Options& options, const Visitor& visit) {
  describe_common(options.common, false, visit);
  visit("diameter-s", options.diameter_s, "FLOAT",
        "in (0, 1), close to 1 is smoother (default: tuned)");
  visit("com-s", options.com_s, "FLOAT", "the same for the centre (default: tuned)");
  visit("circle", options.circle, "FILE",
        "also write centre and diameter here, with their variances (.csv)");
}

/// Two paws seen by two cameras with clocks of their own.
struct SmoothPawOptions {
  SmoothCommonOptions common;
  SmoothTuningOptions tuning;
  SmoothViewOptions views;
  std::filesystem::path timestamps_left, timestamps_right;
  double image_width = 128;
  bool working_frame = false;
};

template <class Options, class Visitor>
requires std::same_as<std::remove_const_t<Options>, SmoothPawOptions>
void describe(Options& options, const Visitor& visit) {
  describe_common(options.common, true, visit);
  describe(options.tuning, visit);
  describe(options.views, visit);
  visit("timestamps-left", options.timestamps_left, "FILE",
        "times of the left camera's frames (default: *timestamps*left*.npy in the folder given)");
  visit("timestamps-right", options.timestamps_right, "FILE",
        "times of the right camera's frames (likewise)");
  visit("image-width", options.image_width, "FLOAT",
        "width of the right camera's pictures, which are mirrored (default 128)");
  visit("working-frame", options.working_frame, "",
        "as eks writes it: right camera mirrored, with the left one's names, unmatched frames "
        "dropped");
}

}  // namespace posse
