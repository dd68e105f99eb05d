#include "consensus/track/place_votes.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "base/median.h"

namespace posse {

PlaceVotes votes_at(const FrameEvidence& frame, size_t entry) {
  PlaceVotes result;
  const std::span votes(frame.votes_of(entry), static_cast<size_t>(frame.num_members));
  float highest = 0;
  for (const MemberVote& vote : votes) highest = std::max(highest, vote.likelihood);
  std::vector<double> x, y;
  for (const MemberVote& vote : votes) {
    if (!std::isfinite(vote.x) || vote.likelihood < kLeastOfHighest * highest) continue;
    x.push_back(static_cast<double>(vote.x));
    y.push_back(static_cast<double>(vote.y));
    result.points.push_back({x.back(), y.back()});
  }
  if (!x.empty()) result.median = {median_of(x), median_of(y)};
  return result;
}

Point spot_of(const FrameEvidence& frame, int32_t place) {
  const Place& centre = frame.places[static_cast<size_t>(place)];
  for (size_t entry = 0; entry < frame.evidence.size(); ++entry) {
    const PlaceEvidence& evidence = frame.evidence[entry];
    if (evidence.place != place || evidence.bodypart != centre.bodypart) continue;
    const PlaceVotes votes = votes_at(frame, entry);
    if (!votes.points.empty()) return votes.median;
  }
  return {centre.x, centre.y};
}

}  // namespace posse
