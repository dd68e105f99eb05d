#include "consensus/track/agreeing_views.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace posse {
namespace {

/// Where a bodypart is, with which chance.
struct Mark {
  Point at;
  double chance = 0;
};

using Positions = std::vector<Point>;  ///< of the frame's places, straight in one view

std::vector<Mark> marks_of(const FrameEvidence& frame, size_t bodypart,
                           const Positions& positions) {
  std::vector<Mark> marks;
  double all = 0;
  for (const PlaceEvidence& evidence : frame.evidence) {
    const auto at = static_cast<size_t>(evidence.place);
    if (static_cast<size_t>(evidence.bodypart) != bodypart) continue;
    if (frame.places[at].bodypart != evidence.bodypart) continue;
    const double chance = static_cast<double>(evidence.mass) * kPlaceCells / frame.num_cells;
    marks.push_back({positions[at], chance});
    all += chance;
  }
  for (Mark& mark : marks) mark.chance /= std::max(all, 1.0);
  return marks;
}

/// Chance of agreement with the marks for every place of the frame.
/// @param difference  of a place and a mark, px
template <class Difference>
std::vector<double> agreement(const Positions& places, const std::vector<Mark>& marks, double sigma,
                              double apart, const Difference& difference) {
  std::vector<double> chances;
  for (const Point& place : places) {
    double against = 0;
    for (const Mark& mark : marks) {
      const double off = difference(place, mark.at) / sigma;
      if (std::isnan(off)) continue;  // at an epipole: says nothing
      against += mark.chance * (1 - apart) * (1 - std::exp(-0.5 * off * off));
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

void let_views_agree(std::span<const ViewPair> views, const AgreementOptions& options,
                     FrameEvidence& frame) {
  for (const ViewPair& view : views) {
    const EpipolarGeometry& geometry = view.geometry;
    Positions in_a, in_b;
    for (const Place& place : frame.places) {
      in_a.push_back(geometry.straight_a({place.x, place.y}));
      in_b.push_back(geometry.straight_b({place.x, place.y}));
    }
    const double sigma = std::max(options.cells * frame.stride, view.spread);
    const std::vector<double> of_a = agreement(
        in_a, marks_of(frame, view.b, in_b), sigma, options.apart,
        [&](const Point& place, const Point& mark) { return geometry.difference(place, mark); });
    const std::vector<double> of_b = agreement(
        in_b, marks_of(frame, view.a, in_a), sigma, options.apart,
        [&](const Point& place, const Point& mark) { return geometry.difference(mark, place); });
    lower(frame, view.a, of_a);
    lower(frame, view.b, of_b);
  }
}

}  // namespace posse
