#include "support/golden_tables.h"

#include <zlib.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <sstream>
#include <stdexcept>

namespace posse::testing {
namespace {

std::string read_text(const std::filesystem::path& path) {  // gzread passes plain files through
  gzFile file = gzopen(path.c_str(), "rb");
  if (file == nullptr) throw std::runtime_error("cannot open " + path.string());
  std::string text;
  std::vector<char> block(1 << 20);
  for (int count = 0;
       (count = gzread(file, block.data(), static_cast<unsigned>(block.size()))) > 0;) {
    text.append(block.data(), static_cast<size_t>(count));
  }
  gzclose(file);
  return text;
}

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  std::stringstream stream(line);
  for (std::string cell; std::getline(stream, cell, ',');) cells.push_back(cell);
  if (!line.empty() && line.back() == ',') cells.emplace_back();
  return cells;
}

}  // namespace

const std::vector<double>& CsvTable::column(const std::string& bodypart,
                                            const std::string& coord) const {
  return columns.at({bodypart, coord});
}

Poses CsvTable::poses() const {
  Poses poses{.bodyparts = bodyparts, .frame_index = {}, .keypoints = {}};
  const size_t num_frames = columns.begin()->second.size();
  for (size_t t = 0; t < num_frames; ++t) {
    poses.frame_index.push_back(static_cast<int64_t>(t));
    for (const std::string& name : bodyparts) {
      poses.keypoints.push_back({.x = column(name, "x")[t],
                                 .y = column(name, "y")[t],
                                 .likelihood = column(name, "likelihood")[t]});
    }
  }
  return poses;
}

CsvTable read_csv_table(const std::filesystem::path& path) {
  std::stringstream text(read_text(path));
  std::string line;
  std::getline(text, line);
  std::getline(text, line);
  const auto bodyparts = cells_of(line);
  std::getline(text, line);
  const auto coords = cells_of(line);
  CsvTable table;
  std::vector<std::vector<double>*> columns(coords.size());
  for (size_t c = 1; c < coords.size(); ++c) {
    columns[c] = &table.columns[{bodyparts[c], coords[c]}];
    if (coords[c] == "x") table.bodyparts.push_back(bodyparts[c]);
  }
  while (std::getline(text, line)) {
    const auto cells = cells_of(line);
    for (size_t c = 1; c < coords.size(); ++c) {
      columns[c]->push_back(cells[c].empty() ? std::numeric_limits<double>::quiet_NaN()
                                             : std::strtod(cells[c].c_str(), nullptr));
    }
  }
  return table;
}

std::vector<Poses> read_members(const std::filesystem::path& folder, const std::string& part) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (entry.path().extension() == ".csv" && name.find(part) != std::string::npos)
      paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<Poses> members;
  for (const auto& path : paths) members.push_back(read_csv_table(path).poses());
  return members;
}

}  // namespace posse::testing
