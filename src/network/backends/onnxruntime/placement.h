/// Finds which provider of ONNX Runtime was given which operations of a network.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "network/backends/onnxruntime/devices.h"

namespace posse::ort {

struct Placement {
  /// Number of operations by provider.
  std::map<std::string, int64_t> nodes;
  /// Operations of the CPU provider by kind, as "Conv"; empty where it has all or none.
  std::vector<std::string> on_cpu;
};

/// What a session's log says of it at its most talkative level. Source: the lines below "Node
/// placements" of onnxruntime/core/framework/session_state.cc.
Placement read_placement(std::span<const std::string> log);

/// @throws Error(unavailable) unless the device's provider has all that computes: where the CPU was
/// given a part of it, or the log does not say. What finds out shapes may stay on the CPU, where
/// ONNX Runtime puts it on purpose.
void check_placement(const Placement& placement, const Device& device);

}  // namespace posse::ort
