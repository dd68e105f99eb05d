#include "consensus/track/shared_axis.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace posse {
namespace {

double along(const Place& place, SharedAxis::Axis axis) {
  return axis == SharedAxis::Axis::x ? place.x : place.y;
}

/// Where a bodypart is along the axis, with which chance.
struct Mark {
  double at = 0;
  double chance = 0;
};

std::vector<Mark> marks_of(const FrameEvidence& frame, size_t bodypart, SharedAxis::Axis axis) {
  std::vector<Mark> marks;
  double all = 0;
  for (const PlaceEvidence& evidence : frame.evidence) {
    const Place& place = frame.places[static_cast<size_t>(evidence.place)];
    if (static_cast<size_t>(evidence.bodypart) != bodypart) continue;
    if (place.bodypart != evidence.bodypart) continue;
    const double chance = static_cast<double>(evidence.mass) * kPlaceCells / frame.num_cells;
    marks.push_back({along(place, axis), chance});
    all += chance;
  }
  for (Mark& mark : marks) mark.chance /= std::max(all, 1.0);
  return marks;
}

/// Chance of agreement with the marks for every place of the frame.
std::vector<double> agreement(const FrameEvidence& frame, const std::vector<Mark>& marks,
                              SharedAxis::Axis axis, const SharedAxisOptions& options) {
  const double sigma = options.cells * frame.stride;
  std::vector<double> chances;
  for (const Place& place : frame.places) {
    double against = 0;
    for (const Mark& mark : marks) {
      const double off = (along(place, axis) - mark.at) / sigma;
      against += mark.chance * (1 - options.apart) * (1 - std::exp(-0.5 * off * off));
    }
    chances.push_back(1 - against);
  }
  return chances;
}

void lower(FrameEvidence& frame, size_t bodypart, const std::vector<double>& factors) {
  for (PlaceEvidence& evidence : frame.evidence) {
    if (static_cast<size_t>(evidence.bodypart) != bodypart) continue;
    evidence.mass = static_cast<float>(static_cast<double>(evidence.mass) *
                                       factors[static_cast<size_t>(evidence.place)]);
  }
}

}  // namespace

void let_views_agree(std::span<const SharedAxis> views, const SharedAxisOptions& options,
                     FrameEvidence& frame) {
  for (const SharedAxis& view : views) {
    const std::vector<double> of_a =
        agreement(frame, marks_of(frame, view.b, view.axis), view.axis, options);
    const std::vector<double> of_b =
        agreement(frame, marks_of(frame, view.a, view.axis), view.axis, options);
    lower(frame, view.a, of_a);
    lower(frame, view.b, of_b);
  }
}

}  // namespace posse
