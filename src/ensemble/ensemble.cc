#include "ensemble/ensemble.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/threads.h"
#include "ensemble/ensemble_state.h"
#include "ensemble/open_networks.h"
#include "network/load_network.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

std::vector<MemberGroup> groups_of(const EnsembleExecutor& executor,
                                   std::span<const MemberNetwork> members) {
  std::vector<MemberGroup> groups;
  for (int member = 0; member < executor.num_members(); ++member) {
    const int prefix = executor.prefix_of(member);
    const MemberNetwork& network = members[static_cast<size_t>(member)];
    const FrameView view = view_of(network);
    const auto same = std::find_if(groups.begin(), groups.end(), [&](const MemberGroup& group) {
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

/// True if all see frames cut and shaped alike.
bool sees_the_same(std::span<const MemberNetwork> members) {
  return std::all_of(members.begin(), members.end(), [&](const MemberNetwork& member) {
    return view_of(member) == view_of(members.front()) &&
           member.takes_boxes() == members.front().takes_boxes();
  });
}

}  // namespace

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

Ensemble::Ensemble(std::unique_ptr<State> state) : state_(std::move(state)) {}
Ensemble::~Ensemble() = default;
Ensemble::Ensemble(Ensemble&&) noexcept = default;
Ensemble& Ensemble::operator=(Ensemble&&) noexcept = default;

Ensemble Ensemble::open(std::span<const fs::path> paths, const EnsembleOptions& options) {
  std::vector<std::string> notes;
  auto backend = choose_backend(BackendWish{.backend = options.backend,
                                            .device = options.device,
                                            .ort_library = options.ort_library,
                                            .precision = options.precision},
                                &notes);
  Ensemble ensemble = open(paths, options, std::move(backend));
  ensemble.state_->notes = std::move(notes);
  ensemble.state_->settle_device();
  return ensemble;
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
  std::vector<int64_t> weight_bytes;
  for (const MemberNetwork& member : state->members)
    weight_bytes.push_back(estimated_weight_bytes(member.graph, options.low_memory));
  state->parts = member_parts(weight_bytes, usable_memory_bytes(), options.members_at_once);
  if (state->parts.size() > 1 && options.members_at_once == 0) {
    state->warnings.push_back(
        fmt::format("the networks do not fit into memory together: {} of {} at a time",
                    state->parts.front().size(), state->members.size()));
  }
  return Ensemble(std::move(state));
}

const std::vector<MemberNetwork>& Ensemble::members() const { return state_->members; }
const std::vector<std::string>& Ensemble::bodyparts() const { return state_->alignment.bodyparts; }
const BodypartAlignment& Ensemble::alignment() const { return state_->alignment; }
const EnsembleOptions& Ensemble::options() const { return state_->options; }
const std::vector<std::string>& Ensemble::warnings() const { return state_->warnings; }
const std::vector<std::string>& Ensemble::notes() const { return state_->notes; }
DecodeRule Ensemble::consensus_rule() const { return state_->consensus_rule(); }
int Ensemble::num_threads() const { return state_->num_threads; }
std::string Ensemble::backend_name() const { return state_->backend->numerics(); }
ExecutionFacts Ensemble::execution_facts() const {
  ExecutionFacts facts = state_->executor ? state_->executor->facts() : ExecutionFacts();
  if (state_->held.frames > 0) facts.most_frames = state_->held.frames;
  facts.most_members = static_cast<int>(state_->held.members);
  if (!state_->precision) return facts;
  facts.precision_frames = state_->precision->num_frames;
  for (const KeypointShift& shift : state_->precision->members) {
    facts.precision_median_px.push_back(shift.median_px);
    facts.precision_p99_px.push_back(shift.p99_px);
  }
  return facts;
}
int64_t Ensemble::weight_bytes() const {
  return state_->executor ? state_->executor->weight_bytes() : 0;
}
int Ensemble::num_shared_prefixes() const {
  return state_->executor ? state_->executor->num_prefixes() : 0;
}

int64_t Ensemble::workspace_bytes() const {
  int64_t bytes = 0;
  for (const EnsembleWorker& worker : state_->workers) {
    bytes += worker.workspace->num_bytes();
    for (const auto& prefix : worker.prefixes) bytes += prefix->num_bytes();
  }
  return bytes;
}

int Ensemble::batch_norm_frames() const { return state_->batch_norm_frames(); }

int Ensemble::batch_size(Extent frame) const { return state_->plan(frame).batch_size; }

void Ensemble::check_frame(Extent frame) const { check_crops(state_->members, frame); }
void Ensemble::check_boxes(const FrameBoxes& boxes) const { state_->check_boxes(boxes); }
void Ensemble::State::check_boxes(const FrameBoxes& boxes) const {
  const auto takes = [](const MemberNetwork& member) { return member.takes_boxes(); };
  if (std::any_of(members.begin(), members.end(), takes)) return;
  throw Error(ErrorKind::usage,
              fmt::format("{}: boxes are for members of Lightning Pose, and none is one",
                          printable(boxes.file.string())),
              {.hint = "leave --bbox out; DeepLabCut's box is 'cropping' in config.yaml"});
}
int Ensemble::num_parts() const { return static_cast<int>(state_->parts.size()); }
bool Ensemble::cuts_frames() const { return any_crop(state_->members); }

void Ensemble::State::note_memory() {
  const int frames = executor ? executor->facts().most_frames : 0;
  if (frames > 0 && (held.frames == 0 || frames < held.frames)) held.frames = frames;
}

void Ensemble::State::unload() {
  note_memory();
  workers.clear();
  groups.clear();
  executor.reset();
}

bool Ensemble::State::halve_parts() {
  size_t most = 0;
  for (const MemberPart& part : parts) most = std::max(most, part.size());
  if (most <= 1) return false;
  unload();
  held.members = most / 2;
  const std::vector<int64_t> any(members.size(), 0);
  parts = member_parts(any, 0, static_cast<int>(held.members));
  return true;
}

bool Ensemble::run_fewer_members() {
  const std::lock_guard lock(state_->running);
  return state_->halve_parts();
}

std::vector<std::string> Ensemble::take_notes() {
  State& state = *state_;
  state.note_memory();
  std::vector<std::string> notes;
  if (state.held == state.told) return notes;
  std::string note = "the device's memory is full:";
  if (state.held.frames > 0)
    note += fmt::format(" networks take {} frames at a time", state.held.frames);
  if (state.held.members > 0) {
    note += fmt::format("{} {} of {} networks are in it together", state.held.frames > 0 ? "," : "",
                        state.held.members, state.members.size());
  }
  state.told = state.held;
  notes.push_back(note + "; results do not depend on that");
  return notes;
}

int Ensemble::decoder_threads(Extent frame) const { return state_->plan(frame).decoder_threads; }

void Ensemble::State::load(size_t part, Extent frame, bool is_trial) {
  if (executor && loaded_part == part &&
      (compiled_for == frame || backend->suits_every_size(options.tune))) {
    return;
  }
  unload();
  const auto given =
      std::span<const MemberNetwork>(members).subspan(parts[part].first, parts[part].size());
  std::vector<Weights> weights(given.size());
  parallel_for(weights.size(), num_threads,
               [&](size_t m) { weights[m] = load_weights(given[m].graph, *given[m].weights); });
  std::vector<EnsembleMember> compiled;
  for (size_t m = 0; m < weights.size(); ++m)
    compiled.push_back({&given[m].graph, &weights[m], [&, m] { weights[m].clear(); }});
  const ExecutionPlan how = plan(frame);
  executor =
      backend->compile_ensemble(compiled, {.threads_per_operator = how.threads_per_operator,
                                           .compile_threads = how.compile_threads,
                                           .batch_size = is_trial ? 0 : how.batch_size,
                                           .same_frames = sees_the_same(given),
                                           .graphs = options.graphs,
                                           .low_memory = options.low_memory,
                                           .tune = options.tune,
                                           .frame_extent = largest_extent_seen(members, frame)});
  groups = groups_of(*executor, given);
  loaded_part = part;
  compiled_for = is_trial ? std::nullopt : std::optional(frame);
}

void Ensemble::State::settle_device() {
  constexpr Extent kAnyFrame{480, 640};
  const std::vector<MemberPart> whole = parts;
  while (backend->is_choice_of_posse()) {
    try {
      for (size_t part = 0; part < parts.size(); ++part) load(part, kAnyFrame, true);
      return;
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::device_memory && halve_parts()) continue;
      if (error.kind() != ErrorKind::unavailable && error.kind() != ErrorKind::device_memory &&
          error.kind() != ErrorKind::device_lost) {
        throw;
      }
      notes.push_back(error.message() + "; it is passed over");
    }
    unload();
    parts = whole;
    held = {};
    backend = backend->next_choice(notes);
  }
}

double Ensemble::State::prepare(Extent frame) {
  const double start = seconds_now();
  for (;;) {
    try {
      // Where there are several parts, whichever is loaded will do: a run loads them in turn.
      load(executor ? loaded_part : 0, frame);
      return seconds_now() - start;
    } catch (const Error& error) {  // fewer networks may fit
      if (error.kind() != ErrorKind::device_memory || !halve_parts()) throw;
    }
  }
}
bool Ensemble::has_reduced_precision() const {
  return state_->backend->in_full_precision() != nullptr;
}
double Ensemble::prepare(Extent frame) { return state_->prepare(frame); }

RunTimings Ensemble::run(const EnsembleRun& run) {
  const std::lock_guard lock(state_->running);
  if (run.without_precision_check || !state_->needs_precision_check()) {
    return state_->run_frames(run);
  }
  std::vector<VideoFrame> first;
  bool more = true;
  while (more && first.size() < kPrecisionFrames) {
    VideoFrame frame;
    more = run.source(frame);
    if (more) first.push_back(std::move(frame));
  }
  state_->check_precision(first, run);
  size_t next = 0;
  EnsembleRun all = run;
  all.source = [&](VideoFrame& frame) {
    if (next == first.size()) return more && run.source(frame);
    frame = std::move(first[next++]);
    return true;
  };
  return state_->run_frames(all);
}

FrameResult Ensemble::run_frame(VideoFrame frame, const EnsembleRun& run) {
  State& state = *state_;
  const Extent extent{frame.image.height, frame.image.width};
  std::unique_lock lock(state.running);
  if (!run.whole_pictures) check_frame(extent);
  if (run.boxes != nullptr) check_boxes(*run.boxes);
  if (state.needs_precision_check()) state.check_precision(std::span(&frame, 1), run);
  state.prepare(extent);
  const ExecutionPlan plan = state.plan(extent);
  const bool one_after_another =
      plan.num_workers == 1 || plan.is_one_device || state.groups.size() == 1;
  if (state.parts.size() > 1 || !one_after_another) {
    lock.unlock();
    FrameResult result;
    bool given = false;
    EnsembleRun alone = run;
    alone.stop = nullptr;
    alone.source = [&](VideoFrame& next) {
      if (std::exchange(given, true)) return false;
      next = std::move(frame);
      return true;
    };
    alone.sink = [&](FrameBundle& bundle) { result = std::move(bundle.results.front()); };
    this->run(alone);
    return result;
  }
  state.make_workers(plan);
  EnsembleWorker& worker = state.workers.front();
  FrameBundle& bundle = state.single;
  bundle.frames.resize(1);
  bundle.frames.front() = std::move(frame);
  bundle.num_frames = 1;
  bundle.outputs.resize(state.members.size());
  for (size_t group = 0; group < state.groups.size(); ++group)
    state.compute(group, run, bundle, worker);
  ConsensusEngine engine = state.engine_for(run);
  state.combine(run, bundle, engine, run.keep_evidence ? &worker.evidence : nullptr);
  return std::move(bundle.results.front());
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
