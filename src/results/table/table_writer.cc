#include "results/table/table_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "results/formats/csv/csv_writer.h"
#include "results/formats/hdf5/hdf5_writer.h"
#include "results/table/table_sink.h"

namespace posse {
namespace fs = std::filesystem;
namespace {

/// Likelihoods come out of float32 arithmetic; anything farther out is a mistake.
constexpr double kLikelihoodSlack = 1e-6;
constexpr size_t kRowsAtOnce = 1024;
constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

void check_name(const std::string& name, std::string_view what) {
  if (name.empty() || printable(name) != name) {
    throw Error(ErrorKind::invalid_value,
                fmt::format("{} '{}' cannot stand in a table: names are not empty, UTF-8 and free "
                            "of control characters",
                            what, printable(name)));
  }
}

void check_header(const TableHeader& header, const fs::path& path) {
  if (header.level_names.empty() || header.columns.empty()) {
    throw Error(ErrorKind::invalid_value, fmt::format("{}: a table needs columns", path.string()));
  }
  for (const auto& column : header.columns) {
    if (column.size() != header.level_names.size()) {
      throw Error(ErrorKind::shape_mismatch,
                  fmt::format("{}: a column has {} header levels, the table has {}", path.string(),
                              column.size(), header.level_names.size()));
    }
    for (const std::string& level : column) {
      if (printable(level) != level) {
        throw Error(ErrorKind::invalid_value,
                    fmt::format("{}: column name '{}' is not UTF-8 text free of control characters",
                                path.string(), printable(level)));
      }
    }
  }
}

/// What PyTables takes for a name that Python can spell.
void check_key(const std::string& key) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  const auto is_plain = [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); };
  if (!key.empty() && is_letter(key[0]) && std::ranges::all_of(key, is_plain) && key != "posse")
    return;
  throw Error(ErrorKind::usage,
              fmt::format("the key '{}' is no name for a table: expected letters, digits and "
                          "underscores, no digit first, and not 'posse'",
                          printable(key)));
}

std::unique_ptr<TableSink> make_sink(const fs::path& path, const TableHeader& header,
                                     const TableWriterOptions& options) {
  check_header(header, path);
  check_key(options.key);
  const std::string suffix = ascii_lower(path.extension().string());
  if (suffix == ".h5") return make_hdf5_sink(path, header, options);
  if (suffix != ".csv") {
    throw Error(ErrorKind::usage,
                fmt::format("{}: tables are written as .h5 or .csv", path.string()));
  }
  if (!options.extras.empty()) {
    throw Error(ErrorKind::usage,
                fmt::format("{}: a csv holds x, y and likelihood only", path.string()),
                {.hint = "uncertainty goes into the .h5, or into a wide csv of its own"});
  }
  return make_csv_sink(path, header, options);
}

TableHeader checked_pose_header(const std::string& scorer,
                                const std::vector<std::string>& bodyparts) {
  check_name(scorer, "scorer");
  std::set<std::string> seen;
  for (const std::string& bodypart : bodyparts) {
    check_name(bodypart, "bodypart");
    if (!seen.insert(bodypart).second) {
      throw Error(ErrorKind::invalid_value,
                  fmt::format("bodypart '{}' stands twice in a table", bodypart));
    }
  }
  static const std::array<std::string, 3> kCoords = {"x", "y", "likelihood"};
  return make_table_header(scorer, bodyparts, kCoords);
}

Keypoint checked_keypoint(const Keypoint& found, int64_t frame, const std::string& bodypart) {
  if (std::isinf(found.x) || std::isinf(found.y)) {
    throw Error(ErrorKind::invalid_value,
                fmt::format("frame {}, {}: coordinate is infinite", frame, bodypart));
  }
  if (!(found.likelihood >= -kLikelihoodSlack && found.likelihood <= 1 + kLikelihoodSlack)) {
    throw Error(ErrorKind::invalid_value,
                fmt::format("frame {}, {}: likelihood {} is not in [0, 1]", frame, bodypart,
                            found.likelihood));
  }
  if (std::isnan(found.x) || std::isnan(found.y)) return {kMissing, kMissing, 0};
  return {found.x, found.y, std::clamp(found.likelihood, 0.0, 1.0)};
}

}  // namespace

size_t ExtraArray::row_size() const {
  size_t size = 1;
  for (const int64_t extent : extents) size *= static_cast<size_t>(extent);
  return size;
}

TableWriter::TableWriter(const fs::path& path, TableHeader header, TableWriterOptions options)
    : sink_(make_sink(path, header, options)) {
  sink_->header = std::move(header);
  sink_->options = std::move(options);
}

TableWriter::~TableWriter() = default;
TableWriter::TableWriter(TableWriter&&) noexcept = default;

size_t TableWriter::num_rows() const { return sink_->num_rows; }

void TableWriter::append(std::span<const int64_t> frame_index, std::span<const double> values,
                         std::span<const std::span<const double>> extras) {
  bool fits = values.size() == frame_index.size() * sink_->header.num_columns() &&
              extras.size() == sink_->options.extras.size() &&
              sink_->options.longest_row_label == 0;
  for (size_t i = 0; fits && i < extras.size(); ++i) {
    fits = extras[i].size() == frame_index.size() * sink_->options.extras[i].row_size();
  }
  if (!fits) {
    throw Error(ErrorKind::shape_mismatch,
                fmt::format("{} values for {} rows do not fit a table of {} columns and {} extra "
                            "arrays",
                            values.size(), frame_index.size(), sink_->header.num_columns(),
                            sink_->options.extras.size()));
  }
  sink_->append({.frame_index = frame_index}, values, extras);
  sink_->num_rows += frame_index.size();
}

void TableWriter::append(std::span<const std::string> row_labels, std::span<const double> values) {
  for (const std::string& label : row_labels) {
    if (label.size() > sink_->options.longest_row_label) {
      throw Error(ErrorKind::shape_mismatch,
                  fmt::format("row label '{}' is longer than the {} bytes announced",
                              printable(label), sink_->options.longest_row_label));
    }
  }
  if (values.size() != row_labels.size() * sink_->header.num_columns()) {
    throw Error(ErrorKind::shape_mismatch,
                fmt::format("{} values for {} rows do not fit a table of {} columns", values.size(),
                            row_labels.size(), sink_->header.num_columns()));
  }
  sink_->append({.labels = row_labels}, values, {});
  sink_->num_rows += row_labels.size();
}

void TableWriter::finish() { sink_->finish(); }

PoseTableWriter::PoseTableWriter(const fs::path& path, const std::string& scorer,
                                 const std::vector<std::string>& bodyparts,
                                 TableWriterOptions options)
    : bodyparts_(bodyparts),
      writer_(path, checked_pose_header(scorer, bodyparts), std::move(options)) {}

void PoseTableWriter::append(const Poses& rows, std::span<const std::span<const double>> extras) {
  if (rows.bodyparts != bodyparts_ ||
      rows.keypoints.size() != rows.num_frames() * bodyparts_.size()) {
    throw Error(ErrorKind::shape_mismatch,
                fmt::format("poses of bodyparts {} do not fit a table of {}",
                            list_names(rows.bodyparts), list_names(bodyparts_)));
  }
  int64_t last = last_frame_;
  for (size_t row = 0; row < rows.num_frames(); ++row) {
    const int64_t frame = rows.frame_index[row];
    if (frame <= last) {
      throw Error(
          ErrorKind::invalid_value,
          fmt::format("frame {} comes after frame {}: frame numbers must rise", frame, last));
    }
    last = frame;
    for (size_t j = 0; j < bodyparts_.size(); ++j) {
      checked_keypoint(rows.at(row, j), frame, bodyparts_[j]);
    }
  }
  // A block at a time, so that whole tables are not copied; extra arrays come in blocks already.
  const size_t step = extras.empty() ? kRowsAtOnce : std::max<size_t>(rows.num_frames(), 1);
  std::vector<double> values;
  for (size_t begin = 0; begin < rows.num_frames(); begin += step) {
    const size_t count = std::min(step, rows.num_frames() - begin);
    values.clear();
    for (size_t row = begin; row < begin + count; ++row) {
      for (size_t j = 0; j < bodyparts_.size(); ++j) {
        const Keypoint point =
            checked_keypoint(rows.at(row, j), rows.frame_index[row], bodyparts_[j]);
        values.insert(values.end(), {point.x, point.y, point.likelihood});
      }
    }
    writer_.append(std::span(rows.frame_index).subspan(begin, count), values, extras);
  }
  last_frame_ = last;
}

void write_pose_table(const fs::path& path, const PoseTable& table, TableWriterOptions options,
                      std::span<const std::span<const double>> extras) {
  PoseTableWriter writer(path, table.scorer, table.poses.bodyparts, std::move(options));
  writer.append(table.poses, extras);
  writer.finish();
}

void write_raw_table(const fs::path& path, const RawTable& table, TableWriterOptions options) {
  for (const std::string& label : table.row_labels) {
    options.longest_row_label = std::max({options.longest_row_label, label.size(), size_t{1}});
  }
  TableWriter writer(path, table.header, std::move(options));
  if (table.row_labels.empty()) {
    writer.append(table.frame_index, table.values);
  } else {
    writer.append(table.row_labels, table.values);
  }
  writer.finish();
}

void write_label_table(const fs::path& path, const LabelTable& labels) {
  static const std::array<std::string, 2> kCoords = {"x", "y"};
  RawTable raw;
  raw.header = make_table_header(labels.scorer, labels.bodyparts, kCoords);
  raw.row_labels = labels.images;
  raw.values.reserve(labels.points.size() * 2);
  for (const LabelledPoint& point : labels.points) {
    raw.values.insert(raw.values.end(), {point.x, point.y});
  }
  write_raw_table(path, raw);
}

TableHeader make_table_header(const std::string& scorer, std::span<const std::string> bodyparts,
                              std::span<const std::string> coords) {
  TableHeader header{.level_names = {"scorer", "bodyparts", "coords"}, .columns = {}};
  for (const std::string& bodypart : bodyparts) {
    for (const std::string& coord : coords) header.columns.push_back({scorer, bodypart, coord});
  }
  return header;
}

void write_wide_csv(const fs::path& path, const std::string& scorer,
                    std::span<const std::string> bodyparts, std::span<const int64_t> frame_index,
                    std::span<const WideCoord> coords) {
  if (ascii_lower(path.extension().string()) != ".csv") {
    throw Error(ErrorKind::usage,
                fmt::format("{}: wide tables are written as .csv", path.string()));
  }
  std::vector<std::string> names;
  for (const WideCoord& coord : coords) {
    names.push_back(coord.name);
    if (coord.values.size() != frame_index.size() * bodyparts.size()) {
      throw Error(
          ErrorKind::shape_mismatch,
          fmt::format("coord '{}' has {} values, expected {} frames x {} bodyparts", coord.name,
                      coord.values.size(), frame_index.size(), bodyparts.size()));
    }
  }
  TableWriter writer(path, make_table_header(scorer, bodyparts, names));
  std::vector<double> row(bodyparts.size() * coords.size());
  for (size_t frame = 0; frame < frame_index.size(); ++frame) {
    auto out = row.begin();
    for (size_t j = 0; j < bodyparts.size(); ++j) {
      for (const WideCoord& coord : coords) *out++ = coord.values[frame * bodyparts.size() + j];
    }
    writer.append(frame_index.subspan(frame, 1), row);
  }
  writer.finish();
}

}  // namespace posse
