/// What a person should look at before trusting the tables.
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

}  // namespace posse
