#include "consensus/track/tracked_keypoint.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <span>
#include <utility>

#include "base/median.h"
#include "consensus/track/place_votes.h"

namespace posse {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kLeastSecond = 0.05;

/// Position of a bodypart's entry for a place in frame.evidence; its size if there is none.
size_t entry_of(const FrameEvidence& frame, int32_t place, size_t bodypart) {
  const auto found = std::ranges::find_if(frame.evidence, [&](const PlaceEvidence& evidence) {
    return evidence.place == place && evidence.bodypart == static_cast<int32_t>(bodypart);
  });
  return static_cast<size_t>(found - frame.evidence.begin());
}

/// What the members say of a bodypart at a place.
struct AtPlace {
  Keypoint keypoint{kNan, kNan, 0};
  Covariance spread{kNan, kNan, kNan};
  std::vector<Keypoint> votes;
  int num_members = 0;
};

/// Population covariance of points, at least one.
Covariance spread_of(const std::vector<double>& x, const std::vector<double>& y) {
  const auto n = static_cast<double>(x.size());
  const double mean_x = std::reduce(x.begin(), x.end()) / n;
  const double mean_y = std::reduce(y.begin(), y.end()) / n;
  Covariance spread;
  for (size_t i = 0; i < x.size(); ++i) {
    spread.xx += (x[i] - mean_x) * (x[i] - mean_x) / n;
    spread.xy += (x[i] - mean_x) * (y[i] - mean_y) / n;
    spread.yy += (y[i] - mean_y) * (y[i] - mean_y) / n;
  }
  return spread;
}

AtPlace at_place(const FrameEvidence& frame, int32_t place, size_t bodypart) {
  const Place& centre = frame.places[static_cast<size_t>(place)];
  AtPlace result{.keypoint = {centre.x, centre.y, 0}, .spread = {0, 0, 0}};
  const size_t entry = entry_of(frame, place, bodypart);
  if (entry == frame.evidence.size()) return result;
  const std::span votes(frame.votes_of(entry), static_cast<size_t>(frame.num_members));
  float highest = 0;
  for (const MemberVote& vote : votes) highest = std::max(highest, vote.likelihood);
  std::vector<double> x, y;
  double likelihood = 0;
  int num_voting = 0;
  for (const MemberVote& vote : votes) {
    result.votes.push_back({kNan, kNan, 0});
    if (!std::isfinite(vote.x)) continue;
    ++num_voting;
    likelihood += static_cast<double>(vote.likelihood);
    if (vote.likelihood < kLeastOfHighest * highest) continue;
    x.push_back(static_cast<double>(vote.x));
    y.push_back(static_cast<double>(vote.y));
    result.votes.back() = {x.back(), y.back(), static_cast<double>(vote.likelihood)};
  }
  if (x.empty()) return result;
  result.num_members = static_cast<int>(x.size());
  result.spread = spread_of(x, y);
  result.keypoint = {median_of(x), median_of(y), likelihood / num_voting};
  return result;
}

/// One bodypart's choices in a frame: every place of the group as the members see it there.
struct Choices {
  std::vector<AtPlace> places;
  std::vector<double> chance;  ///< [places]
  size_t chosen = 0;
};

Choices choices_of(const FrameEvidence& frame, const GroupDecision& decision, size_t index,
                   size_t bodypart) {
  Choices choices;
  const size_t count = decision.frame.num_places();
  for (size_t k = 0; k < count; ++k) {
    choices.places.push_back(at_place(frame, decision.frame.places[k], bodypart));
    choices.chance.push_back(decision.chance.at(index, k));
  }
  choices.chosen = decision.choice[index];
  if (choices.chosen == count) {  // not seen: the likeliest place
    choices.chosen =
        static_cast<size_t>(std::ranges::max_element(choices.chance) - choices.chance.begin());
  }
  return choices;
}

double distance(const Keypoint& a, const Keypoint& b) { return std::hypot(a.x - b.x, a.y - b.y); }

double chance_near(const Choices& choices, const Keypoint& position, double radius) {
  double sum = 0;
  for (size_t k = 0; k < choices.places.size(); ++k) {
    if (distance(choices.places[k].keypoint, position) <= radius) sum += choices.chance[k];
  }
  return std::min(sum, 1.0);
}

std::optional<OtherPlace> second_place(const Choices& choices, double radius) {
  std::optional<size_t> best;
  for (size_t k = 0; k < choices.places.size(); ++k) {
    if (distance(choices.places[k].keypoint, choices.places[choices.chosen].keypoint) <= radius) {
      continue;
    }
    if (!best || choices.chance[k] > choices.chance[*best]) best = k;
  }
  if (!best) return std::nullopt;
  const Keypoint& there = choices.places[*best].keypoint;
  const double chance = chance_near(choices, there, radius);
  if (chance <= kLeastSecond) return std::nullopt;
  return OtherPlace{there.x, there.y, chance};
}

/// The inflated covariance at the place, and the second moment of the others about it by their
/// chances.
Covariance covariance_of(const Choices& choices, double stride, const TrackOptions& options) {
  const AtPlace& here = choices.places[choices.chosen];
  const double factor = options.std_inflation * options.std_inflation;
  const double floor = options.least_std_cells * options.least_std_cells * stride * stride;
  Covariance covariance{factor * here.spread.xx + floor, factor * here.spread.xy,
                        factor * here.spread.yy + floor};
  double all = 0;
  for (const double chance : choices.chance) all += chance;
  if (!(all > 0)) return covariance;
  for (size_t k = 0; k < choices.places.size(); ++k) {
    const double share = choices.chance[k] / all;
    const double dx = choices.places[k].keypoint.x - here.keypoint.x;
    const double dy = choices.places[k].keypoint.y - here.keypoint.y;
    covariance.xx += share * dx * dx;
    covariance.xy += share * dx * dy;
    covariance.yy += share * dy * dy;
  }
  return covariance;
}

}  // namespace

TrackedPart tracked_keypoint(const FrameEvidence& frame, const GroupDecision& decision,
                             size_t index, size_t bodypart, const TrackOptions& options) {
  TrackedPart result;
  TrackedKeypoint& tracked = result.keypoint;
  const size_t places = decision.frame.num_places();
  tracked.seen = decision.choice[index] != places;
  tracked.keypoint = {kNan, kNan, 0};
  tracked.covariance = tracked.spread = {kNan, kNan, kNan};
  if (places == 0 || std::isnan(frame.background[bodypart])) return result;
  Choices choices = choices_of(frame, decision, index, bodypart);
  AtPlace& here = choices.places[choices.chosen];
  const double radius = options.chance_cells * frame.stride;
  tracked.keypoint = here.keypoint;
  tracked.spread = here.spread;
  tracked.num_members = here.num_members;
  tracked.chance = chance_near(choices, here.keypoint, radius);
  tracked.second = second_place(choices, radius);
  tracked.covariance = covariance_of(choices, frame.stride, options);
  result.votes = std::move(here.votes);
  return result;
}

}  // namespace posse
