#include "consensus/scoremap_consensus.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

#include "base/error.h"
#include "consensus/peak.h"
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

/// Members that have no NaN for this bodypart.
std::vector<size_t> members_without_nan(const AlignedMembers& aligned, int bodypart) {
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

/// What the consensus of one bodypart is made of.
struct BodypartInput {
  const AlignedMembers& aligned;
  std::span<const MemberMap> members;
  std::vector<size_t> usable;  ///< members that take part
  int bodypart = 0;
  ConsensusMethod method = ConsensusMethod::mean;

  double logit_at(size_t cell) const {
    std::vector<double> values;
    return consensus_logit(gather_logits(aligned, usable, cell, bodypart, values), method);
  }
  double probability_at(size_t cell) const {
    std::vector<double> values;
    return consensus_probability(gather_logits(aligned, usable, cell, bodypart, values), method);
  }
};

/// Mean over members of where their own nearest cell places the keypoint, relative to the consensus
/// cell's centre. On equal grids this is the mean of their location refinement at that cell.
/// Members without it, and those that were not shown the place, do not count.
PixelOffset mean_locref(const BodypartInput& input, double x, double y) {
  PixelOffset sum;
  int count = 0;
  const bool some_unseen = areas_differ(input.members);
  for (const size_t m : input.usable) {
    const ScoremapView& map = input.members[m].map;
    if (map.locref == nullptr || (some_unseen && !input.members[m].area.holds(x, y))) {
      continue;
    }
    const auto nearest = [](double cell, int length) {
      return std::clamp(static_cast<int>(std::lround(cell)), 0, length - 1);
    };
    const double rows = map.stride_of_rows();
    const int row = nearest(cell_from_pixel(y - map.offset_y, rows), map.height);
    const int col = nearest(cell_from_pixel(x - map.offset_x, map.stride), map.width);
    const PixelOffset offset =
        locref_offset(map, row, col, column_of(input.members[m], input.bodypart));
    sum.x += pixel_from_cell(col, map.stride) + map.offset_x + offset.x - x;
    sum.y += pixel_from_cell(row, rows) + map.offset_y + offset.y - y;
    ++count;
  }
  return count == 0 ? PixelOffset{} : PixelOffset{.x = sum.x / count, .y = sum.y / count};
}

/// Largest consensus probability of the one to four cells around a point.
double probability_around(const BodypartInput& input, const CellMoments& point) {
  const Grid& grid = input.aligned.grid;
  double best = 0;
  for (const double r : {std::floor(point.y), std::ceil(point.y)}) {
    for (const double c : {std::floor(point.x), std::ceil(point.x)}) {
      const auto row =
          static_cast<size_t>(std::clamp(r, 0.0, static_cast<double>(grid.height - 1)));
      const auto col = static_cast<size_t>(std::clamp(c, 0.0, static_cast<double>(grid.width - 1)));
      best = std::max(best, input.probability_at(row * static_cast<size_t>(grid.width) + col));
    }
  }
  return best;
}

Keypoint keypoint_of(const BodypartInput& input, const Peak& peak, DecodeRule rule) {
  const Grid& grid = input.aligned.grid;
  if (rule == DecodeRule::dgp) {
    return {.x = pixel_from_cell(peak.moments.x, grid.stride) + grid.offset_x,
            .y = pixel_from_cell(peak.moments.y, grid.stride) + grid.offset_y,
            .likelihood = probability_around(input, peak.moments)};
  }
  const auto width = static_cast<size_t>(grid.width);
  const size_t row = peak.highest_cell / width;
  const size_t col = peak.highest_cell % width;
  const double x = pixel_from_cell(static_cast<double>(col), grid.stride) + grid.offset_x;
  const double y = pixel_from_cell(static_cast<double>(row), grid.stride) + grid.offset_y;
  const PixelOffset offset = mean_locref(input, x, y);
  return {
      .x = x + offset.x, .y = y + offset.y, .likelihood = input.probability_at(peak.highest_cell)};
}

ConsensusKeypoint describe(const BodypartInput& input, const std::optional<Peak>& peak,
                           DecodeRule rule) {
  ConsensusKeypoint result{.keypoint = missing_keypoint(),
                           .map_covariance = {kNan, kNan, kNan},
                           .std_x = kNan,
                           .std_y = kNan,
                           .num_members = static_cast<int>(input.usable.size())};
  if (peak) {
    const double area = input.aligned.grid.stride * input.aligned.grid.stride;
    result.keypoint = keypoint_of(input, *peak, rule);
    result.map_covariance = {peak->moments.xx * area, peak->moments.xy * area,
                             peak->moments.yy * area};
  }
  return result;
}

/// Consensus logits of every cell of one bodypart, in double precision; NaN without members.
std::vector<double> consensus_plane(const BodypartInput& input) {
  std::vector<double> plane(input.aligned.num_cells(), kNan);
  for (size_t cell = 0; cell < plane.size() && !input.usable.empty(); ++cell) {
    plane[cell] = input.logit_at(cell);
  }
  return plane;
}

void add_members(std::span<const MemberMap> members, Arithmetic arithmetic, ConsensusFrame& frame) {
  const size_t bodyparts = frame.keypoints.size();
  for (const MemberMap& member : members) {
    const std::vector<Keypoint> own = decode_keypoints(member.map, member.rule, arithmetic);
    for (size_t j = 0; j < bodyparts; ++j) {
      frame.members.push_back(own[static_cast<size_t>(column_of(member, static_cast<int>(j)))]);
    }
  }
}

void add_distances(ConsensusFrame& frame) {
  for (size_t i = 0; i < frame.members.size(); ++i) {
    const Keypoint& consensus = frame.keypoints[i % frame.keypoints.size()].keypoint;
    frame.member_distances.push_back(
        std::hypot(frame.members[i].x - consensus.x, frame.members[i].y - consensus.y));
  }
}

/// Whether the consensus is the points of its only member: by a rule of its own, or by the
/// consensus' rule on cells that lie elsewhere than the grid's.
bool is_its_only_members(std::span<const MemberMap> members, DecodeRule rule) {
  if (members.size() != 1) return false;
  const DecodeRule own = members.front().rule;
  return own == DecodeRule::lp || own == DecodeRule::lp_correct ||
         (own == DecodeRule::dlc && rule == DecodeRule::dlc);
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

AlignedMembers ConsensusEngine::align(std::span<const MemberMap> members) {
  AlignedMembers aligned{
      .grid = consensus_grid(members), .bodyparts = num_bodyparts(members[0]), .logits = {}};
  const bool blank_unseen = areas_differ(members);
  resampled_.resize(members.size());
  for (size_t m = 0; m < members.size(); ++m) {
    const bool as_it_is = lies_on(members[m].map, aligned.grid) && members[m].in_ensemble_order();
    if (!as_it_is) {
      resample_member(members[m], aligned.grid, blank_unseen, resampled_[m]);
    }
    aligned.logits.push_back(as_it_is ? members[m].map.logits : resampled_[m].data());
  }
  return aligned;
}

void ConsensusEngine::find_keypoints(std::span<const MemberMap> members, ConsensusFrame& frame) {
  const AlignedMembers aligned = align(members);
  frame.grid = aligned.grid;
  std::vector<std::optional<Peak>> peaks(static_cast<size_t>(aligned.bodyparts));
  if (options_.arithmetic == Arithmetic::fast) {
    peaks = peak_finder_.find(aligned, options_.method,
                              options_.rule == DecodeRule::dlc || options_.keep_scoremap);
  }
  if (options_.keep_scoremap) {
    frame.scoremap_logits = Tensor({aligned.grid.height, aligned.grid.width, aligned.bodyparts});
  }
  std::vector<size_t> everyone(members.size());
  std::iota(everyone.begin(), everyone.end(), 0);
  for (int j = 0; j < aligned.bodyparts; ++j) {
    std::optional<Peak> peak = peaks[static_cast<size_t>(j)];
    const BodypartInput input{.aligned = aligned,
                              .members = members,
                              .usable = peak ? everyone : members_without_nan(aligned, j),
                              .bodypart = j,
                              .method = options_.method};
    const auto keep_logit = [&](size_t cell, double logit) {
      frame.scoremap_logits
          .data()[cell * static_cast<size_t>(aligned.bodyparts) + static_cast<size_t>(j)] =
          static_cast<float>(logit);
    };
    if (!peak) {
      const std::vector<double> plane = consensus_plane(input);
      peak = find_peak(plane, aligned.grid);
      for (size_t cell = 0; cell < plane.size() && options_.keep_scoremap; ++cell) {
        keep_logit(cell, plane[cell]);
      }
    } else if (options_.keep_scoremap) {
      for (size_t cell = 0; cell < aligned.num_cells(); ++cell) {
        const auto logit = peak_finder_.logit(aligned, cell, j);
        keep_logit(cell, logit ? *logit : input.logit_at(cell));
      }
    }
    frame.keypoints.push_back(describe(input, peak, options_.rule));
  }
}

ConsensusFrame ConsensusEngine::consensus(std::span<const MemberMap> members) {
  check_members(members);
  ConsensusFrame frame;
  find_keypoints(members, frame);
  const bool alone = is_its_only_members(members, options_.rule);
  if (options_.member_keypoints || alone) add_members(members, options_.arithmetic, frame);
  for (size_t j = 0; alone && j < frame.keypoints.size(); ++j)
    frame.keypoints[j].keypoint = frame.members[j];
  if (options_.member_keypoints) {
    add_distances(frame);
    add_spread(frame);
  } else {
    frame.members.clear();
  }
  return frame;
}

}  // namespace posse
