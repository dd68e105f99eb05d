#include "network/backends/onnxruntime/ort_backend.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/host.h"
#include "base/text.h"
#include "network/backends/onnxruntime/golden.h"
#include "network/backends/onnxruntime/kept_choices.h"
#include "network/backends/onnxruntime/plugins.h"
#include "network/backends/onnxruntime/session.h"
#include "network/onnx.h"

namespace posse::ort {
namespace {

constexpr int kDecoderThreads = 8;  ///< a device may outrun one

/// The library's file, and the plug-in's where the device is one's.
std::string library_text(const Library& library, const Device& device) {
  const std::string file = printable(library.file().string());
  const auto plugin = plugin_for(library, *device.kind);
  return plugin ? file + ", " + printable(plugin->file.string()) : file;
}

int64_t bytes_of(const Weights& weights) {
  int64_t bytes = 0;
  for (const auto& [name, tensor] : weights) {
    bytes += static_cast<int64_t>(tensor.values().size_bytes());
  }
  return bytes;
}

/// Frames of one colour.
struct BlackBatch {
  BlackBatch(Extent frame, int count)
      : picture(static_cast<size_t>(3 * frame.height * frame.width), 0),
        batch{.height = frame.height, .width = frame.width, .frames = {}} {
    batch.frames.assign(static_cast<size_t>(std::max(count, 1)), picture.data());
  }
  std::vector<uint8_t> picture;
  FrameBatch batch;
};

/// Seconds of a batch through all members.
double seconds_of(const EnsembleExecutor& executor, const BackendOptions& options) {
  const BlackBatch black(*options.frame_extent, options.batch_size);
  const auto workspace = executor.make_workspace();
  const auto all = executor.num_prefixes() > 0 ? executor.make_prefix_activations(0) : nullptr;
  NetworkOutput output;
  double least = 1e9;
  for (int round = 0; round < 4; ++round) {  // the first one is a warm-up
    const double start = seconds_now();
    if (all) executor.run_prefix(0, black.batch, *workspace, *all);
    for (int member = 0; member < executor.num_members(); ++member)
      executor.run(member, black.batch, all.get(), true, *workspace, output);
    if (round > 0) least = std::min(least, seconds_now() - start);
  }
  return least;
}

}  // namespace

std::string OrtBackend::numerics() const {
  return fmt::format("onnxruntime {} {}", device_.kind->word, name_of(precision_));
}

std::optional<std::string> OrtBackend::why_unavailable() const {
  try {
    find_library(library_);
  } catch (const Error& error) {  // the answer to the question
    return fmt::format("{} ({})", error.message(), error.notes().hint);
  }
  return std::nullopt;
}

ExecutionPlan OrtBackend::plan(const PlanRequest& request) const {
  ExecutionPlan plan = Backend::plan(request);
  plan.num_workers = is_processor() ? 1 : 2;
  plan.threads_per_operator = is_processor() ? request.num_threads : 1;
  plan.compile_threads = 1;
  plan.is_one_device = !is_processor();
  if (!is_processor()) plan.decoder_threads = std::min(request.num_threads, kDecoderThreads);
  return plan;
}

std::unique_ptr<Executor> OrtBackend::compile(const Graph& graph, const Weights& weights,
                                              const BackendOptions& options) const {
  auto executor = std::make_unique<OrtExecutor>(
      network_of({{.graph = &graph, .weights = &weights, .release = {}}}, options),
      fixed_batch(options));
  executor->set_golden_error(
      check_golden(graph, weights, *executor, options.frame_extent, device_.text(), precision_));
  try_batch(*executor, options);
  return executor;
}

OrtNetwork OrtBackend::network_of(std::vector<EnsembleMember> members,
                                  const BackendOptions& options) const {
  const auto library = find_library(library_);
  OrtNetwork network{.graphs = {},
                     .session = nullptr,
                     .settings = {.device = device_,
                                  .num_threads = options.threads_per_operator,
                                  .precision = precision_},
                     .library = library_text(*library, device_)};
  OnnxExport all{.for_runtime = true, .half = precision_ == Precision::fp16, .metadata = {}};
  for (size_t m = 0; m < members.size(); ++m) {
    check_weights(*members[m].graph, *members[m].weights, "the network");
    network.graphs.push_back(*members[m].graph);
    network.weight_bytes += bytes_of(*members[m].weights);
    all.members.push_back(
        {.graph = members[m].graph, .weights = members[m].weights, .name = member_name(m)});
  }
  network.session = std::make_unique<OrtSession>(library, onnx_bytes(all), network.settings);
  return network;
}

/// Runs a full batch before the first frame is read: the device chooses its algorithms, and whether
/// its memory holds the batch is known.
void OrtBackend::try_batch(const Executor& executor, const BackendOptions& options) const {
  if (is_processor() || !options.frame_extent) return;
  const BlackBatch black(*options.frame_extent, options.batch_size);
  NetworkOutput output;
  executor.run(black.batch, true, *executor.make_workspace(), output);
}

std::unique_ptr<OneGraph> OrtBackend::compile_one(std::span<const EnsembleMember> members,
                                                  const BackendOptions& options) const {
  auto all = std::make_unique<OneGraph>(network_of({members.begin(), members.end()}, options),
                                        fixed_batch(options));
  double largest = 0;
  for (size_t m = 0; m < members.size(); ++m) {
    const auto member = member_of(*all, static_cast<int>(m));
    largest = std::max(largest, check_golden(*members[m].graph, *members[m].weights, *member,
                                             options.frame_extent, device_.text(), precision_));
  }
  all->set_golden_error(largest);
  try_batch(*member_of(*all, 0), options);
  return all;
}

std::unique_ptr<EnsembleExecutor> OrtBackend::compile_ensemble(
    std::span<const EnsembleMember> members, const BackendOptions& options) const {
  const bool may_be_one = members.size() > 1 && options.same_frames;
  const bool measures =
      !is_processor() && options.tune && options.frame_extent && options.batch_size > 0;
  std::unique_ptr<EnsembleExecutor> compiled;
  if (may_be_one && options.graphs == GraphsChoice::one) {
    compiled = compile_one(members, options);
  } else if (may_be_one && options.graphs == GraphsChoice::automatic && measures) {
    compiled = compile_faster(members, options);
  } else {
    return Backend::compile_ensemble(members, options);
  }
  for (const EnsembleMember& member : members) {
    if (member.release) member.release();
  }
  return compiled;
}

/// All that the answer depends on.
std::string OrtBackend::choice_key(std::span<const EnsembleMember> members,
                                   const BackendOptions& options) const {
  Sha256 hash;
  for (const EnsembleMember& member : members) {
    for (const Variable& variable : graph_variables(*member.graph))
      hash.update(variable.name + to_string(variable.shape));
  }
  return fmt::format("{}; {} {}; ONNX Runtime {}; {} networks {}; {} frames of {}x{}", host_name(),
                     device_.text(), name_of(precision_), find_library(library_)->version(),
                     members.size(), hash.finish().substr(0, 16), options.batch_size,
                     options.frame_extent->height, options.frame_extent->width);
}

/// As the kept choice says; else both are measured and the answer is kept.
std::unique_ptr<EnsembleExecutor> OrtBackend::compile_faster(
    std::span<const EnsembleMember> members, const BackendOptions& options) const {
  std::vector<EnsembleMember> held(members.begin(), members.end());
  for (EnsembleMember& member : held) member.release = {};
  const KeptChoices kept = KeptChoices::of_user();
  const std::string key = choice_key(members, options);
  const auto choice = kept.find(key);
  if (choice == "one") return compile_one(held, options);
  auto several = Backend::compile_ensemble(held, options);
  if (choice == "several") return several;
  std::unique_ptr<EnsembleExecutor> one;
  try {
    one = compile_one(held, options);
  } catch (const Error& error) {  // maps of several sizes, 2 GiB, no memory for both: stay several
    if (error.kind() == ErrorKind::device_lost) throw;
    return several;
  }
  const bool one_is_faster = seconds_of(*one, options) < seconds_of(*several, options);
  kept.store(key, one_is_faster ? "one" : "several");
  return one_is_faster ? std::move(one) : std::move(several);
}

}  // namespace posse::ort
