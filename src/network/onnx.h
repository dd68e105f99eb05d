/// Exports networks, and whole ensembles with their mean consensus, as ONNX files.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/map_meaning.h"
#include "network/graph.h"

namespace posse {

/// What the exported file takes as input; [frames, height, width, 3] RGB of any size either way.
enum class OnnxInput {
  uint8,    ///< bytes
  float32,  ///< the same numbers, 0 ... 255, as floats: for programs without 8-bit inputs
};

struct OnnxMember {
  const Graph* graph = nullptr;
  const Weights* weights = nullptr;
  /// Begins the names of this member's nodes and outputs, as "member-1"; unique among the members.
  std::string name;
  /// Pixels per unit of the network's locref.
  double locref_stdev = 1;
  /// Output bodypart j is the network's channel columns[j]; empty: channels as they are.
  std::vector<int> columns;
  /// Meaning of the network's maps.
  MapMeaning meaning = MapMeaning::logits;
};

struct OnnxExport {
  /// At least one member.
  std::vector<OnnxMember> members;
  OnnxInput input = OnnxInput::uint8;
  /// Also what few programs know, ONNX Runtime among them: batch norm over all frames of a call,
  /// antialiased resizing (opset 18). Off: networks that need it are refused. Several members
  /// without their consensus.
  bool for_runtime = false;
  /// The networks' weights and activations in float16. What norms with statistics of the frames,
  /// resizes and what comes behind the maps stay in float32, as inputs and outputs do.
  bool half = false;
  /// Key and value pairs for the file's metadata_props, written in this order.
  std::vector<std::pair<std::string, std::string>> metadata;
};

/// Writes an ONNX file (opset 10; 17 with networks of PyTorch's tools, or for_runtime) that
/// computes what the members' graphs say, in float32 (or `half`), with the preprocessing inside and
/// height and width left open.
///
/// Stored batch norms are folded into the convolution before them (in float64, rounded once); those
/// of the frame's own statistics become InstanceNormalization. Outputs:
///  * one member: "scoremap_logits" [frames, map_height, map_width, bodyparts] and, if the network
///  has
///    it, "locref" [frames, map_height, map_width, bodyparts, xy] in pixels; if its maps are no
///    logits, "scoremap_logits" are brought to the meaning that all maps share
///    (keypoints/common_meaning.h), and "heatmaps" are what the tool calls so: the bump, or the
///    softmax over all cells;
///  * several: "scoremap_logits" is the mean consensus, the logit of the mean of the members'
///  sigmoids
///    computed from logs so that it is finite; each member's own maps are "<name>/scoremap_logits",
///    "<name>/locref" and "<name>/heatmaps".
///
/// Written through a temporary name. @throws what check_weights() throws; Error(shape_mismatch)
/// when members differ in bodyparts, Error(unsupported) when they differ in the stride or size of
/// their maps or when the file would exceed 2 GiB; Error(invalid_value) for columns out of range;
/// Error(io).
void write_onnx(const OnnxExport& what, const std::filesystem::path& path);

/// The same as bytes in memory, to be handed to a program that runs them.
std::string onnx_bytes(const OnnxExport& what);

}  // namespace posse
