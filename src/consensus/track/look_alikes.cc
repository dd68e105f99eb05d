#include "consensus/track/look_alikes.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "consensus/track/group_frame.h"
#include "consensus/track/place_votes.h"

namespace posse {
namespace {

/// Votes that make a median which is not one of them.
constexpr size_t kVotesOfMedian = 4;

/// Each bodypart's own place with the most evidence; -1: none.
std::vector<int> main_places(const FrameEvidence& frame) {
  std::vector<int> main(frame.num_bodyparts(), -1);
  std::vector<float> most(frame.num_bodyparts(), -1.0F);
  for (const PlaceEvidence& evidence : frame.evidence) {
    const auto part = static_cast<size_t>(evidence.bodypart);
    if (frame.places[static_cast<size_t>(evidence.place)].bodypart != evidence.bodypart) continue;
    if (evidence.mass <= most[part]) continue;
    most[part] = evidence.mass;
    main[part] = evidence.place;
  }
  return main;
}

bool share_a_box(const FrameEvidence& frame, int a, int b) {
  const Place& p = frame.places[static_cast<size_t>(a)];
  const Place& q = frame.places[static_cast<size_t>(b)];
  const double reach = (kPlaceRadius + 0.5) * frame.stride;
  return std::abs(p.x - q.x) < reach && std::abs(p.y - q.y) < reach;
}

}  // namespace

LookAlikes::LookAlikes(size_t num_bodyparts, LookAlikeOptions options)
    : num_bodyparts_(num_bodyparts),
      options_(options),
      confused_(num_bodyparts * num_bodyparts, 0.0),
      together_(num_bodyparts * num_bodyparts, 0.0),
      crossed_(num_bodyparts * num_bodyparts, 0.0),
      votes_(num_bodyparts * num_bodyparts, 0.0) {}

void LookAlikes::add(const FrameEvidence& frame) {
  num_frames_ += 1;
  const std::vector<int> main = main_places(frame);
  for (size_t a = 0; a < num_bodyparts_; ++a) {
    for (size_t b = 0; b < num_bodyparts_; ++b) {
      if (a == b || main[a] < 0 || main[b] < 0) continue;
      if (share_a_box(frame, main[a], main[b])) together_[a * num_bodyparts_ + b] += 1;
    }
  }
  add_crossed(frame, main);
  for (const PlaceEvidence& evidence : frame.evidence) {
    const auto a = static_cast<size_t>(evidence.bodypart);
    const auto b = static_cast<size_t>(frame.places[static_cast<size_t>(evidence.place)].bodypart);
    if (a == b || main[b] != evidence.place || main[a] < 0 ||
        share_a_box(frame, main[a], main[b])) {
      continue;
    }
    confused_[a * num_bodyparts_ + b] +=
        static_cast<double>(evidence.mass) * kPlaceCells / frame.num_cells;
  }
}

void LookAlikes::add_crossed(const FrameEvidence& frame, const std::vector<int>& main) {
  std::vector<PlaceVotes> votes(num_bodyparts_);
  for (size_t entry = 0; entry < frame.evidence.size(); ++entry) {
    const PlaceEvidence& evidence = frame.evidence[entry];
    const auto part = static_cast<size_t>(evidence.bodypart);
    if (main[part] == evidence.place) votes[part] = votes_at(frame, entry);
  }
  for (size_t a = 0; a < num_bodyparts_; ++a) {
    for (size_t b = 0; b < num_bodyparts_; ++b) {
      if (a == b || votes[a].points.size() < kVotesOfMedian) continue;
      if (votes[b].points.size() < kVotesOfMedian) continue;
      if (!share_a_box(frame, main[a], main[b])) continue;
      const bool apart = distance(votes[a].median, votes[b].median) > frame.stride;
      for (const Point& point : votes[a].points) {
        const bool is_crossed =
            apart && distance(point, votes[b].median) < distance(point, votes[a].median);
        crossed_[a * num_bodyparts_ + b] += is_crossed ? 1 : 0;
        votes_[a * num_bodyparts_ + b] += 1;
      }
    }
  }
}

double LookAlikes::crossed(size_t a, size_t b) const {
  const size_t one = a * num_bodyparts_ + b;
  const size_t other = b * num_bodyparts_ + a;
  const double votes = votes_[one] + votes_[other];
  return votes > 0 ? (crossed_[one] + crossed_[other]) / votes : 0;
}

double LookAlikes::confusion(size_t a, size_t b) const {
  return num_frames_ > 0 ? confused_[a * num_bodyparts_ + b] / num_frames_ : 0;
}

double LookAlikes::together(size_t a, size_t b) const {
  return num_frames_ > 0 ? together_[a * num_bodyparts_ + b] / num_frames_ : 0;
}

std::vector<LookAlikes::Pair> LookAlikes::confused_pairs() const {
  std::vector<Pair> pairs;
  for (size_t a = 0; a < num_bodyparts_; ++a) {
    for (size_t b = a + 1; b < num_bodyparts_; ++b) {
      const double most = std::max(confusion(a, b), confusion(b, a));
      if (most >= options_.least_confusion) pairs.push_back({most, a, b});
    }
  }
  std::ranges::stable_sort(pairs, std::ranges::greater{}, &Pair::confusion);
  return pairs;
}

std::vector<LookAlikes::Pair> LookAlikes::crossed_pairs() const {
  std::vector<Pair> pairs;
  for (size_t a = 0; a < num_bodyparts_; ++a) {
    for (size_t b = a + 1; b < num_bodyparts_; ++b) {
      if (together(a, b) > options_.most_together && crossed(a, b) >= options_.least_crossed)
        pairs.push_back({crossed(a, b), a, b});
    }
  }
  std::ranges::stable_sort(pairs, std::ranges::greater{}, &Pair::confusion);
  return pairs;
}

bool LookAlikes::may_join(const std::vector<size_t>& group_of, size_t a, size_t b) const {
  size_t size = 0;
  for (size_t p = 0; p < num_bodyparts_; ++p) {
    if (group_of[p] != group_of[a] && group_of[p] != group_of[b]) continue;
    ++size;
    for (size_t q = 0; q < num_bodyparts_; ++q) {
      if (group_of[p] == group_of[a] && group_of[q] == group_of[b] &&
          together(p, q) > options_.most_together) {
        return false;
      }
    }
  }
  return size <= kMostGroupParts;
}

std::vector<std::pair<int, int>> LookAlikes::close_pairs(
    const std::vector<std::vector<int>>& groups) const {
  std::vector<std::pair<int, int>> close;
  for (const std::vector<int>& group : groups) {
    for (size_t i = 0; i < group.size(); ++i) {
      for (size_t j = i + 1; j < group.size(); ++j) {
        const auto a = static_cast<size_t>(group[i]);
        const auto b = static_cast<size_t>(group[j]);
        if (together(a, b) > options_.most_together && crossed(a, b) < options_.least_crossed) {
          close.emplace_back(group[i], group[j]);
        }
      }
    }
  }
  return close;
}

std::vector<std::vector<int>> LookAlikes::groups() const {
  std::vector<size_t> group_of(num_bodyparts_);
  std::iota(group_of.begin(), group_of.end(), size_t{0});
  std::vector<bool> is_paired(num_bodyparts_, false);
  for (const Pair& pair : crossed_pairs()) {
    if (is_paired[pair.a] || is_paired[pair.b]) continue;
    is_paired[pair.a] = is_paired[pair.b] = true;
    group_of[pair.b] = pair.a;
  }
  for (const Pair& pair : confused_pairs()) {
    const size_t a = group_of[pair.a];
    const size_t b = group_of[pair.b];
    if (a == b || !may_join(group_of, pair.a, pair.b)) continue;
    std::ranges::replace(group_of, std::max(a, b), std::min(a, b));
  }
  std::vector<std::vector<int>> groups;
  for (size_t g = 0; g < num_bodyparts_; ++g) {
    std::vector<int> group;
    for (size_t p = 0; p < num_bodyparts_; ++p) {
      if (group_of[p] == g) group.push_back(static_cast<int>(p));
    }
    if (group.size() > 1) groups.push_back(std::move(group));
  }
  return groups;
}

}  // namespace posse
