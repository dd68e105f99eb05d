#include "run/stated_track.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "base/error.h"
#include "results/table/extra_reader.h"
#include "results/table/table_kind.h"
#include "results/table/table_reader.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

/// Names of one level of the columns, each once, in their order.
std::vector<std::string> names_of(const TableHeader& header, const std::string& level) {
  std::vector<std::string> names;
  const auto found = std::find(header.level_names.begin(), header.level_names.end(), level);
  if (found == header.level_names.end()) return names;
  const auto at = static_cast<size_t>(found - header.level_names.begin());
  for (const std::vector<std::string>& column : header.columns) {
    if (std::find(names.begin(), names.end(), column[at]) == names.end())
      names.push_back(column[at]);
  }
  return names;
}

StatedTrack rows_of(const RawTable& table) {
  StatedTrack track{.bodyparts = names_of(table.header, "bodyparts"), .rows = {}, .keypoints = {}};
  for (size_t row = 0; row < table.frame_index.size(); ++row)
    track.rows[table.frame_index[row]] = row;
  track.keypoints.resize(table.frame_index.size() * track.bodyparts.size());
  return track;
}

/// The array with `width` values for each keypoint.
std::vector<double> array_of(const fs::path& path, const char* name, size_t width,
                             size_t num_keypoints) {
  ExtraValues extra = read_extra(path, name);
  if (extra.values.size() == width * num_keypoints) return std::move(extra.values);
  throw Error(
      ErrorKind::bad_file,
      fmt::format("{}: /posse/{} holds {} values for a table of {} points, expected {}",
                  path.string(), name, extra.values.size(), num_keypoints, width * num_keypoints));
}

std::optional<StatedTrack> read_arrays(const fs::path& path) {
  if (!has_extra(path, "track_covariance") || !has_extra(path, "chance_seen")) return std::nullopt;
  StatedTrack track = rows_of(read_raw_table(path));
  const size_t count = track.keypoints.size();
  const std::vector<double> covariance = array_of(path, "track_covariance", 3, count);
  const std::vector<double> chance_seen = array_of(path, "chance_seen", 1, count);
  const std::vector<double> seen =
      has_extra(path, "seen") ? array_of(path, "seen", 1, count) : std::vector<double>(count, 1);
  for (size_t i = 0; i < count; ++i) {
    track.keypoints[i] = {
        .covariance = {covariance[3 * i], covariance[3 * i + 1], covariance[3 * i + 2]},
        .seen = seen[i] != 0,
        .chance_seen = chance_seen[i]};
  }
  return track;
}

/// Columns of a wide csv by bodypart and coord.
class WideColumns {
 public:
  explicit WideColumns(const RawTable& table) : table_(table) {
    const auto& columns = table.header.columns;
    for (size_t c = 0; c < columns.size(); ++c) {
      const size_t levels = columns[c].size();
      if (levels >= 2) column_[{columns[c][levels - 2], columns[c][levels - 1]}] = c;
    }
  }
  bool has(const std::string& part, const std::string& coord) const {
    return column_.contains({part, coord});
  }
  /// @param otherwise  without such a column
  double value(size_t row, const std::string& part, const std::string& coord,
               double otherwise) const {
    const auto found = column_.find({part, coord});
    if (found == column_.end()) return otherwise;
    return table_.values[row * table_.header.num_columns() + found->second];
  }

 private:
  const RawTable& table_;
  std::map<std::pair<std::string, std::string>, size_t> column_;
};

std::optional<StatedTrack> read_columns(const fs::path& path) {
  const RawTable table = read_raw_table(path);
  StatedTrack track = rows_of(table);
  const WideColumns columns(table);
  if (track.bodyparts.empty() || !columns.has(track.bodyparts.front(), "chance_seen"))
    return std::nullopt;
  size_t i = 0;
  for (size_t row = 0; row < table.frame_index.size(); ++row) {
    for (const std::string& part : track.bodyparts) {
      const auto value = [&](const char* coord, double otherwise) {
        return columns.value(row, part, coord, otherwise);
      };
      track.keypoints[i++] = {
          .covariance = {value("x_posterior_var", NAN), value("xy_posterior_cov", 0),
                         value("y_posterior_var", NAN)},
          .seen = value("seen", 1) != 0,
          .chance_seen = value("chance_seen", NAN)};
    }
  }
  return track;
}

}  // namespace

std::vector<StatedKeypoint> StatedTrack::of_frame(int64_t frame_index,
                                                  const std::vector<std::string>& names) const {
  constexpr StatedKeypoint kNothing{
      .covariance = {NAN, NAN, NAN}, .seen = true, .chance_seen = NAN};
  std::vector<StatedKeypoint> stated(names.size(), kNothing);
  const auto row = rows.find(frame_index);
  if (row == rows.end()) return stated;
  for (size_t i = 0; i < names.size(); ++i) {
    const auto part = std::find(bodyparts.begin(), bodyparts.end(), names[i]);
    if (part == bodyparts.end()) continue;
    stated[i] =
        keypoints[row->second * bodyparts.size() + static_cast<size_t>(part - bodyparts.begin())];
  }
  return stated;
}

std::optional<StatedTrack> read_stated_track(const fs::path& table) {
  switch (detect_table_kind(table)) {
    case TableKind::pandas_hdf5:
      return read_arrays(table);
    case TableKind::csv:
      return read_columns(table);
    default:
      return std::nullopt;
  }
}

}  // namespace posse
