#include "results/table_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <optional>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "results/table_formats.h"
#include "results/table_meaning.h"

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
    likelihood = 0;
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
        fmt::format("{} points have no likelihood; it is 0 for them", repairs.likelihood_missing));
  }
  if (repairs.likelihood_outside > 0) {
    warnings.push_back(fmt::format("{} likelihoods are outside [0, 1] (up to {:.4g}) and were cut",
                                   repairs.likelihood_outside, repairs.likelihood_most));
  }
}

/// DeepGraphPose sizes its tables by duration and leaves the surplus rows zero.
size_t zero_rows_at_end(const RawTable& raw, const std::vector<BodypartColumns>& bodyparts) {
  const size_t width = raw.header.num_columns();
  size_t count = 0;
  for (size_t row = raw.num_rows(); row-- > 0; ++count) {
    const double* const values = raw.values.data() + row * width;
    const bool is_zero = std::all_of(
        bodyparts.begin(), bodyparts.end(),
        [&](const BodypartColumns& part) { return values[part.x] == 0 && values[part.y] == 0; });
    if (!is_zero) break;
  }
  return count == raw.num_rows() ? 0 : count;
}

void check_frames(const RawTable& raw, const fs::path& path) {
  const auto& frames = raw.frame_index;
  for (size_t row = 0; row < frames.size(); ++row) {
    if (frames[row] < 0) {
      throw Error(ErrorKind::bad_file, fmt::format("{}: row {} has the negative frame number {}",
                                                   path.string(), row + 1, frames[row]));
    }
    if (row == 0 || frames[row] > frames[row - 1]) continue;
    throw Error(
        ErrorKind::bad_file,
        fmt::format("{}: frame number {} of row {} {} {}", path.string(), frames[row], row + 1,
                    frames[row] == frames[row - 1] ? "repeats that of the row before,"
                                                   : "does not rise; the row before has",
                    frames[row - 1]),
        {.hint = "sort the table by frame and remove repeated rows"});
  }
}

std::string plural(size_t count, const char* word) {
  return fmt::format("{} {}{}", count, word, count == 1 ? "" : "s");
}

}  // namespace

TableFormat detect_table_format(const fs::path& path) {
  constexpr std::array<uint8_t, 8> kHdf5Signature = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1A, '\n'};
  {
    const MappedFile file(path);
    const auto bytes = file.bytes();
    const bool is_hdf5 = bytes.size() >= kHdf5Signature.size() &&
                         std::equal(kHdf5Signature.begin(), kHdf5Signature.end(), bytes.begin());
    if (bytes.empty()) throw Error(ErrorKind::bad_file, fmt::format("{}: is empty", path.string()));
    if (!is_hdf5) {
      const auto head = bytes.subspan(0, std::min<size_t>(bytes.size(), 512));
      if (std::find(head.begin(), head.end(), uint8_t{0}) != head.end()) {
        throw Error(
            ErrorKind::bad_file,
            fmt::format("{}: is neither text nor HDF5, so it is no pose table", path.string()));
      }
      return TableFormat::csv;
    }
  }
  return detect_hdf5_table(path);
}

RawTable read_raw_table(const fs::path& path) {
  switch (detect_table_format(path)) {
    case TableFormat::csv:
      return read_csv_table(path);
    case TableFormat::pandas_hdf5:
      return read_pandas_hdf5(path);
    case TableFormat::sleap_analysis:
      return read_sleap_analysis(path);
    case TableFormat::slp:
      return read_slp(path);
  }
  POSSE_ASSERT(false);
}

LoadedPoses read_pose_table(const fs::path& path, const TableReadOptions& options) {
  return interpret_poses(read_raw_table(path), path, options);
}

LoadedPoses interpret_poses(const RawTable& raw, const fs::path& path,
                            const TableReadOptions& options) {
  if (!raw.row_labels.empty()) {
    throw Error(ErrorKind::unsupported,
                fmt::format("{}: its rows are images, expected frames of a video", path.string()),
                {.have = "first row: " + printable(raw.row_labels.front())});
  }
  TableMeaning meaning = interpret_header(raw, path, options);
  check_frames(raw, path);
  LoadedPoses loaded;
  Poses& poses = loaded.table.poses;
  loaded.table.scorer = meaning.scorer;
  poses.frame_index = raw.frame_index;
  for (const BodypartColumns& part : meaning.bodyparts) poses.bodyparts.push_back(part.name);
  poses.keypoints.reserve(raw.num_rows() * meaning.bodyparts.size());
  Repairs repairs;
  const size_t zero_rows = zero_rows_at_end(raw, meaning.bodyparts);
  const size_t width = raw.header.num_columns();
  for (size_t row = 0; row < raw.num_rows(); ++row) {
    const double* const values = raw.values.data() + row * width;
    const bool is_surplus = row + zero_rows >= raw.num_rows();
    for (const BodypartColumns& part : meaning.bodyparts) {
      const double x = is_surplus ? kMissing : values[part.x];
      const double y = is_surplus ? kMissing : values[part.y];
      poses.keypoints.push_back(
          repaired(x, y, part.likelihood ? values[*part.likelihood] : 1.0, repairs));
    }
  }
  std::vector<std::string>& warnings = meaning.notes.warnings;
  if (zero_rows > 0) {
    warnings.push_back(
        fmt::format("the last {} zero everywhere and taken for missing",
                    zero_rows == 1 ? "row is" : fmt::format("{} rows are", zero_rows)));
  }
  if (!meaning.bodyparts.front().likelihood) {
    warnings.emplace_back("has no likelihood column; it is 1 where a point is");
  }
  report(repairs, warnings);
  loaded.notes = std::move(meaning.notes);
  return loaded;
}

LoadedLabels read_label_table(const fs::path& path, const TableReadOptions& options) {
  const RawTable raw = read_raw_table(path);
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
      labels.points.push_back(is_there ? LabelledPoint{values[part.x], values[part.y]}
                                       : LabelledPoint{kMissing, kMissing});
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
