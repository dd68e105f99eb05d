/// The interface between a network and what computes it: `reference` (plain, the measure of all
/// others), `cpu` (fast) and `onnxruntime` (a library for graphics cards, loaded when it is there).
///
/// To add a backend:
///  1. make src/network/backends/<name>/ with a class that derives from Backend and an Executor;
///  2. override Backend::plan() if frames are to run otherwise than one by one on each thread: a
///     device wants few workers and large batches, a library with threads of its own one worker;
///  3. override compile_ensemble() if members share work or a queue; maps that are computed later,
///     or lie on a device, stay there behind NetworkOutput::pending until somebody reads them;
///  4. register it in backends() of backend.cc (best first) and in src/network/CMakeLists.txt;
///  5. run it through network_agreement_test.cc, which compares every operator with `reference`;
///  6. name it in the help of --backend (src/ensemble/options.h; docs/cli.md is made from that) and
///     describe it in docs/performance.md.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/tensor.h"
#include "network/graph.h"
#include "network/graphs_choice.h"
#include "network/precision.h"

namespace posse {

/// Frames of one size, uint8 RGB; frames[i] points to [height, width, 3] bytes.
struct FrameBatch {
  int64_t height = 0;
  int64_t width = 0;
  std::vector<const uint8_t*> frames;
  int64_t size() const { return static_cast<int64_t>(frames.size()); }
};

struct NetworkOutput;

/// Maps that are still being computed, or that lie where they were, as in a device's memory.
class PendingMaps {
 public:
  virtual ~PendingMaps() = default;
  /// Waits for them and fills the tensors of `output`. Called once, from any thread, while the
  /// executor and the Workspace that they came from still exist.
  virtual void deliver(NetworkOutput& output) = 0;
};

/// What a network says of a batch.
struct NetworkOutput {
  /// [frames, h, w, bodyparts], before the sigmoid.
  Tensor scoremap_logits;
  /// [frames, h, w, bodyparts, xy] in units of locref_stdev; empty when it was not asked for or the
  /// network has none.
  Tensor locref;
  /// Set by an EnsembleExecutor that has not filled the tensors yet.
  std::unique_ptr<PendingMaps> pending;

  /// Fills the tensors if they are still pending. Who reads them calls this first.
  void receive();
};

/// What one thread needs to run an executor: activations, scratch. Grows to the largest shape seen;
/// not shared by threads.
class Workspace {
 public:
  virtual ~Workspace() = default;
  virtual int64_t num_bytes() const = 0;
};

/// On what a network runs, for records; empty texts where a backend has nothing to add to its name.
struct ExecutionFacts {
  /// The device, as "cuda:1".
  std::string device;
  /// The library's file.
  std::string library;
  /// The library's version.
  std::string version;
  /// Precision of the arithmetic, as "fp32".
  std::string precision;
  /// "one" or "several": the graphs that an ensemble's members are.
  std::string graphs;
  /// Largest distance from our own engine's maps on a trial frame, as a part of their range.
  double golden_error = 0;
  /// Frames that the device's memory holds at a time, where that is fewer than asked for; 0: all.
  int most_frames = 0;
  /// Networks that it holds at a time, likewise. Filled by the Ensemble.
  int most_members = 0;
  /// Where the precision is below fp32: how far each member's keypoints lie from those of fp32 on
  /// frames of the video, in pixels. Filled by the Ensemble.
  int precision_frames = 0;
  std::vector<double> precision_median_px, precision_p99_px;
};

/// One network ready to run. Const calls are thread-safe as long as each thread has a Workspace of
/// its own.
class Executor {
 public:
  virtual ~Executor() = default;
  virtual std::unique_ptr<Workspace> make_workspace() const = 0;
  /// Fills `output` (its tensors are reused when the shapes fit). Results do not depend on how
  /// frames are put into batches, on the thread, or on earlier calls: bit for bit. With
  /// BatchNormMode::batch the call's frames are the batch, and results depend on all of them.
  virtual void run(const FrameBatch& batch, bool want_locref, Workspace& workspace,
                   NetworkOutput& output) const = 0;
  virtual int64_t weight_bytes() const = 0;
  virtual ExecutionFacts facts() const { return {}; }
};

/// What a prefix shared by several members gave for a batch: made by run_prefix(), read by run().
/// Reused between batches.
class PrefixActivations {
 public:
  virtual ~PrefixActivations() = default;
  virtual int64_t num_bytes() const = 0;
};

/// The networks of an ensemble, ready to run. Members whose graphs begin alike (same operations,
/// bitwise equal weights, as after fine-tuning the last layers only) form a group with a prefix
/// that is computed once per batch:
///
///     for each prefix p:  run_prefix(p, batch, workspace, *activations[p])
///     for each member m:  run(m, batch, prefix_of(m) < 0 ? nullptr :
///     activations[prefix_of(m)].get(), ...)
///
/// Const calls are thread-safe as long as each thread has a Workspace of its own and nobody reads
/// activations that are being written. One Workspace serves all members and prefixes. Results are
/// those of the members run alone, bit for bit.
class EnsembleExecutor {
 public:
  virtual ~EnsembleExecutor() = default;
  virtual int num_members() const = 0;
  /// 0 when no two members begin alike.
  virtual int num_prefixes() const = 0;
  /// The prefix that `member` starts from, in [0, num_prefixes()); -1: none, it starts from the
  /// frames.
  virtual int prefix_of(int member) const = 0;
  virtual std::unique_ptr<Workspace> make_workspace() const = 0;
  virtual std::unique_ptr<PrefixActivations> make_prefix_activations(int prefix) const = 0;
  virtual void run_prefix(int prefix, const FrameBatch& batch, Workspace& workspace,
                          PrefixActivations& activations) const = 0;
  /// As Executor::run() of one member. `activations`: of prefix_of(member) for the same batch;
  /// nullptr: the member is computed whole from the frames, whatever prefix it has.
  /// May return before the maps are there: see NetworkOutput::pending. The frames are read by then,
  /// and the same Workspace may be used for the next call.
  virtual void run(int member, const FrameBatch& batch, const PrefixActivations* activations,
                   bool want_locref, Workspace& workspace, NetworkOutput& output) const = 0;
  /// Bytes of weights held for all members; what members share counts once.
  virtual int64_t weight_bytes() const = 0;
  /// Of all members; the largest of their golden errors.
  virtual ExecutionFacts facts() const { return {}; }
};

/// A member as Backend::compile_ensemble() takes it; both are read during the call only.
struct EnsembleMember {
  const Graph* graph = nullptr;
  const Weights* weights = nullptr;
  /// Called, from any thread, once the weights have been read for good: the caller may free them.
  std::function<void()> release;
};

/// What a plan is made for.
struct PlanRequest {
  int num_threads = 1;  ///< that may be used in all; at least 1
  Extent frame;         ///< size of the frames to come
  int batch_size = 0;   ///< asked for by the user; 0: the backend chooses
  Extent convolved{};   ///< the largest picture that convolutions see; empty: the frame
};

/// How an ensemble's networks run.
struct ExecutionPlan {
  int num_workers = 1;  ///< threads that call the executor side by side, each with a Workspace
  int batch_size = 1;   ///< frames per call
  int threads_per_operator = 1;  ///< for BackendOptions
  int compile_threads = 1;       ///< for BackendOptions
  int decoder_threads = 1;       ///< in the reader of a video
  bool is_one_device = false;  ///< that all workers share: members of one frame wait for each other
};

struct BackendOptions {
  /// Threads inside one operator; 1 where frames run side by side.
  int threads_per_operator = 1;
  /// Members that are compiled side by side.
  int compile_threads = 1;
  /// Frames of the calls to come; 0: not known.
  int batch_size = 0;
  /// All members of an ensemble see the same frames, and may be one graph if the backend can do so.
  bool same_frames = false;
  GraphsChoice graphs = GraphsChoice::automatic;
  /// Keep weights in their plain form only (slower, 95 MB instead of up to 240 MB for a ResNet-50).
  bool low_memory = false;
  /// Choose kernels by timing them once per layer and shape (cached on disk); off: a fixed rule,
  /// the same everywhere.
  bool tune = true;
  /// Size of the frames to come, when it is known: kernels are chosen for it. Other sizes run all
  /// the same.
  std::optional<Extent> frame_extent;
};

class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::string_view name() const = 0;  ///< the word for --backend
  /// The backend's name, and what else its numbers depend on by more than float32's rounding, or by
  /// a device's: frames of different numerics never stand in one result.
  virtual std::string numerics() const { return std::string(name()); }
  /// The same device in float32, where this one computes with fewer digits; else nullptr.
  virtual std::shared_ptr<const Backend> in_full_precision() const { return nullptr; }
  /// Where networks go that fail on this one, if it is_choice_of_posse().
  /// @param notes  gets a sentence for each device that is passed over on the way
  virtual std::shared_ptr<const Backend> next_choice(std::vector<std::string>& notes) const {
    (void)notes;
    return nullptr;
  }
  /// True if posse chose it (--device auto): it is to be tried with the members' networks.
  virtual bool is_choice_of_posse() const { return false; }
  /// True if networks need not be compiled anew for BackendOptions::frame_extent.
  /// @param tune  as BackendOptions::tune
  virtual bool suits_every_size(bool tune) const { return !tune; }
  /// Why it cannot run on this machine; nullopt if it can.
  virtual std::optional<std::string> why_unavailable() const = 0;
  /// How frames are to be run. The default suits a backend whose calls run on the caller's thread
  /// and do not wait: as many workers as threads, each operator on one of them; about 1.2 million
  /// convolved pixels a call, at most 8 frames, so that weights are streamed once per call and
  /// activations stay within the cache's reach; of large frames that networks see small, as many
  /// as have about 17 million pixels (50 MB) together.
  virtual ExecutionPlan plan(const PlanRequest& request) const;
  /// Copies what it needs: neither graph nor weights need outlive the call. Any node may be the
  /// graph's scoremap_logits (tests of single operators rely on it); a graph without locref gives
  /// an empty locref.
  /// @throws what check_weights() throws, if the weights do not fit; Error(device_memory) if they
  /// do not fit into the device's memory, with one frame.
  virtual std::unique_ptr<Executor> compile(const Graph& graph, const Weights& weights,
                                            const BackendOptions& options) const = 0;
  /// All members of an ensemble. A backend that shares no prefixes keeps this default: every member
  /// by itself.
  virtual std::unique_ptr<EnsembleExecutor> compile_ensemble(
      std::span<const EnsembleMember> members, const BackendOptions& options) const;
};

/// All backends built in, best first; `reference` is always the last.
std::span<const Backend* const> backends();

/// The backend called `name`; empty: POSSE_BACKEND if set, else the first available.
/// @throws Error(usage) for an unknown name (lists the known ones); Error(unavailable) if it cannot
/// run here.
const Backend& choose_backend(std::string_view name);

/// What a user may say of where networks run; empty texts: nothing.
struct BackendWish {
  /// The option --backend.
  std::string backend;
  /// The option --device. "cpu" alone is our own engine; "auto" alone the best card that ONNX
  /// Runtime reaches, else our own engine. With the backend onnxruntime, which defaults to "auto",
  /// both are of ONNX Runtime. Any other is a device of ONNX Runtime (open_onnxruntime()).
  std::string device;
  /// The option --ort-library.
  std::string ort_library;
  Precision precision = Precision::fp32;
};

/// @param notes  gets a sentence for each device that "auto" passed over; nullptr: nobody asks
/// @throws as choose_backend() and open_onnxruntime(); Error(usage) for a device or precision that
/// the backend does not have; Error(unavailable) where "auto" finds none with this precision
std::shared_ptr<const Backend> choose_backend(const BackendWish& wish,
                                              std::vector<std::string>* notes = nullptr);

}  // namespace posse
