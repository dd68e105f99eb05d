#include "consensus/track/table_evidence.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace posse {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr double kLeastCells = 100;
constexpr double kMostCells = 1e6;

struct Vote {
  bool counts = false;
  double x = 0;
  double y = 0;
  double likelihood = 0;
};

/// The members' votes for one bodypart.
std::vector<Vote> votes_for(std::span<const std::span<const Keypoint>> members, size_t bodypart) {
  std::vector<Vote> votes;
  double sum = 0;
  int num_known = 0;
  for (const auto& member : members) {
    const Keypoint& keypoint = member[bodypart];
    Vote vote{.counts = std::isfinite(keypoint.x) && std::isfinite(keypoint.y),
              .x = keypoint.x,
              .y = keypoint.y,
              .likelihood = std::clamp(keypoint.likelihood, 0.0, 1.0)};
    if (vote.counts && !std::isnan(vote.likelihood)) {
      sum += vote.likelihood;
      ++num_known;
    }
    votes.push_back(vote);
  }
  const double unknown = num_known > 0 ? sum / num_known : 1;
  for (Vote& vote : votes) {
    if (std::isnan(vote.likelihood)) vote.likelihood = unknown;
  }
  return votes;
}

bool in_box(const Vote& vote, double x, double y, double cell) {
  const double reach = (kPlaceRadius + 0.5) * cell;
  return vote.counts && std::abs(vote.x - x) < reach && std::abs(vote.y - y) < reach;
}

/// Likelihoods summed over the points in the box of (x, y).
double support(std::span<const Vote> votes, double x, double y, double cell) {
  double sum = 0;
  for (const Vote& vote : votes) {
    if (in_box(vote, x, y, cell)) sum += vote.likelihood;
  }
  return sum;
}

/// Adds the places of one bodypart.
void add_places(std::vector<Vote> votes, int32_t bodypart, double num_voting, const PointGrid& grid,
                FrameEvidence& frame) {
  for (int k = 0; k < kMostOwnPlaces; ++k) {
    double most = -1;
    const Vote* best = nullptr;
    for (const Vote& vote : votes) {
      if (!vote.counts) continue;
      const double here = support(votes, vote.x, vote.y, grid.cell);
      if (here > most) {
        most = here;
        best = &vote;
      }
    }
    if (best == nullptr) return;
    // To float32, as a record keeps it.
    const Place place{.x = static_cast<double>(static_cast<float>(best->x)),
                      .y = static_cast<double>(static_cast<float>(best->y)),
                      .bodypart = bodypart,
                      .height = static_cast<float>(most * grid.num_cells / num_voting)};
    frame.places.push_back(place);
    for (Vote& vote : votes)
      vote.counts = vote.counts && !in_box(vote, place.x, place.y, grid.cell);
  }
}

void add_evidence(std::span<const Vote> votes, int32_t bodypart, double num_voting,
                  const PointGrid& grid, FrameEvidence& frame) {
  for (size_t k = 0; k < frame.places.size(); ++k) {
    const Place& place = frame.places[k];
    const double sum = support(votes, place.x, place.y, grid.cell);
    if (place.bodypart != bodypart && !(sum > 0)) continue;
    const double mass = sum / num_voting * grid.num_cells / kPlaceCells;
    frame.evidence.push_back(
        {.place = static_cast<int32_t>(k),
         .bodypart = bodypart,
         .mass = static_cast<float>(
             mass + static_cast<double>(frame.background[static_cast<size_t>(bodypart)]))});
    for (const Vote& vote : votes) {
      const bool here = in_box(vote, place.x, place.y, grid.cell);
      frame.votes.push_back(here
                                ? MemberVote{static_cast<float>(vote.x), static_cast<float>(vote.y),
                                             static_cast<float>(vote.likelihood)}
                                : MemberVote{kNan, kNan, 0});
    }
  }
}

}  // namespace

PointGrid grid_of_tables(std::span<const Poses> members, double cell) {
  double right = 0;
  double bottom = 0;
  for (const Poses& member : members) {
    for (const Keypoint& keypoint : member.keypoints) {
      if (std::isfinite(keypoint.x)) right = std::max(right, keypoint.x);
      if (std::isfinite(keypoint.y)) bottom = std::max(bottom, keypoint.y);
    }
  }
  return {.cell = cell,
          .num_cells = std::clamp(std::ceil(right / cell) * std::ceil(bottom / cell), kLeastCells,
                                  kMostCells)};
}

FrameEvidence evidence_of_points(std::span<const std::span<const Keypoint>> members,
                                 const PointGrid& grid) {
  FrameEvidence frame;
  frame.num_members = static_cast<int32_t>(members.size());
  frame.stride = grid.cell;
  frame.num_cells = grid.num_cells;
  const size_t parts = members.empty() ? 0 : members.front().size();
  std::vector<std::vector<Vote>> votes(parts);
  std::vector<double> num_voting(parts, 0.0);
  for (size_t p = 0; p < parts; ++p) {
    double background = 0;
    votes[p] = votes_for(members, p);
    for (const Vote& vote : votes[p]) {
      if (!vote.counts) continue;
      num_voting[p] += 1;
      background += 1 - vote.likelihood;
    }
    frame.background.push_back(num_voting[p] > 0 ? static_cast<float>(background / num_voting[p])
                                                 : kNan);
    add_places(votes[p], static_cast<int32_t>(p), num_voting[p], grid, frame);
  }
  for (size_t p = 0; p < parts; ++p) {
    if (num_voting[p] > 0)
      add_evidence(votes[p], static_cast<int32_t>(p), num_voting[p], grid, frame);
  }
  return frame;
}

}  // namespace posse
