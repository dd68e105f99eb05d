#include "results/table/convert_table.h"

#include <fmt/format.h>

#include "base/error.h"
#include "results/table/table_meaning.h"
#include "results/table/table_writer.h"

namespace posse {
namespace fs = std::filesystem;
namespace {

void check_target(const fs::path& source, const fs::path& target, bool force) {
  std::error_code error;
  if (!fs::exists(target)) return;
  if (fs::equivalent(source, target, error)) {
    throw Error(ErrorKind::usage, fmt::format("{}: is the source itself", target.string()));
  }
  if (force) return;
  throw Error(ErrorKind::usage, fmt::format("{}: exists already", target.string()),
              {.hint = "--force replaces it"});
}

bool has_one_individual(const RawTable& table) {
  for (const auto& column : table.header.columns) {
    if (column[1] != table.header.columns.front()[1]) return false;
  }
  return !table.header.columns.empty();
}

}  // namespace

std::vector<std::string> convert_table(const fs::path& source, const fs::path& target,
                                       const TableReadOptions& options, bool force) {
  const TableKind format = detect_table_kind(source);
  check_target(source, target, force);
  RawTable raw = read_raw_table(source);
  const bool is_sleap = format == TableKind::slp || format == TableKind::sleap_analysis;
  const bool has_choice = !options.individual.empty() || !options.scorer.empty();
  if (has_choice || (is_sleap && has_one_individual(raw))) {
    const LoadedPoses loaded = interpret_poses(raw, source, options);
    write_pose_table(target, loaded.table);
    return loaded.notes.warnings;
  }
  write_raw_table(target, raw);
  return raw.notes;
}

}  // namespace posse
