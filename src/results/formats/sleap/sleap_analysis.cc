#include "results/formats/sleap/sleap_analysis.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/paths.h"
#include "base/text.h"
#include "results/formats/hdf5/hdf5_file.h"
#include "results/formats/sleap/sleap_points.h"

namespace posse {
namespace fs = std::filesystem;
namespace {

/// What an axis of a dataset counts.
enum Axis : size_t { track_axis, xy_axis, node_axis, frame_axis, num_axes };
constexpr size_t kNone = num_axes;

/// Which axis stands where, outermost first.
using AxisOrder = std::vector<Axis>;

/// SLEAP's own exports, those of its `transpose=False`, and sleap-io's standard.
const std::array<AxisOrder, 3> kUsualOrders = {
    AxisOrder{track_axis, xy_axis, node_axis, frame_axis},
    AxisOrder{frame_axis, node_axis, xy_axis, track_axis},
    AxisOrder{frame_axis, track_axis, node_axis, xy_axis}};

size_t axis_of_word(const std::string& word) {
  const std::string lower = ascii_lower(word);
  if (lower.starts_with("track") || lower.starts_with("inst") || lower.starts_with("indiv")) {
    return track_axis;
  }
  if (lower.starts_with("node") || lower.starts_with("keypoint")) return node_axis;
  if (lower.starts_with("frame") || lower.starts_with("time")) return frame_axis;
  if (lower == "xy" || lower.starts_with("coord") || lower.starts_with("space")) return xy_axis;
  return kNone;
}

/// A dataset of numbers with the axes that it says it has.
struct Values {
  std::vector<double> numbers;
  std::vector<hsize_t> dims;
  AxisOrder order;  ///< empty: it does not say

  /// Where the numbers of a track, node, frame begin, and how far apart x and y lie.
  size_t at(size_t track, size_t xy, size_t node, size_t frame) const {
    const std::array<size_t, num_axes> index = {track, xy, node, frame};
    size_t place = 0;
    for (size_t i = 0; i < dims.size(); ++i) place = place * dims[i] + index[order[i]];
    return place;
  }
  size_t count(Axis axis) const {
    const auto found = std::find(order.begin(), order.end(), axis);
    return found == order.end() ? 1 : dims[static_cast<size_t>(found - order.begin())];
  }
};

/// The order without the axis of x and y.
AxisOrder without_xy(AxisOrder order) {
  std::erase(order, xy_axis);
  return order;
}

class AnalysisReader {
 public:
  explicit AnalysisReader(const fs::path& path)
      : file_(hdf5::open_for_reading(path)), reader_(path, size_of_file(path)) {}

  RawTable read() {
    nodes_ = reader_.strings(file_.get(), "node_names");
    if (hdf5::has_member(file_.get(), "track_names")) read_track_names();
    tracks_ = values("tracks");
    find_axes();
    read_scores();
    return fill_table();
  }

 private:
  void read_track_names() {
    const hdf5::Handle dataset = reader_.open_dataset(file_.get(), "track_names");
    const hdf5::Handle type(H5Dget_type(dataset.get()));
    if (H5Tget_class(type.get()) == H5T_STRING)
      names_ = reader_.strings(file_.get(), "track_names");
  }

  Values values(const std::string& name) const {
    Values found;
    hdf5::Extent extent;
    found.numbers = reader_.doubles(file_.get(), name, &extent);
    found.dims = extent.dims;
    const hdf5::Handle dataset = reader_.open_dataset(file_.get(), name);
    const auto words = nlohmann::json::parse(
        hdf5::text_attribute(dataset.get(), "dims").value_or(""), nullptr, false);
    if (!words.is_array() || words.size() != found.dims.size()) return found;
    for (const auto& word : words) {
      const size_t axis = word.is_string() ? axis_of_word(word.get<std::string>()) : kNone;
      if (axis == kNone || std::count(found.order.begin(), found.order.end(), axis) > 0) {
        reader_.fail(
            fmt::format("'dims' of '{}' is {}, expected words such as frame, track, node, xy", name,
                        printable(words.dump())));
      }
      found.order.push_back(static_cast<Axis>(axis));
    }
    return found;
  }

  bool fits(const AxisOrder& order) const {
    Values ordered{.numbers = {}, .dims = tracks_.dims, .order = order};
    if (order.size() != 4 || ordered.count(xy_axis) != 2 ||
        ordered.count(node_axis) != nodes_.size()) {
      return false;
    }
    return names_.empty() || ordered.count(track_axis) == names_.size();
  }

  /// Whether the file says that its arrays were turned round, as SLEAP's exports are by default.
  std::optional<bool> is_transposed() const {
    for (const char* name : {"transpose", "transposed"}) {
      if (const auto flag = hdf5::integer_attribute(file_.get(), name)) return *flag != 0;
      const hdf5::Handle dataset = reader_.open_dataset(file_.get(), "tracks");
      if (const auto flag = hdf5::integer_attribute(dataset.get(), name)) return *flag != 0;
    }
    return std::nullopt;
  }

  void find_axes() {
    if (tracks_.dims.size() != 4) refuse_axes();
    if (!tracks_.order.empty()) {
      if (!fits(tracks_.order)) refuse_axes();
      return;
    }
    if (const auto transposed = is_transposed()) {
      const AxisOrder& order = kUsualOrders[*transposed ? 0 : 1];
      if (fits(order)) {
        tracks_.order = order;
        return;
      }
    }
    size_t num_fitting = 0;
    for (const AxisOrder& order : kUsualOrders) {
      if (!fits(order)) continue;
      if (num_fitting++ == 0) tracks_.order = order;
    }
    if (num_fitting == 0) refuse_axes();
    if (num_fitting > 1) {
      notes_.emplace_back(
          "does not say the order of its axes; taken as SLEAP's, [tracks, xy, nodes, frames]");
    }
  }

  [[noreturn]] void refuse_axes() const {
    std::vector<std::string> dims;
    for (const hsize_t dim : tracks_.dims) dims.push_back(std::to_string(dim));
    reader_.fail(fmt::format("'tracks' is [{}], expected [tracks, 2, nodes, frames] with {} nodes",
                             list_names(dims), nodes_.size()));
  }

  void read_scores() {
    if (!hdf5::has_member(file_.get(), "point_scores")) {
      notes_.emplace_back("has no point scores; likelihood is 1 where a point is");
      return;
    }
    scores_ = values("point_scores");
    if (scores_.order.empty()) scores_.order = without_xy(tracks_.order);
    const bool fits = scores_.dims.size() == 3 &&
                      scores_.count(track_axis) == tracks_.count(track_axis) &&
                      scores_.count(node_axis) == tracks_.count(node_axis) &&
                      scores_.count(frame_axis) == tracks_.count(frame_axis);
    if (!fits)
      reader_.fail("'point_scores' does not have the tracks, nodes and frames of 'tracks'");
  }

  RawTable fill_table() {
    RawTable table;
    table.layout = "SLEAP analysis HDF5";
    table.notes = std::move(notes_);
    const size_t num_tracks = tracks_.count(track_axis);
    const size_t num_frames = tracks_.count(frame_axis);
    if (names_.empty() && num_tracks > 1) {
      for (size_t i = 0; i < num_tracks; ++i) names_.push_back(fmt::format("untracked_{}", i));
      table.untracked = names_;
      sleap::note_untracked(table);
    }
    table.header = sleap::header(sleap::individual_names(names_, num_tracks), nodes_);
    for (size_t frame = 0; frame < num_frames; ++frame) {
      table.frame_index.push_back(static_cast<int64_t>(frame));
    }
    table.values.resize(num_frames * table.header.num_columns());
    sleap::PointWriter points;
    double* out = table.values.data();
    for (size_t frame = 0; frame < num_frames; ++frame) {
      for (size_t track = 0; track < num_tracks; ++track) {
        for (size_t node = 0; node < nodes_.size(); ++node, out += 3) {
          const double score =
              scores_.numbers.empty() ? 1 : scores_.numbers[scores_.at(track, 0, node, frame)];
          points.put(out, tracks_.numbers[tracks_.at(track, 0, node, frame)],
                     tracks_.numbers[tracks_.at(track, 1, node, frame)], score);
        }
      }
    }
    points.report(table.notes);
    return table;
  }

  hdf5::QuietErrors quiet_;
  hdf5::Handle file_;
  hdf5::Reader reader_;
  std::vector<std::string> nodes_;
  std::vector<std::string> names_;
  Values tracks_;
  Values scores_;
  std::vector<std::string> notes_;
};

}  // namespace

RawTable read_sleap_analysis(const fs::path& path) { return AnalysisReader(path).read(); }

}  // namespace posse
