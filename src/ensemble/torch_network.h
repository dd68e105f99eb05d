/// Describes the network of a member of PyTorch's tools to the network module, from its
/// configuration and weights.
#pragma once

#include <optional>
#include <string>

#include "base/map_meaning.h"
#include "base/picture_shaping.h"
#include "checkpoint/weight_source.h"
#include "ensemble/options.h"
#include "network/architecture.h"
#include "project/project.h"

namespace posse {

/// Puts what the network's own file says of it (an exported model's configuration) where a member
/// without a configuration beside it has room for it: torch and bodyparts.
/// @throws as parse_deeplabcut3_config()
void complete_from_weights(Member& member, const WeightSource& weights);

/// The network of a member of PyTorch's tools. @param resize  of frames for Lightning Pose: in the
/// network's graph or, on bytes, by shaping_of()
/// @throws Error(not_found) without a configuration, with what to copy; Error(shape_mismatch),
///         naming the first tensor that differs, for weights that are not those of the
///         configuration's network: ones that are missing, of another shape, or left over;
///         Error(unsupported) for heads whose maps mean different things.
NetworkSpec torch_network(const Member& member, const WeightSource& weights,
                          ResizeChoice resize = ResizeChoice::linear_float);

/// What is done to bytes of frames in front of the network's graph.
PictureShaping shaping_of(const Member& member, ResizeChoice resize);

/// What the maps of a member's network are.
MapMeaning map_meaning(const Member& member);

}  // namespace posse
