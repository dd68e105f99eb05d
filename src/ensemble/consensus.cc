#include "ensemble/consensus.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "base/error.h"
#include "keypoints/softmax_moments.h"

namespace posse {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

int num_bodyparts(const MemberMap& member) {
  return member.column_of_bodypart.empty() ? member.map.num_bodyparts
                                           : static_cast<int>(member.column_of_bodypart.size());
}

int column_of(const MemberMap& member, int bodypart) {
  return member.column_of_bodypart.empty()
             ? bodypart
             : member.column_of_bodypart[static_cast<size_t>(bodypart)];
}

void check_members(std::span<const MemberMap> members) {
  if (members.empty()) {
    throw Error(ErrorKind::invalid_value, "a consensus needs at least one member");
  }
  for (size_t m = 0; m < members.size(); ++m) {
    check_scoremap(members[m].map);
    if (num_bodyparts(members[m]) != num_bodyparts(members[0])) {
      throw Error(ErrorKind::shape_mismatch,
                  fmt::format("member {} has {} bodyparts, member 0 has {}", m,
                              num_bodyparts(members[m]), num_bodyparts(members[0])));
    }
    for (const int column : members[m].column_of_bodypart) {
      if (column < 0 || column >= members[m].map.num_bodyparts) {
        throw Error(ErrorKind::shape_mismatch,
                    fmt::format("member {} has no column {}; it has {}", m, column,
                                members[m].map.num_bodyparts));
      }
    }
  }
}

/// All members on one grid and in one order of bodyparts.
struct AlignedMembers {
  Grid grid;
  int bodyparts = 0;
  std::vector<const float*> logits;  ///< [members] of [height, width, bodyparts]

  size_t num_cells() const {
    return static_cast<size_t>(grid.height) * static_cast<size_t>(grid.width);
  }
  double logit(size_t member, size_t cell, int bodypart) const {
    return static_cast<double>(
        logits[member][cell * static_cast<size_t>(bodyparts) + static_cast<size_t>(bodypart)]);
  }
};

/// Members that have no NaN for this bodypart.
std::vector<size_t> usable_members(const AlignedMembers& aligned, int bodypart) {
  std::vector<size_t> usable;
  for (size_t m = 0; m < aligned.logits.size(); ++m) {
    bool finite = true;
    for (size_t cell = 0; cell < aligned.num_cells() && finite; ++cell) {
      finite = !std::isnan(aligned.logit(m, cell, bodypart));
    }
    if (finite) {
      usable.push_back(m);
    }
  }
  return usable;
}

/// Logits of the chosen members at one cell.
std::span<double> gather(const AlignedMembers& aligned, std::span<const size_t> members,
                         size_t cell, int bodypart, std::vector<double>& values) {
  values.clear();
  for (const size_t m : members) {
    values.push_back(aligned.logit(m, cell, bodypart));
  }
  return values;
}

/// Where the consensus is on the grid, and how wide.
struct Peak {
  CellMoments moments;
  size_t highest_cell = 0;  ///< first in row-major order among equals
};

std::optional<Peak> peak_plain(std::span<const double> consensus_logits, const Grid& grid) {
  const auto moments =
      softmax_moments(consensus_logits, plain_axis(grid.height), plain_axis(grid.width));
  if (!moments) {
    return std::nullopt;
  }
  const auto highest = std::ranges::max_element(consensus_logits);
  return Peak{.moments = *moments,
              .highest_cell = static_cast<size_t>(highest - consensus_logits.begin())};
}

/// Mean over members of where their own nearest cell places the keypoint, relative to the consensus
/// cell's centre. On equal grids this is the mean of their location refinement at that cell.
/// Members without it do not count.
PixelOffset mean_locref(std::span<const MemberMap> members, std::span<const size_t> usable,
                        const Grid& grid, size_t cell, int bodypart) {
  const double x =
      pixel_from_cell(static_cast<double>(cell % static_cast<size_t>(grid.width)), grid.stride);
  const double y =
      pixel_from_cell(static_cast<double>(cell / static_cast<size_t>(grid.width)), grid.stride);
  PixelOffset sum;
  int count = 0;
  for (const size_t m : usable) {
    const ScoremapView& map = members[m].map;
    if (map.locref == nullptr) {
      continue;
    }
    const int col =
        std::clamp(static_cast<int>(std::lround(cell_from_pixel(x, map.stride))), 0, map.width - 1);
    const int row = std::clamp(static_cast<int>(std::lround(cell_from_pixel(y, map.stride))), 0,
                               map.height - 1);
    const PixelOffset offset = locref_offset(map, row, col, column_of(members[m], bodypart));
    sum.x += pixel_from_cell(col, map.stride) + offset.x - x;
    sum.y += pixel_from_cell(row, map.stride) + offset.y - y;
    ++count;
  }
  return count == 0 ? PixelOffset{} : PixelOffset{.x = sum.x / count, .y = sum.y / count};
}

double probability_at(const AlignedMembers& aligned, std::span<const size_t> usable, size_t cell,
                      int bodypart, ConsensusMethod method) {
  std::vector<double> values;
  return consensus_probability(gather(aligned, usable, cell, bodypart, values), method);
}

/// Largest consensus probability of the one to four cells around a point.
double probability_around(const AlignedMembers& aligned, std::span<const size_t> usable,
                          const CellMoments& point, int bodypart, ConsensusMethod method) {
  double best = 0;
  for (const double r : {std::floor(point.y), std::ceil(point.y)}) {
    for (const double c : {std::floor(point.x), std::ceil(point.x)}) {
      const auto row =
          static_cast<size_t>(std::clamp(r, 0.0, static_cast<double>(aligned.grid.height - 1)));
      const auto col =
          static_cast<size_t>(std::clamp(c, 0.0, static_cast<double>(aligned.grid.width - 1)));
      const size_t cell = row * static_cast<size_t>(aligned.grid.width) + col;
      best = std::max(best, probability_at(aligned, usable, cell, bodypart, method));
    }
  }
  return best;
}

Keypoint keypoint_at(const Peak& peak, std::span<const MemberMap> members,
                     const AlignedMembers& aligned, std::span<const size_t> usable, int bodypart,
                     const ConsensusOptions& options) {
  const double stride = aligned.grid.stride;
  if (options.rule == DecodeRule::dgp) {
    return {
        .x = pixel_from_cell(peak.moments.x, stride),
        .y = pixel_from_cell(peak.moments.y, stride),
        .likelihood = probability_around(aligned, usable, peak.moments, bodypart, options.method)};
  }
  const auto width = static_cast<size_t>(aligned.grid.width);
  const PixelOffset offset =
      mean_locref(members, usable, aligned.grid, peak.highest_cell, bodypart);
  return {
      .x = pixel_from_cell(static_cast<double>(peak.highest_cell % width), stride) + offset.x,
      .y = pixel_from_cell(static_cast<double>(peak.highest_cell / width), stride) + offset.y,
      .likelihood = probability_at(aligned, usable, peak.highest_cell, bodypart, options.method)};
}

ConsensusKeypoint missing_consensus() {
  return {.keypoint = missing_keypoint(),
          .map_covariance = {kNan, kNan, kNan},
          .std_x = kNan,
          .std_y = kNan};
}

ConsensusKeypoint describe(const std::optional<Peak>& peak, std::span<const MemberMap> members,
                           const AlignedMembers& aligned, std::span<const size_t> usable,
                           int bodypart, const ConsensusOptions& options) {
  ConsensusKeypoint result = missing_consensus();
  result.num_members = static_cast<int>(usable.size());
  if (peak) {
    const double area = aligned.grid.stride * aligned.grid.stride;
    result.keypoint = keypoint_at(*peak, members, aligned, usable, bodypart, options);
    result.map_covariance = {.xx = peak->moments.xx * area,
                             .xy = peak->moments.xy * area,
                             .yy = peak->moments.yy * area};
  }
  return result;
}

/// Consensus logits of every cell of one bodypart, in double precision.
std::vector<double> consensus_plane(const AlignedMembers& aligned, std::span<const size_t> usable,
                                    int bodypart, ConsensusMethod method) {
  std::vector<double> plane(aligned.num_cells(), kNan);
  std::vector<double> values;
  for (size_t cell = 0; cell < plane.size() && !usable.empty(); ++cell) {
    plane[cell] = consensus_logit(gather(aligned, usable, cell, bodypart, values), method);
  }
  return plane;
}

void add_members(std::span<const MemberMap> members, Arithmetic arithmetic, ConsensusFrame& frame) {
  const size_t bodyparts = frame.keypoints.size();
  for (const MemberMap& member : members) {
    const std::vector<Keypoint> own = decode_keypoints(member.map, member.rule, arithmetic);
    for (size_t j = 0; j < bodyparts; ++j) {
      frame.members.push_back(own[static_cast<size_t>(column_of(member, static_cast<int>(j)))]);
      const Keypoint& consensus = frame.keypoints[j].keypoint;
      frame.member_distances.push_back(
          std::hypot(frame.members.back().x - consensus.x, frame.members.back().y - consensus.y));
    }
  }
}

/// Population standard deviation of the values that are there; NaN if none is.
double standard_deviation(std::span<const double> values) {
  double sum = 0;
  for (const double value : values) {
    sum += value;
  }
  const double mean = sum / static_cast<double>(values.size());
  double squares = 0;
  for (const double value : values) {
    squares += (value - mean) * (value - mean);
  }
  return std::sqrt(squares / static_cast<double>(values.size()));
}

void add_spread(ConsensusFrame& frame) {
  const size_t bodyparts = frame.keypoints.size();
  std::vector<double> xs;
  std::vector<double> ys;
  for (size_t j = 0; j < bodyparts; ++j) {
    xs.clear();
    ys.clear();
    for (size_t i = j; i < frame.members.size(); i += bodyparts) {
      if (!std::isnan(frame.members[i].x)) {
        xs.push_back(frame.members[i].x);
        ys.push_back(frame.members[i].y);
      }
    }
    frame.keypoints[j].std_x = standard_deviation(xs);
    frame.keypoints[j].std_y = standard_deviation(ys);
  }
}

}  // namespace

ConsensusFrame ConsensusEngine::consensus(std::span<const MemberMap> members) {
  check_members(members);
  AlignedMembers aligned{
      .grid = finest_grid(members), .bodyparts = num_bodyparts(members[0]), .logits = {}};
  resampled_.resize(members.size());
  for (size_t m = 0; m < members.size(); ++m) {
    const bool as_it_is = grid_of(members[m].map) == aligned.grid && members[m].in_ensemble_order();
    if (!as_it_is) {
      resample_member(members[m], aligned.grid, resampled_[m]);
    }
    aligned.logits.push_back(as_it_is ? members[m].map.logits : resampled_[m].data());
  }
  ConsensusFrame frame;
  frame.grid = aligned.grid;
  if (options_.keep_scoremap) {
    frame.scoremap_logits = Tensor({aligned.grid.height, aligned.grid.width, aligned.bodyparts});
  }
  for (int j = 0; j < aligned.bodyparts; ++j) {
    const std::vector<size_t> usable = usable_members(aligned, j);
    const std::vector<double> plane = consensus_plane(aligned, usable, j, options_.method);
    frame.keypoints.push_back(
        describe(peak_plain(plane, aligned.grid), members, aligned, usable, j, options_));
    for (size_t cell = 0; cell < plane.size() && options_.keep_scoremap; ++cell) {
      frame.scoremap_logits
          .data()[cell * static_cast<size_t>(aligned.bodyparts) + static_cast<size_t>(j)] =
          static_cast<float>(plane[cell]);
    }
  }
  if (options_.member_keypoints) {
    add_members(members, options_.arithmetic, frame);
    add_spread(frame);
  }
  return frame;
}

}  // namespace posse
