#include "network/backends/cpu/network.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "network/backends/cpu/arena.h"
#include "network/backends/cpu/convolutions.h"
#include "network/backends/cpu/peak.h"
#include "network/backends/cpu/tuning.h"
#include "network/backends/cpu/winograd_weights.h"

namespace posse::cpu {
namespace {

size_t index(int i) { return static_cast<size_t>(i); }

/// Steps that the wanted outputs (or the exit) need.
std::vector<bool> live_steps(const Program& program, bool want_locref) {
  std::vector<bool> live(program.steps.size(), false);
  std::vector<bool> wanted(program.values.size(), false);
  if (program.exit >= 0) wanted[index(program.exit)] = true;
  for (size_t i = program.steps.size(); i-- > 0;) {
    const Step& step = program.steps[i];
    const bool is_head =
        step.head == Head::scoremap_logits || (step.head == Head::locref && want_locref);
    live[i] = is_head || (step.output >= 0 && wanted[index(step.output)]) ||
              (step.statistics >= 0 && wanted[index(step.statistics)]);
    if (!live[i]) continue;
    for (const ValueId v : values_read(step)) wanted[index(v)] = true;
  }
  return live;
}

/// Whether so many blocks follow each other that large Winograd tiles' rounding, which each
/// enlarges, doubles that of the maps: ResNets of 101 and 152 layers, not those of 50.
bool is_deep(const Graph& graph) {
  constexpr int64_t kMostBlocks = 20;
  return std::count_if(graph.nodes.begin(), graph.nodes.end(),
                       [](const Node& node) { return node.kind == OpKind::add; }) > kMostBlocks;
}

/// Frames that go through a network together: enough to read large weights once for several. More
/// only where statistics are taken over the batch.
constexpr int64_t kMostFramesAtOnce = 8;

}  // namespace

/// Everything that depends on the frame size. Read-only once made.
struct CpuNetwork::ShapePlan {
  std::vector<Extent> extents;
  std::vector<bool> live;
  std::vector<StepShape> shapes;
  std::vector<int64_t> frame_floats;  // by value
  int frame_major_end = 0;
  bool over_batch = false;  // some statistics are of all frames of a call
  std::vector<std::unique_ptr<Operation>> operations;  // by step; null if not live
  std::vector<bool> copies_residual;
};

CpuNetwork::CpuNetwork(Graph graph, Program program, const Machine& machine,
                       const BackendOptions& options)
    : graph_(std::move(graph)), program_(std::move(program)), machine_(machine), options_(options) {
  const Extent usual = options.frame_extent.value_or(Extent{480, 640});
  const std::vector<Extent> extents = node_extents(graph_, usual);
  for (Step& step : program_.steps) {
    ConvolutionShape reference;
    if (step.kind == StepKind::convolution) {
      reference = convolution_shape(step, step_shape(step, extents), machine_);
    }
    weights_.push_back(
        std::make_unique<LayerWeights>(step, machine_, choose_method(step, extents), reference));
    step.weights = Tensor();  // the kernels' own order is all that is kept
  }
}

ConvolutionMethod CpuNetwork::choose_method(const Step& step,
                                            const std::vector<Extent>& extents) const {
  // In the order of the fixed rule, which takes the first.
  std::vector<ConvolutionMethod> candidates;
  if (step.kind == StepKind::convolution && matrix_fits(step, step_shape(step, extents))) {
    candidates = {ConvolutionMethod::matrix, ConvolutionMethod::direct};
    // oneDNN is as good without AVX-512, and a little better where pixels lie whole pages apart.
    if (machine_.kernels->set != InstructionSet::avx512 || step.stride > 1 ||
        machine_.padded(step.weights_in) % 1024 == 0) {
      std::swap(candidates[0], candidates[1]);
    }
    return tuned(step, extents, candidates);
  }
  if (options_.low_memory || !winograd_fits(step)) return ConvolutionMethod::direct;
  if (!is_deep(graph_) && winograd_is_exact_enough(step.weights.view(), 4)) {
    candidates.push_back(ConvolutionMethod::winograd4);
  }
  if (winograd_is_exact_enough(step.weights.view(), 2)) {
    candidates.push_back(ConvolutionMethod::winograd2);
  }
  candidates.push_back(ConvolutionMethod::direct);
  return tuned(step, extents, candidates);
}

ConvolutionMethod CpuNetwork::tuned(const Step& step, const std::vector<Extent>& extents,
                                    std::span<const ConvolutionMethod> candidates) const {
  if (!options_.tune || !options_.frame_extent || !tuning_allowed()) return candidates.front();
  return tuned_method(step, step_shape(step, extents), machine_, candidates,
                      TuningCache::of_user());
}

int64_t CpuNetwork::weight_bytes() const {
  int64_t total = 0;
  for (const auto& weights : weights_) total += weights->num_bytes();
  return total;
}

StepShape CpuNetwork::step_shape(const Step& step, const std::vector<Extent>& extents) const {
  StepShape shape;
  const auto extent = [&](ValueId v) { return extents[index(program_.values[index(v)].node)]; };
  const auto channels = [&](ValueId v) {
    return machine_.padded(program_.values[index(v)].channels);
  };
  if (step.input >= 0) {
    const bool picture = program_.values[index(step.input)].kind == Value::Kind::picture;
    shape.in = extent(step.input);
    shape.in_channels = picture ? 3 : channels(step.input);
    shape.picture = picture;
  }
  if (step.output >= 0) {
    shape.out = extent(step.output);
    shape.out_channels = channels(step.output);
  }
  for (const ValueId v : step.parts) {
    shape.part_channels.push_back(program_.values[index(v)].channels);
  }
  if (step.input < 0) {  // reads the frames
    shape.in = extents.front();
    shape.picture = program_.values[index(step.output)].kind == Value::Kind::picture;
  }
  return shape;
}

int64_t CpuNetwork::frame_floats(const Value& value, const std::vector<Extent>& extents) const {
  const Extent extent = extents[index(value.node)];
  switch (value.kind) {
    case Value::Kind::picture:
      return 3 * extent.height * extent.width;
    case Value::Kind::map:
      return machine_.padded(value.channels) * extent.height * extent.width;
    case Value::Kind::affine:
      return 2 * machine_.padded(value.channels);
  }
  POSSE_ASSERT(false);
}

std::shared_ptr<CpuNetwork::ShapePlan> CpuNetwork::make_plan(Extent frame, bool want_locref) const {
  auto plan = std::make_shared<ShapePlan>();
  plan->extents = node_extents(graph_, frame);
  plan->live = live_steps(program_, want_locref);
  for (const Value& value : program_.values) {
    plan->frame_floats.push_back(frame_floats(value, plan->extents));
  }
  for (const Step& step : program_.steps) plan->shapes.push_back(step_shape(step, plan->extents));
  // Up to the first layer whose weights clearly outweigh its maps, or that looks at all frames,
  // frames go one by one: their maps stay in the second-level cache, weights come from the third.
  const int num_steps = static_cast<int>(program_.steps.size());
  plan->frame_major_end = num_steps;
  for (int i = 0; i < num_steps; ++i) {
    const Step& step = program_.steps[index(i)];
    if (step.over_batch) {
      plan->over_batch = true;
      plan->frame_major_end = std::min(plan->frame_major_end, i);
    }
    if (step.input < 0 || step.output < 0 || i >= plan->frame_major_end) continue;
    const int64_t map_floats =
        plan->frame_floats[index(step.input)] + plan->frame_floats[index(step.output)];
    constexpr int64_t kClearly = 5;
    const int64_t map_bytes = map_floats * static_cast<int64_t>(sizeof(float));
    if (weights_[index(i)]->num_bytes() > kClearly * map_bytes) {
      plan->frame_major_end = i;
    }
  }
  const ArenaPlan arena = plan_arena(program_, {.frame_floats = plan->frame_floats,
                                                .live = plan->live,
                                                .frame_major_end = plan->frame_major_end});
  for (int i = 0; i < num_steps; ++i) {
    const Step& step = program_.steps[index(i)];
    const OperationOptions options = {
        .threads = options_.threads_per_operator,
        .copy_residual = step.residual >= 0 && !arena.shares_residual[index(i)]};
    plan->operations.push_back(plan->live[index(i)]
                                   ? make_operation(graph_, step, *weights_[index(i)],
                                                    plan->shapes[index(i)], machine_, options)
                                   : nullptr);
  }
  return plan;
}

std::shared_ptr<const CpuNetwork::ShapePlan> CpuNetwork::plan_for(Extent frame,
                                                                  bool want_locref) const {
  const std::lock_guard lock(mutex_);
  const PlanKey key(frame.height, frame.width, want_locref);
  if (const auto found = plans_.find(key); found != plans_.end()) return found->second;
  constexpr size_t kMostPlans = 16;  // folders of pictures may hold any number of sizes
  if (plans_.size() >= kMostPlans) plans_.clear();
  return plans_[key] = make_plan(frame, want_locref);
}

/// One call of run(): what the chunks of its batch have in common.
struct CpuNetwork::Run {
  const ShapePlan& plan;
  const FrameBatch& batch;
  const CpuPrefixActivations* entry;
  CpuPrefixActivations* exit;
  NetworkOutput* output;
  CpuWorkspace& workspace;
  std::vector<LayerTime>* times;
};

void CpuNetwork::run_chunk(Run& run, int64_t begin, int64_t end) const {
  const ShapePlan& plan = run.plan;
  const int64_t count = end - begin;
  const ArenaPlan arena = plan_arena(program_, {.frame_floats = plan.frame_floats,
                                                .live = plan.live,
                                                .frame_major_end = plan.frame_major_end,
                                                .num_frames = count});
  float* base = run.workspace.arena(arena.num_floats);
  const FrameBatch chunk = {run.batch.height,
                            run.batch.width,
                            {run.batch.frames.begin() + begin, run.batch.frames.begin() + end}};
  const auto slot = [&](ValueId v) -> Slot {
    if (v < 0) return {};
    if (v == program_.entry) {
      // Read only: no step writes its input, and the entry never shares memory with an output.
      float* values = const_cast<float*>(run.entry->values.data());
      return {values + begin * run.entry->frame_floats, run.entry->frame_floats};
    }
    if (v == program_.exit) {
      return {run.exit->values.data() + begin * run.exit->frame_floats, run.exit->frame_floats};
    }
    const Placement& place = arena.values[index(v)];
    return {base + place.offset, place.frame_stride};
  };
  const auto head = [&](Head which) -> Slot {
    if (which == Head::none) return {};
    POSSE_ASSERT(run.output != nullptr);
    Tensor& tensor = which == Head::locref ? run.output->locref : run.output->scoremap_logits;
    const int64_t stride = tensor.size() / tensor.dim(0);
    return {tensor.data() + begin * stride, stride};
  };
  int64_t scratch_bytes = 0;
  for (const auto& operation : plan.operations) {
    if (operation) scratch_bytes = std::max(scratch_bytes, operation->scratch_bytes(count));
  }
  void* scratch = run.workspace.scratch(scratch_bytes);
  const auto slots = [&](const std::vector<ValueId>& values) {
    std::vector<Slot> found;
    for (const ValueId v : values) found.push_back(slot(v));
    return found;
  };
  const auto step = [&](int i, int64_t first, int64_t last) {
    const Operation* operation = plan.operations[index(i)].get();
    if (operation == nullptr) return;
    const Step& s = program_.steps[index(i)];
    const StepMemory memory = {
        slot(s.input),  slot(s.residual), slot(s.affine), slot(s.output), slot(s.statistics),
        slots(s.parts), head(s.head),     scratch,        &chunk};
    const double start = run.times != nullptr ? thread_seconds() : 0;
    operation->run(memory, first, last);
    if (run.times != nullptr) {
      (*run.times)[index(i)].seconds +=
          (thread_seconds() - start) / static_cast<double>(run.batch.size());
    }
  };
  for (int64_t frame = 0; frame < count; ++frame) {
    for (int i = 0; i < plan.frame_major_end; ++i) step(i, frame, frame + 1);
  }
  for (int i = plan.frame_major_end; i < static_cast<int>(program_.steps.size()); ++i) {
    step(i, 0, count);
  }
}

void CpuNetwork::run(const FrameBatch& batch, bool want_locref, const CpuPrefixActivations* entry,
                     CpuPrefixActivations* exit, NetworkOutput* output, CpuWorkspace& workspace,
                     std::vector<LayerTime>* times) const {
  want_locref = want_locref && has_locref();
  const OneDnnThreads threads(options_.threads_per_operator);
  const auto plan = plan_for({batch.height, batch.width}, want_locref);
  const auto fit = [](Tensor& tensor, const Shape& shape) {
    if (tensor.shape() != shape) tensor = Tensor(shape);
  };
  if (output != nullptr) {
    const Extent extent = plan->extents[index(graph_.scoremap_logits)];
    const int64_t parts = graph_.nodes[index(graph_.scoremap_logits)].channels;
    fit(output->scoremap_logits, {batch.size(), extent.height, extent.width, parts});
    if (want_locref) {
      const int64_t channels = graph_.nodes[index(graph_.locref)].channels;
      fit(output->locref, {batch.size(), extent.height, extent.width, channels / 2, 2});
    } else {
      output->locref = Tensor();
    }
  }
  if (exit != nullptr) {
    exit->frame_floats = plan->frame_floats[index(program_.exit)];
    exit->num_frames = batch.size();
    fit(exit->values, {batch.size(), exit->frame_floats});
  }
  if (entry != nullptr) {
    const int64_t floats = plan->frame_floats[index(program_.entry)];
    if (entry->num_frames != batch.size() || entry->frame_floats != floats) {
      throw Error(
          ErrorKind::shape_mismatch,
          "the prefix activations are of another batch: " + std::to_string(entry->num_frames) +
              " frames, expected " + std::to_string(batch.size()) + " of the batch's size");
    }
  }
  if (times != nullptr && times->size() != program_.steps.size()) {
    times->assign(program_.steps.size(), {});
    for (size_t i = 0; i < program_.steps.size(); ++i) {
      (*times)[i].name = program_.steps[i].name;
      if (!plan->operations[i]) continue;
      (*times)[i].implementation = plan->operations[i]->implementation();
      (*times)[i].flops = plan->operations[i]->flops();
    }
  }
  Run state = {*plan, batch, entry, exit, output, workspace, times};
  const int64_t at_once = plan->over_batch ? batch.size() : kMostFramesAtOnce;
  for (int64_t begin = 0; begin < batch.size(); begin += at_once) {
    run_chunk(state, begin, std::min(batch.size(), begin + at_once));
  }
}

}  // namespace posse::cpu
