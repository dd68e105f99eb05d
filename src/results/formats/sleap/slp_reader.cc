#include "results/formats/sleap/slp_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "results/formats/sleap/sleap_points.h"
#include "results/formats/sleap/slp_file.h"

namespace posse {
namespace fs = std::filesystem;
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
constexpr size_t kMostIndividuals = 10'000;
/// Instances without a track are numbered from here, behind all tracks (which are 32 bit).
constexpr int64_t kUntracked = int64_t{1} << 32;

/// Chooses the instances of a SLEAP project file and makes a table of them.
class SlpReader {
 public:
  SlpReader(const fs::path& path, const std::string& video, bool placed_only)
      : placed_only_(placed_only), file_(path), records_(file_.read(video)) {}

  RawTable read() {
    choose_instances();
    return fill_table();
  }

 private:
  struct Instance {
    size_t row;  ///< in /instances
    int64_t frame;
    int64_t individual;
  };

  /// Whether nothing in the file says that there may be a second animal.
  bool is_single_animal() const {
    std::map<std::pair<int64_t, bool>, int> in_frame;
    std::set<int64_t> tracks;
    for (size_t i = 0; i < records_.types.size(); ++i) {
      if (++in_frame[{records_.instance_frames[i], is_predicted(i)}] > 1) return false;
      if (records_.tracks[i] >= 0) tracks.insert(records_.tracks[i]);
    }
    return tracks.size() <= 1;
  }

  bool is_predicted(size_t row) const { return records_.types[row] == 1; }

  void choose_instances() {
    std::map<int64_t, int64_t> number_of_frame;
    for (size_t i = 0; i < records_.frame_ids.size(); ++i) {
      number_of_frame[records_.frame_ids[i]] = records_.frame_numbers[i];
      if (records_.frame_numbers[i] < 0) file_.reader().fail("has a frame with a negative number");
    }
    for (size_t i = 0; i < records_.ids.size(); ++i) row_of_id_[records_.ids[i]] = i;
    is_single_animal_ = is_single_animal();
    std::map<int64_t, std::vector<size_t>> rows_of_frame;
    for (size_t i = 0; i < records_.types.size(); ++i) {
      const auto frame = number_of_frame.find(records_.instance_frames[i]);
      if (frame == number_of_frame.end()) file_.reader().fail("an instance belongs to no frame");
      rows_of_frame[frame->second].push_back(i);
    }
    for (const auto& [frame, rows] : rows_of_frame) choose_in_frame(frame, rows);
  }

  /// The track of an instance; a correction without one has that of the prediction it was made of.
  int64_t track_of(size_t row) const {
    if (records_.tracks[row] >= 0 || is_predicted(row)) return records_.tracks[row];
    const auto source = row_of_id_.find(records_.sources[row]);
    return source == row_of_id_.end() ? records_.tracks[row] : records_.tracks[source->second];
  }

  /// Whether a person's instance stands for a prediction of the same frame: made of it, of the same
  /// track, or both of the only animal. Source: LabeledFrame.unused_predictions of SLEAP.
  bool corrects(size_t placed, size_t predicted) const {
    const auto source = row_of_id_.find(records_.sources[placed]);
    return (source != row_of_id_.end() && source->second == predicted) ||
           (records_.tracks[predicted] >= 0 && track_of(placed) == records_.tracks[predicted]) ||
           is_single_animal_;
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
        if (!was_corrected(row, rows)) chosen.emplace_back(row, records_.tracks[row]);
        continue;
      }
      ++num_corrected_;
      chosen.emplace_back(*correction, std::max(track_of(*correction), records_.tracks[row]));
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
        file_.reader().fail(fmt::format("frame {} has track {} twice", frame, track));
      }
      chosen_.push_back({.row = row, .frame = frame, .individual = individual});
    }
  }

  /// Of a file with one animal: its track if any of its instances has one.
  int64_t only_track() const {
    const auto found = std::find_if(records_.tracks.begin(), records_.tracks.end(),
                                    [](int64_t track) { return track >= 0; });
    return found == records_.tracks.end() ? kUntracked : *found;
  }

  /// Columns for every individual; where each of them begins.
  std::map<int64_t, size_t> add_header(RawTable& table) const {
    std::map<int64_t, size_t> place_of;
    for (const Instance& instance : chosen_) place_of.emplace(instance.individual, 0);
    if (place_of.size() > kMostIndividuals) file_.reader().fail("has too many tracks");
    if (place_of.empty()) {
      place_of.emplace(kUntracked, 0);
      table.notes.emplace_back("holds no instances");
    }
    std::vector<std::string> names;
    for (auto& [individual, place] : place_of) {
      place = names.size();
      const bool has_name =
          individual >= 0 && individual < static_cast<int64_t>(records_.track_names.size());
      names.push_back(has_name ? records_.track_names[static_cast<size_t>(individual)] : "");
      if (individual < kUntracked) continue;
      names.back() = fmt::format("untracked_{}", individual - kUntracked);
    }
    names = sleap::individual_names(names, names.size());
    for (const auto& [individual, place] : place_of) {
      if (individual >= kUntracked && names.size() > 1) table.untracked.push_back(names[place]);
    }
    sleap::note_untracked(table);
    table.header = sleap::header(names, records_.nodes);
    return place_of;
  }

  /// A row per frame from 0 to the last, or where that is too much one per frame of the file;
  /// where each of them begins.
  std::map<int64_t, size_t> add_rows(RawTable& table) const {
    std::map<int64_t, size_t> row_of;
    for (const int64_t frame : records_.frame_numbers) row_of.emplace(frame, 0);
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
    const size_t most =
        std::max((records_.predicted.x.size() + records_.placed.x.size() + 1) * 3 * 64,
                 sleap::kMostValuesWithoutGaps);
    if (row_of_frame.size() > most / num_columns) {
      file_.reader().fail(
          "its instances are spread over too many tracks; track them in SLEAP first");
    }
    sleap::add_missing_rows(table, row_of_frame.size());
    sleap::PointWriter points;
    for (const Instance& instance : chosen_) {
      fill_instance(
          instance.row,
          &table.values[row_of_frame.at(instance.frame) * num_columns +
                        place_of_individual.at(instance.individual) * records_.nodes.size() * 3],
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
    const SlpPoints& points = records_.types[row] == 1 ? records_.predicted : records_.placed;
    const auto size = static_cast<int64_t>(points.x.size());
    const bool fits =
        records_.starts[row] >= 0 && records_.starts[row] <= records_.stops[row] &&
        records_.stops[row] <= size &&
        records_.stops[row] - records_.starts[row] == static_cast<int64_t>(records_.nodes.size());
    if (!fits)
      file_.reader().fail(fmt::format("instance {} does not have the skeleton's points", row));
    for (size_t j = 0; j < records_.nodes.size(); ++j) {
      const size_t point = static_cast<size_t>(records_.starts[row]) + j;
      const bool is_visible = points.visible.empty() || points.visible[point] != 0;
      writer.put(out + 3 * j, is_visible ? points.x[point] : kMissing, points.y[point],
                 points.score[point]);
    }
  }

  bool placed_only_;
  SlpFile file_;
  SlpRecords records_;
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
std::vector<SlpVideo> videos_of_slp(const fs::path& path) { return SlpFile(path).videos(); }

}  // namespace posse
