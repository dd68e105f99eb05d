#include "network/backends/cpu/convolutions.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "network/backends/cpu/kernel_scratch.h"

namespace posse::cpu {
namespace {

constexpr int64_t kFloatBytes = static_cast<int64_t>(sizeof(float));

double convolution_flops(const Step& step, const StepShape& shape) {
  const double in = shape.picture ? 3.0 : static_cast<double>(step.weights_in);
  return 2.0 * step.kernel * step.kernel * in *
         static_cast<double>(shape.out.height * shape.out.width * step.channels);
}

class DirectConvolution : public Operation {
 public:
  DirectConvolution(const Step& step, const LayerWeights& weights, const StepShape& shape,
                    const Machine& machine, const OperationOptions& options)
      : convolution_(make_convolution(convolution_shape(step, shape, machine), options.threads)),
        packed_(weights.direct_for(*convolution_)),
        bias_(weights.bias()),
        flops_(convolution_flops(step, shape)),
        residual_floats_(
            options.copy_residual ? shape.out.height * shape.out.width * shape.out_channels : 0) {}

  void run(const StepMemory& memory, int64_t begin, int64_t end) const override {
    for (int64_t frame = begin; frame < end; ++frame) {
      float* dst = memory.output.at(frame);
      if (residual_floats_ > 0) std::copy_n(memory.residual.at(frame), residual_floats_, dst);
      convolution_->run(memory.input.at(frame), *packed_, bias_, dst, memory.scratch);
    }
  }
  int64_t scratch_bytes(int64_t /*num_frames*/) const override {
    return convolution_->scratch_bytes();
  }
  double flops() const override { return flops_; }
  std::string implementation() const override { return "oneDNN " + convolution_->implementation(); }

 private:
  std::unique_ptr<OneDnnConvolution> convolution_;
  std::shared_ptr<const PackedWeights> packed_;
  const float* bias_;
  double flops_;
  int64_t residual_floats_;
};

class WinogradConvolution : public Operation {
 public:
  WinogradConvolution(const Step& step, const LayerWeights& weights, const StepShape& shape,
                      const Machine& machine)
      : step_(step),
        weights_(weights),
        shape_(shape),
        machine_(machine),
        outputs_(weights.method() == ConvolutionMethod::winograd4 ? 4 : 2) {}

  void run(const StepMemory& memory, int64_t begin, int64_t end) const override {
    const auto& in = shape_.in;
    const int64_t tiles = num_tiles(end - begin), blocks = num_blocks(tiles);
    WinogradArgs args = {
        .outputs = outputs_,
        .src = machine_.map(memory.input.at(begin), in.height, in.width, shape_.in_channels),
        .dst = machine_.map(memory.output.at(begin), in.height, in.width, shape_.out_channels),
        .src_frame_stride = memory.input.frame_stride,
        .dst_frame_stride = memory.output.frame_stride,
        .dilation = step_.dilation,
        .tile_capacity = (tiles + blocks - 1) / blocks,
        .weights = weights_.winograd().data(),
        .bias = weights_.bias(),
        .activation = step_.activation};
    args.transformed = static_cast<float*>(memory.scratch);
    args.products = args.transformed + transformed_floats(args.tile_capacity);
    for (int64_t block = 0; block < blocks; ++block) {
      args.first_tile = tiles * block / blocks;
      args.num_tiles = tiles * (block + 1) / blocks - args.first_tile;
      machine_.kernels->winograd(args);
    }
  }

  int64_t scratch_bytes(int64_t num_frames) const override {
    int64_t most = 0;  // fewer frames may come than planned for, in blocks that divide otherwise
    for (int64_t frames = 1; frames <= num_frames; ++frames) {
      const int64_t tiles = num_tiles(frames), blocks = num_blocks(tiles);
      most = std::max(most, (tiles + blocks - 1) / blocks);
    }
    return kFloatBytes * (transformed_floats(most) + product_floats(most));
  }
  double flops() const override { return convolution_flops(step_, shape_); }
  std::string implementation() const override {
    return outputs_ == 4 ? "own Winograd F(4x4)" : "own Winograd F(2x2)";
  }

 private:
  int64_t frequencies() const { return int64_t{outputs_ + 2} * (outputs_ + 2); }
  int64_t num_tiles(int64_t frames) const {
    return winograd_num_tiles(frames, shape_.in.height, shape_.in.width, step_.dilation, outputs_);
  }
  int64_t transformed_floats(int64_t capacity) const {
    return winograd_scratch_floats(outputs_, shape_.in_channels, capacity, machine_.lanes());
  }
  int64_t product_floats(int64_t capacity) const {
    const int64_t columns = machine_.kernels->gemm_columns;
    const int64_t channels = (shape_.out_channels + columns - 1) / columns * columns;
    return winograd_scratch_floats(outputs_, channels, capacity, machine_.lanes());
  }
  /// As many tiles at a time as keep both transforms in the second-level cache, but no fewer than
  /// pay for reading the weights once more.
  int64_t num_blocks(int64_t tiles) const {
    const int64_t tile_floats = frequencies() * (shape_.in_channels + shape_.out_channels);
    constexpr int64_t kCacheFloats = 160 * 1024, kLeast = 56;
    const int64_t fit = std::max(kLeast, kCacheFloats / tile_floats);
    return (tiles + fit - 1) / fit;
  }

  const Step& step_;
  const LayerWeights& weights_;
  const StepShape shape_;
  const Machine machine_;
  const int outputs_;
};

class MatrixConvolution : public Operation {
 public:
  MatrixConvolution(const Step& step, const LayerWeights& weights, const StepShape& shape,
                    const Machine& machine, const OperationOptions& options)
      : weights_(weights),
        shape_(shape),
        machine_(machine),
        activation_(step.activation),
        add_(step.residual >= 0),
        stride_(step.stride),
        flops_(convolution_flops(step, shape)),
        residual_floats_(
            options.copy_residual ? shape.out.height * shape.out.width * shape.out_channels : 0) {}

  void run(const StepMemory& memory, int64_t begin, int64_t end) const override {
    if (residual_floats_ > 0) {
      for (int64_t frame = begin; frame < end; ++frame) {
        std::copy_n(memory.residual.at(frame), residual_floats_, memory.output.at(frame));
      }
    }
    const bool adjoin =
        (stride_ > 1 || frames_adjoin(memory.input, shape_.in, shape_.in_channels)) &&
        frames_adjoin(memory.output, shape_.out, shape_.out_channels);
    const int64_t together = adjoin ? end - begin : 1;  // weights are read once for all
    for (int64_t frame = begin; frame < end; frame += together) multiply(memory, frame, together);
  }
  int64_t scratch_bytes(int64_t num_frames) const override {
    const int64_t gathered = stride_ > 1 ? num_frames * gathered_floats() : 0;
    return kFloatBytes * (gathered + matrix_scratch_floats(shape_.in_channels, machine_.lanes()));
  }
  double flops() const override { return flops_; }
  std::string implementation() const override { return "own matrix product"; }

 private:
  /// Whether one frame's pixels follow those of the frame before.
  bool frames_adjoin(const Slot& slot, Extent extent, int64_t channels) const {
    return machine_.format == MapFormat::channels_last &&
           slot.frame_stride == extent.height * extent.width * channels;
  }

  /// Of one frame: the pixels that a stride of more than one leaves.
  int64_t gathered_floats() const {
    return shape_.out.height * shape_.out.width * shape_.in_channels;
  }

  void gather(float* frame, float* to) const {
    const int64_t lanes = machine_.lanes();
    const MapView from = machine_.map(frame, shape_.in.height, shape_.in.width, shape_.in_channels);
    const MutableMapView out =
        machine_.map(to, shape_.out.height, shape_.out.width, shape_.in_channels);
    for (int64_t row = 0; row < out.height; ++row) {
      for (int64_t col = 0; col < out.width; ++col) {
        const float* pixel = from.data + (row * from.width + col) * stride_ * from.pixel_stride;
        float* place = to + (row * out.width + col) * out.pixel_stride;
        for (int64_t v = 0; v < from.vectors; ++v) {
          std::copy_n(pixel + v * from.vector_stride, lanes, place + v * out.vector_stride);
        }
      }
    }
  }

  void multiply(const StepMemory& memory, int64_t frame, int64_t count) const {
    const int64_t height = count * shape_.out.height, width = shape_.out.width;
    float* src = memory.input.at(frame);
    auto* scratch = static_cast<float*>(memory.scratch);
    if (stride_ > 1) {
      src = scratch;
      for (int64_t i = 0; i < count; ++i) {
        gather(memory.input.at(frame + i), src + i * gathered_floats());
      }
      scratch += count * gathered_floats();
    }
    machine_.kernels->matrix(
        {.src = machine_.map(src, height, width, shape_.in_channels),
         .dst = machine_.map(memory.output.at(frame), height, width, shape_.out_channels),
         .weights = weights_.matrix().data(),
         .bias = weights_.bias(),
         .add_to_dst = add_,
         .activation = activation_,
         .scratch = scratch});
  }

  const LayerWeights& weights_;
  const StepShape shape_;
  const Machine machine_;
  const Activation activation_;
  const bool add_;
  const int64_t stride_;
  const double flops_;
  const int64_t residual_floats_;
};

}  // namespace

ConvolutionShape convolution_shape(const Step& step, const StepShape& shape,
                                   const Machine& machine) {
  const auto padding = [&](int64_t length) {
    return padding_amount(step.padding, length, step.kernel, step.stride, step.dilation);
  };
  return {.in_channels = shape.picture ? 3 : shape.in_channels,
          .out_channels = shape.out_channels,
          .in_height = shape.in.height,
          .in_width = shape.in.width,
          .out_height = shape.out.height,
          .out_width = shape.out.width,
          .kernel = step.kernel,
          .stride = step.stride,
          .dilation = step.dilation,
          .rows = padding(shape.in.height),
          .cols = padding(shape.in.width),
          .has_bias = !step.bias.empty(),
          .add_to_dst = step.residual >= 0,
          .activation = step.activation,
          .format = machine.format};
}

bool winograd_fits(const Step& step) {
  constexpr int kLeastChannels = 32;
  return step.kind == StepKind::convolution && step.kernel == 3 && step.stride == 1 &&
         step.padding != PaddingRule::valid && step.residual < 0 &&
         step.weights_in >= kLeastChannels && step.channels >= kLeastChannels;
}

bool matrix_fits(const Step& step, const StepShape& shape) {
  const bool activation_fits = step.activation == Activation::none ||
                               step.activation == Activation::relu ||
                               (step.activation == Activation::relu6 && step.residual < 0);
  return step.kind == StepKind::convolution && step.kernel == 1 && !shape.picture &&
         activation_fits;
}

std::unique_ptr<Operation> make_convolution_operation(const Step& step, const LayerWeights& weights,
                                                      const StepShape& shape,
                                                      const Machine& machine,
                                                      const OperationOptions& options) {
  if (weights.method() == ConvolutionMethod::direct) {
    return std::make_unique<DirectConvolution>(step, weights, shape, machine, options);
  }
  if (weights.method() == ConvolutionMethod::matrix) {
    return std::make_unique<MatrixConvolution>(step, weights, shape, machine, options);
  }
  return std::make_unique<WinogradConvolution>(step, weights, shape, machine);
}

}  // namespace posse::cpu
