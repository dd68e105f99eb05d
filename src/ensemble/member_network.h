/// A member of an ensemble with its network: opened and checked, not yet compiled.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/map_meaning.h"
#include "checkpoint/weight_source.h"
#include "ensemble/options.h"
#include "keypoints/decode.h"
#include "network/architecture.h"
#include "network/graph.h"
#include "project/project.h"

namespace posse {

struct MemberNetwork {
  /// The member as it lies on disk.
  Member member;
  /// Name that is unique in its ensemble.
  std::string name;
  /// Names in the order of the network's channels.
  std::vector<std::string> bodyparts;
  std::shared_ptr<const WeightSource> weights;
  NetworkSpec spec;
  Graph graph;
  /// Consecutive frames whose statistics its batch norm takes together; 1: each frame by itself.
  int batch_norm_frames = 1;
  /// Rule of this member's own keypoints.
  DecodeRule rule = DecodeRule::dgp;
  /// What the network's maps are; an Ensemble hands them on in the one meaning that all share.
  MapMeaning meaning = MapMeaning::logits;
  /// What frames are cut to before this network (config.yaml's `cropping`); nullopt: nothing.
  std::optional<CropBox> crop;
  /// What is done to frames after that and before this network.
  PictureShaping shaping;
  /// What WeightSource::fingerprint() says.
  std::string weights_sha256;
  /// What was odd and how it was taken.
  std::vector<std::string> warnings;

  /// Its network sees frames of any size at one size, so that boxes of frames can be cut for it.
  bool takes_boxes() const {
    return member.torch && member.torch->tool == TorchTool::lightning_pose;
  }
  double stride() const { return graph.stride; }  ///< input pixels per scoremap cell
  /// Pixels per unit of locref.
  double locref_stdev() const {
    return member.torch ? member.torch->locref_stdev : member.pose.locref_stdev;
  }
};

/// What is done to frames in front of this network beside cutting them, in words; empty: nothing.
std::string preparation_of(const MemberNetwork& member);
std::string preparation_of(const NetworkSpec& spec, const PictureShaping& shaping);

/// Everything beside weights, network and stride that a network of PyTorch's tools makes its maps
/// by: preparation, normalisation, and what the maps are. For fingerprints; empty for others.
std::string input_settings_of(const MemberNetwork& member);

/// Where the statistics of its batch norm come from: "moving", "frame" or "batch:N".
std::string batch_norm_of(const MemberNetwork& member);

/// A sentence where DeepLabCut's own tables of this network depend on its batch and ours do not:
/// its batch norm takes the statistics of a batch (config.yaml's batch_size above 1), ours of a
/// frame. Names the option that takes those of a batch. Empty otherwise.
/// @param frame_statistics  the network's batch norm takes those of each frame when it runs
/// (MobileNetV2)
std::string batch_norm_note(const Member& member, bool frame_statistics);

/// Opens a member's snapshot, detects the network in it and builds its graph.
///
/// Output stride, stride of the head and mean pixel are pose_cfg.yaml's; options.output_stride
/// takes the place of a missing one. The checkpoint wins over a contradicting net_type, with a
/// warning.
/// @throws Error as open_weights, detect_network, torch_network, build_graph and bodyparts_for;
/// Error(usage) for an output stride that contradicts pose_cfg.yaml; Error(bad_file) for a crop
/// that cannot be used, unless options.no_crop is set.
MemberNetwork open_network(const Member& given, const EnsembleOptions& options);

}  // namespace posse
