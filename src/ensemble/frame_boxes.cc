#include "ensemble/frame_boxes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <sstream>

#include "base/csv_line.h"
#include "base/error.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/text.h"
#include "project/config_values.h"

namespace posse {
namespace fs = std::filesystem;
namespace {

constexpr std::array<std::string_view, 4> kColumns = {"x", "y", "h", "w"};

std::string shown(const fs::path& file) { return printable(file.string()); }

std::string_view without_blanks(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Which cells of a row hold x, y, h and w.
std::array<size_t, 4> columns_of(const std::vector<std::string>& header, const fs::path& file) {
  std::array<size_t, 4> places{};
  for (size_t i = 0; i < kColumns.size(); ++i) {
    const auto found = std::find_if(header.begin(), header.end(), [&](const std::string& name) {
      return without_blanks(name) == kColumns[i];
    });
    if (found == header.end()) {
      throw Error(ErrorKind::bad_file,
                  fmt::format("{}: is no table of boxes: the first line has no column '{}'",
                              shown(file), kColumns[i]),
                  {.have = list_names(header),
                   .hint = "one row a frame with x and y of the upper left corner, h and w"});
    }
    places[i] = static_cast<size_t>(found - header.begin());
  }
  return places;
}

FrameBox box_of_row(const std::vector<std::string>& cells, const std::array<size_t, 4>& places,
                    const fs::path& file, size_t line) {
  std::array<double, 4> values{};
  for (size_t i = 0; i < places.size(); ++i) {
    const std::string cell =
        places[i] < cells.size() ? std::string(without_blanks(cells[places[i]])) : "";
    const std::optional<double> number = number_of(cell);
    constexpr double kMost = 1e6;
    if (!number || !(std::abs(*number) <= kMost)) {
      throw Error(ErrorKind::bad_file,
                  fmt::format("{}, line {}: {} is '{}', expected a number of pixels", shown(file),
                              line, kColumns[i], printable(cell)));
    }
    values[i] = *number;
  }
  return {.x = values[0], .y = values[1], .height = values[2], .width = values[3]};
}

}  // namespace

FrameBoxes read_frame_boxes(const fs::path& file) {
  const std::string text = read_file(file);
  FrameBoxes boxes{.file = file};
  Sha256 hash;
  hash.update(text);
  boxes.sha256 = hash.finish();
  std::istringstream lines(text.starts_with("\xEF\xBB\xBF") ? text.substr(3) : text);
  std::array<size_t, 4> places{};
  std::string line;
  for (size_t number = 1; std::getline(lines, line); ++number) {
    if (number == 1) {
      places = columns_of(csv_cells(line), file);
    } else if (!without_blanks(line).empty() && line != "\r") {
      boxes.boxes.push_back(box_of_row(csv_cells(line), places, file, number));
    }
  }
  if (boxes.boxes.empty()) {
    throw Error(ErrorKind::bad_file,
                fmt::format("{}: has no box, expected one row a frame", shown(file)));
  }
  return boxes;
}

CropBox FrameBoxes::box_of(int64_t frame_index, Extent frame) const {
  if (frame_index < 0 || frame_index >= static_cast<int64_t>(boxes.size())) {
    throw Error(
        ErrorKind::bad_file,
        fmt::format("{}: has {} boxes, none for frame {}", shown(file), boxes.size(), frame_index),
        {.hint = "one row a frame is needed, counted from 0"});
  }
  const FrameBox& box = boxes[static_cast<size_t>(frame_index)];
  const auto within = [](double place, int64_t length) {
    return static_cast<int>(std::clamp(place, 0.0, static_cast<double>(length)));
  };
  const double x = std::trunc(box.x);
  const double y = std::trunc(box.y);
  const CropBox cut{.x1 = within(x, frame.width),
                    .x2 = within(x + std::trunc(box.width), frame.width),
                    .y1 = within(y, frame.height),
                    .y2 = within(y + std::trunc(box.height), frame.height)};
  if (cut.x2 > cut.x1 && cut.y2 > cut.y1) return cut;
  throw Error(ErrorKind::bad_file,
              fmt::format("{}: the box of frame {} (x {}, y {}, h {}, w {}) holds no pixel of "
                          "frames of {}x{} pixels",
                          shown(file), frame_index, box.x, box.y, box.height, box.width,
                          frame.width, frame.height));
}

}  // namespace posse
