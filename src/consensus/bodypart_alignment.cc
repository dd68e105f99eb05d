#include "consensus/bodypart_alignment.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "base/error.h"
#include "base/text.h"

namespace posse {
namespace {

std::optional<int> find_column(const MemberBodyparts& member, const std::string& bodypart) {
  const auto found = std::ranges::find(member.bodyparts, bodypart);
  if (found == member.bodyparts.end()) {
    return std::nullopt;
  }
  return static_cast<int>(found - member.bodyparts.begin());
}

void check_unique(const MemberBodyparts& member) {
  std::set<std::string> seen;
  for (const std::string& bodypart : member.bodyparts) {
    if (!seen.insert(bodypart).second) {
      throw Error(ErrorKind::invalid_value, fmt::format("{} lists the bodypart '{}' twice",
                                                        member.member, printable(bodypart)));
    }
  }
}

std::vector<std::string> incomplete_bodyparts(std::span<const MemberBodyparts> members) {
  std::vector<std::string> incomplete;
  std::set<std::string> seen;
  for (const MemberBodyparts& member : members) {
    for (const std::string& bodypart : member.bodyparts) {
      const bool everywhere = std::ranges::all_of(members, [&](const MemberBodyparts& other) {
        return find_column(other, bodypart).has_value();
      });
      if (!everywhere && seen.insert(bodypart).second) {
        incomplete.push_back(bodypart);
      }
    }
  }
  return incomplete;
}

[[noreturn]] void fail_for_difference(std::span<const MemberBodyparts> members,
                                      const std::string& bodypart) {
  const auto with = std::ranges::find_if(members, [&](const MemberBodyparts& member) {
    return find_column(member, bodypart).has_value();
  });
  const auto without = std::ranges::find_if(members, [&](const MemberBodyparts& member) {
    return !find_column(member, bodypart).has_value();
  });
  throw Error(ErrorKind::shape_mismatch,
              fmt::format("members have different bodyparts: {} has '{}', {} has not", with->member,
                          printable(bodypart), without->member),
              {.have = fmt::format("in {}: {}", without->member, list_names(without->bodyparts)),
               .hint = "--common-bodyparts keeps those that all members have; --bodypart-map "
                       "OLD=NEW gives one another name"});
}

}  // namespace

BodypartAlignment align_bodyparts(std::span<const MemberBodyparts> members, bool common_only) {
  if (members.empty()) {
    throw Error(ErrorKind::invalid_value, "an ensemble needs at least one member");
  }
  std::ranges::for_each(members, check_unique);
  BodypartAlignment alignment;
  alignment.left_out = incomplete_bodyparts(members);
  if (!alignment.left_out.empty() && !common_only) {
    fail_for_difference(members, alignment.left_out.front());
  }
  for (const std::string& bodypart : members.front().bodyparts) {
    if (std::ranges::find(alignment.left_out, bodypart) == alignment.left_out.end()) {
      alignment.bodyparts.push_back(bodypart);
    }
  }
  if (alignment.bodyparts.empty()) {
    throw Error(ErrorKind::shape_mismatch, "the members have no bodypart in common",
                {.have = fmt::format("in {}: {}", members.front().member,
                                     list_names(members.front().bodyparts))});
  }
  for (const MemberBodyparts& member : members) {
    std::vector<int>& columns = alignment.column_of_bodypart.emplace_back();
    for (const std::string& bodypart : alignment.bodyparts) {
      columns.push_back(find_column(member, bodypart).value());
    }
  }
  return alignment;
}

}  // namespace posse
