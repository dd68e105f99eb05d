#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "base/npy.h"
#include "base/threads.h"
#include "cameras/camera_model.h"
#include "cli/command.h"
#include "run/smoothed_tables.h"
#include "smoothing/filter/causal_filter.h"
#include "smoothing/models/calibrated_cameras.h"
#include "smoothing/models/paws.h"
#include "smoothing/models/pupil.h"
#include "smoothing/models/several_cameras.h"
#include "smoothing/models/single_camera.h"
#include "table_jobs/find_tables.h"
#include "table_jobs/smooth_inputs.h"
#include "table_jobs/table_inputs.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

/// What the kinds of smoothing share; each uses what concerns it.
struct SmoothArguments {
  std::vector<fs::path> inputs;
  fs::path out;
  fs::path wide_csv;
  bool force = false;
  std::vector<std::string> bodyparts;
  std::vector<std::string> cameras;
  fs::path calibration;
  fs::path timestamps_left, timestamps_right;
  std::string average = "median";
  std::string variance;
  std::vector<std::string> s_frames;
  std::string blocks;
  std::string objective = "full";
  bool peer_objective = false;
  bool causal = false;
  std::string triangulation = "pair-median";
  bool relative_floors = false;
  bool no_inflate = false;
  int threads = 0;
  SeveralCamerasOptions options;
  PupilOptions pupil;
  fs::path circle;
  PawOptions paw;
};

/// The texts among the arguments, read into options.
SeveralCamerasOptions options_of(const SmoothArguments& arguments) {
  SeveralCamerasOptions options = arguments.options;
  options.num_threads = arguments.threads > 0 ? arguments.threads : available_threads().num_threads;
  options.ensemble.average =
      arguments.average == "mean" ? EnsembleAverage::mean : EnsembleAverage::median;
  if (!arguments.variance.empty()) {
    options.ensemble.variance =
        arguments.variance == "var" ? VarianceMode::plain : VarianceMode::confidence_weighted;
  }
  options.inflation.enabled = !arguments.no_inflate;
  options.tuning.frames = parse_tuning_frames(arguments.s_frames);
  options.tuning.blocks = parse_blocks(arguments.blocks);
  if (arguments.objective == "constant") options.tuning.objective = TuningObjective::constant;
  if (arguments.peer_objective) {
    options.tuning.objective = TuningObjective::constant;
    options.tuning.search = TuningSearch::peer;
  }
  return options;
}

void check_target(const fs::path& path, bool force) {
  if (force || !fs::is_regular_file(path)) return;
  throw Error(ErrorKind::usage, fmt::format("{}: exists already", path.string()),
              {.hint = "--force replaces it"});
}

void check_targets(const SmoothArguments& arguments) {
  check_target(arguments.out, arguments.force);
  check_target(arguments.wide_csv, arguments.force);
}

void tell(const std::vector<std::string>& warnings, CommandContext& context) {
  for (const std::string& warning : warnings) context.console.warn(warning);
  if (!warnings.empty()) context.exit_code = ExitCode::data_warnings;
}

void report(const SmoothedTracks& tracks, CommandContext& context) {
  for (size_t i = 0; i < tracks.parameters.size(); ++i) {
    if (std::isnan(tracks.parameters[i].s)) continue;  // never seen, as is said below
    context.console.note(fmt::format("{}: s = {:.6g}{}", tracks.bodyparts[i],
                                     tracks.parameters[i].s,
                                     tracks.parameters[i].tuned ? " (tuned)" : ""));
  }
  for (const std::string& name : tracks.unobserved_bodyparts) {
    context.console.warn(
        fmt::format("{}: no member found it in any frame; it is left missing", name));
    context.exit_code = ExitCode::data_warnings;
  }
  if (!tracks.calibrated)
    context.console.warn("from one member: variances are 1 / likelihood and not calibrated");
}

void write_wide(const SmoothArguments& arguments, const SmoothedTracks& tracks,
                CommandContext& context) {
  if (arguments.wide_csv.empty()) return;
  write_smoothed_wide(arguments.wide_csv, tracks);
  context.console.print(arguments.wide_csv.string());
}

void write(const SmoothArguments& arguments, const SmoothedTracks& tracks,
           CommandContext& context) {
  report(tracks, context);
  write_smoothed(arguments.out, tracks);
  context.console.print(arguments.out.string());
  write_wide(arguments, tracks, context);
}

std::vector<fs::path> found_tables(const SmoothArguments& arguments, CommandContext& context) {
  FoundTables found = find_tables(arguments.inputs);
  for (const std::string& note : found.notes) context.console.note(note);
  tell(found.warnings, context);
  return std::move(found.files);
}

TableInputs read_inputs(const SmoothArguments& arguments, CommandContext& context) {
  TableInputs inputs = read_tables(found_tables(arguments, context), false, arguments.bodyparts);
  tell(inputs.warnings, context);
  return inputs;
}

void smooth_single(const SmoothArguments& arguments, CommandContext& context) {
  check_targets(arguments);
  const TableInputs inputs = read_inputs(arguments, context);
  const SeveralCamerasOptions options = options_of(arguments);
  if (arguments.causal) {
    CausalOptions causal{.ensemble = options.ensemble};
    if (!options.tuning.s.empty()) causal.s = options.tuning.s;
    write(arguments, filter_causally(inputs.tables.members, causal), context);
    return;
  }
  write(arguments,
        smooth_single_camera(inputs.tables.members, {.ensemble = options.ensemble,
                                                     .tuning = options.tuning,
                                                     .num_threads = options.num_threads}),
        context);
}

/// A table per camera in the folder arguments.out, and one in the folder arguments.wide_csv.
void write_cameras(SmoothArguments arguments, const SmoothedCameras& smoothed,
                   CommandContext& context) {
  const fs::path folder = arguments.out;
  const fs::path wide_folder = arguments.wide_csv;
  const auto aim_at = [&](const std::string& camera) {
    arguments.out = folder / (camera + ".h5");
    if (!wide_folder.empty()) arguments.wide_csv = wide_folder / (camera + ".csv");
  };
  for (const std::string& camera : smoothed.names) {  // before any is written
    aim_at(camera);
    check_targets(arguments);
  }
  for (size_t c = 0; c < smoothed.cameras.size(); ++c) {
    aim_at(smoothed.names[c]);
    write(arguments, smoothed.cameras[c], context);
  }
}

void smooth_multi(SmoothArguments arguments, CommandContext& context) {
  std::vector<CameraModel> models;
  if (!arguments.calibration.empty()) {
    models = parse_calibration(read_file(arguments.calibration), arguments.calibration.string());
    arguments.cameras.clear();
    for (const CameraModel& model : models) arguments.cameras.push_back(model.name);
  }
  if (arguments.cameras.empty()) {
    throw Error(ErrorKind::usage, "no camera is named",
                {.hint = "give --camera-names, or --calibration FILE"});
  }
  std::vector<TableInputs> inputs;
  for (const auto& files : files_by_camera(found_tables(arguments, context), arguments.cameras)) {
    inputs.push_back(read_tables(files, false, arguments.bodyparts));
    tell(inputs.back().warnings, context);
  }
  std::vector<CameraMembers> cameras;
  for (size_t c = 0; c < inputs.size(); ++c)
    cameras.push_back({arguments.cameras[c], inputs[c].tables.members});
  const SeveralCamerasOptions options = options_of(arguments);
  if (models.empty()) {
    write_cameras(arguments, smooth_several_cameras(cameras, options), context);
    return;
  }
  const SmoothedSpace space = smooth_calibrated_cameras(
      cameras, models,
      {.common = options,
       .triangulation =
           arguments.triangulation == "joint" ? Triangulation::joint : Triangulation::pair_median,
       .relative_floors = arguments.relative_floors});
  const fs::path points = arguments.out / "points_3d.csv";
  check_target(points, arguments.force);
  write_cameras(arguments, space.views, context);
  write_points(points, space);
  context.console.print(points.string());
}

void smooth_mirrored(const SmoothArguments& arguments, CommandContext& context) {
  check_targets(arguments);
  const TableInputs inputs = read_tables(found_tables(arguments, context), false);
  tell(inputs.warnings, context);
  std::vector<std::vector<Poses>> members(arguments.cameras.size());
  for (const Poses& member : inputs.tables.members) {
    std::vector<Poses> views = split_mirrored(member, arguments.cameras);
    for (size_t c = 0; c < views.size(); ++c) members[c].push_back(std::move(views[c]));
  }
  std::vector<CameraMembers> cameras;
  for (size_t c = 0; c < members.size(); ++c) cameras.push_back({arguments.cameras[c], members[c]});
  write(arguments, join_mirrored(smooth_several_cameras(cameras, options_of(arguments))), context);
}

void smooth_pupils(const SmoothArguments& arguments, CommandContext& context) {
  check_targets(arguments);
  check_target(arguments.circle, arguments.force);
  const TableInputs inputs = read_inputs(arguments, context);
  const SeveralCamerasOptions options = options_of(arguments);
  PupilOptions pupil = arguments.pupil;
  pupil.ensemble = options.ensemble;
  pupil.tuning_frames = options.tuning.frames;
  pupil.num_threads = options.num_threads;
  const SmoothedPupil smoothed = smooth_pupil(inputs.tables.members, pupil);
  context.console.note(fmt::format("diameter s = {:.6g}, centre s = {:.6g}", smoothed.diameter_s,
                                   smoothed.centre_s));
  report(smoothed.tracks, context);
  write_smoothed(arguments.out, smoothed);
  context.console.print(arguments.out.string());
  write_wide(arguments, smoothed.tracks, context);
  if (arguments.circle.empty()) return;
  write_circle(arguments.circle, smoothed);
  context.console.print(arguments.circle.string());
}

void smooth_both_paws(SmoothArguments arguments, CommandContext& context) {
  const std::vector<std::string> sides = {"left", "right"};
  std::vector<TableInputs> inputs;
  for (const auto& files : files_by_camera(found_tables(arguments, context), sides)) {
    inputs.push_back(read_tables(files, false, arguments.bodyparts));
    tell(inputs.back().warnings, context);
  }
  const auto times_of = [&](const fs::path& named, const std::string& side) {
    return read_npy_doubles(named.empty() ? find_timestamps(arguments.inputs, side) : named);
  };
  const std::vector<double> left = times_of(arguments.timestamps_left, "left");
  const std::vector<double> right = times_of(arguments.timestamps_right, "right");
  PawOptions options = arguments.paw;
  const VarianceMode plain = options.cameras.ensemble.variance;
  options.cameras = options_of(arguments);
  if (arguments.variance.empty()) options.cameras.ensemble.variance = plain;
  write_cameras(
      arguments,
      smooth_paws({inputs[0].tables.members, left}, {inputs[1].tables.members, right}, options),
      context);
}

/// Options of every kind.
void add_common(Verb kind, SmoothArguments& arguments, bool out_is_folder) {
  kind.add_option("FILE", arguments.inputs,
                  "tables of the members (.csv, .h5, .slp), or a folder that holds them")
      .required();
  kind.add_option(
          "--out", arguments.out,
          out_is_folder ? "folder for a table per camera" : "table to write, ends in .h5 or .csv")
      .required()
      .placeholder(out_is_folder ? "DIR" : "TABLE");
  kind.add_option("--wide-csv", arguments.wide_csv,
                  out_is_folder ? "folder for tables with the columns of eks"
                                : "also write the columns of eks here")
      .placeholder(out_is_folder ? "DIR" : "FILE");
  kind.add_flag("--force", arguments.force, "replace files that exist");
  kind.add_option("--average", arguments.average, "of the members: median or mean (default median)")
      .one_of({"median", "mean"});
  kind.add_option(
          "--variance", arguments.variance,
          "confidence_weighted_var or var (default: as eks, confidence_weighted_var; paw: var)")
      .one_of({"confidence_weighted_var", "var"});
  kind.add_option("--min-likelihood", arguments.options.ensemble.min_likelihood,
                  "predictions below count as missing, in [0, 1] (default 0)");
  kind.add_flag(
      "--one-member", arguments.options.ensemble.allow_one_member,
      "accept a single table; its variances come from the likelihood and are not calibrated");
  kind.add_option("--s-frames", arguments.s_frames,
                  "frames used to tune s, as 0:1000 2000:3000; N means 0:N (default: all)")
      .placeholder("A:B...");
  kind.add_option("--threads", arguments.threads, "default 0: all that this process may use");
}

/// Options of the kinds that have one s per keypoint.
void add_tuning(Verb kind, SmoothArguments& arguments) {
  kind.add_option(
      "--s", arguments.options.tuning.s,
      "process variance in square pixels per frame, one or one per keypoint; smaller is smoother "
      "(default: tuned)");
  kind.add_option("--blocks", arguments.blocks,
                  "keypoints that share one s, by position, as 0,1,2;3,4");
  kind.add_option("--objective", arguments.objective,
                  "likelihood that tuning maximises: full, or constant (each coordinate's median "
                  "variance, as eks has it) (default full)")
      .one_of({"full", "constant"});
  kind.add_flag("--restart-at-ranges", arguments.options.tuning.restart_at_ranges,
                "start anew at each range of --s-frames instead of joining them");
  kind.add_flag("--peer-objective", arguments.peer_objective,
                "tune exactly as eks does, to match its results");
}

void add_views(Verb kind, SmoothArguments& arguments) {
  kind.add_option(
      "--quantile-keep-pca", arguments.options.quantile_to_keep,
      "share of frames, by certainty, that axes are made from, in (0, 100] (default 95)");
  kind.add_option("--n-latent", arguments.options.num_latent,
                  "axes of the common subspace (default 3)");
  kind.add_flag("--no-inflate-vars", arguments.no_inflate,
                "do not distrust views that contradict the others");
  kind.add_flag("--state-variance", arguments.options.state_variance_only,
                "posterior variance without the ensemble's own");
}

using SmoothFunction = void (*)(const SmoothArguments&, CommandContext&);

/// A kind of smoothing as a verb of its own below `smooth`.
Verb add_kind(Verb verb, CommandContext& context, const std::shared_ptr<SmoothArguments>& arguments,
              const char* name, const char* help, bool out_is_folder, SmoothFunction function) {
  Verb kind = verb.add_verb(name, help);
  add_common(kind, *arguments, out_is_folder);
  kind.on_call([arguments, &context, function] { function(*arguments, context); });
  return kind;
}

}  // namespace

void add_smooth(Verb root, CommandContext& context) {
  Verb verb =
      root.add_verb("smooth", "ensemble Kalman smoothing of the tables of several networks");
  verb.require_verb();
  const auto fresh = [] { return std::make_shared<SmoothArguments>(); };

  auto single = fresh();
  Verb kind = add_kind(verb, context, single, "single", "one camera", false, smooth_single);
  add_tuning(kind, *single);
  kind.add_option("--bodypart-list", single->bodyparts,
                  "bodyparts to keep, in this order (default: all)");
  kind.add_flag("--causal", single->causal,
                "do not look ahead: filter only, with --s or 10 square pixels per frame");

  auto multi = fresh();
  kind = add_kind(verb, context, multi, "multi", "several cameras, a file per camera and member",
                  true, [](const SmoothArguments& a, CommandContext& c) { smooth_multi(a, c); });
  add_tuning(kind, *multi);
  add_views(kind, *multi);
  kind.add_option("--bodypart-list", multi->bodyparts,
                  "bodyparts to keep, in this order (default: all)");
  kind.add_option("--camera-names", multi->cameras, "one of these is part of each file's name");
  kind.add_option("--calibration", multi->calibration,
                  "Anipose calibration (.toml): smooth in space, and write points_3d.csv");
  kind.add_option("--triangulation", multi->triangulation,
                  "where a path in space starts from: pair-median, as eks, or joint (default "
                  "pair-median)")
      .one_of({"pair-median", "joint"});
  kind.add_flag("--relative-floors", multi->relative_floors,
                "least variances in space as shares of the points' spread; for calibrations in "
                "metres");

  auto mirrored = fresh();
  kind = add_kind(verb, context, mirrored, "mirrored",
                  "several views in one picture, bodyparts <name>_<view>", false, smooth_mirrored);
  add_tuning(kind, *mirrored);
  add_views(kind, *mirrored);
  kind.add_option("--camera-names", mirrored->cameras,
                  "the views, as they end the bodyparts' names")
      .required();

  auto pupil = fresh();
  kind = add_kind(verb, context, pupil, "pupil", "four points around a pupil, as one circle", false,
                  smooth_pupils);
  kind.add_option("--diameter-s", pupil->pupil.diameter_s,
                  "in (0, 1), close to 1 is smoother (default: tuned)");
  kind.add_option("--com-s", pupil->pupil.centre_s, "the same for the centre (default: tuned)");
  kind.add_option("--circle", pupil->circle,
                  "also write centre and diameter here, with their variances (.csv)")
      .placeholder("FILE");

  auto paw = fresh();
  kind =
      add_kind(verb, context, paw, "paw", "two paws seen by two cameras with clocks of their own",
               true, [](const SmoothArguments& a, CommandContext& c) { smooth_both_paws(a, c); });
  add_tuning(kind, *paw);
  add_views(kind, *paw);
  kind.add_option("--timestamps-left", paw->timestamps_left,
                  "times of the left camera's frames (default: *timestamps*left*.npy in the folder "
                  "given)");
  kind.add_option("--timestamps-right", paw->timestamps_right,
                  "times of the right camera's frames (likewise)");
  kind.add_option("--image-width", paw->paw.image_width,
                  "width of the right camera's pictures, which are mirrored (default 128)");
  kind.add_flag("--working-frame", paw->paw.keep_working_frame,
                "as eks writes it: right camera mirrored, with the left one's names, unmatched "
                "frames dropped");
  verb.footer("example: posse smooth single seed0.csv seed1.csv seed2.csv --out smoothed.h5");
}

}  // namespace posse
