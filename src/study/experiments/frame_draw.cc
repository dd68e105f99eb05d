#include "study/experiments/frame_draw.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <random>
#include <sstream>

#include "base/csv_line.h"
#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "results/formats/pickle/pickle_data.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

/// A number of [0, most], drawn as numpy's legacy shuffle does.
uint32_t draw_at_most(std::mt19937& generator, uint32_t most) {
  uint32_t mask = most;
  for (int shift = 1; shift < 32; shift *= 2) mask |= mask >> shift;
  uint32_t value = 0;
  do {
    value = static_cast<uint32_t>(generator()) & mask;
  } while (value > most);
  return value;
}

std::optional<double> number_of(const std::string& text) {
  std::istringstream stream(text);
  double value = 0;
  if (!(stream >> value) || !std::isfinite(value) || !(stream >> std::ws).eof())
    return std::nullopt;
  return value;
}

using Rows = std::vector<std::vector<std::string>>;

Rows rows_of_pickle(const fs::path& path) {
  Rows rows;
  for (const PickleValue& item : read_pickle(read_file(path, uint64_t{16} << 20)).items) {
    auto& row = rows.emplace_back();
    for (const PickleValue& cell : item.items) {
      const bool is_real = cell.kind == PickleValue::Kind::real;
      row.push_back(
          cell.kind == PickleValue::Kind::text
              ? cell.text
              : fmt::format("{}", is_real ? cell.real : static_cast<double>(cell.integer)));
    }
  }
  return rows;
}

Rows rows_of_csv(const fs::path& path) {
  std::istringstream lines(read_file(path));
  Rows rows;
  for (std::string line; std::getline(lines, line);)
    if (!line.empty() && line != "\r") rows.push_back(csv_cells(line));
  return rows;
}

}  // namespace

std::vector<size_t> draw_rows(size_t num_rows, size_t count, uint32_t seed) {
  if (count > num_rows) {
    throw Error(ErrorKind::usage,
                fmt::format("{} frames cannot be drawn of a list of {}", count, num_rows));
  }
  std::vector<size_t> rows(num_rows);
  std::iota(rows.begin(), rows.end(), size_t{0});
  std::mt19937 generator(seed);
  for (size_t i = num_rows; i-- > 1;)
    std::swap(rows[i], rows[draw_at_most(generator, static_cast<uint32_t>(i))]);
  rows.resize(count);
  std::sort(rows.begin(), rows.end());
  return rows;
}

size_t OutlierList::num_outliers() const {
  return static_cast<size_t>(std::count(is_outlier.begin(), is_outlier.end(), 1));
}

OutlierList read_outlier_list(const fs::path& path) {
  const bool is_csv = ascii_lower(path.extension().string()) == ".csv";
  const Rows rows = is_csv ? rows_of_csv(path) : rows_of_pickle(path);
  OutlierList list;
  for (size_t i = 0; i < rows.size(); ++i) {
    double sum = 0;
    bool is_sound = rows[i].size() >= 2 && !rows[i][0].empty();
    for (size_t cell = 1; is_sound && cell < rows[i].size(); ++cell) {
      const auto flag = number_of(rows[i][cell]);
      is_sound = flag.has_value();
      sum += flag.value_or(0);
    }
    if (!is_sound) {
      throw Error(
          ErrorKind::bad_file,
          fmt::format("{}: row {} is no picture followed by numbers", path.string(), i + 1),
          {.hint = "rows are as img005.png,0,0,1; a sum above 0 says that it is an outlier"});
    }
    list.pictures.push_back(rows[i][0]);
    list.is_outlier.push_back(sum > 0 ? 1 : 0);
  }
  if (list.pictures.empty())
    throw Error(ErrorKind::bad_file, fmt::format("{}: lists no picture", path.string()));
  return list;
}

}  // namespace posse
