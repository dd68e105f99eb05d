#include "run/finished_results.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <system_error>

#include "base/error.h"
#include "base/text.h"
#include "results/table/table_kind.h"
#include "results/table/table_reader.h"
#include "run/journal.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr size_t kMostKeypoints = (size_t{512} << 20) / sizeof(Keypoint);  ///< of tables at once

fs::path journal_of(const FinishedFacts& facts) { return facts.folder / ".posse-journal"; }

/// The key of the journal that these results were made from; nullopt if there is none, or another.
std::optional<JournalKey> key_of_journal(const FinishedFacts& facts) {
  std::error_code missing;
  if (!fs::exists(journal_of(facts), missing)) return std::nullopt;
  std::optional<JournalKey> key = read_journal_key(journal_of(facts));
  if (!key || key->fingerprint != facts.fingerprint) return std::nullopt;
  if (key->num_members != facts.members.size() || key->num_bodyparts != facts.bodyparts.size())
    return std::nullopt;
  return key;
}

bool has_all_tables(const FinishedFacts& facts) {
  return !facts.member_tables.empty() &&
         std::none_of(facts.member_tables.begin(), facts.member_tables.end(),
                      [](const fs::path& table) { return table.empty(); });
}

/// [bodyparts] the column of each in a table; nullopt where it has none.
std::vector<std::optional<size_t>> columns_of(const std::vector<std::string>& bodyparts,
                                              const std::vector<std::string>& table) {
  std::vector<std::optional<size_t>> columns;
  for (const std::string& name : bodyparts) {
    const auto found = std::find(table.begin(), table.end(), name);
    columns.push_back(found == table.end()
                          ? std::nullopt
                          : std::optional(static_cast<size_t>(found - table.begin())));
  }
  return columns;
}

/// Puts a member's points into [frames of a part, members, bodyparts].
struct PartOfTables {
  std::span<const int64_t> frames;  ///< of the part
  size_t num_members = 0;
  size_t num_bodyparts = 0;
  std::vector<Keypoint> keypoints;

  void take(size_t member, const Poses& poses, const std::vector<std::string>& bodyparts) {
    const auto columns = columns_of(bodyparts, poses.bodyparts);
    size_t row = 0;
    for (size_t f = 0; f < frames.size(); ++f) {
      while (row < poses.num_frames() && poses.frame_index[row] < frames[f]) ++row;
      if (row == poses.num_frames()) return;
      if (poses.frame_index[row] != frames[f]) continue;
      Keypoint* const at = keypoints.data() + (f * num_members + member) * num_bodyparts;
      for (size_t p = 0; p < columns.size(); ++p)
        if (columns[p]) at[p] = poses.at(row, *columns[p]);
    }
  }
};

/// A column of a wide csv that stands for a number of an array.
std::vector<const char*> wide_columns(const std::string& array) {
  if (array == "track_covariance")
    return {"x_posterior_var", "xy_posterior_cov", "y_posterior_var"};
  if (array == "second_place") return {"x_second", "y_second", "chance_second"};
  if (array == "chance" || array == "chance_seen" || array == "seen") return {array.c_str()};
  return {};
}

/// The array [frames, bodyparts, coords] of a run's wide csv; nullopt where it lacks one of them.
std::optional<ExtraValues> array_of_wide(const FinishedFacts& facts,
                                         const std::vector<const char*>& coords) {
  const RawTable table = read_raw_table(facts.wide_table);
  const size_t frames = table.frame_index.size();
  const size_t width = facts.bodyparts.size() * coords.size();
  if (coords.empty() || frames != static_cast<size_t>(facts.num_frames)) return std::nullopt;
  ExtraValues values{.extents = {frames, facts.bodyparts.size()},
                     .values = std::vector<double>(frames * width, kNaN)};
  if (coords.size() > 1) values.extents.push_back(coords.size());
  size_t num_found = 0;
  for (size_t c = 0; c < table.header.num_columns(); ++c) {
    const std::vector<std::string>& levels = table.header.columns[c];
    if (levels.size() < 2) continue;
    const auto coord = std::find(coords.begin(), coords.end(), levels.back());
    const auto part =
        std::find(facts.bodyparts.begin(), facts.bodyparts.end(), levels[levels.size() - 2]);
    if (coord == coords.end() || part == facts.bodyparts.end()) continue;
    ++num_found;
    const size_t at = static_cast<size_t>(part - facts.bodyparts.begin()) * coords.size() +
                      static_cast<size_t>(coord - coords.begin());
    for (size_t row = 0; row < frames; ++row)
      values.values[row * width + at] = table.values[row * table.header.num_columns() + c];
  }
  return num_found == width ? std::optional(std::move(values)) : std::nullopt;
}

}  // namespace

FinishedResults::FinishedResults(const fs::path& path) : facts_(read_finished_facts(path)) {
  if (key_of_journal(facts_)) {
    source_ = MemberSource::journal;
  } else if (has_all_tables(facts_)) {
    source_ = MemberSource::tables;
  }
}

Poses FinishedResults::consensus() const {
  Poses poses = read_pose_table(facts_.table).table.poses;
  if (poses.bodyparts != facts_.bodyparts ||
      poses.num_frames() != static_cast<size_t>(facts_.num_frames)) {
    throw Error(
        ErrorKind::shape_mismatch,
        fmt::format("{}: has {} frames of {}, its run.json tells of {} of {}",
                    facts_.table.string(), poses.num_frames(), list_names(poses.bodyparts),
                    facts_.num_frames, list_names(facts_.bodyparts)),
        {.hint = "the table was changed after the run, or lies beside another run's record"});
  }
  return poses;
}

std::optional<ExtraValues> FinishedResults::array(const std::string& name) const {
  const auto frames = static_cast<size_t>(facts_.num_frames);
  if (detect_table_kind(facts_.table) == TableKind::pandas_hdf5) {
    if (!has_extra(facts_.table, name)) return std::nullopt;
    ExtraValues values = read_extra(facts_.table, name);
    if (!values.extents.empty() && values.extents[0] == frames) return values;
    throw Error(ErrorKind::bad_file, fmt::format("{}: /posse/{} does not have {} rows",
                                                 facts_.table.string(), name, frames));
  }
  if (facts_.wide_table.empty()) return std::nullopt;
  return array_of_wide(facts_, wide_columns(name));
}

std::optional<StatedCovariance> FinishedResults::covariance() const {
  for (const char* name : {"covariance", "track_covariance"}) {
    if (auto stored = array(name)) return StatedCovariance{name, std::move(stored->values)};
  }
  const std::optional<ExtraValues> std = array("members_std");
  if (!std) return std::nullopt;
  StatedCovariance covariance{.source = "members_std", .values = {}};
  covariance.values.reserve(std->values.size() / 2 * 3);
  for (size_t i = 0; i + 1 < std->values.size(); i += 2) {
    const double x = std->values[i], y = std->values[i + 1];
    covariance.values.insert(covariance.values.end(), {x * x, 0, y * y});
  }
  return covariance;
}

void FinishedResults::read_members(const std::function<bool(const MembersFrame&)>& take) const {
  if (source_ == MemberSource::none) {
    throw Error(
        ErrorKind::not_found,
        fmt::format("{}: holds neither the members' tables nor the journal of the run",
                    facts_.folder.string()),
        {.hint = "the same posse run command with --save-members writes them; without the journal "
                 "(--keep-journal off) the networks run again"});
  }
  const std::vector<int64_t> frames = consensus().frame_index;
  source_ == MemberSource::journal ? read_journal(frames, take) : read_tables(frames, take);
}

void FinishedResults::read_journal(std::span<const int64_t> frames,
                                   const std::function<bool(const MembersFrame&)>& take) const {
  const std::optional<JournalKey> key = key_of_journal(facts_);
  if (!key) {
    throw Error(ErrorKind::io, fmt::format("{}: the journal was taken away while it was looked at",
                                           facts_.folder.string()));
  }
  JournalReader reader(journal_of(facts_), *key);
  FrameResult result;
  for (size_t row = 0; row < frames.size(); ++row) {
    if (!reader.read(result) || result.frame_index != frames[row]) {
      throw Error(ErrorKind::bad_file,
                  fmt::format("{}: does not hold frame {}, which the consensus has",
                              journal_of(facts_).string(), frames[row]),
                  {.hint = "it is damaged: with --save-members the members' tables are read where "
                           "the journal is removed"});
    }
    if (!take({.row = row, .frame_index = frames[row], .keypoints = result.members})) return;
  }
}

void FinishedResults::read_tables(std::span<const int64_t> frames,
                                  const std::function<bool(const MembersFrame&)>& take) const {
  const size_t width = facts_.members.size() * facts_.bodyparts.size();
  const size_t most = std::max<size_t>(kMostKeypoints / std::max<size_t>(width, 1), 1);
  for (size_t begin = 0; begin < frames.size(); begin += most) {
    PartOfTables part{.frames = frames.subspan(begin, std::min(most, frames.size() - begin)),
                      .num_members = facts_.members.size(),
                      .num_bodyparts = facts_.bodyparts.size(),
                      .keypoints = {}};
    part.keypoints.assign(part.frames.size() * width, {kNaN, kNaN, 0});
    for (size_t m = 0; m < facts_.members.size(); ++m)
      part.take(m, read_pose_table(facts_.member_tables[m]).table.poses, facts_.bodyparts);
    for (size_t f = 0; f < part.frames.size(); ++f) {
      const MembersFrame frame{.row = begin + f,
                               .frame_index = part.frames[f],
                               .keypoints = {part.keypoints.data() + f * width, width}};
      if (!take(frame)) return;
    }
  }
}

void require_alike(std::span<const FinishedResults> results) {
  for (size_t i = 1; i < results.size(); ++i) {
    const FinishedFacts &first = results[0].facts(), &other = results[i].facts();
    const std::string what = difference_of(first, other);
    if (what.empty()) continue;
    throw Error(ErrorKind::usage,
                fmt::format("{} and {}: are results of different runs: {}", first.folder.string(),
                            other.folder.string(), what),
                {.hint = "results are taken together only where members, consensus and bodyparts "
                         "are the same"});
  }
}

}  // namespace posse
