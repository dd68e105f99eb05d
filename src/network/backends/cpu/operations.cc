#include "network/backends/cpu/operations.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "network/backends/cpu/convolutions.h"
#include "network/backends/cpu/kernel_scratch.h"
#include "network/backends/cpu/rearrangements.h"

namespace posse::cpu {
namespace {

/// What all operations know; the views are of one frame.
class StepOperation : public Operation {
 public:
  StepOperation(const Step& step, const LayerWeights& weights, const StepShape& shape,
                const Machine& machine)
      : step_(step), weights_(weights), shape_(shape), machine_(machine) {}

 protected:
  const Kernels& kernels() const { return *machine_.kernels; }
  MutableMapView in_map(float* data) const {
    return machine_.map(data, shape_.in.height, shape_.in.width, shape_.in_channels);
  }
  MutableMapView out_map(float* data) const {
    return machine_.map(data, shape_.out.height, shape_.out.width, shape_.out_channels);
  }
  PaddingAmount row_padding() const { return padding(shape_.in.height); }
  PaddingAmount col_padding() const { return padding(shape_.in.width); }

  const Step& step_;
  const LayerWeights& weights_;
  const StepShape shape_;
  const Machine machine_;

 private:
  PaddingAmount padding(int64_t length) const {
    return padding_amount(step_.padding, length, step_.kernel, step_.stride, step_.dilation);
  }
};

class Preprocess : public StepOperation {
 public:
  Preprocess(const Graph& graph, bool picture, const Step& step, const LayerWeights& weights,
             const StepShape& shape, const Machine& machine)
      : StepOperation(step, weights, shape, machine),
        mean_(graph.mean_pixel),
        scale_(graph.input_scale),
        picture_(picture) {}

  void run(const StepMemory& memory, int64_t begin, int64_t end) const override {
    const int64_t pixels = shape_.out.height * shape_.out.width;
    for (int64_t frame = begin; frame < end; ++frame) {
      float* dst = memory.output.at(frame);
      int64_t pixel_stride = 3, channel_stride = 1;
      if (picture_ && picture_is_planar(machine_.format)) {
        pixel_stride = 1;
        channel_stride = pixels;
      } else if (!picture_) {
        pixel_stride = out_map(dst).pixel_stride;
        std::fill_n(dst, pixels * shape_.out_channels, 0.0F);
      }
      kernels().preprocess({.rgb = memory.frames->frames.at(static_cast<size_t>(frame)),
                            .num_pixels = pixels,
                            .mean = mean_.data(),
                            .scale = scale_.data(),
                            .dst = dst,
                            .pixel_stride = pixel_stride,
                            .channel_stride = channel_stride});
    }
  }

 private:
  std::array<float, 3> mean_, scale_;
  bool picture_;
};

class Depthwise : public StepOperation {
 public:
  using StepOperation::StepOperation;

  int64_t scratch_bytes(int64_t /*num_frames*/) const override {
    return (ring_floats() * static_cast<int64_t>(sizeof(float)) + 63) / 64 * 64 +
           2 * shape_.out_channels * static_cast<int64_t>(sizeof(double));
  }
  double flops() const override {
    return 2.0 * step_.kernel * step_.kernel *
           static_cast<double>(shape_.out.height * shape_.out.width * step_.channels);
  }
  std::string implementation() const override { return "own depthwise"; }

  void run(const StepMemory& memory, int64_t begin, int64_t end) const override {
    for (int64_t frame = begin; frame < end; ++frame) {
      const float* affine = memory.affine.at(frame);
      DepthwiseArgs args = {.src = in_map(memory.input.at(frame)),
                            .dst = out_map(memory.output.at(frame)),
                            .kernel = step_.kernel,
                            .stride = step_.stride,
                            .dilation = step_.dilation,
                            .pad_top = row_padding().before,
                            .pad_left = col_padding().before,
                            .weights = weights_.depthwise().data(),
                            .bias = weights_.bias(),
                            .input_scale = affine,
                            .input_shift = affine ? affine + shape_.in_channels : nullptr,
                            .input_activation = step_.input_activation,
                            .activation = step_.activation,
                            .rows = static_cast<float*>(memory.scratch)};
      if (float* statistics = memory.statistics.at(frame)) {
        const int64_t sums = (ring_floats() * static_cast<int64_t>(sizeof(float)) + 63) / 64 * 64;
        args.statistics = {
            .gamma = weights_.gamma(),
            .beta = weights_.beta(),
            .epsilon = step_.epsilon,
            .scale = statistics,
            .shift = statistics + shape_.out_channels,
            .sums = reinterpret_cast<double*>(static_cast<std::byte*>(memory.scratch) + sums)};
      }
      kernels().depthwise(args);
    }
  }

 private:
  int64_t ring_floats() const {
    return depthwise_scratch_floats(shape_.in.width, shape_.out.width,
                                    shape_.in_channels / machine_.lanes(), machine_.lanes(),
                                    step_.kernel, step_.stride, step_.dilation);
  }
};

class Statistics : public StepOperation {
 public:
  using StepOperation::StepOperation;
  int64_t scratch_bytes(int64_t /*num_frames*/) const override {
    return 2 * shape_.in_channels * static_cast<int64_t>(sizeof(double));
  }
  void run(const StepMemory& memory, int64_t begin, int64_t end) const override {
    const int64_t together = step_.over_batch ? end - begin : 1;
    for (int64_t frame = begin; frame < end; frame += together) {
      float* affine = memory.statistics.at(frame);
      kernels().statistics(
          {.src = in_map(memory.input.at(frame)),
           .num_frames = together,
           .src_frame_stride = memory.input.frame_stride,
           .gamma = weights_.gamma(),
           .beta = weights_.beta(),
           .epsilon = step_.epsilon,
           .group_channels = step_.group_channels,
           .num_groups = step_.group_channels > 0 ? step_.channels / step_.group_channels : 0,
           .scale = affine,
           .shift = affine + shape_.in_channels,
           .sums = static_cast<double*>(memory.scratch)});
      for (int64_t i = 1; i < together; ++i)
        std::copy_n(affine, 2 * shape_.in_channels, memory.statistics.at(frame + i));
    }
  }
};

/// Also `multiply`, whose factor is a scale.
class Pointwise : public StepOperation {
 public:
  using StepOperation::StepOperation;
  void run(const StepMemory& memory, int64_t begin, int64_t end) const override {
    const bool multiply = step_.kind == StepKind::multiply;
    for (int64_t frame = begin; frame < end; ++frame) {
      PointwiseArgs args = {.src = in_map(memory.input.at(frame)),
                            .dst = out_map(memory.output.at(frame)),
                            .scale = weights_.scale(),
                            .shift = weights_.bias(),
                            .residual = multiply ? nullptr : memory.residual.at(frame),
                            .activation = step_.activation};
      if (const float* affine = memory.affine.at(frame)) {
        args.scale = affine;
        args.shift = affine + shape_.in_channels;
      }
      if (multiply) args.scale = memory.residual.at(frame);
      kernels().pointwise(args);
      if (memory.head.base != nullptr) {
        copy_to_head(memory.output.at(frame), memory.head.at(frame));
      }
    }
  }

 private:
  void copy_to_head(float* from, float* to) const {
    const MapView map = out_map(from);
    const int64_t lanes = machine_.lanes();
    for (int64_t p = 0; p < map.height * map.width; ++p) {
      for (int64_t c = 0; c < step_.channels; ++c) {
        *to++ = map.data[p * map.pixel_stride + c / lanes * map.vector_stride + c % lanes];
      }
    }
  }
};

class MaxPool : public StepOperation {
 public:
  using StepOperation::StepOperation;
  void run(const StepMemory& memory, int64_t begin, int64_t end) const override {
    for (int64_t frame = begin; frame < end; ++frame) {
      kernels().max_pool({.src = in_map(memory.input.at(frame)),
                          .dst = out_map(memory.output.at(frame)),
                          .kernel = step_.kernel,
                          .stride = step_.stride,
                          .pad_top = row_padding().before,
                          .pad_left = col_padding().before});
    }
  }
};

/// A pool of one cell.
class Subsample : public StepOperation {
 public:
  using StepOperation::StepOperation;
  void run(const StepMemory& memory, int64_t begin, int64_t end) const override {
    for (int64_t frame = begin; frame < end; ++frame) {
      kernels().max_pool({.src = in_map(memory.input.at(frame)),
                          .dst = out_map(memory.output.at(frame)),
                          .kernel = 1,
                          .stride = step_.stride});
    }
  }
};

class GlobalMean : public StepOperation {
 public:
  using StepOperation::StepOperation;
  void run(const StepMemory& memory, int64_t begin, int64_t end) const override {
    for (int64_t frame = begin; frame < end; ++frame) {
      kernels().global_mean(in_map(memory.input.at(frame)), memory.output.at(frame));
    }
  }
};

/// out[p s + a - crop, q s + b - crop, o] += columns[p, q][(a k + b) channels + o].
class OverlapAdd : public StepOperation {
 public:
  using StepOperation::StepOperation;

  void run(const StepMemory& memory, int64_t begin, int64_t end) const override {
    for (int64_t frame = begin; frame < end; ++frame) {
      if (memory.head.base != nullptr) {
        add_frame(memory.input.at(frame),
                  {memory.head.at(frame), step_.channels, machine_.lanes()});
      } else {
        float* dst = memory.output.at(frame);
        std::fill_n(dst, shape_.out.height * shape_.out.width * shape_.out_channels, 0.0F);
        const MapView map = out_map(dst);
        add_frame(memory.input.at(frame), {dst, map.pixel_stride, map.vector_stride});
      }
    }
  }

 private:
  struct Destination {
    float* data;
    int64_t pixel_stride, vector_stride;
  };

  /// A cell of the input that reaches one of the output, and the first channel of its tap.
  struct Reach {
    int64_t cell, tap;
  };

  /// For each output cell of an axis those that reach it, in the order of taps.
  std::vector<std::vector<Reach>> reaches(int64_t out, int64_t in) const {
    const int64_t k = step_.kernel, s = step_.stride;
    const int64_t crop = transpose_crop(step_.padding, step_.kernel, step_.stride);
    std::vector<std::vector<Reach>> found(static_cast<size_t>(out));
    for (int64_t at = 0; at < out; ++at) {
      for (int64_t tap = (at + crop) % s; tap < k && tap <= at + crop; tap += s) {
        const int64_t cell = (at + crop - tap) / s;
        if (cell < in) found[static_cast<size_t>(at)].push_back({cell, tap});
      }
    }
    return found;
  }

  void add_frame(float* columns, const Destination& to) const {
    const MapView from = in_map(columns);
    const int64_t lanes = machine_.lanes(), channels = step_.channels;
    std::vector<int64_t> place;  // of each column, in floats from its cell
    for (int64_t c = 0; c < step_.kernel * step_.kernel * channels; ++c) {
      place.push_back(c / lanes * from.vector_stride + c % lanes);
    }
    const auto row_reaches = reaches(shape_.out.height, shape_.in.height);
    const auto col_reaches = reaches(shape_.out.width, shape_.in.width);
    std::vector<float> sums(static_cast<size_t>(channels));
    for (int64_t row = 0; row < shape_.out.height; ++row) {
      for (int64_t col = 0; col < shape_.out.width; ++col) {
        std::fill(sums.begin(), sums.end(), 0.0F);
        if (weights_.bias() != nullptr) std::copy_n(weights_.bias(), channels, sums.begin());
        for (const Reach& down : row_reaches[static_cast<size_t>(row)]) {
          for (const Reach& across : col_reaches[static_cast<size_t>(col)]) {
            const float* cell =
                from.data + (down.cell * from.width + across.cell) * from.pixel_stride;
            const int64_t* column =
                place.data() + (down.tap * step_.kernel + across.tap) * channels;
            for (size_t o = 0; o < sums.size(); ++o) sums[o] += cell[column[o]];
          }
        }
        float* out = to.data + (row * shape_.out.width + col) * to.pixel_stride;
        for (int64_t o = 0; o < channels; ++o) {
          out[o / lanes * to.vector_stride + o % lanes] = sums[static_cast<size_t>(o)];
        }
      }
    }
  }
};

}  // namespace

std::unique_ptr<Operation> make_operation(const Graph& graph, const Step& step,
                                          const LayerWeights& weights, const StepShape& shape,
                                          const Machine& machine, const OperationOptions& options) {
  switch (step.kind) {
    case StepKind::preprocess:
      return std::make_unique<Preprocess>(graph, shape.picture, step, weights, shape, machine);
    case StepKind::convolution:
      return make_convolution_operation(step, weights, shape, machine, options);
    case StepKind::depthwise:
      return std::make_unique<Depthwise>(step, weights, shape, machine);
    case StepKind::statistics:
      return std::make_unique<Statistics>(step, weights, shape, machine);
    case StepKind::pointwise:
    case StepKind::multiply:
      return std::make_unique<Pointwise>(step, weights, shape, machine);
    case StepKind::max_pool:
      return std::make_unique<MaxPool>(step, weights, shape, machine);
    case StepKind::subsample:
      return std::make_unique<Subsample>(step, weights, shape, machine);
    case StepKind::global_mean:
      return std::make_unique<GlobalMean>(step, weights, shape, machine);
    case StepKind::overlap_add:
      return std::make_unique<OverlapAdd>(step, weights, shape, machine);
    case StepKind::pixel_shuffle:
    case StepKind::resize:
    case StepKind::concat:
      return make_rearrangement(graph, step, shape, machine);
  }
  POSSE_ASSERT(false);
}

}  // namespace posse::cpu
