#include "results/table/header_levels.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/text.h"

namespace posse {
namespace {

bool has_level(const TableHeader& header, const char* level) {
  const auto& names = header.level_names;
  return std::find(names.begin(), names.end(), level) != names.end();
}

bool is_empty_at(const TableHeader& header, const std::vector<std::string>& column,
                 const char* level) {
  const auto& names = header.level_names;
  const auto found = std::find(names.begin(), names.end(), level);
  return found != names.end() && column[static_cast<size_t>(found - names.begin())].empty();
}

}  // namespace

bool name_levels(TableHeader& header) {
  auto& names = header.level_names;
  if (names.empty()) return false;
  const bool is_unnamed =
      std::all_of(names.begin(), names.end(), [](const auto& name) { return name.empty(); });
  if (!is_unnamed) {
    if (has_level(header, "scorer") || !names.front().empty()) return false;
    names.front() = "scorer";
    return true;
  }
  if (names.size() < 3 || names.size() > 4) return false;
  names = names.size() == 3
              ? std::vector<std::string>{"scorer", "bodyparts", "coords"}
              : std::vector<std::string>{"scorer", "individuals", "bodyparts", "coords"};
  return true;
}

bool has_pose_levels(const TableHeader& header) {
  return has_level(header, "bodyparts") && has_level(header, "coords");
}

std::vector<size_t> pose_levels(const TableHeader& header) {
  const auto& names = header.level_names;
  std::vector<size_t> order;
  for (const char* level : {"scorer", "individuals", "bodyparts", "coords"}) {
    const auto found = std::find(names.begin(), names.end(), level);
    if (found != names.end()) order.push_back(static_cast<size_t>(found - names.begin()));
  }
  return order;
}

bool is_nameless(const TableHeader& header, const std::vector<std::string>& column) {
  return is_empty_at(header, column, "bodyparts") || is_empty_at(header, column, "coords");
}

std::vector<std::string> oddities_of_levels(const TableHeader& header) {
  std::vector<std::string> oddities;
  if (!has_pose_levels(header)) return oddities;
  std::vector<size_t> in_order(header.level_names.size());
  std::iota(in_order.begin(), in_order.end(), 0);
  if (pose_levels(header) != in_order) {
    oddities.push_back(fmt::format("its header levels are {}; taken as {}",
                                   list_names(header.level_names),
                                   "scorer, (individuals,) bodyparts, coords"));
  }
  if (!has_level(header, "scorer")) oddities.emplace_back("has no scorer; 'unknown' is taken");
  const auto nameless =
      std::count_if(header.columns.begin(), header.columns.end(),
                    [&](const auto& column) { return is_nameless(header, column); });
  if (nameless > 0)
    oddities.push_back(fmt::format("{} columns belong to no bodypart; left out", nameless));
  return oddities;
}

}  // namespace posse
