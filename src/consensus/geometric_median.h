/// The geometric median of points: the point of least summed distance to them.
#pragma once

#include <span>

#include "base/point.h"

namespace posse {

/// The point of least summed distance to `points` (at least one, finite), to about 1e-9 of their
/// extent. Where a whole segment minimises (an even number of points on a line), its middle.
///
/// A given point is the answer if the unit vectors towards the others add up to no more than its
/// multiplicity (Vardi and Zhang 2000, eq. 2.7); otherwise Newton steps on the convex sum, each
/// replaced by Weiszfeld's where it does not descend.
Point geometric_median(std::span<const Point> points);

}  // namespace posse
