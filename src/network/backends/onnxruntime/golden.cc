#include "network/backends/onnxruntime/golden.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "base/error.h"
#include "network/backends/cpu/cpu_backend.h"

namespace posse::ort {

double largest_error(std::span<const float> expected, std::span<const float> got) {
  if (expected.size() != got.size()) return std::numeric_limits<double>::infinity();
  if (expected.empty()) return 0;
  const auto [least, most] = std::minmax_element(expected.begin(), expected.end());
  const double range = static_cast<double>(*most) - static_cast<double>(*least);
  double largest = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    const double error = std::abs(static_cast<double>(expected[i]) - static_cast<double>(got[i]));
    if (!std::isfinite(error)) return std::numeric_limits<double>::infinity();
    largest = std::max(largest, error);
  }
  if (largest == 0) return 0;
  return range > 0 ? largest / range : std::numeric_limits<double>::infinity();
}

double golden_bound(const Graph& graph, Precision precision) {
  const bool norms_itself =
      std::any_of(graph.nodes.begin(), graph.nodes.end(), [](const Node& node) {
        return node.kind == OpKind::batch_norm && node.batch_norm_mode != BatchNormMode::moving;
      });
  if (precision != Precision::fp32) return norms_itself ? 2e-1 : 1e-1;
  return norms_itself ? 1e-2 : 1e-3;
}

std::vector<uint8_t> golden_picture(Extent extent) {
  std::mt19937 random(17);
  std::vector<uint8_t> rgb;
  for (int64_t row = 0; row < extent.height; ++row) {
    for (int64_t col = 0; col < extent.width; ++col) {
      for (int channel = 0; channel < 3; ++channel) {
        const double wave = std::sin(0.21 * static_cast<double>(row) + channel) +
                            std::cos(0.17 * static_cast<double>(col) - channel);
        rgb.push_back(static_cast<uint8_t>(100 + 40 * wave + static_cast<double>(random() % 40)));
      }
    }
  }
  return rgb;
}

Extent golden_extent(std::optional<Extent> frame) {
  constexpr int64_t kMost = 160;
  const Extent wanted = frame.value_or(Extent{kMost, kMost});
  return {std::min(wanted.height, kMost), std::min(wanted.width, kMost)};
}

double check_golden(const Graph& graph, const Weights& weights, const Executor& executor,
                    std::optional<Extent> frame, const std::string& device, Precision precision) {
  const Extent extent = golden_extent(frame);
  const std::vector<uint8_t> picture = golden_picture(extent);
  const FrameBatch batch{extent.height, extent.width, {picture.data()}};
  NetworkOutput expected, got;
  const auto own = cpu_backend().compile(graph, weights, {.low_memory = true, .tune = false});
  own->run(batch, true, *own->make_workspace(), expected);
  executor.run(batch, true, *executor.make_workspace(), got);
  const double error =
      std::max(largest_error(expected.scoremap_logits.values(), got.scoremap_logits.values()),
               largest_error(expected.locref.values(), got.locref.values()));
  const double bound = golden_bound(graph, precision);
  if (error <= bound) return error;
  throw Error(ErrorKind::unavailable,
              fmt::format("device {} computes other maps than posse's own engine: {:.1e} of their "
                          "range apart on a trial frame, {:.0e} is allowed",
                          device, error, bound),
              {.hint = "--device cpu computes them here; another version of ONNX Runtime or of the "
                       "driver may be right"});
}

}  // namespace posse::ort
