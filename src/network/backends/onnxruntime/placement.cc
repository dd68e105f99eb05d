#include "network/backends/onnxruntime/placement.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <set>

#include "base/error.h"
#include "base/text.h"

namespace posse::ort {
namespace {

constexpr std::string_view kCpu = "CPUExecutionProvider";

/// Work on a handful of numbers that say how large something is.
constexpr std::array<std::string_view, 12> kShapeWork = {
    "Shape",   "Size",    "Gather", "Slice",  "Concat",   "Unsqueeze",
    "Squeeze", "Reshape", "Cast",   "Expand", "Constant", "ConstantOfShape"};

std::string_view trimmed(std::string_view text) {
  const size_t first = std::min(text.find_first_not_of(' '), text.size());
  text.remove_prefix(first);
  return text.substr(0, text.find_last_not_of(" \n") + 1);
}

/// The name in "... placed on [NAME]. Number of nodes: N"; empty if the line is another.
std::string_view provider_in(std::string_view line) {
  constexpr std::string_view kPlaced = "placed on [";
  const size_t start = line.find(kPlaced);
  if (start == std::string_view::npos) return {};
  line.remove_prefix(start + kPlaced.size());
  return line.substr(0, line.find(']'));
}

int64_t count_in(std::string_view line) {
  const size_t colon = line.rfind(':');
  return colon == std::string_view::npos
             ? 0
             : std::strtoll(std::string(line.substr(colon + 1)).c_str(), nullptr, 10);
}

Error lost(const Device& device, const std::string& what) {
  return {ErrorKind::unavailable,
          fmt::format("device {}: {}", device.text(), what),
          {.hint = fmt::format("it needs {}; {} brings a library for it; --device cpu goes without",
                               device.kind->needs, device.kind->install_line)}};
}

}  // namespace

Placement read_placement(std::span<const std::string> log) {
  Placement placement;
  bool is_cpu = false;  // the lines that follow are operations of the CPU
  for (const std::string& line : log) {
    const std::string_view provider = provider_in(line);
    if (!provider.empty()) {
      placement.nodes[std::string(provider)] += count_in(line);
      is_cpu = provider == kCpu;
    } else if (is_cpu && line.starts_with(' ')) {
      const std::string_view item = trimmed(line);
      placement.on_cpu.emplace_back(item.substr(0, item.find_first_of(" (")));
    } else {
      is_cpu = false;
    }
  }
  return placement;
}

void check_placement(const Placement& placement, const Device& device) {
  const std::string provider(device.kind->provider);
  auto own = placement.nodes.find(provider);
  if (own == placement.nodes.end()) {
    own = placement.nodes.find(std::string(device.kind->plugin_provider));
  }
  if (placement.nodes.empty()) {
    throw lost(device, "ONNX Runtime does not say which operations run on it");
  }
  if (own == placement.nodes.end() || own->second == 0) {
    throw lost(device,
               fmt::format("ONNX Runtime gave it nothing to do: all {} operations would "
                           "run elsewhere ({})",
                           placement.nodes.begin()->second, placement.nodes.begin()->first));
  }
  if (provider == kCpu) return;
  std::set<std::string> computing;
  for (const std::string& kind : placement.on_cpu) {
    if (std::find(kShapeWork.begin(), kShapeWork.end(), kind) == kShapeWork.end()) {
      computing.insert(printable(kind));
    }
  }
  if (computing.empty()) return;
  const std::vector<std::string> names(computing.begin(), computing.end());
  throw lost(device, fmt::format("ONNX Runtime left {} of the operations to the CPU: {}",
                                 placement.on_cpu.size(), list_names(names)));
}

}  // namespace posse::ort
