/// Appends nodes to an ONNX model that bring maps of PyTorch's tools to the common meaning, or to
/// the tool's own heatmaps.
#pragma once

#include <string>

#include "base/map_meaning.h"
#include "network/onnx_model.h"

namespace posse {

/// Maps [frames, bodyparts, h, w] of a network in the meaning that all maps share, as
/// to_common_meaning() of keypoints gives them (maps with NaN apart); logits stay as they are.
/// @param name  begins the names of the nodes. @return the value's name
std::string common_meaning_nodes(MapMeaning meaning, const std::string& maps,
                                 const std::string& name, OnnxModel& model);

/// What the tool itself calls a heatmap: bumps as they are, spatial logits behind their softmax.
std::string heatmap_nodes(MapMeaning meaning, const std::string& maps, const std::string& name,
                          OnnxModel& model);

}  // namespace posse
