#include "consensus/track/evidence_finder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/error.h"
#include "keypoints/scoremap.h"

namespace posse {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();
/// A cell is a place of its own from this multiple of uniform evidence on.
constexpr double kLeastHeight = 2;
/// Evidence at another bodypart's place is kept from this much above the background on.
constexpr double kLeastShared = 0.1;

int column_of(const MemberMap& member, size_t bodypart) {
  return member.column_of_bodypart.empty() ? static_cast<int>(bodypart)
                                           : member.column_of_bodypart[bodypart];
}

size_t num_columns(const MemberMap& member) {
  return member.column_of_bodypart.empty() ? static_cast<size_t>(member.map.num_bodyparts)
                                           : member.column_of_bodypart.size();
}

/// `vote` as a record keeps it (evidence_bytes.h), so that a track from a record is the same track.
MemberVote rounded(const MemberVote& vote, const Place& place) {
  const auto near = [](float value, double centre) {
    const double steps = std::round((static_cast<double>(value) - centre) * kVoteSteps);
    return static_cast<float>(centre + std::clamp(steps, -32767.0, 32767.0) / kVoteSteps);
  };
  return {
      .x = near(vote.x, place.x),
      .y = near(vote.y, place.y),
      .likelihood = static_cast<float>(
          std::round(static_cast<double>(vote.likelihood) * kLikelihoodSteps) / kLikelihoodSteps)};
}

/// A range of cells of one axis, both ends included.
struct CellSpan {
  int first = 0;
  int last = 0;
};

/// Cells of a map whose centres lie within two cells of the finest grid of a place; at least the
/// nearest one.
CellSpan cells_near(double pixel, double fine_stride, double stride, int length) {
  const double centre = cell_from_pixel(pixel, stride);
  const double reach = kPlaceRadius * fine_stride / stride + 1e-9;
  const int nearest = std::clamp(static_cast<int>(std::lround(centre)), 0, length - 1);
  const int first = std::clamp(static_cast<int>(std::ceil(centre - reach)), 0, length - 1);
  const int last = std::clamp(static_cast<int>(std::floor(centre + reach)), 0, length - 1);
  return {std::min(first, nearest), std::max(last, nearest)};
}

/// True if (row, col) lies in the box of `cell`, which is row * width + col.
bool in_box_of(int cell, int row, int col, int width) {
  return std::abs(cell / width - row) <= kPlaceRadius &&
         std::abs(cell % width - col) <= kPlaceRadius;
}

struct Cell {
  int row = 0;
  int col = 0;
  double logit = -std::numeric_limits<double>::infinity();
};

Cell highest_cell(const ScoremapView& map, CellSpan rows, CellSpan cols, int bodypart) {
  Cell highest{.row = rows.first, .col = cols.first};
  for (int row = rows.first; row <= rows.last; ++row) {
    for (int col = cols.first; col <= cols.last; ++col) {
      const double logit = map.logit(row, col, bodypart);
      if (logit > highest.logit) highest = {row, col, logit};
    }
  }
  return highest;
}

/// Expectation of the softmax over the 5 x 5 cells around `peak`, in pixels.
MemberVote local_expectation(const ScoremapView& map, const Cell& peak, int bodypart) {
  double mass = 0;
  double x = 0;
  double y = 0;
  for (int row = std::max(0, peak.row - kPlaceRadius);
       row <= std::min(map.height - 1, peak.row + kPlaceRadius); ++row) {
    for (int col = std::max(0, peak.col - kPlaceRadius);
         col <= std::min(map.width - 1, peak.col + kPlaceRadius); ++col) {
      const double weight = std::exp(std::min(0.0, map.logit(row, col, bodypart) - peak.logit));
      mass += weight;
      x += weight * pixel_from_cell(col, map.stride);
      y += weight * pixel_from_cell(row, map.stride_of_rows());
    }
  }
  return {.x = static_cast<float>(x / mass), .y = static_cast<float>(y / mass)};
}

MemberVote vote_of(const MemberMap& member, const Place& place, double fine_stride, int column) {
  const ScoremapView& map = member.map;
  const double x = place.x - map.offset_x;
  const double y = place.y - map.offset_y;
  const Cell peak = highest_cell(map, cells_near(y, fine_stride, map.stride_of_rows(), map.height),
                                 cells_near(x, fine_stride, map.stride, map.width), column);
  if (!(peak.logit > -std::numeric_limits<double>::infinity())) return {kNan, kNan, 0};
  MemberVote vote;
  if (member.rule == DecodeRule::dlc && map.locref != nullptr) {
    const PixelOffset offset = locref_offset(map, peak.row, peak.col, column);
    vote.x = static_cast<float>(pixel_from_cell(peak.col, map.stride) + offset.x);
    vote.y = static_cast<float>(pixel_from_cell(peak.row, map.stride_of_rows()) + offset.y);
  } else {
    vote = local_expectation(map, peak, column);
  }
  vote.x += static_cast<float>(map.offset_x);
  vote.y += static_cast<float>(map.offset_y);
  if (!std::isfinite(vote.x) || !std::isfinite(vote.y)) return {kNan, kNan, 0};
  vote.likelihood = static_cast<float>(sigmoid(peak.logit));
  return rounded(vote, place);
}

}  // namespace

void EvidenceFinder::align(std::span<const MemberMap> members) {
  if (members.empty()) {
    throw Error(ErrorKind::invalid_value, "no member's maps: at least one is needed");
  }
  for (const MemberMap& member : members) {
    check_scoremap(member.map);
    if (num_columns(member) != num_columns(members.front())) {
      throw Error(ErrorKind::shape_mismatch,
                  fmt::format("members have {} and {} bodyparts", num_columns(members.front()),
                              num_columns(member)));
    }
  }
  grid_ = consensus_grid(members);
  some_unseen_ = areas_differ(members);
  num_bodyparts_ = num_columns(members.front());
  logits_.resize(members.size());
  resampled_.resize(members.size());
  for (size_t m = 0; m < members.size(); ++m) {
    if (members[m].in_ensemble_order() && lies_on(members[m].map, grid_)) {
      logits_[m] = members[m].map.logits;
    } else {
      resample_member(members[m], grid_, some_unseen_, resampled_[m]);
      logits_[m] = resampled_[m].data();
    }
  }
}

void EvidenceFinder::add_member(size_t member, DecodeRule rule, std::span<const Keypoint> stated) {
  const size_t parts = num_bodyparts_;
  mixture_.read(logits_[member]);
  votes_[member].assign(parts, 0);
  weights_.assign(parts, 0.0);
  for (size_t p = 0; p < parts; ++p) {
    if (!mixture_.votes(p)) continue;
    votes_[member][p] = 1;
    weights_[p] = rule == DecodeRule::dgp && !stated.empty()
                      ? stated[member * parts + p].likelihood
                      : sigmoid(static_cast<double>(mixture_.highest(p)));
    background_[p] += 1 - weights_[p];
    ++num_voting_[p];
  }
  mixture_.add(weights_);
}

void EvidenceFinder::find_highest_cells(const FrameEvidence& frame) {
  constexpr float kBelow = 0.9999F;  // rounding: what is found is looked at again
  highest_cells_.resize(num_bodyparts_);
  std::vector<float> per_uniform(num_bodyparts_), least(num_bodyparts_);
  std::vector<float> to_find(num_bodyparts_, kInfinity);
  for (size_t p = 0; p < num_bodyparts_; ++p) {
    highest_cells_[p].clear();
    if (num_voting_[p] == 0) continue;
    per_uniform[p] = static_cast<float>(frame.num_cells / num_voting_[p]);
    least[p] = static_cast<float>(kLeastHeight - static_cast<double>(frame.background[p]));
    to_find[p] = kBelow * least[p] / per_uniform[p];
  }
  mixture_.find_above(to_find, found_);
  for (const auto& [cell, p] : found_) {
    const float height = mixture_.at(cell, p) * per_uniform[p];
    if (height > least[p]) highest_cells_[p].emplace_back(-height, static_cast<int>(cell));
  }
  for (size_t p = 0; p < num_bodyparts_; ++p) {
    std::vector<std::pair<float, int>>& cells = highest_cells_[p];
    if (num_voting_[p] > 0 && cells.empty()) {
      size_t top = 0;
      for (size_t c = 1; c < num_cells(); ++c) {
        if (mixture_.at(c, p) > mixture_.at(top, p)) top = c;
      }
      cells.emplace_back(-mixture_.at(top, p) * per_uniform[p], static_cast<int>(top));
    }
    std::ranges::sort(cells);
  }
}

void EvidenceFinder::find_places(FrameEvidence& frame) {
  find_highest_cells(frame);
  place_cells_.clear();
  for (size_t p = 0; p < num_bodyparts_; ++p) {
    if (num_voting_[p] == 0) continue;
    const size_t first = place_cells_.size();
    for (const auto& [height, cell] : highest_cells_[p]) {
      if (place_cells_.size() - first == kMostOwnPlaces) break;
      const int row = cell / grid_.width;
      const int col = cell % grid_.width;
      const std::span own = std::span(place_cells_).subspan(first);
      if (std::ranges::any_of(own, [&, r = row, c = col](int other) {
            return in_box_of(other, r, c, grid_.width);
          })) {
        continue;
      }
      place_cells_.push_back(cell);
      frame.places.push_back({.x = pixel_from_cell(col, grid_.stride) + grid_.offset_x,
                              .y = pixel_from_cell(row, grid_.stride) + grid_.offset_y,
                              .bodypart = static_cast<int32_t>(p),
                              .height = frame.background[p] - height});
    }
  }
}

void EvidenceFinder::find_boxes(const FrameEvidence& frame) {
  boxes_.resize(frame.places.size());
  size_t first = 0;  // place of the same owner
  for (size_t k = 0; k < frame.places.size(); ++k) {
    if (frame.places[k].bodypart != frame.places[first].bodypart) first = k;
    const std::span earlier = std::span(place_cells_).subspan(first, k - first);
    const int row = place_cells_[k] / grid_.width;
    const int col = place_cells_[k] % grid_.width;
    boxes_[k].clear();
    for (int r = std::max(0, row - kPlaceRadius);
         r <= std::min(grid_.height - 1, row + kPlaceRadius); ++r) {
      for (int c = std::max(0, col - kPlaceRadius);
           c <= std::min(grid_.width - 1, col + kPlaceRadius); ++c) {
        const bool counted = std::ranges::any_of(
            earlier, [&](int other) { return in_box_of(other, r, c, grid_.width); });
        if (!counted)
          boxes_[k].push_back(static_cast<size_t>(r) * static_cast<size_t>(grid_.width) +
                              static_cast<size_t>(c));
      }
    }
  }
}

double EvidenceFinder::box_mass(size_t bodypart, size_t place) const {
  double mass = 0;
  for (const size_t cell : boxes_[place]) mass += static_cast<double>(mixture_.at(cell, bodypart));
  return mass / num_voting_[bodypart];
}

void EvidenceFinder::find_evidence(std::span<const MemberMap> members, FrameEvidence& frame) const {
  for (size_t p = 0; p < num_bodyparts_; ++p) {
    if (num_voting_[p] == 0) continue;
    for (size_t k = 0; k < frame.places.size(); ++k) {
      const Place& place = frame.places[k];
      const double votes = box_mass(p, k) * frame.num_cells / kPlaceCells;
      if (place.bodypart != static_cast<int32_t>(p) && votes < kLeastShared) continue;
      frame.evidence.push_back(
          {.place = static_cast<int32_t>(k),
           .bodypart = static_cast<int32_t>(p),
           .mass = static_cast<float>(votes + static_cast<double>(frame.background[p]))});
      for (size_t m = 0; m < members.size(); ++m) {
        const bool unseen = some_unseen_ && !members[m].area.holds(place.x, place.y);
        frame.votes.push_back(votes_[m][p] == 0 || unseen ? MemberVote{kNan, kNan, 0}
                                                          : vote_of(members[m], place, grid_.stride,
                                                                    column_of(members[m], p)));
      }
    }
  }
}

FrameEvidence EvidenceFinder::find(std::span<const MemberMap> members,
                                   std::span<const Keypoint> stated) {
  align(members);
  mixture_.start(num_cells(), num_bodyparts_);
  background_.assign(num_bodyparts_, 0.0);
  num_voting_.assign(num_bodyparts_, 0);
  votes_.resize(members.size());
  for (size_t m = 0; m < members.size(); ++m) add_member(m, members[m].rule, stated);
  FrameEvidence frame;
  frame.num_members = static_cast<int32_t>(members.size());
  frame.stride = grid_.stride;
  frame.num_cells = static_cast<double>(num_cells());
  for (size_t p = 0; p < num_bodyparts_; ++p) {
    frame.background.push_back(
        num_voting_[p] == 0 ? kNan : static_cast<float>(background_[p] / num_voting_[p]));
  }
  find_places(frame);
  find_boxes(frame);
  find_evidence(members, frame);
  return frame;
}

}  // namespace posse
