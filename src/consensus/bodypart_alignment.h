/// Matches the members' bodyparts: which column of each member is which bodypart of the ensemble.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace posse {

/// One member's bodyparts, as its config lists them.
struct MemberBodyparts {
  std::string member;                  ///< for messages: its folder or file
  std::vector<std::string> bodyparts;  ///< in the order of its columns
};

struct BodypartAlignment {
  /// Bodyparts of the ensemble, in the first member's order.
  std::vector<std::string> bodyparts;
  /// [members][bodyparts]: ensemble bodypart j is column column_of_bodypart[m][j] of member m.
  std::vector<std::vector<int>> column_of_bodypart;
  /// Bodyparts that not all members have and that were left out, each once, in order of appearance.
  std::vector<std::string> left_out;
};

/// Matches bodyparts by name; members may list them in any order.
///
/// @param common_only  keep those that all members have; otherwise a difference is an error.
/// @throws Error(shape_mismatch) if members have different bodyparts and not common_only, naming
/// member and bodyparts, or if they have none in common; Error(invalid_value) if there is no member
/// or one lists a name twice.
BodypartAlignment align_bodyparts(std::span<const MemberBodyparts> members, bool common_only);

}  // namespace posse
