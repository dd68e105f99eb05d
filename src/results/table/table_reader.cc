#include "results/table/table_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <limits>
#include <map>
#include <optional>

#include "base/error.h"
#include "base/files.h"
#include "base/memory.h"
#include "base/text.h"
#include "results/formats/csv/csv_reader.h"
#include "results/formats/hdf5/pandas_hdf5.h"
#include "results/formats/sleap/sleap_analysis.h"
#include "results/formats/sleap/slp_reader.h"
#include "results/table/frame_numbers.h"
#include "results/table/table_crop.h"
#include "results/table/table_kind.h"
#include "results/table/table_meaning.h"

namespace posse {
namespace fs = std::filesystem;
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

/// Counts of what was put right while the values were taken over.
struct Repairs {
  size_t half_missing = 0;        ///< x without y, y without x, or infinite
  size_t likelihood_missing = 0;  ///< at a point that is there
  size_t likelihood_outside = 0;  ///< outside [0, 1]
  double likelihood_most = 0;
};

Keypoint repaired(double x, double y, double likelihood, Repairs& repairs) {
  const bool has_x = std::isfinite(x);
  const bool has_y = std::isfinite(y);
  if (!has_x || !has_y) {
    if (has_x || has_y || std::isinf(x) || std::isinf(y)) ++repairs.half_missing;
    return {kMissing, kMissing, 0};
  }
  if (std::isnan(likelihood)) {
    ++repairs.likelihood_missing;
    return {x, y, likelihood};
  }
  if (likelihood < 0 || likelihood > 1) {
    ++repairs.likelihood_outside;
    repairs.likelihood_most = std::max(repairs.likelihood_most, std::abs(likelihood));
    likelihood = std::clamp(likelihood, 0.0, 1.0);
  }
  return {x, y, likelihood};
}

void report(const Repairs& repairs, std::vector<std::string>& warnings) {
  if (repairs.half_missing > 0) {
    warnings.push_back(fmt::format(
        "{} points with half a coordinate or an infinite one are missing", repairs.half_missing));
  }
  if (repairs.likelihood_missing > 0) {
    warnings.push_back(
        fmt::format("{} points have no likelihood; it is unknown and left out of means",
                    repairs.likelihood_missing));
  }
  if (repairs.likelihood_outside > 0) {
    warnings.push_back(fmt::format("{} likelihoods are outside [0, 1] (up to {:.4g}) and were cut",
                                   repairs.likelihood_outside, repairs.likelihood_most));
  }
}

/// DeepGraphPose sizes its tables by duration and leaves the surplus rows zero.
size_t zero_rows_at_end(const Poses& poses) {
  size_t count = 0;
  for (size_t row = poses.num_frames(); row-- > 0; ++count) {
    const auto keypoints = poses.row(row);
    const bool is_zero = std::all_of(keypoints.begin(), keypoints.end(),
                                     [](const Keypoint& at) { return at.x == 0 && at.y == 0; });
    if (!is_zero) break;
  }
  return count == poses.num_frames() ? 0 : count;
}

/// Makes poses of a table whose rows come in blocks.
class PoseBuilder {
 public:
  PoseBuilder(const fs::path& path, const TableReadOptions& options)
      : path_(path), options_(options) {}

  void append(const RawTable& raw) {
    if (meaning_.bodyparts.empty()) begin(raw);
    check_frames(raw);
    Poses& poses = loaded_.table.poses;
    poses.frame_index.insert(poses.frame_index.end(), raw.frame_index.begin(),
                             raw.frame_index.end());
    const size_t width = raw.header.num_columns();
    for (size_t row = 0; row < raw.num_rows(); ++row) {
      const double* const values = raw.values.data() + row * width;
      for (const BodypartColumns& part : meaning_.bodyparts) {
        poses.keypoints.push_back(repaired(values[part.x], values[part.y],
                                           part.likelihood ? values[*part.likelihood] : 1.0,
                                           repairs_));
      }
    }
  }

  /// @param notes  of the raw table, when all was read
  LoadedPoses finish(const std::vector<std::string>& notes) {
    std::vector<std::string>& warnings = meaning_.notes.warnings;
    if (notes.size() > num_notes_) {
      warnings.insert(warnings.end(), notes.begin() + static_cast<ptrdiff_t>(num_notes_),
                      notes.end());
    }
    drop_zero_rows();
    if (!meaning_.bodyparts.front().likelihood) {
      const std::string other = likelihood_by_another_name(meaning_.notes.coords);
      warnings.push_back(fmt::format(
          "has no likelihood column; it is 1 where a point is{}",
          other.empty() ? "" : fmt::format(" ('{}' is not taken for one: rename it)", other)));
    }
    report(repairs_, warnings);
    loaded_.notes = std::move(meaning_.notes);
    return std::move(loaded_);
  }

 private:
  void begin(const RawTable& raw) {
    if (!raw.row_labels.empty()) {
      throw Error(
          ErrorKind::unsupported,
          fmt::format("{}: its rows are images, expected frames of a video", path_.string()),
          {.have = "first row: " + printable(raw.row_labels.front())});
    }
    num_notes_ = raw.notes.size();
    meaning_ = interpret_header(raw, path_, options_);
    loaded_.table.scorer = meaning_.scorer;
    Poses& poses = loaded_.table.poses;
    for (const BodypartColumns& part : meaning_.bodyparts) poses.bodyparts.push_back(part.name);
    const size_t rows = std::max(raw.expected_rows, raw.num_rows());
    poses.frame_index.reserve(rows);
    reserve_large(poses.keypoints, rows * meaning_.bodyparts.size());
  }

  void check_frames(const RawTable& raw) const {
    const auto& before = loaded_.table.poses.frame_index;
    require_rising_frames(raw.frame_index, before.size(),
                          before.empty() ? std::nullopt : std::optional(before.back()), path_);
  }

  void drop_zero_rows() {
    Poses& poses = loaded_.table.poses;
    const size_t count = zero_rows_at_end(poses);
    if (count == 0) return;
    for (size_t i = (poses.num_frames() - count) * poses.num_bodyparts();
         i < poses.keypoints.size(); ++i) {
      poses.keypoints[i] = {kMissing, kMissing, 0};
    }
    meaning_.notes.warnings.push_back(
        fmt::format("the last {} zero everywhere and taken for missing",
                    count == 1 ? "row is" : fmt::format("{} rows are", count)));
  }

  const fs::path& path_;
  const TableReadOptions& options_;
  TableMeaning meaning_;
  size_t num_notes_ = 0;
  Repairs repairs_;
  LoadedPoses loaded_;
};

RawTable read_table(const fs::path& path, const std::string& video, const TakeRows& take_rows) {
  RawTable table;
  const TableKind kind = detect_table_kind(path);
  if (!video.empty() && kind != TableKind::slp) {
    throw Error(
        ErrorKind::usage,
        fmt::format("{}: is no SLEAP project, in which a video could be chosen", path.string()));
  }
  switch (kind) {
    case TableKind::csv:
      return read_csv_table(path, take_rows);
    case TableKind::pandas_hdf5:
      return read_pandas_hdf5(path, take_rows);
    case TableKind::sleap_analysis:
      table = read_sleap_analysis(path);
      break;
    case TableKind::slp:
      table = read_slp(path, video);
      break;
  }
  if (take_rows) take_rows(table);
  return table;
}

std::string plural(size_t count, const char* word) {
  return fmt::format("{} {}{}", count, word, count == 1 ? "" : "s");
}

void move_into_whole_frame(const fs::path& path, LoadedPoses& loaded) {
  const auto crop = crop_beside(path, loaded.notes.warnings);
  if (!crop) return;
  for (Keypoint& keypoint : loaded.table.poses.keypoints) {
    keypoint.x += crop->x1;  // a missing one stays NaN
    keypoint.y += crop->y1;
  }
  loaded.notes.warnings.push_back(crop->sentence() + "; points are moved into the whole frame");
}

}  // namespace

bool looks_like_table(const fs::path& path) {
  std::array<char, 16> bytes{};
  std::ifstream file(path, std::ios::binary);
  file.read(bytes.data(), bytes.size());
  std::string_view head(bytes.data(), static_cast<size_t>(file.gcount()));
  if (head.starts_with("\x89HDF\r\n\x1A\n")) return true;
  if (head.starts_with("\xEF\xBB\xBF")) head.remove_prefix(3);
  // Separated otherwise it is a table too, whose reader says what it is.
  const std::string first = ascii_lower(head.substr(0, 7));
  return first == "scorer," || first == "scorer;" || first == "scorer\t";
}

RawTable read_raw_table(const fs::path& path, const std::string& video) {
  return read_table(path, video, {});
}

LoadedPoses read_pose_table(const fs::path& path, const TableReadOptions& options) {
  PoseBuilder builder(path, options);
  const RawTable rest = read_table(path, options.video, [&](RawTable& table) {
    builder.append(table);
    table.clear_rows();
  });
  LoadedPoses loaded = builder.finish(rest.notes);
  move_into_whole_frame(path, loaded);
  return loaded;
}

LoadedPoses interpret_poses(const RawTable& raw, const fs::path& path,
                            const TableReadOptions& options) {
  PoseBuilder builder(path, options);
  builder.append(raw);
  return builder.finish(raw.notes);
}

LoadedLabels read_label_table(const fs::path& path, const TableReadOptions& options) {
  const RawTable raw = read_raw_table(path, options.video);
  if (raw.row_labels.empty() && raw.num_rows() > 0) {
    throw Error(ErrorKind::unsupported,
                fmt::format("{}: its rows are frame numbers, expected images", path.string()),
                {.hint = "hand labels are in CollectedData files"});
  }
  TableMeaning meaning = interpret_header(raw, path, options);
  LoadedLabels loaded;
  LabelTable& labels = loaded.table;
  labels.scorer = meaning.scorer;
  labels.images = raw.row_labels;
  bool has_likelihood = false;
  for (const BodypartColumns& part : meaning.bodyparts) {
    labels.bodyparts.push_back(part.name);
    has_likelihood = has_likelihood || part.likelihood.has_value();
  }
  size_t num_hidden = 0;
  for (size_t row = 0; row < raw.num_rows(); ++row) {
    const double* const values = raw.values.data() + row * raw.header.num_columns();
    for (const BodypartColumns& part : meaning.bodyparts) {
      const bool is_hidden = part.visible && values[*part.visible] < 2;
      const bool is_there =
          !is_hidden && std::isfinite(values[part.x]) && std::isfinite(values[part.y]);
      num_hidden += is_hidden ? 1 : 0;
      labels.points.push_back(
          is_there ? LabelledPoint{values[part.x], values[part.y]}
                   : LabelledPoint{kMissing, kMissing, is_hidden && values[*part.visible] == 1});
    }
  }
  if (num_hidden > 0) {
    meaning.notes.warnings.push_back(plural(num_hidden, "point") +
                                     " not visible, taken as missing");
  }
  if (has_likelihood)
    meaning.notes.warnings.emplace_back("has likelihoods, which labels do not use");
  loaded.notes = std::move(meaning.notes);
  return loaded;
}

}  // namespace posse
