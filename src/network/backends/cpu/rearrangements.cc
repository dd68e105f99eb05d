#include "network/backends/cpu/rearrangements.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <vector>

#include "base/error.h"
#include "network/backends/cpu/onednn.h"

namespace posse::cpu {
namespace {

/// Where channel c of a pixel of a map lies.
int64_t channel_offset(const MapView& map, int64_t lanes, int64_t c) {
  return c / lanes * map.vector_stride + c % lanes;
}

class PixelShuffle : public Operation {
 public:
  PixelShuffle(const Step& step, const StepShape& shape, const Machine& machine)
      : factor_(step.stride), channels_(step.channels), shape_(shape), machine_(machine) {}

  void run(const StepMemory& memory, int64_t begin, int64_t end) const override {
    for (int64_t frame = begin; frame < end; ++frame) {
      const MapView in = machine_.map(memory.input.at(frame), shape_.in.height, shape_.in.width,
                                      shape_.in_channels);
      float* dst = memory.output.at(frame);
      const MapView out =
          machine_.map(dst, shape_.out.height, shape_.out.width, shape_.out_channels);
      if (shape_.out_channels != channels_) {
        std::fill_n(dst, out.height * out.width * shape_.out_channels, 0.0F);
      }
      for (int64_t tap = 0; tap < factor_ * factor_; ++tap) copy_tap(tap, in, out, dst);
    }
  }

 private:
  /// One cell of every input cell's square of output cells.
  void copy_tap(int64_t tap, const MapView& in, const MapView& out, float* dst) const {
    std::vector<int64_t> from_offsets, to_offsets;
    for (int64_t c = 0; c < channels_; ++c) {
      from_offsets.push_back(channel_offset(in, machine_.lanes(), c * factor_ * factor_ + tap));
      to_offsets.push_back(channel_offset(out, machine_.lanes(), c));
    }
    for (int64_t row = 0; row < in.height; ++row) {
      const int64_t out_row = row * factor_ + tap / factor_;
      for (int64_t col = 0; col < in.width; ++col) {
        const int64_t out_col = col * factor_ + tap % factor_;
        const float* from = in.data + (row * in.width + col) * in.pixel_stride;
        float* to = dst + (out_row * out.width + out_col) * out.pixel_stride;
        for (size_t c = 0; c < from_offsets.size(); ++c) to[to_offsets[c]] = from[from_offsets[c]];
      }
    }
  }

  int64_t factor_;
  int64_t channels_;
  const StepShape shape_;
  const Machine machine_;
};

/// For each target cell of an axis the two cells it lies between, and the share of the second.
struct AxisShares {
  AxisShares(int64_t to, int64_t from) {
    const double scale = static_cast<double>(from) / static_cast<double>(to);
    for (int64_t i = 0; i < to; ++i) {
      const double place = std::max((static_cast<double>(i) + 0.5) * scale - 0.5, 0.0);
      first.push_back(std::min(static_cast<int64_t>(place), from - 1));
      second.push_back(std::min(first.back() + 1, from - 1));
      share.push_back(static_cast<float>(place - static_cast<double>(first.back())));
    }
  }
  std::vector<int64_t> first, second;
  std::vector<float> share;
};

/// For each target cell of an axis the cells that it is a mean of, and their weights: a triangle as
/// wide as two target cells, or two cells where the axis becomes longer.
struct AxisMeans {
  AxisMeans(int64_t to, int64_t from) {
    const double scale = static_cast<double>(from) / static_cast<double>(to);
    const double reach = std::max(scale, 1.0);
    for (int64_t i = 0; i < to; ++i) {
      const double centre = (static_cast<double>(i) + 0.5) * scale;
      const auto begin = std::max<int64_t>(std::lround(centre - reach), 0);
      const auto end = std::min<int64_t>(std::lround(centre + reach), from);
      std::vector<double> shares;
      double sum = 0;
      for (int64_t k = begin; k < end; ++k) {
        const double distance = std::abs(static_cast<double>(k) + 0.5 - centre) / reach;
        sum += shares.emplace_back(std::max(0.0, 1 - distance));
      }
      first.push_back(begin);
      weights.emplace_back();
      for (const double share : shares) weights.back().push_back(static_cast<float>(share / sum));
    }
  }
  std::vector<int64_t> first;
  std::vector<std::vector<float>> weights;
};

/// Channels of a picture or map, one strided plane each.
class Resize : public Operation {
 public:
  Resize(const Step& step, const StepShape& shape, const Machine& machine)
      : channels_(shape.picture ? 3 : shape.in_channels),
        shape_(shape),
        machine_(machine),
        rows_(step.resized.height, shape.in.height),
        cols_(step.resized.width, shape.in.width) {
    if (!step.antialias) return;
    row_means_.emplace(step.resized.height, shape.in.height);
    col_means_.emplace(step.resized.width, shape.in.width);
  }

  void run(const StepMemory& memory, int64_t begin, int64_t end) const override {
    for (int64_t frame = begin; frame < end; ++frame) {
      for (int64_t c = 0; c < channels_; ++c) {
        resize_plane(plane(memory.input.at(frame), shape_.in, shape_.in_channels, c),
                     plane(memory.output.at(frame), shape_.out, shape_.out_channels, c));
      }
    }
  }

 private:
  struct Plane {
    float* data;
    int64_t pixel_stride;
  };

  Plane plane(float* data, Extent extent, int64_t padded_channels, int64_t c) const {
    if (!shape_.picture) {
      const MapView map = machine_.map(data, extent.height, extent.width, padded_channels);
      return {data + channel_offset(map, machine_.lanes(), c), map.pixel_stride};
    }
    if (picture_is_planar(machine_.format)) return {data + c * extent.height * extent.width, 1};
    return {data + c, 3};
  }

  void resize_plane(const Plane& from, const Plane& to) const {
    POSSE_ASSERT(from.data != nullptr && to.data != nullptr);
    if (row_means_) {
      mean_plane(from, to);
      return;
    }
    for (int64_t row = 0; row < shape_.out.height; ++row) {
      const auto r = static_cast<size_t>(row);
      const float* above = from.data + rows_.first[r] * shape_.in.width * from.pixel_stride;
      const float* below = from.data + rows_.second[r] * shape_.in.width * from.pixel_stride;
      const float y = rows_.share[r];
      float* out = to.data + row * shape_.out.width * to.pixel_stride;
      for (int64_t col = 0; col < shape_.out.width; ++col) {
        const auto k = static_cast<size_t>(col);
        const int64_t left = cols_.first[k] * from.pixel_stride;
        const int64_t right = cols_.second[k] * from.pixel_stride;
        const float x = cols_.share[k];
        const float top = above[left] * (1 - x) + above[right] * x;
        const float bottom = below[left] * (1 - x) + below[right] * x;
        out[col * to.pixel_stride] = top * (1 - y) + bottom * y;
      }
    }
  }

  void mean_plane(const Plane& from, const Plane& to) const {
    const auto width = static_cast<size_t>(shape_.out.width);
    std::vector<float> narrow(static_cast<size_t>(shape_.in.height) * width);
    for (int64_t row = 0; row < shape_.in.height; ++row) {
      const float* line = from.data + row * shape_.in.width * from.pixel_stride;
      float* out = narrow.data() + static_cast<size_t>(row) * width;
      for (size_t col = 0; col < width; ++col) {
        const float* cell = line + col_means_->first[col] * from.pixel_stride;
        for (const float weight : col_means_->weights[col]) {
          out[col] += weight * *cell;
          cell += from.pixel_stride;
        }
      }
    }
    std::vector<float> sum(width);
    for (int64_t row = 0; row < shape_.out.height; ++row) {
      const auto r = static_cast<size_t>(row);
      const float* line = narrow.data() + static_cast<size_t>(row_means_->first[r]) * width;
      std::fill(sum.begin(), sum.end(), 0.0F);
      for (const float weight : row_means_->weights[r]) {
        for (size_t col = 0; col < width; ++col) sum[col] += weight * line[col];
        line += width;
      }
      float* out = to.data + row * shape_.out.width * to.pixel_stride;
      for (size_t col = 0; col < width; ++col) {
        out[static_cast<int64_t>(col) * to.pixel_stride] = sum[col];
      }
    }
  }

  int64_t channels_;
  const StepShape shape_;
  const Machine machine_;
  AxisShares rows_, cols_;
  std::optional<AxisMeans> row_means_, col_means_;  ///< with antialiasing
};

/// Prepares and resizes a frame in one: the same numbers as one after the other.
class ResizeFrame : public Operation {
 public:
  ResizeFrame(const Graph& graph, const Step& step, const StepShape& shape, const Machine& machine)
      : shape_(shape),
        planar_(picture_is_planar(machine.format)),
        rows_(step.resized.height, shape.in.height),
        cols_(step.resized.width, shape.in.width) {
    POSSE_ASSERT(shape.picture);
    for (size_t c = 0; c < 3; ++c) {
      for (size_t value = 0; value < 256; ++value) {
        prepared_[c][value] =
            (static_cast<float>(value) - graph.mean_pixel[c]) / graph.input_scale[c];
      }
    }
  }

  void run(const StepMemory& memory, int64_t begin, int64_t end) const override {
    for (int64_t frame = begin; frame < end; ++frame) {
      const uint8_t* rgb = memory.frames->frames.at(static_cast<size_t>(frame));
      for (int64_t row = 0; row < shape_.out.height; ++row) {
        resize_row(rgb, row, memory.output.at(frame));
      }
    }
  }

 private:
  void resize_row(const uint8_t* rgb, int64_t row, float* picture) const {
    const auto r = static_cast<size_t>(row);
    const uint8_t* above = rgb + rows_.first[r] * shape_.in.width * 3;
    const uint8_t* below = rgb + rows_.second[r] * shape_.in.width * 3;
    const float y = rows_.share[r];
    const int64_t pixels = shape_.out.height * shape_.out.width;
    float* out = picture + row * shape_.out.width * (planar_ ? 1 : 3);
    for (int64_t col = 0; col < shape_.out.width; ++col) {
      const auto k = static_cast<size_t>(col);
      const int64_t left = 3 * cols_.first[k], right = 3 * cols_.second[k];
      const float x = cols_.share[k];
      for (int64_t c = 0; c < 3; ++c) {
        const auto& prepared = prepared_[static_cast<size_t>(c)];
        const float top = prepared[above[left + c]] * (1 - x) + prepared[above[right + c]] * x;
        const float bottom = prepared[below[left + c]] * (1 - x) + prepared[below[right + c]] * x;
        out[planar_ ? c * pixels + col : 3 * col + c] = top * (1 - y) + bottom * y;
      }
    }
  }

  const StepShape shape_;
  const bool planar_;
  AxisShares rows_, cols_;
  std::array<std::array<float, 256>, 3> prepared_;
};

class Concat : public Operation {
 public:
  Concat(const StepShape& shape, const Machine& machine) : shape_(shape), machine_(machine) {}

  void run(const StepMemory& memory, int64_t begin, int64_t end) const override {
    for (int64_t frame = begin; frame < end; ++frame) {
      float* dst = memory.output.at(frame);
      std::fill_n(dst, shape_.out.height * shape_.out.width * shape_.out_channels, 0.0F);
      const MapView out =
          machine_.map(dst, shape_.out.height, shape_.out.width, shape_.out_channels);
      int64_t first = 0;
      for (size_t part = 0; part < memory.parts.size(); ++part) {
        const int64_t count = shape_.part_channels[part];
        copy(memory.parts[part].at(frame), count, first, out, dst);
        first += count;
      }
    }
  }

 private:
  void copy(float* part, int64_t count, int64_t first, const MapView& out, float* dst) const {
    const int64_t lanes = machine_.lanes();
    const MapView in = machine_.map(part, out.height, out.width, machine_.padded(count));
    for (int64_t pixel = 0; pixel < out.height * out.width; ++pixel) {
      for (int64_t c = 0; c < count; ++c) {
        dst[pixel * out.pixel_stride + channel_offset(out, lanes, first + c)] =
            in.data[pixel * in.pixel_stride + channel_offset(in, lanes, c)];
      }
    }
  }

  const StepShape shape_;
  const Machine machine_;
};

}  // namespace

std::unique_ptr<Operation> make_rearrangement(const Graph& graph, const Step& step,
                                              const StepShape& shape, const Machine& machine) {
  switch (step.kind) {
    case StepKind::pixel_shuffle:
      return std::make_unique<PixelShuffle>(step, shape, machine);
    case StepKind::resize:
      if (step.input < 0) return std::make_unique<ResizeFrame>(graph, step, shape, machine);
      return std::make_unique<Resize>(step, shape, machine);
    case StepKind::concat:
      return std::make_unique<Concat>(shape, machine);
    default:
      POSSE_ASSERT(false);
  }
}

}  // namespace posse::cpu
