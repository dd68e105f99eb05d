#include "ensemble/ensemble_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <utility>

#include "base/clock.h"
#include "base/error.h"
#include "consensus/track/evidence_bytes.h"
#include "ensemble/frame_batch.h"
#include "ensemble/member_map.h"
#include "ensemble/scratch_maps.h"
#include "keypoints/common_meaning.h"

namespace posse {
namespace {

/// Adds up the time of calls that may run side by side.
class Stopwatch {
 public:
  template <class Function>
  auto time(const Function& function) {
    const double start = seconds_now();
    struct Add {
      std::atomic<int64_t>& nanoseconds;
      double start;
      ~Add() { nanoseconds += static_cast<int64_t>((seconds_now() - start) * 1e9); }
    } const add{nanoseconds_, start};
    return function();
  }
  double seconds() const { return static_cast<double>(nanoseconds_.load()) * 1e-9; }

 private:
  std::atomic<int64_t> nanoseconds_{0};
};

}  // namespace

namespace {

/// What a network's frames are cut to.
std::optional<CropBox> box_seen(const std::optional<CropBox>& crop, bool takes_boxes,
                                const EnsembleRun& run, const VideoFrame& frame) {
  if (takes_boxes && run.boxes != nullptr) {
    return run.boxes->box_of(frame.frame_index, {frame.image.height, frame.image.width});
  }
  return run.whole_pictures ? std::nullopt : crop;
}

/// Completes the last batch of a run, whose networks look at all frames of a batch, with the frames
/// at their places in the batch before.
/// Source: GetPoseF of deeplabcut/pose_estimation_tensorflow/predict_videos.py, whose array of
/// frames still holds them.
class BatchCompleter {
 public:
  explicit BatchCompleter(size_t batch_size) : batch_size_(batch_size) {}

  void operator()(FrameBundle& bundle) {
    if (bundle.num_frames == batch_size_) {
      last_.resize(batch_size_);
      for (size_t i = 0; i < batch_size_; ++i) last_[i] = bundle.frames[i].image;
    } else if (!last_.empty()) {
      for (size_t i = bundle.num_frames; i < batch_size_; ++i) bundle.frames[i].image = last_[i];
      bundle.num_fillers = batch_size_ - bundle.num_frames;
    }
  }

 private:
  size_t batch_size_;
  std::vector<Image> last_;  // the batch before; empty: there is none
};

}  // namespace

void Ensemble::State::compute(size_t group_index, const EnsembleRun& run, FrameBundle& bundle,
                              EnsembleWorker& worker) const {
  const MemberGroup& group = groups[group_index];
  std::vector<FrameView> views(bundle.num_frames + bundle.num_fillers, group.view);
  for (size_t i = 0; i < views.size(); ++i) {
    views[i].crop = box_seen(group.view.crop, group.takes_boxes, run, bundle.frames[i]);
  }
  const auto extent = [&](size_t i) { return extent_of(bundle.frames[i].image, views[i]); };
  for (size_t first = 0, last = 0; first < views.size(); first = last) {
    while (last < views.size() && extent(last) == extent(first)) ++last;
    fill_batch(bundle, views, first, last, worker.pictures, worker.batch);
    const bool whole_bundle = first == 0 && last == views.size();
    run_batch(group, run, whole_bundle ? nullptr : &first, bundle, worker);
  }
}

void Ensemble::State::run_batch(const MemberGroup& group, const EnsembleRun& run,
                                const size_t* first_of_part, FrameBundle& bundle,
                                EnsembleWorker& worker) const {
  const PrefixActivations* prefix = nullptr;
  if (group.prefix >= 0 && group.members.size() > 1) {
    PrefixActivations& activations = *worker.prefixes[static_cast<size_t>(group.prefix)];
    executor->run_prefix(group.prefix, worker.batch, *worker.workspace, activations);
    prefix = &activations;
  }
  for (const int member : group.members) {
    const size_t number = parts[loaded_part].first + static_cast<size_t>(member);
    const bool used = members[number].rule == DecodeRule::dlc;
    NetworkOutput& output = bundle.outputs[number];
    NetworkOutput part;
    executor->run(member, worker.batch, prefix, used || run.want_locref, *worker.workspace,
                  first_of_part == nullptr ? output : part);
    if (first_of_part == nullptr) continue;
    part.receive();
    if (*first_of_part == 0) output = NetworkOutput();
    append_frames(part.scoremap_logits, output.scoremap_logits);
    append_frames(part.locref, output.locref);
  }
}

namespace {

/// The maps of frame `index` of a batch as the consensus reads them.
MemberMap map_of(const MemberNetwork& member, const NetworkOutput& output,
                 std::span<const int> columns, const PixelArea& area, size_t index) {
  const Shape& shape = output.scoremap_logits.shape();
  const auto cells = static_cast<size_t>(shape[1] * shape[2] * shape[3]);
  ScoremapView map;
  map.logits = output.scoremap_logits.data() + index * cells;
  map.locref = output.locref.empty() ? nullptr : output.locref.data() + index * 2 * cells;
  map.height = static_cast<int>(shape[1]);
  map.width = static_cast<int>(shape[2]);
  map.num_bodyparts = static_cast<int>(shape[3]);
  return member_map(member, map, columns, area);
}

}  // namespace

void Ensemble::State::combine(const EnsembleRun& run, FrameBundle& bundle, ConsensusEngine& engine,
                              EvidenceFinder* evidence) const {
  for (size_t m = 0; m < members.size(); ++m) {
    NetworkOutput& output = bundle.outputs[m];
    output.receive();
    if (bundle.num_fillers > 0) {
      cut_to(output.scoremap_logits, bundle.num_frames);
      cut_to(output.locref, bundle.num_frames);
    }
    to_common_meaning(members[m].meaning, output.scoremap_logits);
  }
  bundle.results.resize(bundle.num_frames);
  std::vector<MemberMap> maps(members.size());
  for (size_t i = 0; i < bundle.num_frames; ++i) {
    for (size_t m = 0; m < members.size(); ++m) {
      const Image& image = bundle.frames[i].image;
      const PixelArea area =
          area_seen(box_seen(members[m].crop, members[m].takes_boxes(), run, bundle.frames[i]),
                    {image.height, image.width});
      maps[m] = map_of(members[m], bundle.outputs[m], alignment.column_of_bodypart[m], area, i);
    }
    ConsensusFrame consensus = engine.consensus(maps);
    bundle.results[i] = {.frame_index = bundle.frames[i].frame_index,
                         .time_seconds = bundle.frames[i].time_seconds,
                         .consensus = std::move(consensus.keypoints),
                         .members = std::move(consensus.members),
                         .scoremap_logits = std::move(consensus.scoremap_logits)};
    if (evidence != nullptr) {
      bundle.results[i].evidence = evidence_bytes(evidence->find(maps, bundle.results[i].members));
    }
  }
}

void Ensemble::State::make_workers(const ExecutionPlan& plan) {
  while (workers.size() < static_cast<size_t>(plan.num_workers)) {
    EnsembleWorker worker{.workspace = executor->make_workspace()};
    for (int p = 0; p < executor->num_prefixes(); ++p)
      worker.prefixes.push_back(executor->make_prefix_activations(p));
    workers.push_back(std::move(worker));
  }
}

ConsensusEngine Ensemble::State::engine_for(const EnsembleRun& run) const {
  return ConsensusEngine({.method = run.consensus,
                          .rule = consensus_rule(),
                          .keep_scoremap = run.keep_consensus_scoremap});
}

/// One call of Ensemble::run().
struct Ensemble::State::Run {
  State& state;
  const EnsembleRun& run;
  Extent extent;
  ExecutionPlan plan;
  std::vector<ConsensusEngine> engines;
  VideoFrame first;  ///< read already
  bool have_first = true;
  Stopwatch decode, network, consensus, sink;

  bool is_stopped() const { return run.stop != nullptr && run.stop->requested(); }
  bool read(VideoFrame& frame);
  std::function<void(FrameBundle&)> completer() const;
  void combine(FrameBundle& bundle, size_t worker);
  /// Frames through the members that are loaded. @param work  all but compute
  void pass(PipelineWork work);
  void all_at_once();
  void part_after_part();
  int64_t scratch_bytes_per_frame() const;
  size_t frames_at_once(const ScratchMaps& scratch) const;
  void pass_of_part(size_t part, size_t most_frames, bool is_first, bool is_last,
                    const std::function<void(FrameBundle&)>& complete, ScratchMaps& scratch);
};

/// @throws Error(shape_mismatch) for a frame of another size
bool Ensemble::State::Run::read(VideoFrame& frame) {
  if (std::exchange(have_first, false)) {
    frame = std::move(first);
    return true;
  }
  const bool got = decode.time([&] { return run.source(frame); });
  if (got && (frame.image.height != extent.height || frame.image.width != extent.width)) {
    throw Error(
        ErrorKind::shape_mismatch,
        fmt::format("frame {} is {}x{} pixels, the first frame was {}x{}", frame.frame_index,
                    frame.image.width, frame.image.height, extent.width, extent.height));
  }
  return got;
}

std::function<void(FrameBundle&)> Ensemble::State::Run::completer() const {
  if (state.batch_norm_frames() == 1) return nullptr;
  return BatchCompleter(static_cast<size_t>(plan.batch_size));
}

void Ensemble::State::Run::combine(FrameBundle& bundle, size_t worker) {
  EvidenceFinder* evidence = run.keep_evidence ? &state.workers[worker].evidence : nullptr;
  consensus.time([&] { state.combine(run, bundle, engines[worker], evidence); });
}

void Ensemble::State::Run::pass(PipelineWork work) {
  const auto num_workers = static_cast<size_t>(plan.num_workers);
  state.make_workers(plan);
  work.compute = [&](size_t group, FrameBundle& bundle, size_t worker) {
    network.time([&] { state.compute(group, run, bundle, state.workers[worker]); });
  };
  run_pipeline({.num_groups = state.groups.size(),
                .num_members = state.members.size(),
                .num_workers = num_workers,
                .batch_size = static_cast<size_t>(plan.batch_size)},
               work, run.stop);
}

void Ensemble::State::Run::all_at_once() {
  pass({.source = [&](VideoFrame& frame) { return read(frame); },
        .complete = completer(),
        .combine = [&](FrameBundle& bundle, size_t worker) { combine(bundle, worker); },
        .sink = [&](FrameBundle& bundle) { sink.time([&] { run.sink(bundle); }); }});
}

int64_t Ensemble::State::Run::scratch_bytes_per_frame() const {
  int64_t bytes = extent.height * extent.width * 3;
  for (const MemberNetwork& member : state.members) {
    const std::vector<Extent> extents =
        node_extents(member.graph, extent_seen(view_of(member, run.whole_pictures), extent));
    const Extent map = extents.at(static_cast<size_t>(member.graph.scoremap_logits));
    const int64_t values = map.height * map.width * std::ssize(member.bodyparts);
    const bool has_locref = member.rule == DecodeRule::dlc || run.want_locref;
    bytes += values * (has_locref ? 3 : 1) * static_cast<int64_t>(sizeof(float));
  }
  return bytes;
}

size_t Ensemble::State::Run::frames_at_once(const ScratchMaps& scratch) const {
  const int64_t batches =
      scratch.most_bytes() / (scratch_bytes_per_frame() * int64_t{plan.batch_size});
  return static_cast<size_t>(std::max<int64_t>(batches, 1) * plan.batch_size);
}

void Ensemble::State::Run::pass_of_part(size_t part, size_t most_frames, bool is_first,
                                        bool is_last,
                                        const std::function<void(FrameBundle&)>& complete,
                                        ScratchMaps& scratch) {
  const MemberPart present = state.parts[part];
  size_t next = 0;
  PipelineWork work{.complete = complete};
  work.source = [&](VideoFrame& frame) {
    if (!is_first) {
      if (next == scratch.num_frames()) return false;
      decode.time([&] { scratch.read_frame(next++, frame); });
      return true;
    }
    if (scratch.num_frames() == most_frames || !read(frame)) return false;
    decode.time([&] { scratch.add_frame(frame); });
    return true;
  };
  work.combine = [&](FrameBundle& bundle, size_t worker) {
    for (size_t m = 0; m < state.members.size(); ++m) {
      const bool is_computed = m >= present.first && m < present.last;
      if (is_computed) bundle.outputs[m].receive();
      if (!is_computed && is_last) scratch.read_output(m, bundle.number, bundle.outputs[m]);
    }
    if (is_last) combine(bundle, worker);
  };
  work.sink = [&](FrameBundle& bundle) {
    sink.time([&] {
      if (is_last) return run.sink(bundle);
      for (size_t m = present.first; m < present.last; ++m)
        scratch.add_output(m, bundle.number, bundle.outputs[m]);
      if (run.still_at_work) run.still_at_work();
    });
  };
  pass(work);
}

/// Stretches of frames, each through all parts; the last part's pass also makes the results.
void Ensemble::State::Run::part_after_part() {
  ScratchMaps frames;
  const size_t most_frames = frames_at_once(frames);
  std::vector<std::function<void(FrameBundle&)>> completers(state.parts.size());
  for (auto& complete : completers) complete = completer();
  std::vector<size_t> order(state.parts.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  do {
    frames.clear();
    for (size_t i = 0; i < order.size(); ++i) {
      state.load(order[i], extent);
      pass_of_part(order[i], most_frames, i == 0, i + 1 == order.size(), completers[order[i]],
                   frames);
      if (is_stopped() || frames.num_frames() == 0) return;
    }
    std::reverse(order.begin(), order.end());  // the networks that are loaded go first
  } while (frames.num_frames() == most_frames);
}

RunTimings Ensemble::State::run_frames(const EnsembleRun& run) {
  const double start = seconds_now();
  VideoFrame first;
  const bool have_first = run.source(first);
  const double first_seconds = seconds_now() - start;
  if (!have_first) return {.wall_seconds = first_seconds};
  const Extent extent{first.image.height, first.image.width};
  if (!run.whole_pictures) check_crops(members, extent);
  if (run.boxes != nullptr) check_boxes(*run.boxes);
  prepare(extent);
  const ExecutionPlan how = plan(extent);
  Run whole{.state = *this,
            .run = run,
            .extent = extent,
            .plan = how,
            .engines =
                std::vector<ConsensusEngine>(static_cast<size_t>(how.num_workers), engine_for(run)),
            .first = std::move(first)};
  if (parts.size() > 1) {
    whole.part_after_part();
  } else {
    whole.all_at_once();
  }
  return {.decode_seconds = first_seconds + whole.decode.seconds(),
          .network_seconds = whole.network.seconds(),
          .consensus_seconds = whole.consensus.seconds(),
          .sink_seconds = whole.sink.seconds(),
          .wall_seconds = seconds_now() - start};
}

}  // namespace posse
