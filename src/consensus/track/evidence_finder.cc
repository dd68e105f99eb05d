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
/// exp() below exp(-kNegligible) is taken as 0.
constexpr float kNegligible = 25;

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

void EvidenceFinder::find_highest(size_t member) {
  const size_t parts = num_bodyparts_;
  const float* logits = logits_[member];
  highest_.assign(parts, -kInfinity);
  std::vector<char>& votes = votes_[member];
  votes.assign(parts, 1);
  for (size_t c = 0; c < num_cells(); ++c) {
    for (size_t p = 0; p < parts; ++p) {
      const float logit = logits[c * parts + p];
      highest_[p] = logit > highest_[p] ? logit : highest_[p];
      votes[p] = static_cast<char>(votes[p] & static_cast<char>(logit == logit));
    }
  }
  for (size_t p = 0; p < parts; ++p) {
    votes[p] = static_cast<char>(votes[p] != 0 && highest_[p] > -kInfinity);
    highest_[p] = std::min(highest_[p], std::numeric_limits<float>::max());
  }
}

void EvidenceFinder::find_softmax(size_t member) {
  const size_t parts = num_bodyparts_;
  const float* logits = logits_[member];
  sums_.assign(parts, 0.0);
  weights_.resize(num_cells() * parts);
  for (size_t c = 0; c < num_cells(); ++c) {
    for (size_t p = 0; p < parts; ++p) {
      const float above = std::min(0.0F, logits[c * parts + p] - highest_[p]);
      const float weight = above > -kNegligible ? std::exp(above) : 0.0F;
      weights_[c * parts + p] = weight;
      sums_[p] += static_cast<double>(weight);
    }
  }
}

void EvidenceFinder::add_member(size_t member, DecodeRule rule, std::span<const Keypoint> stated) {
  find_highest(member);
  find_softmax(member);
  const size_t parts = num_bodyparts_;
  for (size_t p = 0; p < parts; ++p) {
    if (votes_[member][p] == 0) continue;
    const double vote = rule == DecodeRule::dgp && !stated.empty()
                            ? stated[member * parts + p].likelihood
                            : sigmoid(static_cast<double>(highest_[p]));
    background_[p] += 1 - vote;
    ++num_voting_[p];
    const auto scale = static_cast<float>(vote / sums_[p]);
    float* mixture = mixture_.data() + p * num_cells();
    for (size_t c = 0; c < num_cells(); ++c) mixture[c] += scale * weights_[c * parts + p];
  }
}

void EvidenceFinder::sort_highest_cells(size_t bodypart, const FrameEvidence& frame) {
  const float* mixture = mixture_.data() + bodypart * num_cells();
  const auto per_uniform = static_cast<float>(frame.num_cells / num_voting_[bodypart]);
  const auto least =
      static_cast<float>(kLeastHeight - static_cast<double>(frame.background[bodypart]));
  highest_cells_.clear();
  for (size_t c = 0; c < num_cells(); ++c) {
    if (mixture[c] * per_uniform > least) {
      highest_cells_.emplace_back(-mixture[c] * per_uniform, static_cast<int>(c));
    }
  }
  if (highest_cells_.empty()) {
    const float* top = std::max_element(mixture, mixture + num_cells());
    highest_cells_.emplace_back(-*top * per_uniform, static_cast<int>(top - mixture));
  }
  std::ranges::sort(highest_cells_);
}

void EvidenceFinder::find_places(FrameEvidence& frame) {
  place_cells_.clear();
  for (size_t p = 0; p < num_bodyparts_; ++p) {
    if (num_voting_[p] == 0) continue;
    sort_highest_cells(p, frame);
    const size_t first = place_cells_.size();
    for (const auto& [height, cell] : highest_cells_) {
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

double EvidenceFinder::box_mass(size_t bodypart, size_t place, size_t first) const {
  const float* mixture = mixture_.data() + bodypart * num_cells();
  const int row = place_cells_[place] / grid_.width;
  const int col = place_cells_[place] % grid_.width;
  const std::span earlier = std::span(place_cells_).subspan(first, place - first);
  double mass = 0;
  for (int r = std::max(0, row - kPlaceRadius); r <= std::min(grid_.height - 1, row + kPlaceRadius);
       ++r) {
    for (int c = std::max(0, col - kPlaceRadius);
         c <= std::min(grid_.width - 1, col + kPlaceRadius); ++c) {
      const bool counted = std::ranges::any_of(
          earlier, [&](int other) { return in_box_of(other, r, c, grid_.width); });
      if (counted) continue;
      mass +=
          static_cast<double>(mixture[static_cast<size_t>(r) * static_cast<size_t>(grid_.width) +
                                      static_cast<size_t>(c)]);
    }
  }
  return mass / num_voting_[bodypart];
}

void EvidenceFinder::find_evidence(std::span<const MemberMap> members, FrameEvidence& frame) const {
  for (size_t p = 0; p < num_bodyparts_; ++p) {
    if (num_voting_[p] == 0) continue;
    size_t first = 0;  // place of the same owner
    for (size_t k = 0; k < frame.places.size(); ++k) {
      const Place& place = frame.places[k];
      if (place.bodypart != frame.places[first].bodypart) first = k;
      const double votes = box_mass(p, k, first) * frame.num_cells / kPlaceCells;
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
  mixture_.assign(num_bodyparts_ * num_cells(), 0.0F);
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
  find_evidence(members, frame);
  return frame;
}

}  // namespace posse
