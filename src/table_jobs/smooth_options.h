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

/// How the common options are worded for a kind.
struct SmoothCommonWords {
  bool out_is_folder = false;   ///< there is a table per camera
  bool plain_variance = false;  ///< the default of --variance
  const char* tuning_frames =   ///< help of --s-frames
      "frames that s is tuned on, as 0:1000 2000:3000; N means 0:N (default: all)";
};

template <class Options, class Visitor>
requires std::same_as<std::remove_const_t<Options>, SmoothCommonOptions>
void describe_common(Options& options, const SmoothCommonWords& words, const Visitor& visit) {
  visit("wide-csv", options.wide_csv, words.out_is_folder ? "DIR" : "FILE",
        words.out_is_folder ? "folder for further tables, with the columns of eks"
                            : "file for a further table, with the columns of eks");
  visit("force", options.force, "", "replace files that exist");
  visit("average", options.average, "", "way of averaging the members");
  visit("variance", options.variance, "",
        words.plain_variance
            ? "way of finding an observation's variance (default: var, as in eks)"
            : "way of finding an observation's variance (default: confidence_weighted_var, as in "
              "eks)");
  visit("min-likelihood", options.min_likelihood, "FLOAT",
        "count predictions with a lower likelihood as missing, in [0, 1] (default 0)");
  visit("one-member", options.one_member, "",
        "accept a single table; its variances come from the likelihood and are not calibrated");
  visit("s-frames", options.s_frames, "A:B...", words.tuning_frames);
  visit("threads", options.threads, "N",
        "number of threads (default 0: all that this process may use)");
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
        "smoothing parameter: process variance in square pixels per frame, one for all keypoints "
        "or one for each; a smaller one smooths more (default: tuned)");
  visit(
      "blocks", options.blocks, "TEXT",
      "keypoints that are smoothed alike, with one s, by position counted from 0: 0,1,2;3,4 makes "
      "two sets");
  visit("objective", options.objective, "",
        "likelihood that tuning maximises: full, or constant (with each coordinate's median "
        "variance, as in eks)");
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
        "per cent of frames, the surest first, that the subspace is found from, in (0, 100] "
        "(default 95)");
  visit("n-latent", options.n_latent, "N",
        "number of axes of the subspace that the views share (default 3)");
  visit("no-inflate-vars", options.no_inflate_vars, "",
        "trust views that contradict the others as much as any other");
  visit("state-variance", options.state_variance, "",
        "write the smoother's posterior variance alone, without adding the members' variance");
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
  describe_common(options.common, {}, visit);
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
  describe_common(options.common, {.out_is_folder = true}, visit);
  describe(options.tuning, visit);
  describe(options.views, visit);
  visit("bodypart-list", options.bodypart_list, "NAME",
        "bodyparts to keep, in this order (default: all)");
  visit("camera-names", options.camera_names, "NAME",
        "names of the cameras as they stand in the files' names; without this option give the "
        "files as CAMERA=FILE ...");
  visit("calibration", options.calibration, "FILE",
        "smooth in space with this Anipose calibration (.toml), and write points_3d.csv");
  visit("triangulation", options.triangulation, "",
        "way of finding where a path in space starts: pair-median, as eks does, or joint");
  visit("relative-floors", options.relative_floors, "",
        "state the least variances in space as shares of the points' spread, as is needed for "
        "calibrations in metres");
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
  describe_common(options.common, {}, visit);
  describe(options.tuning, visit);
  describe(options.views, visit);
  visit("camera-names", options.camera_names, "NAME",
        "names of the views, as the bodyparts' names end in them; must be given");
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
  describe_common(options.common,
                  {.tuning_frames = "frames that the two parameters --diameter-s and --com-s are "
                                    "tuned on, as 0:1000 2000:3000; "
                                    "N means 0:N (default: all)"},
                  visit);
  visit("diameter-s", options.diameter_s, "FLOAT",
        "smoothing parameter of the diameter, in (0, 1); closer to 1 is smoother (default: tuned)");
  visit("com-s", options.com_s, "FLOAT",
        "smoothing parameter of the centre, in (0, 1); closer to 1 is smoother (default: tuned)");
  visit("circle", options.circle, "FILE",
        "file for centre and diameter with their variances (.csv)");
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
  describe_common(options.common, {.out_is_folder = true, .plain_variance = true}, visit);
  describe(options.tuning, visit);
  describe(options.views, visit);
  visit("timestamps-left", options.timestamps_left, "FILE",
        "times of the left camera's frames (default: *timestamps*left*.npy in the folder given)");
  visit("timestamps-right", options.timestamps_right, "FILE",
        "times of the right camera's frames (default: *timestamps*right*.npy in the folder given)");
  visit("image-width", options.image_width, "FLOAT",
        "width in pixels of the right camera's pictures, which are mirrored (default 128)");
  visit("working-frame", options.working_frame, "",
        "write tables as eks does: right camera mirrored, with the left one's names, unmatched "
        "frames dropped");
}

}  // namespace posse
