#include "ensemble/ensemble.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <mutex>

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "base/threads.h"
#include "consensus/track/evidence_bytes.h"
#include "consensus/track/evidence_finder.h"
#include "ensemble/cut_frames.h"
#include "ensemble/frame_batch.h"
#include "ensemble/member_map.h"
#include "ensemble/open_networks.h"
#include "keypoints/common_meaning.h"
#include "network/backend.h"
#include "network/load_network.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

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

/// What one worker owns.
struct Worker {
  std::unique_ptr<Workspace> workspace;
  std::vector<std::unique_ptr<PrefixActivations>> prefixes;
  FrameBatch batch;
  std::vector<std::vector<uint8_t>> pictures;  ///< of the batch, where networks see other than it
  EvidenceFinder evidence;
};

/// Members that are computed together because they begin alike and see the same, or a single one.
struct Group {
  int prefix = -1;
  FrameView view;
  bool takes_boxes = false;
  std::vector<int> members;
};

std::vector<Group> groups_of(const EnsembleExecutor& executor,
                             std::span<const MemberNetwork> members) {
  std::vector<Group> groups;
  for (int member = 0; member < executor.num_members(); ++member) {
    const int prefix = executor.prefix_of(member);
    const MemberNetwork& network = members[static_cast<size_t>(member)];
    const FrameView view = view_of(network);
    const auto same = std::find_if(groups.begin(), groups.end(), [&](const Group& group) {
      return prefix >= 0 && group.prefix == prefix && group.view == view &&
             group.takes_boxes == network.takes_boxes();
    });
    if (same != groups.end()) {
      same->members.push_back(member);
    } else {
      groups.push_back({.prefix = prefix,
                        .view = view,
                        .takes_boxes = network.takes_boxes(),
                        .members = {member}});
    }
  }
  return groups;
}

}  // namespace

struct Ensemble::State {
  EnsembleOptions options;
  std::vector<MemberNetwork> members;
  std::vector<std::string> warnings;
  BodypartAlignment alignment;
  std::shared_ptr<const Backend> backend;
  int num_threads = 1;

  std::mutex running;
  std::unique_ptr<EnsembleExecutor> executor;
  std::optional<Extent> compiled_for;
  std::vector<Group> groups;
  std::vector<Worker> workers;

  void compute(size_t group_index, const EnsembleRun& run, FrameBundle& bundle,
               Worker& worker) const;
  /// A worker's batch. @param first_of_part  number of its first frame in the bundle, where it
  /// holds a part of it: maps are added behind those of the frames before
  void run_batch(const Group& group, const EnsembleRun& run, const size_t* first_of_part,
                 FrameBundle& bundle, Worker& worker) const;
  /// @param evidence  also finds the frames' evidence; null: not wanted
  void combine(const EnsembleRun& run, FrameBundle& bundle, ConsensusEngine& engine,
               EvidenceFinder* evidence) const;
  DecodeRule consensus_rule() const;
  int batch_norm_frames() const;
  ExecutionPlan plan(Extent frame) const;
};

int Ensemble::State::batch_norm_frames() const {
  int most = 1;
  for (const MemberNetwork& member : members) most = std::max(most, member.batch_norm_frames);
  return most;
}

ExecutionPlan Ensemble::State::plan(Extent frame) const {
  const int together = batch_norm_frames();
  ExecutionPlan plan = backend->plan({.num_threads = num_threads,
                                      .frame = frame,
                                      .batch_size = together > 1 ? together : options.batch,
                                      .convolved = largest_extent_convolved(members, frame)});
  if (together > 1) plan.batch_size = together;  // what the numbers depend on
  return plan;
}

DecodeRule Ensemble::State::consensus_rule() const {
  const bool all_dlc = std::all_of(members.begin(), members.end(), [](const MemberNetwork& member) {
    return member.rule == DecodeRule::dlc;
  });
  return all_dlc ? DecodeRule::dlc : DecodeRule::dgp;
}

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
                              Worker& worker) const {
  const Group& group = groups[group_index];
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

void Ensemble::State::run_batch(const Group& group, const EnsembleRun& run,
                                const size_t* first_of_part, FrameBundle& bundle,
                                Worker& worker) const {
  const PrefixActivations* prefix = nullptr;
  if (group.prefix >= 0 && group.members.size() > 1) {
    PrefixActivations& activations = *worker.prefixes[static_cast<size_t>(group.prefix)];
    executor->run_prefix(group.prefix, worker.batch, *worker.workspace, activations);
    prefix = &activations;
  }
  for (const int member : group.members) {
    const bool used = members[static_cast<size_t>(member)].rule == DecodeRule::dlc;
    NetworkOutput& output = bundle.outputs[static_cast<size_t>(member)];
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

Ensemble::Ensemble(std::unique_ptr<State> state) : state_(std::move(state)) {}
Ensemble::~Ensemble() = default;
Ensemble::Ensemble(Ensemble&&) noexcept = default;
Ensemble& Ensemble::operator=(Ensemble&&) noexcept = default;

Ensemble Ensemble::open(std::span<const fs::path> paths, const EnsembleOptions& options) {
  return open(paths, options,
              choose_backend(BackendWish{.backend = options.backend,
                                         .device = options.device,
                                         .ort_library = options.ort_library}));
}

Ensemble Ensemble::open(std::span<const fs::path> paths, const EnsembleOptions& options,
                        std::shared_ptr<const Backend> backend) {
  auto state = std::make_unique<State>();
  state->options = options;
  state->backend = std::move(backend);
  if (options.batch_norm.source == BatchNormChoice::Source::batch && options.batch > 0 &&
      options.batch != options.batch_norm.num_frames) {
    throw Error(ErrorKind::usage,
                fmt::format("batch {} contradicts batch-norm {}", options.batch,
                            options.batch_norm.to_string()),
                {.hint = "leave --batch out: a network call takes the frames of a batch"});
  }
  state->num_threads = options.threads > 0 ? options.threads : available_threads().num_threads;
  OpenedNetworks opened = open_networks(paths, options);
  state->members = std::move(opened.members);
  state->warnings = std::move(opened.warnings);
  std::vector<MemberBodyparts> bodyparts;
  for (const MemberNetwork& member : state->members)
    bodyparts.push_back({member.name, member.bodyparts});
  state->alignment = align_bodyparts(bodyparts, options.common_bodyparts);
  return Ensemble(std::move(state));
}

const std::vector<MemberNetwork>& Ensemble::members() const { return state_->members; }
const std::vector<std::string>& Ensemble::bodyparts() const { return state_->alignment.bodyparts; }
const BodypartAlignment& Ensemble::alignment() const { return state_->alignment; }
const EnsembleOptions& Ensemble::options() const { return state_->options; }
const std::vector<std::string>& Ensemble::warnings() const { return state_->warnings; }
DecodeRule Ensemble::consensus_rule() const { return state_->consensus_rule(); }
int Ensemble::num_threads() const { return state_->num_threads; }
std::string Ensemble::backend_name() const { return state_->backend->numerics(); }
ExecutionFacts Ensemble::execution_facts() const {
  return state_->executor ? state_->executor->facts() : ExecutionFacts();
}
int64_t Ensemble::weight_bytes() const {
  return state_->executor ? state_->executor->weight_bytes() : 0;
}
int Ensemble::num_shared_prefixes() const {
  return state_->executor ? state_->executor->num_prefixes() : 0;
}

int64_t Ensemble::workspace_bytes() const {
  int64_t bytes = 0;
  for (const Worker& worker : state_->workers) {
    bytes += worker.workspace->num_bytes();
    for (const auto& prefix : worker.prefixes) bytes += prefix->num_bytes();
  }
  return bytes;
}

int Ensemble::batch_norm_frames() const { return state_->batch_norm_frames(); }

int Ensemble::batch_size(Extent frame) const { return state_->plan(frame).batch_size; }

void Ensemble::check_frame(Extent frame) const { check_crops(state_->members, frame); }
void Ensemble::check_boxes(const FrameBoxes& boxes) const {
  const auto takes = [](const MemberNetwork& member) { return member.takes_boxes(); };
  if (std::any_of(state_->members.begin(), state_->members.end(), takes)) return;
  throw Error(ErrorKind::usage,
              fmt::format("{}: boxes are for members of Lightning Pose, and none is one",
                          printable(boxes.file.string())),
              {.hint = "leave --bbox out; DeepLabCut's box is 'cropping' in config.yaml"});
}
bool Ensemble::cuts_frames() const { return any_crop(state_->members); }

double Ensemble::prepare(Extent frame) {
  State& state = *state_;
  if (state.executor && state.compiled_for == frame) return 0;
  if (state.executor && !state.options.tune) return 0;  // compiled for any size already
  const double start = seconds_now();
  if (!state.executor || state.options.tune) {
    state.workers.clear();
    state.executor.reset();
    std::vector<Weights> weights(state.members.size());
    parallel_for(weights.size(), state.num_threads, [&](size_t m) {
      weights[m] = load_weights(state.members[m].graph, *state.members[m].weights);
    });
    std::vector<EnsembleMember> members;
    for (size_t m = 0; m < weights.size(); ++m)
      members.push_back({&state.members[m].graph, &weights[m], [&, m] { weights[m].clear(); }});
    const ExecutionPlan plan = state.plan(frame);
    state.executor = state.backend->compile_ensemble(
        members, {.threads_per_operator = plan.threads_per_operator,
                  .compile_threads = plan.compile_threads,
                  .low_memory = state.options.low_memory,
                  .tune = state.options.tune,
                  .frame_extent = largest_extent_seen(state.members, frame)});
    state.groups = groups_of(*state.executor, state.members);
  }
  state.compiled_for = frame;
  return seconds_now() - start;
}

RunTimings Ensemble::run(const EnsembleRun& run) {
  State& state = *state_;
  const std::lock_guard lock(state.running);
  const double start = seconds_now();
  Stopwatch decode, network, consensus, sink;
  VideoFrame first;
  bool have_first = decode.time([&] { return run.source(first); });
  if (!have_first) return {.wall_seconds = seconds_now() - start};
  const Extent extent{first.image.height, first.image.width};
  if (!run.whole_pictures) check_frame(extent);
  if (run.boxes != nullptr) check_boxes(*run.boxes);
  prepare(extent);
  const ExecutionPlan plan = state.plan(extent);
  const auto num_workers = static_cast<size_t>(plan.num_workers);
  while (state.workers.size() < num_workers) {
    Worker worker{.workspace = state.executor->make_workspace()};
    for (int p = 0; p < state.executor->num_prefixes(); ++p) {
      worker.prefixes.push_back(state.executor->make_prefix_activations(p));
    }
    state.workers.push_back(std::move(worker));
  }
  std::vector<ConsensusEngine> engines(
      num_workers, ConsensusEngine({.method = run.consensus,
                                    .rule = state.consensus_rule(),
                                    .keep_scoremap = run.keep_consensus_scoremap}));
  const auto num_in_batch = static_cast<size_t>(plan.batch_size);
  const bool over_batch = batch_norm_frames() > 1;
  const PipelineWork work{
      .source =
          [&](VideoFrame& frame) {
            if (have_first) {
              have_first = false;
              frame = std::move(first);
              return true;
            }
            const bool got = decode.time([&] { return run.source(frame); });
            if (got && (frame.image.height != extent.height || frame.image.width != extent.width)) {
              throw Error(ErrorKind::shape_mismatch,
                          fmt::format("frame {} is {}x{} pixels, the first frame was {}x{}",
                                      frame.frame_index, frame.image.width, frame.image.height,
                                      extent.width, extent.height));
            }
            return got;
          },
      .complete =
          over_batch ? std::function<void(FrameBundle&)>(BatchCompleter(num_in_batch)) : nullptr,
      .compute =
          [&](size_t group, FrameBundle& bundle, size_t worker) {
            network.time([&] { state.compute(group, run, bundle, state.workers[worker]); });
          },
      .combine =
          [&](FrameBundle& bundle, size_t worker) {
            EvidenceFinder* evidence =
                run.keep_evidence ? &state.workers[worker].evidence : nullptr;
            consensus.time([&] { state.combine(run, bundle, engines[worker], evidence); });
          },
      .sink = [&](FrameBundle& bundle) { sink.time([&] { run.sink(bundle); }); },
  };
  run_pipeline({.num_groups = state.groups.size(),
                .num_members = state.members.size(),
                .num_workers = num_workers,
                .batch_size = num_in_batch},
               work, run.stop);
  return {.decode_seconds = decode.seconds(),
          .network_seconds = network.seconds(),
          .consensus_seconds = consensus.seconds(),
          .sink_seconds = sink.seconds(),
          .wall_seconds = seconds_now() - start};
}

std::vector<FrameResult> Ensemble::predict(std::span<const Image> images, ConsensusMethod consensus,
                                           bool whole_pictures) {
  std::vector<FrameResult> results;
  for (size_t begin = 0; begin < images.size();) {
    size_t end = begin;  // a run of pictures of one size
    const auto same_size = [&](size_t i) {
      return images[i].width == images[begin].width && images[i].height == images[begin].height;
    };
    size_t next = begin;
    while (end < images.size() && same_size(end)) ++end;
    run({.source =
             [&](VideoFrame& frame) {
               if (next == end) return false;
               frame.frame_index = static_cast<int64_t>(next);
               frame.image = images[next++];
               return true;
             },
         .consensus = consensus,
         .whole_pictures = whole_pictures,
         .sink =
             [&](FrameBundle& bundle) {
               for (FrameResult& result : bundle.results) results.push_back(std::move(result));
             }});
    begin = end;
  }
  return results;
}

}  // namespace posse
