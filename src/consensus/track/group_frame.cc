#include "consensus/track/group_frame.h"

#include <algorithm>
#include <cmath>

#include "consensus/track/place_votes.h"

namespace posse {
namespace {

constexpr size_t kLeastGroupPlaces = 6;

size_t most_places(size_t num_parts) {
  return std::min(kMostGroupPlaces, std::max(kLeastGroupPlaces, num_parts + 2));
}

/// True for the first of a bodypart's own places, which come highest first.
bool is_highest(const FrameEvidence& frame, int32_t k) {
  const auto at = static_cast<size_t>(k);
  return k == 0 || frame.places[at].bodypart != frame.places[at - 1].bodypart;
}

bool are_one(const FrameEvidence& frame, int32_t a, int32_t b) {
  const Place& p = frame.places[static_cast<size_t>(a)];
  const Place& q = frame.places[static_cast<size_t>(b)];
  const double reach = (kPlaceRadius + 0.5) * frame.stride;
  if (!(std::abs(p.x - q.x) < reach && std::abs(p.y - q.y) < reach)) return false;
  if (!is_highest(frame, a) || !is_highest(frame, b)) return true;
  return distance(spot_of(frame, a), spot_of(frame, b)) <= kTwoSpots * frame.stride;
}

std::vector<int32_t> choose_places(const FrameEvidence& frame, std::span<const int> parts) {
  std::vector<int32_t> own;
  for (size_t k = 0; k < frame.places.size(); ++k) {
    if (std::ranges::find(parts, frame.places[k].bodypart) != parts.end()) {
      own.push_back(static_cast<int32_t>(k));
    }
  }
  const auto height = [&](int32_t k) { return frame.places[static_cast<size_t>(k)].height; };
  std::ranges::sort(own, [&](int32_t a, int32_t b) {
    const Place& p = frame.places[static_cast<size_t>(a)];
    const Place& q = frame.places[static_cast<size_t>(b)];
    if (height(a) != height(b)) return height(a) > height(b);
    return p.y != q.y ? p.y < q.y : p.x < q.x;  // whatever the order of bodyparts
  });
  std::vector<int32_t> chosen;
  for (const int32_t k : own) {
    if (chosen.size() == most_places(parts.size())) break;
    const bool is_taken =
        std::ranges::any_of(chosen, [&](int32_t other) { return are_one(frame, k, other); });
    if (!is_taken) chosen.push_back(k);
  }
  return chosen;
}

}  // namespace

GroupFrame group_frame(const FrameEvidence& frame, std::span<const int> parts,
                       double unseen_evidence, double power) {
  GroupFrame group;
  group.places = choose_places(frame, parts);
  for (const int32_t k : group.places) {
    group.x.push_back(frame.places[static_cast<size_t>(k)].x);
    group.y.push_back(frame.places[static_cast<size_t>(k)].y);
  }
  const size_t columns = group.places.size() + 1;
  group.emission = {columns, std::vector<double>(parts.size() * columns, 1.0)};
  for (size_t p = 0; p < parts.size(); ++p) {
    const auto background = static_cast<double>(frame.background[static_cast<size_t>(parts[p])]);
    if (std::isnan(background)) continue;  // nobody votes: all choices are alike
    group.emission.values[p * columns + columns - 1] = unseen_evidence;
    for (size_t k = 0; k + 1 < columns; ++k) {
      group.emission.values[p * columns + k] = background + kLeastEvidence;
    }
  }
  for (const PlaceEvidence& evidence : frame.evidence) {
    const auto part = std::ranges::find(parts, evidence.bodypart);
    const auto place = std::ranges::find(group.places, evidence.place);
    if (part == parts.end() || place == group.places.end()) continue;
    const auto row = static_cast<size_t>(part - parts.begin());
    const auto column = static_cast<size_t>(place - group.places.begin());
    group.emission.values[row * columns + column] =
        static_cast<double>(evidence.mass) + kLeastEvidence;
  }
  if (power == 1) return group;
  for (double& evidence : group.emission.values) evidence = std::pow(evidence, power);
  return group;
}

void connect(const GroupFrame& previous, const Motion& motion, GroupFrame& frame) {
  const size_t rows = previous.num_places() + 1;
  const size_t columns = frame.num_places() + 1;
  frame.transition = {columns, std::vector<double>(rows * columns)};
  for (size_t i = 0; i < rows; ++i) {
    const bool was_hidden = i + 1 == rows;
    for (size_t j = 0; j < columns; ++j) {
      double chance = was_hidden ? motion.appear() : motion.hide();
      if (was_hidden && j + 1 == columns) {
        chance = motion.stay_hidden();
      } else if (!was_hidden && j + 1 < columns) {
        const double dx = frame.x[j] - previous.x[i];
        const double dy = frame.y[j] - previous.y[i];
        chance = motion.step(dx, dy);
      }
      frame.transition.values[i * columns + j] = chance;
    }
  }
}

}  // namespace posse
