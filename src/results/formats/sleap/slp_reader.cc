#include "results/formats/sleap/slp_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "base/paths.h"
#include "base/text.h"
#include "results/formats/hdf5/hdf5_file.h"
#include "results/formats/sleap/sleap_points.h"

namespace posse {
namespace fs = std::filesystem;
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
constexpr size_t kMostIndividuals = 10'000;
/// Instances without a track are numbered from here, behind all tracks (which are 32 bit).
constexpr int64_t kUntracked = int64_t{1} << 32;

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

struct SlpPoints {
  std::vector<double> x;
  std::vector<double> y;
  std::vector<double> score;  ///< 1 for points that a person placed
  std::vector<uint8_t> visible;
};

/// Reads a SLEAP project file.
class SlpReader {
 public:
  SlpReader(const fs::path& path, const std::string& video, bool placed_only)
      : placed_only_(placed_only),
        path_(path),
        video_(video),
        file_(hdf5::open_for_reading(path)),
        reader_(path, size_of_file(path)) {}

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

  std::vector<SlpVideo> videos() {
    const std::vector<int64_t> numbers = column("frames", "video");
    if (hdf5::has_member(file_.get(), "videos_json")) read_videos();
    std::vector<SlpVideo> videos;
    for (const int64_t number : std::set<int64_t>(numbers.begin(), numbers.end())) {
      if (number < 0) reader_.fail("has a frame of a video with a negative number");
      videos.push_back({.number = number, .names = names_of_video(number)});
    }
    return videos;
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
    // A skeleton made from a template keeps its graph one level deeper.
    const bool is_nested =
        skeletons[0].contains("nx_graph") && skeletons[0]["nx_graph"].is_object();
    const auto& graph = is_nested ? skeletons[0]["nx_graph"] : skeletons[0];
    for (const auto& node : graph.value("nodes", nlohmann::json::array())) {
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
    ids_ = column("instances", "instance_id");
    sources_ = column("instances", "from_predicted");
    keep_one_video(videos);
  }

  /// The file name in a video's description, or that of each of its pictures.
  static std::vector<std::string> names_in(const std::string& text) {
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

  /// What the project calls a video; of pictures within the file, the video they are from.
  std::vector<std::string> names_of_video(int64_t number) const {
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
  std::string name_of_video(int64_t number) const {
    const std::vector<std::string> names = names_of_video(number);
    return names.empty() ? "" : names[0];
  }

  bool is_asked_for(int64_t number) const {
    if (video_ == std::to_string(number)) return true;
    const std::string name = name_of_video(number);
    return !name.empty() && (name == video_ || fs::path(name).filename() == video_);
  }

  /// Drops the frames and instances of other videos than the one that is read.
  void keep_one_video(const std::vector<int64_t>& videos) {
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

  void read_videos() {
    const hdf5::Handle dataset = reader_.open_dataset(file_.get(), "videos_json");
    const hdf5::Handle type(H5Dget_type(dataset.get()));
    if (H5Tget_class(type.get()) == H5T_STRING)
      video_texts_ = reader_.strings(file_.get(), "videos_json");
  }

  void drop_others(const std::vector<int64_t>& videos, int64_t kept) {
    std::set<int64_t> other_frames;
    size_t num_kept = 0;
    for (size_t i = 0; i < frame_ids_.size(); ++i) {
      if (videos[i] != kept) {
        other_frames.insert(frame_ids_[i]);
        continue;
      }
      frame_ids_[num_kept] = frame_ids_[i];
      frame_numbers_[num_kept++] = frame_numbers_[i];
    }
    frame_ids_.resize(num_kept);
    frame_numbers_.resize(num_kept);
    std::vector<bool> is_other;
    for (const int64_t frame : instance_frames_) is_other.push_back(other_frames.contains(frame));
    for (auto* values :
         {&instance_frames_, &types_, &tracks_, &starts_, &stops_, &ids_, &sources_}) {
      size_t row = 0;
      std::erase_if(*values, [&](int64_t) { return is_other[row++]; });
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
    points.visible = truth_member(reader_, file_.get(), name, "visible");
    points.score = name == "points" ? std::vector<double>(points.x.size(), 1.0) : numbers("score");
    return points;
  }

  /// Whether nothing in the file says that there may be a second animal.
  bool is_single_animal() const {
    std::map<std::pair<int64_t, bool>, int> in_frame;
    std::set<int64_t> tracks;
    for (size_t i = 0; i < types_.size(); ++i) {
      if (++in_frame[{instance_frames_[i], is_predicted(i)}] > 1) return false;
      if (tracks_[i] >= 0) tracks.insert(tracks_[i]);
    }
    return tracks.size() <= 1;
  }

  bool is_predicted(size_t row) const { return types_[row] == 1; }

  void choose_instances() {
    std::map<int64_t, int64_t> number_of_frame;
    for (size_t i = 0; i < frame_ids_.size(); ++i) {
      number_of_frame[frame_ids_[i]] = frame_numbers_[i];
      if (frame_numbers_[i] < 0) reader_.fail("has a frame with a negative number");
    }
    for (size_t i = 0; i < ids_.size(); ++i) row_of_id_[ids_[i]] = i;
    is_single_animal_ = is_single_animal();
    std::map<int64_t, std::vector<size_t>> rows_of_frame;
    for (size_t i = 0; i < types_.size(); ++i) {
      const auto frame = number_of_frame.find(instance_frames_[i]);
      if (frame == number_of_frame.end()) reader_.fail("an instance belongs to no frame");
      rows_of_frame[frame->second].push_back(i);
    }
    for (const auto& [frame, rows] : rows_of_frame) choose_in_frame(frame, rows);
  }

  /// The track of an instance; a correction without one has that of the prediction it was made of.
  int64_t track_of(size_t row) const {
    if (tracks_[row] >= 0 || is_predicted(row)) return tracks_[row];
    const auto source = row_of_id_.find(sources_[row]);
    return source == row_of_id_.end() ? tracks_[row] : tracks_[source->second];
  }

  /// Whether a person's instance stands for a prediction of the same frame: made of it, of the same
  /// track, or both of the only animal. Source: LabeledFrame.unused_predictions of SLEAP.
  bool corrects(size_t placed, size_t predicted) const {
    const auto source = row_of_id_.find(sources_[placed]);
    return (source != row_of_id_.end() && source->second == predicted) ||
           (tracks_[predicted] >= 0 && track_of(placed) == tracks_[predicted]) || is_single_animal_;
  }

  /// Predictions, each replaced by its correction if there is one, then what a person added.
  void choose_in_frame(int64_t frame, const std::vector<size_t>& rows) {
    std::vector<size_t> added;
    for (const size_t row : rows) {
      if (!is_predicted(row)) added.push_back(row);
    }
    num_placed_ += added.size();
    std::vector<std::pair<size_t, int64_t>> chosen;  // row and track
    for (const size_t row : rows) {
      if (!is_predicted(row) || placed_only_) continue;
      const auto correction = std::find_if(added.begin(), added.end(),
                                           [&](size_t placed) { return corrects(placed, row); });
      if (correction == added.end()) {
        if (!was_corrected(row, rows)) chosen.emplace_back(row, tracks_[row]);
        continue;
      }
      ++num_corrected_;
      chosen.emplace_back(*correction, std::max(track_of(*correction), tracks_[row]));
      added.erase(correction);
    }
    for (const size_t row : added) chosen.emplace_back(row, track_of(row));
    add_chosen(frame, chosen);
  }

  /// Whether a correction that was taken for another prediction stands for this one as well.
  bool was_corrected(size_t predicted, const std::vector<size_t>& rows) const {
    return std::any_of(rows.begin(), rows.end(),
                       [&](size_t row) { return !is_predicted(row) && corrects(row, predicted); });
  }

  void add_chosen(int64_t frame, const std::vector<std::pair<size_t, int64_t>>& chosen) {
    std::set<int64_t> taken;
    int64_t num_untracked = 0;
    for (const auto& [row, track] : chosen) {
      if (is_single_animal_) {
        chosen_.push_back({.row = row, .frame = frame, .individual = only_track()});
        continue;
      }
      const int64_t individual = track >= 0 ? track : kUntracked + num_untracked++;
      if (!taken.insert(individual).second) {
        reader_.fail(fmt::format("frame {} has track {} twice", frame, track));
      }
      chosen_.push_back({.row = row, .frame = frame, .individual = individual});
    }
  }

  /// Of a file with one animal: its track if any of its instances has one.
  int64_t only_track() const {
    const auto found =
        std::find_if(tracks_.begin(), tracks_.end(), [](int64_t track) { return track >= 0; });
    return found == tracks_.end() ? kUntracked : *found;
  }

  /// Columns for every individual; where each of them begins.
  std::map<int64_t, size_t> add_header(RawTable& table) const {
    std::map<int64_t, size_t> place_of;
    for (const Instance& instance : chosen_) place_of.emplace(instance.individual, 0);
    if (place_of.size() > kMostIndividuals) reader_.fail("has too many tracks");
    if (place_of.empty()) {
      place_of.emplace(kUntracked, 0);
      table.notes.emplace_back("holds no instances");
    }
    std::vector<std::string> names;
    for (auto& [individual, place] : place_of) {
      place = names.size();
      const bool has_name =
          individual >= 0 && individual < static_cast<int64_t>(track_names_.size());
      names.push_back(has_name ? track_names_[static_cast<size_t>(individual)] : "");
      if (individual < kUntracked) continue;
      names.back() = fmt::format("untracked_{}", individual - kUntracked);
    }
    names = sleap::individual_names(names, names.size());
    for (const auto& [individual, place] : place_of) {
      if (individual >= kUntracked && names.size() > 1) table.untracked.push_back(names[place]);
    }
    sleap::note_untracked(table);
    table.header = sleap::header(names, nodes_);
    return place_of;
  }

  /// A row per frame from 0 to the last, or where that is too much one per frame of the file;
  /// where each of them begins.
  std::map<int64_t, size_t> add_rows(RawTable& table) const {
    std::map<int64_t, size_t> row_of;
    for (const int64_t frame : frame_numbers_) row_of.emplace(frame, 0);
    std::set<int64_t> seen;
    for (const Instance& instance : chosen_) seen.insert(instance.frame);
    const size_t width = std::max<size_t>(table.header.num_columns(), 1);
    const auto num_frames = row_of.empty() ? 0 : static_cast<uint64_t>(row_of.rbegin()->first) + 1;
    const bool has_every_frame = num_frames <= sleap::kMostValuesWithoutGaps / width;
    if (has_every_frame) {
      for (uint64_t frame = 0; frame < num_frames; ++frame) {
        row_of.emplace(static_cast<int64_t>(frame), 0);
      }
      if (seen.size() < num_frames) {
        table.notes.push_back(fmt::format("{} of {} frames hold no instance; they are missing",
                                          num_frames - seen.size(), num_frames));
      }
    } else {
      table.notes.push_back(fmt::format("its last frame is {}: only its {} frames become rows",
                                        num_frames - 1, row_of.size()));
    }
    for (auto& [frame, row] : row_of) {
      row = table.frame_index.size();
      table.frame_index.push_back(frame);
    }
    return row_of;
  }

  RawTable fill_table() const {
    RawTable table;
    table.layout = "SLEAP .slp";
    const std::map<int64_t, size_t> place_of_individual = add_header(table);
    const std::map<int64_t, size_t> row_of_frame = add_rows(table);
    const size_t num_columns = table.header.num_columns();
    const size_t most = std::max((predicted_.x.size() + placed_.x.size() + 1) * 3 * 64,
                                 sleap::kMostValuesWithoutGaps);
    if (row_of_frame.size() > most / num_columns) {
      reader_.fail("its instances are spread over too many tracks; track them in SLEAP first");
    }
    sleap::add_missing_rows(table, row_of_frame.size());
    sleap::PointWriter points;
    for (const Instance& instance : chosen_) {
      fill_instance(instance.row,
                    &table.values[row_of_frame.at(instance.frame) * num_columns +
                                  place_of_individual.at(instance.individual) * nodes_.size() * 3],
                    points);
    }
    points.report(table.notes);
    if (num_corrected_ > 0) {
      table.notes.push_back(fmt::format(
          "{} predicted instances were corrected by hand; the corrections count", num_corrected_));
    }
    if (num_placed_ > 0) {
      table.notes.push_back(
          fmt::format("{} instances were placed by hand; their likelihood is 1", num_placed_));
    }
    return table;
  }

  void fill_instance(size_t row, double* out, sleap::PointWriter& writer) const {
    const SlpPoints& points = types_[row] == 1 ? predicted_ : placed_;
    const auto size = static_cast<int64_t>(points.x.size());
    const bool fits = starts_[row] >= 0 && starts_[row] <= stops_[row] && stops_[row] <= size &&
                      stops_[row] - starts_[row] == static_cast<int64_t>(nodes_.size());
    if (!fits) reader_.fail(fmt::format("instance {} does not have the skeleton's points", row));
    for (size_t j = 0; j < nodes_.size(); ++j) {
      const size_t point = static_cast<size_t>(starts_[row]) + j;
      const bool is_visible = points.visible.empty() || points.visible[point] != 0;
      writer.put(out + 3 * j, is_visible ? points.x[point] : kMissing, points.y[point],
                 points.score[point]);
    }
  }

  bool placed_only_;
  fs::path path_;
  std::string video_;  ///< asked for; empty: the only one
  std::vector<std::string> video_texts_;
  hdf5::QuietErrors quiet_;
  hdf5::Handle file_;
  hdf5::Reader reader_;
  double format_ = 1.0;
  std::vector<std::string> nodes_;
  std::vector<std::string> track_names_;
  std::vector<int64_t> frame_ids_, frame_numbers_, instance_frames_, types_, tracks_, starts_,
      stops_, ids_;
  std::vector<int64_t> sources_;  ///< ids of the predictions that instances were made of, or -1
  SlpPoints predicted_;
  SlpPoints placed_;
  std::vector<Instance> chosen_;
  std::map<int64_t, size_t> row_of_id_;
  bool is_single_animal_ = false;
  size_t num_placed_ = 0;
  size_t num_corrected_ = 0;
};

}  // namespace

RawTable read_slp(const fs::path& path, const std::string& video) {
  return SlpReader(path, video, false).read();
}
RawTable read_placed_slp(const fs::path& path, const std::string& video) {
  return SlpReader(path, video, true).read();
}
std::vector<SlpVideo> videos_of_slp(const fs::path& path) {
  return SlpReader(path, "", true).videos();
}

}  // namespace posse
