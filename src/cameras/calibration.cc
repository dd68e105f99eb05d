#include "cameras/calibration.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>

#include "base/error.h"

namespace posse {
namespace {

/// One camera's table, with what a message needs.
struct Section {
  const toml::table& table;
  std::string source;
  std::string name;

  [[noreturn]] void fail(std::string_view key, std::string_view expected) const {
    throw Error(ErrorKind::bad_file,
                fmt::format("{}: table [{}]: '{}' must be {}", source, name, key, expected));
  }
};

double number(const Section& section, std::string_view key, const toml::node& node,
              std::string_view expected) {
  const auto value = node.value<double>();
  if (!value || !std::isfinite(*value)) section.fail(key, expected);
  return *value;
}

/// A list of numbers; `count` of them, or any number up to -count if that is negative.
std::vector<double> numbers(const Section& section, std::string_view key, const toml::node* node,
                            int count, std::string_view expected) {
  const toml::array* array = node == nullptr ? nullptr : node->as_array();
  if (array == nullptr) section.fail(key, expected);
  const auto size = static_cast<int>(array->size());
  if (count >= 0 ? size != count : size > -count) section.fail(key, expected);
  std::vector<double> values;
  for (const toml::node& entry : *array) values.push_back(number(section, key, entry, expected));
  return values;
}

void read_matrix(const Section& section, CameraModel& camera) {
  constexpr std::string_view kExpected = "a 3 x 3 matrix of numbers with positive focal lengths";
  const toml::array* rows = section.table["matrix"].as_array();
  if (rows == nullptr || rows->size() != 3) section.fail("matrix", kExpected);
  const auto first = numbers(section, "matrix", rows->get(0), 3, kExpected);
  const auto second = numbers(section, "matrix", rows->get(1), 3, kExpected);
  numbers(section, "matrix", rows->get(2), 3, kExpected);
  if (!(first[0] > 0 && second[1] > 0)) section.fail("matrix", kExpected);
  camera.fx = first[0];
  camera.skew = first[1];
  camera.cx = first[2];
  camera.fy = second[1];
  camera.cy = second[2];
}

Distortion read_distortion(const Section& section) {
  const auto given = numbers(section, "distortions", section.table["distortions"].node(), -14,
                             "at most 14 numbers");
  Distortion d;
  double* const places[] = {&d.k1, &d.k2, &d.p1, &d.p2, &d.k3, &d.k4,
                            &d.k5, &d.k6, &d.s1, &d.s2, &d.s3, &d.s4};
  for (size_t i = 0; i < std::min(given.size(), std::size(places)); ++i) *places[i] = given[i];
  return d;
}

std::array<int, 2> read_size(const Section& section) {
  constexpr std::string_view kExpected = "width and height in pixels";
  constexpr double kMost = 1e6;
  const auto size = numbers(section, "size", section.table["size"].node(), 2, kExpected);
  for (const double extent : size) {
    if (!(extent >= 0 && extent <= kMost)) section.fail("size", kExpected);
  }
  return {static_cast<int>(size[0]), static_cast<int>(size[1])};
}

/// A text, or a whole number: cameras are often called 0, 1, 2.
std::string read_name(const Section& section) {
  const toml::node* node = section.table["name"].node();
  if (node != nullptr && node->is_integer()) return std::to_string(node->as_integer()->get());
  const std::string name = section.table["name"].value_or(std::string());
  if (name.empty()) section.fail("name", "a text");
  return name;
}

/// Caliscope's own file has its cameras in one table, under numbers.
void refuse_caliscope(const toml::table& file, const std::string& source) {
  const toml::table* cameras = file["cameras"].as_table();
  if (cameras == nullptr || cameras->empty()) return;
  const bool holds_tables = std::all_of(cameras->begin(), cameras->end(), [](const auto& entry) {
    return entry.second.is_table() && entry.second.as_table()->contains("matrix");
  });
  if (!holds_tables) return;
  throw Error(ErrorKind::unsupported,
              fmt::format("{}: is a camera array of Caliscope (tables [cameras.N]), expected a "
                          "calibration of Anipose: [cam_N] with a name",
                          source),
              {.hint = "Caliscope writes one for Anipose beside it: camera_array_aniposelib.toml"});
}

CameraModel read_camera(const Section& section) {
  CameraModel camera;
  camera.name = read_name(section);
  camera.size = read_size(section);
  read_matrix(section, camera);
  camera.distortion = read_distortion(section);
  const auto rotation =
      numbers(section, "rotation", section.table["rotation"].node(), 3, "three numbers");
  const auto translation =
      numbers(section, "translation", section.table["translation"].node(), 3, "three numbers");
  camera.rotation = rotation_of({rotation[0], rotation[1], rotation[2]});
  camera.translation = {translation[0], translation[1], translation[2]};
  camera.fisheye = section.table["fisheye"].value_or(false);
  return camera;
}

}  // namespace

std::vector<CameraModel> parse_calibration(const std::string& text, const std::string& source) {
  toml::table file;
  try {
    file = toml::parse(text, source);
  } catch (const toml::parse_error& error) {
    throw Error(ErrorKind::bad_file, fmt::format("{}: line {}: {}", source,
                                                 error.source().begin.line, error.description()));
  }
  refuse_caliscope(file, source);
  std::vector<CameraModel> cameras;
  for (const auto& [key, node] : file) {  // toml++ keeps tables sorted by key
    if (key == "metadata") continue;
    const toml::table* table = node.as_table();
    if (table == nullptr) {
      throw Error(ErrorKind::bad_file,
                  fmt::format("{}: '{}' is not a camera's table", source, key.str()));
    }
    cameras.push_back(
        read_camera({.table = *table, .source = source, .name = std::string(key.str())}));
  }
  if (cameras.empty())
    throw Error(ErrorKind::bad_file, fmt::format("{}: no camera in the calibration", source));
  return cameras;
}

}  // namespace posse
