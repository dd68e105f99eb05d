#include "network/backends/onnxruntime/ort_executor.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "base/text.h"

namespace posse::ort {
namespace {

class OrtWorkspace : public Workspace {
 public:
  int64_t num_bytes() const override { return binding ? binding->num_bytes() : 0; }
  std::unique_ptr<Binding> binding;
};

/// Keeps the tensor if it has that shape already.
void shape_as(Shape shape, Tensor& tensor) {
  if (tensor.shape() != shape) tensor = Tensor(std::move(shape));
}

/// Frames [first, first + count) of an output, from a call's.
void copy_frames(const float* maps, int64_t first, int64_t count, Tensor& output) {
  const int64_t per_frame = output.size() / output.dim(0);
  std::copy_n(maps, count * per_frame, output.data() + first * per_frame);
}

/// Shapes the tensors for a network's maps of a batch.
void prepare_output(const Graph& graph, const FrameBatch& batch, bool want_locref,
                    NetworkOutput& output) {
  const auto head = static_cast<size_t>(graph.scoremap_logits);
  const Extent map = node_extents(graph, {batch.height, batch.width}).at(head);
  const int64_t parts = graph.nodes.at(head).channels;
  shape_as({batch.size(), map.height, map.width, parts}, output.scoremap_logits);
  if (want_locref && graph.locref >= 0) {
    shape_as({batch.size(), map.height, map.width, parts, 2}, output.locref);
  } else {
    output.locref = Tensor();
  }
}

bool looks_at_all_frames(const Graph& graph) {
  return std::any_of(graph.nodes.begin(), graph.nodes.end(), [](const Node& node) {
    return node.kind == OpKind::batch_norm && node.batch_norm_mode == BatchNormMode::batch;
  });
}

}  // namespace

OrtRunner::OrtRunner(OrtNetwork network, int fixed_batch)
    : network_(std::move(network)),
      fixed_batch_(fixed_batch),
      looks_at_all_(
          std::any_of(network_.graphs.begin(), network_.graphs.end(), looks_at_all_frames)) {}

ExecutionFacts OrtRunner::facts() const {
  ExecutionFacts facts{.device = network_.settings.device.text(),
                       .library = network_.library,
                       .version = network_.session->library().version(),
                       .precision = std::string(name_of(network_.settings.precision))};
  const int64_t most = most_frames_;
  if (most != kNoLimit) facts.most_frames = static_cast<int>(most);
  return facts;
}

std::string member_name(size_t number) { return fmt::format("member-{}", number); }

int64_t OrtRunner::most_frames_at_once(int64_t count) const {
  if (looks_at_all_) return count;
  const int64_t most = std::min<int64_t>(count, most_frames_);
  return fixed_batch_ > 0 ? std::min(most, fixed_batch_) : most;
}

int64_t OrtRunner::frames_of_call(int64_t count) const {
  if (looks_at_all_ || fixed_batch_ == 0 || count == 1) return count;
  return std::max(count, std::min<int64_t>(fixed_batch_, most_frames_));
}

bool OrtRunner::halve(int64_t used) const {
  if (used <= 1 || looks_at_all_) return false;
  int64_t most = most_frames_;
  // Less already: another call has found the memory full in the meantime.
  while (most >= used && !most_frames_.compare_exchange_weak(most, used / 2)) {
  }
  return true;
}

void OrtRunner::run(const FrameBatch& batch, bool want_locref, std::unique_ptr<Binding>& binding,
                    std::span<NetworkOutput> outputs) const {
  POSSE_ASSERT(outputs.size() == num_graphs());
  for (size_t m = 0; m < outputs.size(); ++m)
    prepare_output(network_.graphs[m], batch, want_locref, outputs[m]);
  for (int64_t first = 0; first < batch.size();) {
    const int64_t count = most_frames_at_once(batch.size() - first);
    const int64_t used = frames_of_call(count);
    try {
      run_piece(batch, first, count, binding, outputs);
      first += count;
    } catch (const Error& error) {  // memory may be enough for fewer frames
      binding.reset();
      if (error.kind() != ErrorKind::device_memory || !halve(used)) throw;
    }
  }
}

BindingShape OrtRunner::shape_of(Shape frames, std::span<const NetworkOutput> outputs) const {
  BindingShape shape{.frames = std::move(frames), .outputs = {}};
  const auto add = [&](const std::string& name, const Tensor& tensor) {
    BoundOutput& output = shape.outputs.emplace_back(BoundOutput{name, tensor.shape()});
    output.shape[0] = shape.frames[0];
  };
  for (size_t m = 0; m < outputs.size(); ++m) {
    const std::string prefix = outputs.size() > 1 ? member_name(m) + "/" : "";
    add(prefix + "scoremap_logits", outputs[m].scoremap_logits);
    if (!outputs[m].locref.empty()) add(prefix + "locref", outputs[m].locref);
  }
  return shape;
}

void OrtRunner::run_piece(const FrameBatch& batch, int64_t first, int64_t count,
                          std::unique_ptr<Binding>& binding,
                          std::span<NetworkOutput> outputs) const {
  const BindingShape shape =
      shape_of({frames_of_call(count), batch.height, batch.width, 3}, outputs);
  if (!binding || binding->shape() != shape) {
    binding.reset();
    binding = network_.session->bind(shape);
  }
  const auto frame_bytes = static_cast<size_t>(3 * batch.height * batch.width);
  for (int64_t i = 0; i < count; ++i) {
    std::memcpy(binding->frames() + static_cast<size_t>(i) * frame_bytes,
                batch.frames[static_cast<size_t>(first + i)], frame_bytes);
  }
  binding->run();
  size_t number = 0;
  for (NetworkOutput& output : outputs) {
    copy_frames(binding->output(number++), first, count, output.scoremap_logits);
    if (!output.locref.empty()) copy_frames(binding->output(number++), first, count, output.locref);
  }
}

std::unique_ptr<Workspace> OrtExecutor::make_workspace() const {
  return std::make_unique<OrtWorkspace>();
}

ExecutionFacts OrtExecutor::facts() const {
  ExecutionFacts facts = runner_.facts();
  facts.golden_error = golden_error_;
  return facts;
}

void OrtExecutor::run(const FrameBatch& batch, bool want_locref, Workspace& workspace,
                      NetworkOutput& output) const {
  runner_.run(batch, want_locref, dynamic_cast<OrtWorkspace&>(workspace).binding,
              std::span(&output, 1));
}

}  // namespace posse::ort
