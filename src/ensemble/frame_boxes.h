/// Reads boxes around the animal, one for each frame, as Lightning Pose takes them beside a video.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "network/graph.h"
#include "project/config.h"

namespace posse {

/// In pixels of the frame, as the file says.
struct FrameBox {
  double x = 0;  ///< of the left edge
  double y = 0;  ///< of the upper edge
  double height = 0;
  double width = 0;
};

struct FrameBoxes {
  std::filesystem::path file;
  std::vector<FrameBox> boxes;  ///< by frame number
  std::string sha256;           ///< of the file

  /// The pixels of a frame that its network sees: numbers cut to whole ones, then the box cut to
  /// the frame, as Lightning Pose does.
  /// @throws Error(bad_file) for a frame without a row, and for a box that holds no pixel of it
  CropBox box_of(int64_t frame_index, Extent frame) const;
};

/// Reads a table of comma-separated values with the columns x, y, h and w, in any order and beside
/// others (pandas writes the frame's number first), and one row a frame.
/// @throws Error(not_found, io); Error(bad_file), naming file and line, for missing columns, cells
///         that are not numbers and a table without rows.
FrameBoxes read_frame_boxes(const std::filesystem::path& file);

}  // namespace posse
