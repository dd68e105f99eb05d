#include "project/snapshot.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "base/error.h"
#include "base/natural_order.h"
#include "base/paths.h"
#include "base/text.h"
#include "project/config_values.h"

namespace posse {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kIndexEnding = ".index";

int64_t number_behind(std::string_view text, size_t dash) {
  const auto number = integer_of(text.substr(dash + 1));
  return number && *number >= 0 ? *number : -1;
}

/// True if a whole set <name>.data-00000-of-N ... lies among the files.
bool has_all_shards(const std::string& name, const std::vector<std::string>& files) {
  const std::string start = name + ".data-00000-of-";
  for (const std::string& file : files) {
    if (!file.starts_with(start)) continue;
    const auto num_shards = integer_of(std::string_view(file).substr(start.size()));
    if (!num_shards || *num_shards < 1) continue;
    long long present = 0;
    const std::string of = fmt::format("-of-{}", file.substr(start.size()));
    for (const std::string& other : files) {
      present += other.starts_with(name + ".data-") && other.ends_with(of) ? 1 : 0;
    }
    if (present >= *num_shards) return true;
  }
  return false;
}

std::vector<std::string> file_names(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (!is_hidden_name(it->path().filename().string()))
      names.push_back(it->path().filename().string());
  }
  return names;
}

/// "snapshot-50 2", as macOS names a second one; only beside a "snapshot-50" is it a copy.
std::optional<std::string> original_of_second(const std::string& name) {
  const size_t space = name.rfind(' ');
  if (space == std::string::npos || !integer_of(std::string_view(name).substr(space + 1))) {
    return std::nullopt;
  }
  return name.substr(0, space);
}

void mark_copies(std::vector<Snapshot>& snapshots) {
  std::set<std::string> names;
  for (const Snapshot& snapshot : snapshots) names.insert(snapshot.name);
  for (Snapshot& snapshot : snapshots) {
    for (const auto& original :
         {original_of_copy(snapshot.name), original_of_second(snapshot.name)}) {
      if (original && names.contains(*original)) snapshot.copy_of = *original;
    }
  }
}

/// "snapshot-200.pt", "snapshot-best-140.pt", and "epoch=39-step=360-best.ckpt" with a step.
std::optional<Snapshot> torch_snapshot(const fs::path& folder, const std::string& file) {
  const bool lightning = file.ends_with(".ckpt");
  if (!lightning && !file.ends_with(".pt")) return std::nullopt;
  const std::string name = file.substr(0, file.rfind('.'));
  SnapshotName parsed{.kind = lightning ? SnapshotKind::lp : SnapshotKind::dlc3};
  if (lightning) {
    const size_t step = name.rfind("step=");
    if (step != std::string::npos) {
      const size_t first = step + 5;
      const size_t end = std::min(name.find_first_not_of("0123456789", first), name.size());
      parsed.number = integer_of(std::string_view(name).substr(first, end - first)).value_or(-1);
    }
    parsed.best = name.ends_with("-best");
  } else {
    if (name.starts_with("snapshot-detector")) return std::nullopt;
    const size_t dash = name.rfind('-');
    if (dash != std::string::npos) parsed.number = number_behind(name, dash);
    parsed.best = name.starts_with("snapshot-best-");
  }
  return Snapshot{.name = name,
                  .prefix = folder / file,
                  .parsed = parsed,
                  .has_data = true,
                  .copy_of = "",
                  .test_error = std::nullopt};
}

std::vector<std::string> names_of(std::span<const Snapshot> snapshots) {
  std::vector<std::string> names;
  for (const Snapshot& snapshot : snapshots) names.push_back(printable(snapshot.name));
  return names;
}

/// Index i of Python into a list of n; nullopt if it is outside.
std::optional<size_t> python_index(long long i, size_t n) {
  const auto size = static_cast<long long>(n);
  if (i < -size || i >= size) return std::nullopt;
  return static_cast<size_t>(i < 0 ? i + size : i);
}

SnapshotChoice choose_best(std::span<const Snapshot> snapshots, const std::string& where) {
  std::optional<size_t> best;
  for (size_t i = 0; i < snapshots.size(); ++i) {
    const auto& error = snapshots[i].test_error;
    if (error && (!best || *error < *snapshots[*best].test_error)) best = i;
  }
  const size_t last = snapshots.size() - 1;
  if (!best && snapshots[last].parsed.best) return {last, "its tool marked it as the best"};
  if (!best) {
    throw Error(ErrorKind::not_found,
                fmt::format("{}: no snapshot has a test error in the project's evaluation-results, "
                            "so none is the best",
                            where),
                {.have = list_names(names_of(snapshots)),
                 .hint = "choose by name, or evaluate the snapshots first"});
  }
  return {*best, fmt::format("lowest test error of the evaluated snapshots: {} px",
                             *snapshots[*best].test_error)};
}

std::optional<SnapshotChoice> choose_by_name(std::span<const Snapshot> snapshots,
                                             std::string_view wanted) {
  for (size_t i = 0; i < snapshots.size(); ++i) {
    const std::string& name = snapshots[i].name;
    if (name == wanted || name == "snapshot-" + std::string(wanted)) return {{i, "asked for"}};
  }
  const auto number = integer_of(wanted);
  if (!number) return std::nullopt;
  const auto index = python_index(*number, snapshots.size());
  if (!index) return std::nullopt;
  return {{*index, fmt::format("asked for as number {} of {} (counted from 0, negative from the "
                               "end)",
                               *number, snapshots.size())}};
}

SnapshotChoice choose_by_default(std::span<const Snapshot> snapshots,
                                 std::optional<int> config_index, const std::string& where) {
  const size_t last = snapshots.size() - 1;
  const bool some_dgp = snapshots[last].parsed.kind == SnapshotKind::dgp;
  if (snapshots.size() == 1) return {0, "the only one"};
  const SnapshotName& last_name = snapshots[last].parsed;
  if (last_name.best && config_index.value_or(-1) == -1) {
    const bool several = snapshots[last - 1].parsed.best;
    return {last, several ? "the later of several that its tool marked as the best"
                          : "its tool marked it as the best"};
  }
  if (some_dgp && snapshots[0].parsed.kind == SnapshotKind::dlc) {
    return {last, "the last of DeepGraphPose's, which come after DeepLabCut's"};
  }
  if (some_dgp || config_index.value_or(-1) == -1) return {last, "the last in order of training"};
  const auto index = python_index(*config_index, snapshots.size());
  if (!index) {
    throw Error(ErrorKind::not_found,
                fmt::format("{}: config.yaml asks for snapshotindex {}, but there are {} snapshots",
                            where, *config_index, snapshots.size()),
                {.have = list_names(names_of(snapshots)), .hint = "choose one with --snapshot"});
  }
  return {*index, fmt::format("snapshotindex {} of config.yaml", *config_index)};
}

/// The last in order of training; a best one may be older.
SnapshotChoice choose_newest(std::span<const Snapshot> snapshots) {
  size_t newest = snapshots.size() - 1;
  for (size_t i = 0; i < snapshots.size() && snapshots[newest].parsed.best; ++i) {
    if (snapshots[i].parsed.kind == snapshots[newest].parsed.kind &&
        snapshots[i].parsed.number > snapshots[newest].parsed.number) {
      newest = i;
    }
  }
  return {newest, "newest: the last in order of training"};
}

/// @param snapshots  without copies
SnapshotChoice choose_among(std::span<const Snapshot> snapshots, std::string_view wanted,
                            std::optional<int> config_index, const std::string& where) {
  if (wanted.empty()) return choose_by_default(snapshots, config_index, where);
  if (wanted == "newest") return choose_newest(snapshots);
  if (wanted == "best") return choose_best(snapshots, where);
  if (const auto choice = choose_by_name(snapshots, wanted)) return *choice;
  throw Error(ErrorKind::not_found,
              fmt::format("snapshot '{}' not found in {}", printable(wanted), where),
              {.have = list_names(names_of(snapshots)),
               .hint = "posse info PATH lists the snapshots of a project"});
}

}  // namespace

std::string_view to_string(SnapshotKind kind) {
  if (kind == SnapshotKind::lp) return "lp";
  return kind == SnapshotKind::dgp ? "dgp" : "dlc";
}

SnapshotName parse_snapshot_name(std::string_view name) {
  SnapshotName parsed;
  const size_t dash = name.rfind('-');
  if (dash == std::string_view::npos) return parsed;
  parsed.number = number_behind(name, dash);
  const size_t step = name.rfind("-step");
  // "-step", digits, perhaps text, perhaps "-final", then "--" and digits.
  if (step == std::string_view::npos || parsed.number < 0 || dash < step + 6 ||
      name[dash - 1] != '-') {
    return parsed;
  }
  const std::string_view middle = name.substr(step + 5, dash - 1 - (step + 5));
  const size_t digits = std::min(middle.find_first_not_of("0123456789"), middle.size());
  const auto number = integer_of(middle.substr(0, digits));
  if (!number || *number > 1'000'000) return parsed;
  parsed.kind = SnapshotKind::dgp;
  parsed.step = static_cast<int>(*number);
  parsed.final = middle.ends_with("-final");
  return parsed;
}

std::vector<Snapshot> list_snapshots(const fs::path& folder) {
  const std::vector<std::string> files = file_names(folder);
  std::vector<Snapshot> snapshots;
  for (const std::string& file : files) {
    if (!file.ends_with(kIndexEnding)) continue;
    const std::string name = file.substr(0, file.size() - kIndexEnding.size());
    snapshots.push_back({.name = name,
                         .prefix = folder / name,
                         .parsed = parse_snapshot_name(name),
                         .has_data = has_all_shards(name, files),
                         .copy_of = "",
                         .test_error = std::nullopt});
  }
  for (const std::string& file : files) {
    if (auto snapshot = torch_snapshot(folder, file)) snapshots.push_back(std::move(*snapshot));
  }
  mark_copies(snapshots);
  std::sort(snapshots.begin(), snapshots.end(), [](const Snapshot& a, const Snapshot& b) {
    const auto rank = [](const Snapshot& s) {
      return std::tuple(s.parsed.kind, s.parsed.best, s.parsed.step, s.parsed.final,
                        s.parsed.number);
    };
    if (rank(a) != rank(b)) return rank(a) < rank(b);
    return naturally_before(a.name, b.name);
  });
  return snapshots;
}

SnapshotChoice choose_snapshot(std::span<const Snapshot> snapshots, std::string_view wanted,
                               std::optional<int> config_index, const std::string& where) {
  POSSE_ASSERT(!snapshots.empty());
  for (size_t i = 0; i < snapshots.size(); ++i) {
    if (snapshots[i].name == wanted) return {i, "asked for"};
  }
  std::vector<Snapshot> counted;
  std::vector<size_t> place;
  for (size_t i = 0; i < snapshots.size(); ++i) {
    if (!snapshots[i].copy_of.empty()) continue;
    counted.push_back(snapshots[i]);
    place.push_back(i);
  }
  SnapshotChoice choice = choose_among(counted, wanted, config_index, where);
  choice.index = place[choice.index];
  return choice;
}

}  // namespace posse
