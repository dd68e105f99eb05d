/// Brings maps of different tools to one meaning, before anything is formed of them.
#pragma once

#include "base/map_meaning.h"
#include "base/tensor.h"

namespace posse {

/// Turns maps [frames, h, w, bodyparts] in place into logits that mean the same for every tool: the
/// sigmoid of the highest one says how sure the network is, and the softmax over a map's cells says
/// where the bodypart is. The highest cell stays the highest one.
///
///  * bump: with v the map's highest value, logit(v) + 3 log(value / v). So the highest cell has
///    the sigmoid v, which is the tool's own score, and the softmax is the bump's cube: what the
///    network regressed far from the peak, thousands of cells of some thousandths, would otherwise
///    outweigh it. v counts as at least 1e-6 and at most 1 - 1e-6.
///  * spatial_logits: 3 (value - highest) + logit(m), where m is the softmax's highest value over
///    kSharpestMass, within the same limits. A softmax sums to 1 however unsure the network is: it
///    is its cube that leaves the places that are hardly more likely than others without weight.
///  * logits: nothing changes.
///
/// A map with a NaN becomes NaN throughout; one of bumps without a value above 0 keeps its order
/// below logit(1e-6).
void to_common_meaning(MapMeaning meaning, Tensor& maps);

}  // namespace posse
