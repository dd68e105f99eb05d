#include "run/plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/paths.h"
#include "base/text.h"
#include "calibration/calibration.h"
#include "project/labelled_pictures.h"
#include "run/outputs/outputs.h"
#include "run/stage.h"
#include "run/track_report.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

/// Whether the journal is to keep evidence: where it is asked for, and where a journal of this run
/// has it already.
bool keeps_evidence(const RunPlan& plan, const RunOptions& options) {
  if (options.keep_evidence || plan.consensus.method == RunConsensus::track) return true;
  std::error_code missing;
  if (!fs::exists(plan.paths.journal, missing)) return false;
  JournalKey with = plan.key;
  with.evidence = true;
  return read_journal_key(plan.paths.journal) == with;
}

/// Without evidence.
JournalKey key_of(const RunPlan& plan, const Ensemble& ensemble, const RunOptions& options,
                  ConsensusMethod method) {
  return {.fingerprint = fingerprint_of(ensemble, plan.input, options, method, plan.whole_pictures,
                                        plan.boxes ? plan.boxes->sha256 : ""),
          .num_members = static_cast<uint32_t>(ensemble.members().size()),
          .num_bodyparts = static_cast<uint32_t>(ensemble.bodyparts().size())};
}

/// The consensus that the frames of a stopped run can be used for; nullopt if there is none, or if
/// they say nothing of it: evidence beside the mean serves mean and track.
std::optional<RunConsensus> consensus_of_journal(const RunPlan& plan, const Ensemble& ensemble,
                                                 const RunOptions& options) {
  std::error_code missing;
  if (!fs::exists(plan.paths.journal, missing)) return std::nullopt;
  const std::optional<JournalKey> key = read_journal_key(plan.paths.journal);
  if (!key) return std::nullopt;
  const auto is_by = [&](ConsensusMethod method) {
    return key->fingerprint == key_of(plan, ensemble, options, method).fingerprint;
  };
  if (is_by(ConsensusMethod::median)) return RunConsensus::median;
  if (!key->evidence && is_by(ConsensusMethod::mean)) return RunConsensus::mean;
  return std::nullopt;
}

ConsensusFacts consensus_facts(const RunPlan& plan, const Ensemble& ensemble,
                               const RunOptions& options) {
  ConsensusFacts facts{.is_pictures = plan.video.is_image_folder,
                       .num_members = ensemble.members().size(),
                       .step = options.frames.step,
                       .num_frames = expected_frames(plan.video, options.frames)};
  if (options.consensus != ConsensusChoice::automatic) return facts;
  if (plan.recorded && !options.force) facts.there = plan.recorded->consensus;
  if (!plan.recorded) facts.stopped = consensus_of_journal(plan, ensemble, options);
  if (!options.calibration.empty()) {
    facts.calibrated = enum_if_known<RunConsensus>(read_calibration(options.calibration).consensus);
  }
  return facts;
}

/// True if the record's results are this run's: the same networks, video, options and stages, but
/// perhaps for a calibration.
bool is_of_this_run(const RecordedRun& recorded, const RunPlan& plan) {
  return recorded.fingerprint == plan.key.fingerprint &&
         are_alike_but_for_calibration(recorded.stages, plan.stages);
}

/// True if the calibration comes to results that have none.
bool adds_calibration(const RecordedRun& recorded, const RunPlan& plan) {
  return recorded.stages.size() < plan.stages.size() &&
         are_alike_but_for_calibration(recorded.stages, plan.stages) &&
         plan.stages.starts_with(recorded.stages);
}

/// What --force would cost.
std::string hint_of_force(const RunPlan& plan) {
  const JournalState journal = look_at_journal(plan.paths.journal, plan.key);
  return fmt::format("--force {}; --out FOLDER keeps them",
                     journal.facts ? "makes others of them from the journal, without networks"
                                   : "overwrites them, the networks run again");
}

/// True if what is there is kept. @throws Error(usage) if it is another's.
bool is_same_run(const RunPlan& plan, bool force) {
  if (!plan.recorded) return false;
  if (is_of_this_run(*plan.recorded, plan)) {
    if (force) return false;
    if (plan.recorded->stages == plan.stages || adds_calibration(*plan.recorded, plan)) return true;
    throw Error(ErrorKind::usage,
                fmt::format("{}: its results hold another calibration, or one where this run has "
                            "none",
                            plan.paths.folder.string()),
                {.hint = "--force replaces it (members' tables stay); --out FOLDER keeps it"});
  }
  if (force) return false;
  throw Error(ErrorKind::usage,
              fmt::format("{}: holds the results of a run with other networks, options or video",
                          plan.paths.folder.string()),
              {.hint = hint_of_force(plan)});
}

/// True if the record lists the file and it exists.
bool is_there(const fs::path& file, const RunPlan& plan) {
  const auto& listed = plan.recorded->files;
  std::error_code ignored;
  return std::find(listed.begin(), listed.end(), plan.paths.name_in_record(file)) != listed.end() &&
         (plan.recorded->num_frames == 0 || fs::exists(file, ignored));
}

/// Finds the output's files where they are to be, or where an earlier version put them: then they
/// stay there. Earlier versions wrote no meta pickles of members.
void find_made(PlannedOutput& output, RunPlan& plan) {
  output.is_there = std::all_of(output.files.begin(), output.files.end(),
                                [&](const fs::path& file) { return is_there(file, plan); });
  if (output.is_there) return;
  std::vector<fs::path> earlier;
  for (const fs::path& file : output.files) {
    const auto places = plan.paths.earlier_places(file);
    const auto place = std::find_if(places.begin(), places.end(),
                                    [&](const fs::path& at) { return is_there(at, plan); });
    if (place != places.end()) {
      earlier.push_back(*place);
    } else if (!file.string().ends_with("_meta.pickle")) {
      return;
    }
  }
  if (earlier.empty()) return;
  output.files = std::move(earlier);
  output.is_there = true;
  plan.notes.push_back(fmt::format("{} stays where an earlier version put it", output.name));
}

/// Asks the system before the networks run. @throws Error(io) if the folder of the run is closed
void check_writable(RunPlan& plan) {
  require_writable(plan.paths.record);
  for (PlannedOutput& output : plan.outputs) {
    if (output.is_there) continue;
    for (const fs::path& file : output.files) {
      if (output.why_not.empty()) output.why_not = why_not_writable(file);
    }
  }
}

bool lies_in(const fs::path& file, const fs::path& folder) {
  const fs::path below = file.lexically_relative(folder.lexically_normal());
  return !below.empty() && *below.begin() != "..";
}

/// What the run leaves behind of the one whose results it replaces: nothing.
void find_replaced(RunPlan& plan) {
  const std::vector<fs::path> planned = plan.files();
  std::vector<std::string> names;
  for (const std::string& name : plan.recorded->files) {
    const fs::path file = (plan.paths.folder / name).lexically_normal();
    const bool is_planned = std::any_of(planned.begin(), planned.end(), [&](const fs::path& other) {
      return plan.paths.name_in_record(other) == name;
    });
    const auto places = {plan.paths.folder, plan.paths.extras, plan.paths.earlier_extras};
    const bool is_ours = file.filename().string().starts_with(plan.paths.stem) &&
                         std::any_of(places.begin(), places.end(),
                                     [&](const fs::path& place) { return lies_in(file, place); });
    std::error_code ignored;
    if (is_planned || !is_ours || !fs::exists(file, ignored)) continue;
    plan.replaced.push_back(file);
    names.push_back(printable(name));
  }
  if (names.empty()) return;
  plan.notes.push_back(fmt::format(
      "these results take the place of another run's; removed with it: {}", list_names(names)));
}

void find_resumable(RunPlan& plan) {
  plan.journal = look_at_journal(plan.paths.journal, plan.key);
  plan.needs_networks = !plan.journal.facts;
  if (plan.journal.facts) plan.num_frames = plan.journal.num_frames;
  if (JournalKey without = plan.key; plan.journal.is_other_run && plan.key.evidence) {
    without.evidence = false;
    if (read_journal_key(plan.paths.journal) == without) {
      plan.notes.push_back(
          fmt::format("{} has not kept what a track needs of the maps (--keep-evidence): the "
                      "networks run again",
                      printable(plan.paths.journal.string())));
      return;
    }
  }
  if (plan.journal.is_other_run) {
    plan.notes.push_back(
        fmt::format("{} is of a run with other networks, options or video, or of another program: "
                    "it is not continued",
                    printable(plan.paths.journal.string())));
  }
}

/// Time of the networks for frames of this size, measured on a few blank ones.
double seconds_per_frame(Ensemble& ensemble, const RunPlan& plan) {
  const VideoInfo& info = plan.video;
  const size_t count = 2 * static_cast<size_t>(ensemble.batch_size({info.height, info.width}) *
                                               ensemble.num_threads());
  std::vector<Image> blank(count, Image(info.width, info.height));
  ensemble.predict(blank, ConsensusMethod::mean,
                   plan.whole_pictures);  // the first call plans memory and tunes
  const double start = seconds_now();
  ensemble.predict(blank, ConsensusMethod::mean, plan.whole_pictures);
  return (seconds_now() - start) / static_cast<double>(count);
}

}  // namespace

std::optional<int64_t> expected_frames(const VideoInfo& info, const FrameRange& range) {
  if (info.container_num_frames) return range.count(*info.container_num_frames);
  if (range.stop) return range.count(*range.stop);
  return std::nullopt;
}

std::optional<FrameBoxes> boxes_for(const Ensemble& ensemble, const fs::path& video,
                                    const VideoInfo& info, const RunOptions& options) {
  if (options.bbox.empty()) return std::nullopt;
  fs::path file = options.bbox;
  if (kind_of_path(file) == PathKind::folder) file /= video.stem().string() + "_bbox.csv";
  FrameBoxes boxes = read_frame_boxes(file);
  ensemble.check_boxes(boxes);
  const auto num_boxes = static_cast<int64_t>(boxes.boxes.size());
  const int64_t in_video = info.container_num_frames.value_or(0);
  const int64_t num_frames = std::min(in_video, options.frames.stop.value_or(in_video));
  if (num_frames > num_boxes) {
    throw Error(ErrorKind::bad_file,
                fmt::format("{}: has {} boxes for {} frames of {}", printable(file.string()),
                            num_boxes, num_frames, printable(video.filename().string())),
                {.hint = "one row a frame is needed, counted from 0"});
  }
  return boxes;
}

std::vector<fs::path> RunPlan::files() const {
  std::vector<fs::path> files;
  for (const PlannedOutput& output : outputs)
    files.insert(files.end(), output.files.begin(), output.files.end());
  files.push_back(paths.record);
  return files;
}

double RunPlan::disk_bytes() const {
  double per_frame = 0;
  for (const PlannedOutput& output : outputs)
    per_frame += output.is_there ? 0 : output.bytes_per_frame;
  const auto frames = static_cast<double>(num_frames);
  const auto to_compute = static_cast<double>(std::max<int64_t>(num_frames - num_resumable(), 0));
  return per_frame * frames + static_cast<double>(journal_bytes_per_frame(key)) * to_compute;
}

bool runs_on_whole_pictures(const Ensemble& ensemble, const fs::path& video,
                            const VideoInfo& info) {
  return ensemble.cuts_frames() && info.is_image_folder && holds_labelled_pictures(video);
}

KnownVideo look_at_video(const fs::path& video, const std::optional<InputIdentity>& earlier) {
  const auto reader = open_video(video);
  KnownVideo known{.info = reader->info(), .warnings = reader->report().warnings};
  known.input = identify_input(video, earlier);
  known.is_labelled_pictures = known.info.is_image_folder && holds_labelled_pictures(video);
  return known;
}

RunPlan plan_run(const Ensemble& ensemble, const fs::path& video, const fs::path& out,
                 const RunOptions& options) {
  options.frames.validate();
  const auto recorded = read_run_record(result_paths(ensemble, video, out, options).record);
  return plan_run(ensemble,
                  look_at_video(video, recorded ? std::optional(recorded->video) : std::nullopt),
                  out, options);
}

namespace {

/// Frames, consensus and key; with what an earlier run has left, if that is to be looked at.
RunPlan begin_plan(const Ensemble& ensemble, const KnownVideo& known, const fs::path& out,
                   const RunOptions& options, bool look_at_results) {
  options.frames.validate();
  RunPlan plan{.video = known.info,
               .paths = result_paths(ensemble, known.info.path, out, options),
               .input = known.input,
               .warnings = known.warnings};
  plan.num_frames = expected_frames(plan.video, options.frames).value_or(0);
  plan.whole_pictures = ensemble.cuts_frames() && known.is_labelled_pictures;
  if (!plan.whole_pictures) ensemble.check_frame({plan.video.height, plan.video.width});
  if (look_at_results) plan.recorded = read_run_record(plan.paths.record);
  plan.boxes = boxes_for(ensemble, known.info.path, plan.video, options);
  plan.consensus = choose_consensus(options.consensus, consensus_facts(plan, ensemble, options));
  if (plan.consensus.method != RunConsensus::track) {
    refuse_track_options(options.track, plan.consensus.to_string(),
                         "--consensus track makes one, with --force where other results are there");
  }
  plan.paths.scorer = consensus_scorer(ensemble, plan.consensus.method);
  plan.key = key_of(plan, ensemble, options, map_method(plan.consensus.method));
  plan.key.evidence = options.keep_evidence || plan.consensus.method == RunConsensus::track;
  return plan;
}

}  // namespace

RunPlan plan_frames(const Ensemble& ensemble, const KnownVideo& known, const fs::path& out,
                    const RunOptions& options) {
  POSSE_ASSERT(options.consensus != ConsensusChoice::automatic);
  return begin_plan(ensemble, known, out, options, /*look_at_results=*/false);
}

RunPlan plan_run(const Ensemble& ensemble, const KnownVideo& known, const fs::path& out,
                 const RunOptions& options) {
  const fs::path& video = known.info.path;
  RunPlan plan = begin_plan(ensemble, known, out, options, /*look_at_results=*/true);
  plan.key.evidence = keeps_evidence(plan, options);
  const RunSetting setting{.ensemble = ensemble,
                           .options = options,
                           .consensus = plan.consensus.method,
                           .paths = plan.paths,
                           .video = video,
                           .info = plan.video,
                           .facts = {}};
  plan.stages = make_stages(setting).description();
  const auto outputs = make_outputs(setting);
  for (const auto& output : outputs)
    plan.outputs.push_back({.name = output->name(),
                            .files = output->files(),
                            .bytes_per_frame = output->bytes_per_frame()});
  const bool same_run = is_same_run(plan, options.force);
  const bool keeps_all = same_run && plan.recorded->stages == plan.stages;
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (keeps_all || (same_run && !outputs[i]->shows_consensus())) find_made(plan.outputs[i], plan);
    if (!plan.outputs[i].is_there) outputs[i]->check();
  }
  plan.finished_already = std::all_of(plan.outputs.begin(), plan.outputs.end(),
                                      [](const PlannedOutput& output) { return output.is_there; });
  if (plan.finished_already) return plan;
  check_writable(plan);
  find_resumable(plan);
  if (plan.recorded && !is_of_this_run(*plan.recorded, plan)) find_replaced(plan);
  if (same_run && !keeps_all) {
    plan.notes.emplace_back(
        plan.needs_networks
            ? "the calibration comes to the results that are there; their journal is gone, so the "
              "networks run again"
            : "the calibration comes to the results that are there; no network runs");
  }
  return plan;
}

RunEstimate estimate_run(Ensemble& ensemble, const RunPlan& plan) {
  if (plan.finished_already) return {};
  RunEstimate estimate{.disk_bytes = plan.disk_bytes()};
  if (const auto room = room_for(plan.paths.record)) estimate.disk_room = *room;
  if (plan.num_frames == 0 || !plan.needs_networks) return estimate;
  const double per_frame = seconds_per_frame(ensemble, plan);
  estimate.frames_per_second = 1 / per_frame;
  estimate.seconds = per_frame * static_cast<double>(plan.num_frames - plan.num_resumable());
  estimate.memory_bytes = peak_resident_bytes();
  return estimate;
}

}  // namespace posse
