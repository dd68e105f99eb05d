#include "bind_ensemble.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "base/hash.h"
#include "base/text.h"
#include "ensemble/cut_frames.h"
#include "ensemble/member_map.h"
#include "option_keywords.h"
#include "python_listener.h"
#include "run/plan.h"
#include "run/result_paths.h"
#include "run/run_video.h"
#include "run/stage.h"
#include "run/track_report.h"

namespace posse {

/// Keywords of Ensemble.run.
template <class Options, class Visitor>
requires std::same_as<std::remove_const_t<Options>, TrackChoices>
void describe(Options& options, const Visitor& visit) { describe_track(options, visit); }

namespace {

/// Frames that a range has in this video; nullopt where that is not known before decoding.
/// @throws Error(invalid_value) if the range ends behind the video.
std::optional<int64_t> checked_count(const VideoInfo& info, const FrameRange& range) {
  if (!info.container_num_frames) return std::nullopt;
  const int64_t count = *info.container_num_frames;
  if (range.stop.value_or(0) > count || range.start > count) {
    throw Error(ErrorKind::invalid_value,
                fmt::format("frames {} of {}: the video has {} frames", range.to_string(),
                            info.path.string(), count));
  }
  return range.count(count);
}

std::vector<Image> images_of(const py::object& images) {
  std::vector<Image> list;
  for (const py::handle& image : images) {
    list.push_back(image_of(py::array(py::reinterpret_borrow<py::object>(image))));
  }
  return list;
}

/// What a journal keeps of a frame.
FrameResult as_kept(const FrameResult& frame) {
  return {.frame_index = frame.frame_index,
          .time_seconds = frame.time_seconds,
          .consensus = frame.consensus,
          .members = frame.members,
          .evidence = frame.evidence};
}

}  // namespace

BoundEnsemble::BoundEnsemble(const std::vector<std::filesystem::path>& paths,
                             const EnsembleOptions& options)
    : ensemble_(Ensemble::open(paths, options)) {}

BoundEnsemble::Turn::Turn(BoundEnsemble& ensemble) : ensemble_(ensemble) {
  if (ensemble.running_ == std::this_thread::get_id()) {
    throw Error(ErrorKind::usage, "an ensemble cannot be run from its own callback");
  }
  const py::gil_scoped_release other_threads_run;
  ensemble.mutex_.lock();
  ensemble.running_ = std::this_thread::get_id();
}

BoundEnsemble::Turn::~Turn() {
  ensemble_.running_ = std::thread::id();
  ensemble_.mutex_.unlock();
}

void BoundEnsemble::track(FrameResults& results, const std::filesystem::path& video,
                          const VideoInfo& info) const {
  RunOptions options;
  options.track = results.choices;
  const RunSetting setting{.ensemble = ensemble_,
                           .options = options,
                           .consensus = RunConsensus::track,
                           .paths = {},
                           .video = video,
                           .info = info,
                           .facts = {}};
  StageChain stages = make_stages(setting);
  for (const FrameResult& frame : results.frames) stages.look_at(frame);
  for (const FrameResult& frame : results.frames) results.untracked.push_back(as_kept(frame));
  std::vector<FrameResult> tracked;
  const auto keep = [&](FrameResult&& frame) { tracked.push_back(std::move(frame)); };
  for (FrameResult& frame : results.frames) stages.push(std::move(frame), keep);
  stages.finish(keep);
  results.frames = std::move(tracked);
  results.track_warnings = stages.warnings();
  results.warnings.insert(results.warnings.end(), results.track_warnings.begin(),
                          results.track_warnings.end());
  results.track_report = stages.reports()["track"];
  for (const std::string& name : ensemble_.bodyparts()) results.names.push_back(printable(name));
}

FrameResults BoundEnsemble::empty_results(FrameRange range, RunConsensus consensus) const {
  FrameResults results(ensemble_.members().size(), ensemble_.bodyparts().size());
  results.range = range;
  results.consensus = consensus;
  return results;
}

ChosenConsensus BoundEnsemble::consensus_of(ConsensusChoice choice, const VideoInfo& info,
                                            const FrameRange& range,
                                            std::optional<int64_t> num_frames) const {
  return choose_consensus(choice, {.is_pictures = info.is_image_folder,
                                   .num_members = ensemble_.members().size(),
                                   .step = range.step,
                                   .num_frames = num_frames});
}

FrameResults BoundEnsemble::run(const std::filesystem::path& video, const py::object& frames,
                                const std::string& consensus, const py::object& progress,
                                const py::object& on_chunk, size_t chunk_frames,
                                bool keep_scoremaps, const std::string& bbox,
                                const py::kwargs& keywords) {
  const auto choices = options_from<TrackChoices>(keywords);
  choices.validate();
  const FrameRange range = frame_range_of(frames);
  const auto choice = enum_of<ConsensusChoice>("consensus", consensus);
  if (choice == ConsensusChoice::track && chunk_frames > 0) {
    throw Error(ErrorKind::usage, "a track looks ahead: it cannot be had in chunks",
                {.hint = "run() gives it whole, write() into files of any length"});
  }
  RunConsensus method = RunConsensus::mean;
  const auto start_anew = [&] {
    FrameResults empty = empty_results(range, method);
    empty.bbox = bbox;
    if (keep_scoremaps) {
      for (const auto& columns : ensemble_.alignment().column_of_bodypart)
        empty.maps.emplace_back(columns, chunk_frames);
    }
    return empty;
  };
  FrameResults results = start_anew();
  PythonListener listener(progress);
  const Turn turn(*this);
  const auto deliver = [&] {
    results.range.start = results.frames.front().frame_index;
    results.range.stop = results.frames.back().frame_index + 1;
    listener.guarded([&] { on_chunk(py::cast(std::move(results))); });
    results = start_anew();
  };
  {
    const py::gil_scoped_release other_threads_run;
    const auto reader = open_video(video, {.range = range});
    const auto total = checked_count(reader->info(), range);
    if (chunk_frames == 0 || choice != ConsensusChoice::automatic) {
      const ChosenConsensus chosen = consensus_of(choice, reader->info(), range, total);
      method = chosen.method;
      if (method != RunConsensus::track)
        refuse_track_options(choices, chosen.to_string(), "--consensus track makes one");
    }
    results = start_anew();
    results.choices = choices;
    const std::optional<FrameBoxes> boxes =
        boxes_for(ensemble_, video, reader->info(), {.frames = range, .bbox = bbox});
    int64_t done = 0;
    listener.report(0, total, true);
    ensemble_.run({.source = [&](VideoFrame& frame) { return reader->read(frame); },
                   .consensus = map_method(method),
                   .keep_evidence = method == RunConsensus::track,
                   .whole_pictures = runs_on_whole_pictures(ensemble_, video, reader->info()),
                   .boxes = boxes ? &*boxes : nullptr,
                   .sink =
                       [&](FrameBundle& bundle) {
                         std::move(bundle.results.begin(), bundle.results.end(),
                                   std::back_inserter(results.frames));
                         for (size_t m = 0; m < results.maps.size(); ++m) {
                           results.maps[m].append(bundle.outputs[m].scoremap_logits,
                                                  bundle.num_frames);
                         }
                         done += static_cast<int64_t>(bundle.results.size());
                         listener.report(done, total);
                         if (chunk_frames > 0 && results.frames.size() >= chunk_frames) deliver();
                       },
                   .stop = &listener.stop()});
    if (chunk_frames > 0 && !results.frames.empty()) deliver();
    listener.report(done, total, true);
    results.warnings = results.video_warnings = reader->report().warnings;
    if (method == RunConsensus::track) track(results, video, reader->info());
  }
  listener.raise_if_raised();
  return results;
}

FrameResults BoundEnsemble::predict(const py::object& images, const std::string& consensus) {
  const auto method = enum_of<ConsensusMethod>("consensus", consensus);
  const std::vector<Image> pictures = images_of(images);
  FrameResults results = empty_results({}, consensus_named(method));
  const Turn turn(*this);
  const py::gil_scoped_release other_threads_run;
  results.frames = ensemble_.predict(pictures, method);
  return results;
}

py::tuple BoundEnsemble::scoremaps(const std::filesystem::path& video, const py::object& frames,
                                   const py::object& progress, const std::string& bbox) {
  const FrameRange range = frame_range_of(frames);
  PythonListener listener(progress);
  std::vector<int64_t> frame_index;
  std::vector<MemberMaps> members;
  {
    const Turn turn(*this);
    const py::gil_scoped_release other_threads_run;
    const auto reader = open_video(video, {.range = range});
    const auto total = checked_count(reader->info(), range);
    for (const auto& columns : ensemble_.alignment().column_of_bodypart)
      members.emplace_back(columns, static_cast<size_t>(total.value_or(0)));
    const std::optional<FrameBoxes> boxes =
        boxes_for(ensemble_, video, reader->info(), {.frames = range, .bbox = bbox});
    ensemble_.run({.source = [&](VideoFrame& frame) { return reader->read(frame); },
                   .whole_pictures = runs_on_whole_pictures(ensemble_, video, reader->info()),
                   .boxes = boxes ? &*boxes : nullptr,
                   .sink =
                       [&](FrameBundle& bundle) {
                         for (const auto& result : bundle.results)
                           frame_index.push_back(result.frame_index);
                         for (size_t m = 0; m < members.size(); ++m) {
                           members[m].append(bundle.outputs[m].scoremap_logits, bundle.num_frames);
                         }
                         listener.report(static_cast<int64_t>(frame_index.size()), total);
                       },
                   .stop = &listener.stop()});
    listener.report(static_cast<int64_t>(frame_index.size()), total, true);
  }
  listener.raise_if_raised();
  py::list maps;
  for (MemberMaps& member : members) maps.append(member.take());
  return py::make_tuple(
      py::array_t<int64_t>(static_cast<py::ssize_t>(frame_index.size()), frame_index.data()), maps);
}

py::dict BoundEnsemble::write(const std::filesystem::path& video,
                              const std::filesystem::path& folder, const py::object& progress,
                              const py::kwargs& keywords) {
  const auto options = options_from<RunOptions>(keywords);
  PythonListener listener(progress);
  RunOutcome outcome;
  {
    const Turn turn(*this);
    const py::gil_scoped_release other_threads_run;
    outcome = run_video(
        ensemble_, video, folder, options,
        {.progress =
             [&](const Progress& p) { listener.report(p.done, p.total, p.done == p.total); },
         .stop = &listener.stop()});
  }
  listener.raise_if_raised();
  py::dict failed;
  for (const FailedOutput& output : outcome.failed)
    failed[py::str(output.name)] = std::string(output.error.what());
  py::dict written;
  written["files"] = outcome.files;
  written["networks"] = outcome.ran_networks;
  written["failed"] = failed;
  written["skipped"] = outcome.status == RunStatus::skipped;
  written["num_frames"] = outcome.num_frames;
  written["warnings"] = outcome.warnings;
  return written;
}

py::dict BoundEnsemble::plan(const std::filesystem::path& video,
                             const std::filesystem::path& folder, bool measure,
                             const py::kwargs& keywords) {
  const auto options = options_from<RunOptions>(keywords);
  RunPlan plan;
  RunEstimate estimate;
  {
    std::optional<Turn> turn;
    if (measure) turn.emplace(*this);
    const py::gil_scoped_release other_threads_run;
    plan = plan_run(ensemble_, video, folder, options);
    if (measure) estimate = estimate_run(ensemble_, plan);
  }
  std::vector<std::filesystem::path> to_write;
  for (const PlannedOutput& output : plan.outputs) {
    if (!output.is_there) to_write.insert(to_write.end(), output.files.begin(), output.files.end());
  }
  py::dict planned;
  planned["files"] = plan.files();
  planned["to_write"] = to_write;
  planned["num_frames"] = plan.num_frames;
  planned["num_resumable"] = plan.num_resumable();
  planned["consensus"] = std::string(name_of(plan.consensus.method));
  planned["why_consensus"] = plan.consensus.why;
  planned["finished"] = plan.finished_already;
  planned["needs_networks"] = plan.needs_networks && !plan.finished_already;
  planned["disk_bytes"] = plan.disk_bytes();
  planned["seconds"] = estimate.seconds;
  planned["memory_bytes"] = estimate.memory_bytes;
  planned["notes"] = plan.notes;
  return planned;
}

std::vector<std::filesystem::path> BoundEnsemble::save(const FrameResults& results,
                                                       const std::filesystem::path& video,
                                                       const std::filesystem::path& folder,
                                                       const py::kwargs& keywords) {
  auto options = options_from<RunOptions>(keywords);
  options.frames = results.range;
  options.bbox = results.bbox;
  options.consensus = choice_of(results.consensus);
  options.track = results.choices;
  const py::gil_scoped_release other_threads_run;
  const auto& frames = results.untracked.empty() ? results.frames : results.untracked;
  const RunOutcome outcome = write_results(ensemble_, video, folder, options, frames,
                                           {.warnings = results.video_warnings});
  if (!outcome.failed.empty()) throw outcome.failed.front().error;
  return outcome.files;
}

std::string BoundEnsemble::scorer(const std::string& consensus) const {
  return consensus_scorer(ensemble_, enum_of<RunConsensus>("consensus", consensus));
}

std::vector<py::dict> BoundEnsemble::members() const {
  std::vector<py::dict> members;
  for (const MemberNetwork& member : ensemble_.members()) {
    py::dict info;
    info["name"] = member.name;
    info["path"] = member.member.path;
    info["project_folder"] = member.member.project_folder;
    info["snapshot"] = member.member.snapshot.name;
    info["scorer"] = member.member.scorer;
    info["bodyparts"] = member.bodyparts;
    info["network"] = net_type(member.spec);
    info["rule"] = std::string(to_string(member.rule));
    info["stride"] = member.stride();
    info["locref_stdev"] = member.locref_stdev();
    info["crop"] = py::none();
    if (member.crop) {
      const CropBox& box = *member.crop;
      info["crop"] = py::make_tuple(box.x1, box.x2, box.y1, box.y2);
    }
    info["fingerprint"] = fingerprint_of(member);
    info["warnings"] = member.warnings;
    members.push_back(info);
  }
  return members;
}

std::string BoundEnsemble::fingerprint_of(const MemberNetwork& member) {
  const NetworkSpec& spec = member.spec;
  Sha256 hash;
  hash.update(fmt::format("{} {} {} {} {} {} {} {} {}", member.weights_sha256, net_type(spec),
                          spec.scope, spec.output_stride, spec.deconvolution_stride,
                          spec.mean_pixel[0], spec.mean_pixel[1], spec.mean_pixel[2],
                          batch_norm_of(member)));
  if (member.crop) {
    hash.update(fmt::format(" {} {} {} {}", member.crop->x1, member.crop->x2, member.crop->y1,
                            member.crop->y2));
  }
  hash.update(input_settings_of(member));
  return hash.finish();
}

std::vector<std::array<int64_t, 3>> BoundEnsemble::scoremap_shapes(int64_t height,
                                                                   int64_t width) const {
  std::vector<std::array<int64_t, 3>> shapes;
  for (const MemberNetwork& member : ensemble_.members()) {
    const Extent extent = node_extents(
        member.graph,
        extent_seen(view_of(member),
                    {height, width}))[static_cast<size_t>(member.graph.scoremap_logits)];
    shapes.push_back(
        {extent.height, extent.width, static_cast<int64_t>(ensemble_.bodyparts().size())});
  }
  return shapes;
}

std::vector<std::array<double, 4>> BoundEnsemble::cell_places(int height, int width) const {
  const std::vector<std::array<int64_t, 3>> shapes = scoremap_shapes(height, width);
  std::vector<std::array<double, 4>> places;
  for (size_t m = 0; m < shapes.size(); ++m) {
    const MemberNetwork& member = ensemble_.members()[m];
    const ScoremapView cells{.height = static_cast<int>(shapes[m][0]),
                             .width = static_cast<int>(shapes[m][1])};
    const ScoremapView map =
        member_map(member, cells, {}, area_seen(member.crop, {height, width})).map;
    places.push_back({map.stride, map.stride_of_rows(), map.offset_x, map.offset_y});
  }
  return places;
}

void bind_ensemble(py::module_& core) {
  bind_frame_results(core);
  core.def("ensemble_options", &option_help<EnsembleOptions>,
           "Keywords of Ensemble, each with its meaning.");
  core.def("track_options", &option_help<TrackChoices>,
           "Keywords of Ensemble.run that are of a track, each with its meaning.");
  core.def("run_options", &option_help<RunOptions>,
           "Keywords of Ensemble.write and Ensemble.save, each with its meaning.");
  py::class_<BoundEnsemble>(core, "Ensemble", "Use posse.Ensemble.")
      .def(
          py::init([](const std::vector<std::filesystem::path>& paths, const py::kwargs& keywords) {
            const auto options = options_from<EnsembleOptions>(keywords);
            const py::gil_scoped_release other_threads_run;
            return std::make_unique<BoundEnsemble>(paths, options);
          }),
          py::arg("paths"))
      .def_property_readonly("bodyparts",
                             [](const BoundEnsemble& self) { return self.get().bodyparts(); })
      .def_property_readonly("backend",
                             [](const BoundEnsemble& self) { return self.get().backend_name(); })
      .def_property_readonly("num_threads",
                             [](const BoundEnsemble& self) { return self.get().num_threads(); })
      .def_property_readonly("consensus_rule",
                             [](const BoundEnsemble& self) {
                               return std::string(to_string(self.get().consensus_rule()));
                             })
      .def_property_readonly("members", &BoundEnsemble::members)
      .def_property_readonly("warnings",
                             [](const BoundEnsemble& self) { return self.get().warnings(); })
      .def("scoremap_shapes", &BoundEnsemble::scoremap_shapes, py::arg("height"), py::arg("width"))
      .def("cell_places", &BoundEnsemble::cell_places, py::arg("height"), py::arg("width"))
      .def("run", &BoundEnsemble::run, py::arg("video"), py::arg("frames"), py::arg("consensus"),
           py::arg("progress"), py::arg("on_chunk"), py::arg("chunk_frames"),
           py::arg("keep_scoremaps") = false, py::arg("bbox") = "")
      .def("predict", &BoundEnsemble::predict, py::arg("images"), py::arg("consensus"))
      .def("scoremaps", &BoundEnsemble::scoremaps, py::arg("video"), py::arg("frames"),
           py::arg("progress"), py::arg("bbox") = "")
      .def("scorer", &BoundEnsemble::scorer, py::arg("consensus"))
      .def("write", &BoundEnsemble::write, py::arg("video"), py::arg("folder"), py::arg("progress"))
      .def("plan", &BoundEnsemble::plan, py::arg("video"), py::arg("folder"), py::arg("measure"))
      .def("save", &BoundEnsemble::save, py::arg("results"), py::arg("video"), py::arg("folder"));
}

}  // namespace posse
