#include "results/formats/sleap/slp_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "base/paths.h"
#include "base/text.h"

namespace posse {
namespace fs = std::filesystem;
namespace {

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

/// A member that h5py stores truth values in; empty if the records have none.
std::vector<uint8_t> truth_member(const hdf5::Reader& reader, hid_t file,
                                  const std::string& dataset_name, const std::string& member) {
  const hdf5::Handle dataset = reader.open_dataset(file, dataset_name);
  const hdf5::Handle type(H5Dget_type(dataset.get()));
  const int place = H5Tget_class(type.get()) == H5T_COMPOUND
                        ? H5Tget_member_index(type.get(), member.c_str())
                        : -1;
  if (place < 0) return {};
  const hdf5::Handle member_type(H5Tget_member_type(type.get(), static_cast<unsigned>(place)));
  if (H5Tget_size(member_type.get()) != 1) return {};
  return record_member<uint8_t>(reader, file, dataset_name, member, member_type.get());
}

/// The file name in a video's description, or that of each of its pictures.
std::vector<std::string> names_in(const std::string& text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return {};
  const auto backend = json.value("backend", nlohmann::json());
  for (const auto& place : {json, backend}) {
    if (!place.is_object()) continue;
    for (const char* key : {"filename", "image_filenames"}) {
      const auto name = place.value(key, nlohmann::json());
      if (name.is_string()) return {name.get<std::string>()};
      std::vector<std::string> all;
      for (const auto& one : name.is_array() ? name : nlohmann::json::array())
        all.push_back(one.is_string() ? one.get<std::string>() : "");
      if (!all.empty()) return all;
    }
  }
  return {};
}

}  // namespace

SlpFile::SlpFile(const fs::path& path)
    : path_(path), file_(hdf5::open_for_reading(path)), reader_(path, size_of_file(path)) {}

SlpRecords SlpFile::read(const std::string& video) {
  video_ = video;
  read_metadata();
  read_records();
  records_.predicted = read_points("pred_points");
  records_.placed = read_points("points");
  if (format_ < 1.1) {  // hand-placed points were stored with the origin at the pixel's corner
    for (double& value : records_.placed.x) value -= 0.5;
    for (double& value : records_.placed.y) value -= 0.5;
  }
  return std::move(records_);
}

void SlpFile::read_metadata() {
  const hdf5::Handle group(hdf5::has_member(file_.get(), "metadata")
                               ? H5Gopen2(file_.get(), "metadata", H5P_DEFAULT)
                               : H5I_INVALID_HID);
  if (!group.valid()) reader_.fail("has no group 'metadata'");
  const std::string text = hdf5::text_attribute(group.get(), "json").value_or("");
  read_format(group.get());
  read_nodes(text);
  if (hdf5::has_member(file_.get(), "tracks_json")) read_tracks();
}

void SlpFile::read_format(hid_t group) {
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

void SlpFile::read_nodes(const std::string& text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) reader_.fail("attribute 'json' of 'metadata' cannot be read");
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
  // A skeleton made from a template keeps its graph one level deeper.
  const bool is_nested = skeletons[0].contains("nx_graph") && skeletons[0]["nx_graph"].is_object();
  const auto& graph = is_nested ? skeletons[0]["nx_graph"] : skeletons[0];
  for (const auto& node : graph.value("nodes", nlohmann::json::array())) {
    const auto id = node.is_object() ? node.value("id", nlohmann::json()) : nlohmann::json();
    const bool is_known = id.is_number_unsigned() && id.get<uint64_t>() < all.size();
    if (!is_known) reader_.fail("its skeleton refers to a node that is not listed");
    records_.nodes.push_back(all[id.get<size_t>()]);
  }
  if (records_.nodes.empty()) reader_.fail("its skeleton has no nodes");
}

void SlpFile::read_tracks() {
  const hdf5::Handle dataset = reader_.open_dataset(file_.get(), "tracks_json");
  const hdf5::Handle type(H5Dget_type(dataset.get()));
  if (H5Tget_class(type.get()) != H5T_STRING) return;  // an empty list is stored as numbers
  for (const std::string& text : reader_.strings(file_.get(), "tracks_json")) {
    const auto json = nlohmann::json::parse(text, nullptr, false);
    const bool is_pair = json.is_array() && json.size() == 2 && json[1].is_string();
    records_.track_names.push_back(is_pair ? json[1].get<std::string>() : "");
  }
}

std::vector<int64_t> SlpFile::column(const char* dataset, const char* member) const {
  return record_member<int64_t>(reader_, file_.get(), dataset, member, H5T_NATIVE_INT64);
}

void SlpFile::read_records() {
  records_.frame_ids = column("frames", "frame_id");
  records_.frame_numbers = column("frames", "frame_idx");
  const std::vector<int64_t> videos = column("frames", "video");
  records_.instance_frames = column("instances", "frame_id");
  records_.types = column("instances", "instance_type");
  records_.tracks = column("instances", "track");
  records_.starts = column("instances", "point_id_start");
  records_.stops = column("instances", "point_id_end");
  records_.ids = column("instances", "instance_id");
  records_.sources = column("instances", "from_predicted");
  keep_one_video(videos);
}

/// What the project calls a video; of pictures within the file, the video they are from.
std::vector<std::string> SlpFile::names_of_video(int64_t number) const {
  if (video_texts_.size() <= static_cast<size_t>(number)) return {};
  std::vector<std::string> names = names_in(video_texts_[static_cast<size_t>(number)]);
  const std::string source = fmt::format("video{}/source_video", number);
  if (names == std::vector<std::string>{"."} &&
      hdf5::has_member(file_.get(), fmt::format("video{}", number)) &&
      hdf5::has_member(file_.get(), source)) {
    const hdf5::Handle group(H5Gopen2(file_.get(), source.c_str(), H5P_DEFAULT));
    if (group.valid()) names = names_in(hdf5::text_attribute(group.get(), "json").value_or(""));
  }
  for (std::string& name : names) std::replace(name.begin(), name.end(), '\\', '/');
  return names;
}

/// File name of a video as the project has it; empty where it says none.
std::string SlpFile::name_of_video(int64_t number) const {
  const std::vector<std::string> names = names_of_video(number);
  return names.empty() ? "" : names[0];
}

bool SlpFile::is_asked_for(int64_t number) const {
  if (video_ == std::to_string(number)) return true;
  const std::string name = name_of_video(number);
  return !name.empty() && (name == video_ || fs::path(name).filename() == video_);
}

/// Drops the frames and instances of other videos than the one that is read.
void SlpFile::keep_one_video(const std::vector<int64_t>& videos) {
  std::map<int64_t, size_t> num_frames;
  for (const int64_t video : videos) ++num_frames[video];
  if (num_frames.empty() || (num_frames.size() == 1 && video_.empty())) return;
  if (hdf5::has_member(file_.get(), "videos_json")) read_videos();
  std::string have;
  std::vector<int64_t> asked_for;
  for (const auto& [number, count] : num_frames) {
    if (number < 0) reader_.fail("has a frame of a video with a negative number");
    have += fmt::format("{}{} {} ({} frames)", have.empty() ? "" : ", ", number,
                        printable(name_of_video(number)), count);
    if (is_asked_for(number)) asked_for.push_back(number);
  }
  const ErrorNotes notes{.have = have,
                         .hint = "choose one: posse convert TABLE ONE.csv --sleap-video NUMBER"};
  if (video_.empty()) {
    throw Error(ErrorKind::unsupported,
                fmt::format("{}: holds frames of several videos, posse reads one at a time",
                            path_.string()),
                notes);
  }
  if (asked_for.size() != 1) {
    throw Error(
        ErrorKind::not_found,
        fmt::format("{}: has {} with frames that is called '{}'", path_.string(),
                    asked_for.empty() ? "no video" : "more than one video", printable(video_)),
        notes);
  }
  drop_others(videos, asked_for.front());
}

void SlpFile::read_videos() {
  const hdf5::Handle dataset = reader_.open_dataset(file_.get(), "videos_json");
  const hdf5::Handle type(H5Dget_type(dataset.get()));
  if (H5Tget_class(type.get()) == H5T_STRING)
    video_texts_ = reader_.strings(file_.get(), "videos_json");
}

void SlpFile::drop_others(const std::vector<int64_t>& videos, int64_t kept) {
  std::set<int64_t> other_frames;
  size_t num_kept = 0;
  for (size_t i = 0; i < records_.frame_ids.size(); ++i) {
    if (videos[i] != kept) {
      other_frames.insert(records_.frame_ids[i]);
      continue;
    }
    records_.frame_ids[num_kept] = records_.frame_ids[i];
    records_.frame_numbers[num_kept++] = records_.frame_numbers[i];
  }
  records_.frame_ids.resize(num_kept);
  records_.frame_numbers.resize(num_kept);
  std::vector<bool> is_other;
  for (const int64_t frame : records_.instance_frames)
    is_other.push_back(other_frames.contains(frame));
  for (auto* values : {&records_.instance_frames, &records_.types, &records_.tracks,
                       &records_.starts, &records_.stops, &records_.ids, &records_.sources}) {
    size_t row = 0;
    std::erase_if(*values, [&](int64_t) { return is_other[row++]; });
  }
}

SlpPoints SlpFile::read_points(const std::string& name) const {
  SlpPoints points;
  if (!hdf5::has_member(file_.get(), name)) return points;
  const auto numbers = [&](const char* member) {
    return record_member<double>(reader_, file_.get(), name, member, H5T_NATIVE_DOUBLE);
  };
  points.x = numbers("x");
  points.y = numbers("y");
  points.visible = truth_member(reader_, file_.get(), name, "visible");
  points.score = name == "points" ? std::vector<double>(points.x.size(), 1.0) : numbers("score");
  return points;
}

std::vector<SlpVideo> SlpFile::videos() {
  const std::vector<int64_t> numbers = column("frames", "video");
  if (hdf5::has_member(file_.get(), "videos_json")) read_videos();
  std::vector<SlpVideo> videos;
  for (const int64_t number : std::set<int64_t>(numbers.begin(), numbers.end())) {
    if (number < 0) reader_.fail("has a frame of a video with a negative number");
    videos.push_back({.number = number, .names = names_of_video(number)});
  }
  return videos;
}

}  // namespace posse
