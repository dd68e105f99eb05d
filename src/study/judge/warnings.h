/// Warnings about members and labels, to read before trusting the tables.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "study/judge/error_tables.h"

namespace posse {

/// Says which bodyparts are left out, on either side; nullopt where there are none.
/// @param labels, members  names on either side; a member's name may come several times
/// @param judged  those that the labels and every member have
std::optional<std::string> left_out_bodyparts(std::span<const std::string> labels,
                                              std::span<const std::string> members,
                                              std::span<const std::string> judged);

/// A sentence for each member whose root-mean-square error is more than three times that of the
/// median member, and whether the mean suffers from it, by the methods' errors. Empty with fewer
/// than three members, of which none is the odd one.
/// @param tables  those of methods are passed over
std::vector<std::string> members_far_off(std::span<const ErrorTable> tables);

/// Says where even the best member or method errs at the median by more than the labelled bodyparts
/// of a picture lie from their middle: the labels may not be of these networks' animals. nullopt
/// otherwise, and with a single bodypart.
std::optional<std::string> all_far_off(const JudgedFrames& judged,
                                       std::span<const ErrorTable> tables);

/// How sure a member is, and how right: over the points that it judges and has a keypoint of.
struct Sureness {
  std::string member;
  size_t num_points = 0;
  /// Mean likelihood; NaN where it is not known of a point.
  double said = 0;
  /// Share of the points within the failure distance.
  double found = 0;
  /// Robust root-mean-square error over the standard deviation that its own maps state: root of the
  /// median squared Mahalanobis distance over 2 ln 2, 1 for normal errors as stated; NaN without
  /// maps.
  double error_over_stated = 0;
};

/// [members] @param failure_distance  px
std::vector<Sureness> sureness_of_members(const JudgedFrames& judged, double failure_distance);

/// A sentence with the figures for each member that is far surer than the others: whose likelihood
/// exceeds the share of points found by 0.3 more than the median member's does, or whose errors
/// are more than twice what its maps state and more than twice the median member's ratio. Empty
/// with fewer than three members; members with fewer than kFewPoints points are passed over.
std::vector<std::string> members_too_sure(std::span<const Sureness> members,
                                          double failure_distance);

}  // namespace posse
