/// A program with its weights, ready to run on frames of any size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "network/backend.h"
#include "network/backends/cpu/layer_weights.h"
#include "network/backends/cpu/machine.h"
#include "network/backends/cpu/operations.h"
#include "network/backends/cpu/program.h"

namespace posse::cpu {

/// Activations and scratch of one thread; grows to the largest need seen.
class CpuWorkspace : public Workspace {
 public:
  int64_t num_bytes() const override { return arena_.size() * kFloat + scratch_.size() * kFloat; }
  float* arena(int64_t floats) { return grown(arena_, floats); }
  float* scratch(int64_t bytes) { return grown(scratch_, (bytes + kFloat - 1) / kFloat); }

 private:
  static constexpr int64_t kFloat = static_cast<int64_t>(sizeof(float));
  static float* grown(Tensor& tensor, int64_t floats) {
    if (tensor.size() < floats) {
      tensor = Tensor();
      tensor = Tensor({floats});
    }
    return tensor.data();
  }
  Tensor arena_, scratch_;
};

/// The value at which a prefix ends, for the frames of a batch.
class CpuPrefixActivations : public PrefixActivations {
 public:
  int64_t num_bytes() const override { return values.size() * static_cast<int64_t>(sizeof(float)); }
  Tensor values;  ///< [frames, floats of a frame]
  int64_t frame_floats = 0;
  int64_t num_frames = 0;
};

/// One line of the layer table.
struct LayerTime {
  std::string name;
  std::string implementation;
  double flops = 0;    ///< per frame, direct form
  double seconds = 0;  ///< per frame, processor time of the thread
};

class CpuNetwork {
 public:
  /// The graph gives extents and constants of the input; the program what to compute.
  CpuNetwork(Graph graph, Program program, const Machine& machine, const BackendOptions& options);

  /// @param entry   where the program starts from a value: the prefix's, for this batch.
  /// @param exit    where it ends in one: written.
  /// @param output  where it ends in heads: written.
  /// @param times   added to, one entry per step that ran, when given.
  void run(const FrameBatch& batch, bool want_locref, const CpuPrefixActivations* entry,
           CpuPrefixActivations* exit, NetworkOutput* output, CpuWorkspace& workspace,
           std::vector<LayerTime>* times = nullptr) const;

  bool has_locref() const { return graph_.locref >= 0; }
  int64_t weight_bytes() const;

 private:
  struct ShapePlan;
  struct Run;
  std::shared_ptr<const ShapePlan> plan_for(Extent frame, bool want_locref) const;
  std::shared_ptr<ShapePlan> make_plan(Extent frame, bool want_locref) const;
  StepShape step_shape(const Step& step, const std::vector<Extent>& extents) const;
  int64_t frame_floats(const Value& value, const std::vector<Extent>& extents) const;
  ConvolutionMethod choose_method(const Step& step, const std::vector<Extent>& extents) const;
  /// The first of the candidates, or the one that timing chose where tuning is on.
  ConvolutionMethod tuned(const Step& step, const std::vector<Extent>& extents,
                          std::span<const ConvolutionMethod> candidates) const;
  void run_chunk(Run& run, int64_t begin, int64_t end) const;

  Graph graph_;
  Program program_;
  Machine machine_;
  BackendOptions options_;
  std::vector<std::unique_ptr<LayerWeights>> weights_;  // by step

  using PlanKey = std::tuple<int64_t, int64_t, bool>;
  mutable std::mutex mutex_;
  mutable std::map<PlanKey, std::shared_ptr<const ShapePlan>> plans_;
};

}  // namespace posse::cpu
