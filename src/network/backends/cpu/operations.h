/// Steps of a program compiled for one frame size.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "network/backend.h"
#include "network/backends/cpu/kernels.h"
#include "network/backends/cpu/layer_weights.h"
#include "network/backends/cpu/machine.h"
#include "network/backends/cpu/program.h"

namespace posse::cpu {

/// Where a value lies for each frame of a batch; stride 0: one place that frames use in turn.
struct Slot {
  float* base = nullptr;
  int64_t frame_stride = 0;
  float* at(int64_t frame) const { return base == nullptr ? nullptr : base + frame * frame_stride; }
};

/// What a step may touch while it runs.
struct StepMemory {
  Slot input, residual, affine, output, statistics;
  std::vector<Slot> parts;  ///< of concat
  Slot head;  ///< [h, w, channels] without padding, of steps that write a network output
  void* scratch = nullptr;
  const FrameBatch* frames = nullptr;
};

/// Sizes a step works on. Extents of input and output, channels padded.
struct StepShape {
  Extent in, out;
  int64_t in_channels = 0;
  int64_t out_channels = 0;
  bool picture = false;                ///< the input is a three-channel picture
  std::vector<int64_t> part_channels;  ///< of concat, without padding
};

class Operation {
 public:
  virtual ~Operation() = default;
  /// Frames [begin, end) of the batch.
  virtual void run(const StepMemory& memory, int64_t begin, int64_t end) const = 0;
  /// For `num_frames` at once.
  virtual int64_t scratch_bytes(int64_t /*num_frames*/) const { return 0; }
  /// Floating-point operations per frame, a multiplication and an addition counting two, a
  /// convolution in its direct form; 0 for steps that are not convolutions.
  virtual double flops() const { return 0; }
  /// Which kernel does it, for the layer table.
  virtual std::string implementation() const { return "own"; }
};

struct OperationOptions {
  int threads = 1;
  /// The output does not share memory with the residual, which has to be copied into it first.
  bool copy_residual = false;
};

std::unique_ptr<Operation> make_operation(const Graph& graph, const Step& step,
                                          const LayerWeights& weights, const StepShape& shape,
                                          const Machine& machine, const OperationOptions& options);

}  // namespace posse::cpu
