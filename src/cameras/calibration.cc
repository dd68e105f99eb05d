#include "cameras/calibration.h"

#include <fmt/format.h>
#include <toml++/toml.h>

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

CameraModel read_camera(const Section& section) {
  CameraModel camera;
  const auto name = section.table["name"].value<std::string>();
  if (!name || name->empty()) section.fail("name", "a text");
  camera.name = *name;
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
