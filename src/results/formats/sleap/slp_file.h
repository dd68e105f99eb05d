/// Reads the records of a SLEAP project file (.slp).
///
/// Only sources of this module include it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "results/formats/hdf5/hdf5_file.h"
#include "results/formats/sleap/slp_reader.h"

namespace posse {

/// Points of all instances of one kind, one after another.
struct SlpPoints {
  std::vector<double> x;
  std::vector<double> y;
  std::vector<double> score;  ///< 1 for points that a person placed
  std::vector<uint8_t> visible;
};

/// The records of one video.
struct SlpRecords {
  /// Nodes of the skeleton, in its order.
  std::vector<std::string> nodes;
  /// Names of the tracks; empty where one has none.
  std::vector<std::string> track_names;
  /// [frames]
  std::vector<int64_t> frame_ids, frame_numbers;
  /// [instances]: id of the frame; 0 placed by a person, 1 predicted; track, or -1; the points from
  /// start to stop; id.
  std::vector<int64_t> instance_frames, types, tracks, starts, stops, ids;
  /// Ids of the predictions that instances were made of, or -1.
  std::vector<int64_t> sources;
  SlpPoints predicted;
  SlpPoints placed;
};

/// Reads one file, once.
class SlpFile {
 public:
  /// @throws Error(not_found); Error(bad_file)
  explicit SlpFile(const std::filesystem::path& path);

  /// @param video  as read_slp
  /// @throws as read_slp
  SlpRecords read(const std::string& video);
  /// As videos_of_slp.
  std::vector<SlpVideo> videos();
  /// For messages about the file.
  const hdf5::Reader& reader() const { return reader_; }

 private:
  void read_metadata();
  void read_format(hid_t group);
  void read_nodes(const std::string& text);
  void read_tracks();
  std::vector<int64_t> column(const char* dataset, const char* member) const;
  void read_records();
  std::vector<std::string> names_of_video(int64_t number) const;
  std::string name_of_video(int64_t number) const;
  bool is_asked_for(int64_t number) const;
  void keep_one_video(const std::vector<int64_t>& videos);
  void read_videos();
  void drop_others(const std::vector<int64_t>& videos, int64_t kept);
  SlpPoints read_points(const std::string& name) const;

  std::filesystem::path path_;
  std::string video_;  ///< asked for; empty: the only one
  std::vector<std::string> video_texts_;
  hdf5::QuietErrors quiet_;
  hdf5::Handle file_;
  hdf5::Reader reader_;
  double format_ = 1.0;
  SlpRecords records_;
};

}  // namespace posse
