#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "results/formats/hdf5/hdf5_file.h"
#include "results/table/table_formats.h"

namespace posse {
namespace fs = std::filesystem;
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
constexpr size_t kMostIndividuals = 10'000;
/// Instances without a track are numbered from here, behind all tracks (which are 32 bit).
constexpr int64_t kUntracked = int64_t{1} << 32;

TableHeader sleap_header(const std::vector<std::string>& individuals,
                         const std::vector<std::string>& nodes) {
  TableHeader header{.level_names = {"scorer", "individuals", "bodyparts", "coords"},
                     .columns = {}};
  for (const std::string& individual : individuals) {
    for (const std::string& node : nodes) {
      for (const char* coord : {"x", "y", "likelihood"}) {
        header.columns.push_back({"SLEAP", individual, node, coord});
      }
    }
  }
  return header;
}

/// A name for every track, also for unnamed and equally named ones.
std::vector<std::string> individual_names(std::vector<std::string> names, size_t count) {
  names.resize(count);
  std::map<std::string, int> seen;
  for (size_t i = 0; i < count; ++i) {
    if (names[i].empty()) names[i] = fmt::format("track_{}", i);
    if (seen[names[i]]++ > 0) names[i] += fmt::format("_{}", i);
  }
  return names;
}

/// One member of a dataset of records, converted to `memory_type`.
template <typename Value>
std::vector<Value> record_member(const hdf5::Reader& reader, hid_t file,
                                 const std::string& dataset_name, const std::string& member,
                                 hid_t memory_type) {
  const hdf5::Handle dataset = reader.open_dataset(file, dataset_name);
  const hdf5::Handle type(H5Dget_type(dataset.get()));
  const bool has_member = H5Tget_class(type.get()) == H5T_COMPOUND &&
                          H5Tget_member_index(type.get(), member.c_str()) >= 0;
  std::vector<Value> values(reader.extent(dataset.get()).size());
  if (!has_member) {
    reader.fail(fmt::format("'{}' has no member '{}'", dataset_name, member));
  }
  if (values.empty()) return values;
  const hdf5::Handle record(H5Tcreate(H5T_COMPOUND, sizeof(Value)));
  H5Tinsert(record.get(), member.c_str(), 0, memory_type);
  if (H5Dread(dataset.get(), record.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) < 0) {
    reader.fail(
        fmt::format("'{}' of '{}' cannot be read: {}", member, dataset_name, hdf5::last_failure()));
  }
  return values;
}

struct SlpPoints {
  std::vector<double> x;
  std::vector<double> y;
  std::vector<double> score;  ///< 1 for points that a person placed
};

/// Reads a SLEAP project file.
class SlpReader {
 public:
  explicit SlpReader(const fs::path& path)
      : path_(path), file_(hdf5::open_for_reading(path)), reader_(path, fs::file_size(path)) {}

  RawTable read() {
    read_metadata();
    read_records();
    predicted_ = read_points("pred_points");
    placed_ = read_points("points");
    if (format_ < 1.1) {  // hand-placed points were stored with the origin at the pixel's corner
      for (double& value : placed_.x) value -= 0.5;
      for (double& value : placed_.y) value -= 0.5;
    }
    choose_instances();
    return fill_table();
  }

 private:
  struct Instance {
    size_t row;  ///< in /instances
    int64_t frame;
    int64_t individual;
  };

  void read_metadata() {
    const hdf5::Handle group(hdf5::has_member(file_.get(), "metadata")
                                 ? H5Gopen2(file_.get(), "metadata", H5P_DEFAULT)
                                 : H5I_INVALID_HID);
    if (!group.valid()) reader_.fail("has no group 'metadata'");
    const std::string text = hdf5::text_attribute(group.get(), "json").value_or("");
    const auto json = nlohmann::json::parse(text, nullptr, false);
    if (!json.is_object()) reader_.fail("attribute 'json' of 'metadata' cannot be read");
    read_format(group.get());
    read_nodes(json);
    if (hdf5::has_member(file_.get(), "tracks_json")) read_tracks();
  }

  void read_format(hid_t group) {
    if (H5Aexists(group, "format_id") <= 0) return;
    const hdf5::Handle attribute(H5Aopen(group, "format_id", H5P_DEFAULT));
    const hdf5::Handle type(H5Aget_type(attribute.get()));
    const hdf5::Handle space(H5Aget_space(attribute.get()));
    const H5T_class_t kind = H5Tget_class(type.get());
    if ((kind == H5T_FLOAT || kind == H5T_INTEGER) &&
        H5Sget_simple_extent_npoints(space.get()) == 1) {
      H5Aread(attribute.get(), H5T_NATIVE_DOUBLE, &format_);
    }
  }

  void read_nodes(const nlohmann::json& json) {
    std::vector<std::string> all;
    for (const auto& node : json.value("nodes", nlohmann::json::array())) {
      if (node.is_object() && node.contains("name") && node["name"].is_string()) {
        all.push_back(node["name"].get<std::string>());
      } else {
        all.emplace_back();
      }
    }
    const auto skeletons = json.value("skeletons", nlohmann::json::array());
    if (!skeletons.is_array() || skeletons.empty() || !skeletons[0].is_object()) {
      reader_.fail("describes no skeleton");
    }
    if (skeletons.size() > 1) {
      throw Error(ErrorKind::unsupported, fmt::format("{}: has {} skeletons, posse reads one",
                                                      path_.string(), skeletons.size()));
    }
    for (const auto& node : skeletons[0].value("nodes", nlohmann::json::array())) {
      const auto id = node.is_object() ? node.value("id", nlohmann::json()) : nlohmann::json();
      const bool is_known = id.is_number_unsigned() && id.get<uint64_t>() < all.size();
      if (!is_known) reader_.fail("its skeleton refers to a node that is not listed");
      nodes_.push_back(all[id.get<size_t>()]);
    }
    if (nodes_.empty()) reader_.fail("its skeleton has no nodes");
  }

  void read_tracks() {
    const hdf5::Handle dataset = reader_.open_dataset(file_.get(), "tracks_json");
    const hdf5::Handle type(H5Dget_type(dataset.get()));
    if (H5Tget_class(type.get()) != H5T_STRING) return;  // an empty list is stored as numbers
    for (const std::string& text : reader_.strings(file_.get(), "tracks_json")) {
      const auto json = nlohmann::json::parse(text, nullptr, false);
      const bool is_pair = json.is_array() && json.size() == 2 && json[1].is_string();
      track_names_.push_back(is_pair ? json[1].get<std::string>() : "");
    }
  }

  std::vector<int64_t> column(const char* dataset, const char* member) const {
    return record_member<int64_t>(reader_, file_.get(), dataset, member, H5T_NATIVE_INT64);
  }

  void read_records() {
    frame_ids_ = column("frames", "frame_id");
    frame_numbers_ = column("frames", "frame_idx");
    const std::vector<int64_t> videos = column("frames", "video");
    instance_frames_ = column("instances", "frame_id");
    types_ = column("instances", "instance_type");
    tracks_ = column("instances", "track");
    starts_ = column("instances", "point_id_start");
    stops_ = column("instances", "point_id_end");
    if (std::adjacent_find(videos.begin(), videos.end(), std::not_equal_to<>()) != videos.end()) {
      throw Error(ErrorKind::unsupported,
                  fmt::format("{}: holds frames of several videos, posse reads one at a time",
                              path_.string()),
                  {.hint = "export each video from SLEAP as an analysis .h5"});
    }
  }

  SlpPoints read_points(const std::string& name) const {
    SlpPoints points;
    if (!hdf5::has_member(file_.get(), name)) return points;
    const auto numbers = [&](const char* member) {
      return record_member<double>(reader_, file_.get(), name, member, H5T_NATIVE_DOUBLE);
    };
    points.x = numbers("x");
    points.y = numbers("y");
    points.score = name == "points" ? std::vector<double>(points.x.size(), 1.0) : numbers("score");
    return points;
  }

  /// The predicted instances of a frame; the hand-placed ones where nothing was predicted.
  void choose_instances() {
    std::map<int64_t, int64_t> number_of_frame;
    for (size_t i = 0; i < frame_ids_.size(); ++i)
      number_of_frame[frame_ids_[i]] = frame_numbers_[i];
    std::map<int64_t, bool> is_predicted;
    for (size_t i = 0; i < types_.size(); ++i) {
      if (types_[i] == 1) is_predicted[instance_frames_[i]] = true;
    }
    std::map<std::pair<int64_t, int64_t>, int> taken;
    std::map<int64_t, int64_t> untracked;
    for (size_t i = 0; i < types_.size(); ++i) {
      const auto frame = number_of_frame.find(instance_frames_[i]);
      if (frame == number_of_frame.end()) reader_.fail("an instance belongs to no frame");
      if (is_predicted.contains(instance_frames_[i]) && types_[i] != 1) continue;
      int64_t individual = tracks_[i];
      if (individual < 0) individual = kUntracked + untracked[frame->second]++;
      if (taken[{frame->second, individual}]++ > 0) {
        reader_.fail(fmt::format("frame {} has track {} twice", frame->second, individual));
      }
      chosen_.push_back({.row = i, .frame = frame->second, .individual = individual});
      num_placed_ += types_[i] != 1 ? 1 : 0;
    }
  }

  RawTable fill_table() const {
    std::map<int64_t, size_t> place_of_individual;
    std::map<int64_t, size_t> row_of_frame;
    for (const Instance& instance : chosen_) {
      place_of_individual.emplace(instance.individual, 0);
      row_of_frame.emplace(instance.frame, 0);
    }
    if (place_of_individual.size() > kMostIndividuals) reader_.fail("has too many tracks");
    std::vector<std::string> names;
    for (auto& [individual, place] : place_of_individual) {
      place = names.size();
      const bool has_name =
          individual >= 0 && individual < static_cast<int64_t>(track_names_.size());
      names.push_back(has_name ? track_names_[static_cast<size_t>(individual)] : "");
    }
    RawTable table;
    table.header = sleap_header(individual_names(names, names.size()), nodes_);
    table.layout = "SLEAP .slp";
    for (auto& [frame, row] : row_of_frame) {
      row = table.frame_index.size();
      table.frame_index.push_back(frame);
    }
    const size_t num_columns = table.header.num_columns();
    const size_t most = (predicted_.x.size() + placed_.x.size() + 1) * 3 * 64;
    if (num_columns > 0 && row_of_frame.size() > most / num_columns) {
      reader_.fail("its instances are spread over too many tracks; track them in SLEAP first");
    }
    table.values.assign(row_of_frame.size() * num_columns, kMissing);
    for (const Instance& instance : chosen_) {
      fill_instance(instance.row,
                    &table.values[row_of_frame.at(instance.frame) * num_columns +
                                  place_of_individual.at(instance.individual) * nodes_.size() * 3]);
    }
    if (num_placed_ > 0) {
      table.notes.push_back(
          fmt::format("{} instances were placed by hand; their likelihood is 1", num_placed_));
    }
    return table;
  }

  void fill_instance(size_t row, double* out) const {
    const SlpPoints& points = types_[row] == 1 ? predicted_ : placed_;
    const auto size = static_cast<int64_t>(points.x.size());
    const bool fits = starts_[row] >= 0 && starts_[row] <= stops_[row] && stops_[row] <= size &&
                      stops_[row] - starts_[row] == static_cast<int64_t>(nodes_.size());
    if (!fits) reader_.fail(fmt::format("instance {} does not have the skeleton's points", row));
    for (size_t j = 0; j < nodes_.size(); ++j) {
      const size_t point = static_cast<size_t>(starts_[row]) + j;
      out[3 * j] = points.x[point];
      out[3 * j + 1] = points.y[point];
      out[3 * j + 2] = points.score[point];
    }
  }

  fs::path path_;
  hdf5::QuietErrors quiet_;
  hdf5::Handle file_;
  hdf5::Reader reader_;
  double format_ = 1.0;
  std::vector<std::string> nodes_;
  std::vector<std::string> track_names_;
  std::vector<int64_t> frame_ids_, frame_numbers_, instance_frames_, types_, tracks_, starts_,
      stops_;
  SlpPoints predicted_;
  SlpPoints placed_;
  std::vector<Instance> chosen_;
  size_t num_placed_ = 0;
};

}  // namespace

RawTable read_sleap_analysis(const fs::path& path) {
  const hdf5::QuietErrors quiet;
  const hdf5::Handle file = hdf5::open_for_reading(path);
  const hdf5::Reader reader(path, fs::file_size(path));
  hdf5::Extent extent;
  const std::vector<double> tracks = reader.doubles(file.get(), "tracks", &extent);
  const std::vector<std::string> nodes = reader.strings(file.get(), "node_names");
  if (extent.dims.size() != 4 || extent.dims[1] != 2 || extent.dims[2] != nodes.size()) {
    reader.fail("'tracks' is not [tracks, 2, nodes, frames]");
  }
  const size_t num_tracks = extent.dims[0];
  const size_t num_nodes = nodes.size();
  const size_t num_frames = extent.dims[3];
  hdf5::Extent scores_extent;
  std::vector<double> scores;
  if (hdf5::has_member(file.get(), "point_scores")) {
    scores = reader.doubles(file.get(), "point_scores", &scores_extent);
    if (scores_extent.dims != std::vector<hsize_t>{num_tracks, num_nodes, num_frames}) {
      reader.fail("'point_scores' is not [tracks, nodes, frames]");
    }
  }
  std::vector<std::string> names;
  if (hdf5::has_member(file.get(), "track_names")) {
    const hdf5::Handle dataset = reader.open_dataset(file.get(), "track_names");
    const hdf5::Handle type(H5Dget_type(dataset.get()));
    if (H5Tget_class(type.get()) == H5T_STRING) names = reader.strings(file.get(), "track_names");
  }
  RawTable table;
  table.header = sleap_header(individual_names(names, num_tracks), nodes);
  table.layout = "SLEAP analysis HDF5";
  const size_t num_columns = table.header.num_columns();
  for (size_t frame = 0; frame < num_frames; ++frame) {
    table.frame_index.push_back(static_cast<int64_t>(frame));
  }
  table.values.resize(num_frames * num_columns);
  for (size_t track = 0; track < num_tracks; ++track) {
    for (size_t node = 0; node < num_nodes; ++node) {
      const double* const x = &tracks[(track * 2 * num_nodes + node) * num_frames];
      const double* const y = x + num_nodes * num_frames;
      for (size_t frame = 0; frame < num_frames; ++frame) {
        double* const out = &table.values[frame * num_columns + (track * num_nodes + node) * 3];
        out[0] = x[frame];
        out[1] = y[frame];
        out[2] = scores.empty() ? (std::isnan(x[frame]) ? 0.0 : 1.0)
                                : scores[(track * num_nodes + node) * num_frames + frame];
      }
    }
  }
  if (scores.empty())
    table.notes.emplace_back("has no point scores; likelihood is 1 where a point is");
  return table;
}

RawTable read_slp(const fs::path& path) { return SlpReader(path).read(); }

}  // namespace posse
