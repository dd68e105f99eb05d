#include "results/table/table_crop.h"

#include <fmt/format.h>

#include <array>
#include <string_view>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "results/formats/pickle/pickle_data.h"

namespace posse {
namespace fs = std::filesystem;
namespace {

constexpr uint64_t kMostBytes = uint64_t{16} << 20;

/// The table's name, and it without what DeepLabCut adds to a run's name.
std::vector<std::string> run_names(const fs::path& table) {
  std::vector<std::string> names = {table.stem().string()};
  for (const std::string_view ending :
       {"_filtered", "filtered", "_el", "_sk", "_bx", "_tr", "_ctd"}) {
    std::string name = names.back();
    if (!name.ends_with(ending)) continue;
    name.resize(name.size() - ending.size());
    names.push_back(name);
  }
  return names;
}

std::optional<fs::path> pickle_beside(const fs::path& table) {
  for (const std::string& name : run_names(table)) {
    for (const char* ending : {"_meta.pickle", "includingmetadata.pickle"}) {
      const fs::path file = table.parent_path() / (name + ending);
      std::error_code ignored;
      if (fs::is_regular_file(file, ignored)) return file;
    }
  }
  return std::nullopt;
}

std::optional<double> number_of(const PickleValue& value) {
  if (value.kind == PickleValue::Kind::integer) return static_cast<double>(value.integer);
  if (value.kind == PickleValue::Kind::real) return value.real;
  return std::nullopt;
}

/// True for "x", "x2", "x12"; not for "x_ens_var".
bool is_axis(std::string_view coord, char axis) {
  return !coord.empty() && coord[0] == axis &&
         coord.substr(1).find_first_not_of("0123456789") == std::string_view::npos;
}

/// @throws Error(bad_file)
std::optional<TableCrop> crop_in(const fs::path& file) {
  const PickleValue root = read_pickle(read_file(file, kMostBytes));
  const PickleValue* data = root.find("data");
  const PickleValue* cropping = data == nullptr ? nullptr : data->find("cropping");
  if (cropping == nullptr || cropping->integer == 0) return std::nullopt;
  const PickleValue* box = data->find("cropping_parameters");
  std::array<double, 4> bounds{};
  for (size_t i = 0; i < 4; ++i) {
    const auto bound =
        box == nullptr || box->items.size() != 4 ? std::nullopt : number_of(box->items[i]);
    if (!bound) throw Error(ErrorKind::bad_file, "its 'cropping_parameters' are not four numbers");
    bounds[i] = *bound;
  }
  return TableCrop{
      .x1 = bounds[0], .x2 = bounds[1], .y1 = bounds[2], .y2 = bounds[3], .file = file};
}

}  // namespace

std::string TableCrop::sentence() const {
  return fmt::format("frames were cut to columns {} to {} and rows {} to {} ({})", x1, x2, y1, y2,
                     printable(file.filename().string()));
}

std::optional<TableCrop> crop_beside(const fs::path& table, std::vector<std::string>& warnings) {
  const auto file = pickle_beside(table);
  if (!file) return std::nullopt;
  try {
    return crop_in(*file);
  } catch (const Error& error) {
    warnings.push_back(fmt::format(
        "{} beside it cannot be read, so that it is not known whether frames were cut: {}",
        printable(file->filename().string()), error.message()));
    return std::nullopt;
  }
}

void move_points(RawTable& table, double dx, double dy) {
  const size_t width = table.header.num_columns();
  for (size_t column = 0; column < width; ++column) {
    const std::string& coord = table.header.columns[column].back();
    const double shift = is_axis(coord, 'x') ? dx : is_axis(coord, 'y') ? dy : 0;
    if (shift == 0) continue;
    for (size_t i = column; i < table.values.size(); i += width) table.values[i] += shift;
  }
}

}  // namespace posse
