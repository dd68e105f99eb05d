#include "cameras/calibration.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "cameras/epipolar.h"

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

toml::table parse_file(const std::string& text, const std::string& source) {
  try {
    return toml::parse(text, source);
  } catch (const toml::parse_error& error) {
    throw Error(ErrorKind::bad_file, fmt::format("{}: line {}: {}", source,
                                                 error.source().begin.line, error.description()));
  }
}

/// The file's tables but for `metadata`, in order of their names.
std::vector<Section> sections_of(const toml::table& file, const std::string& source) {
  refuse_caliscope(file, source);
  std::vector<Section> sections;
  for (const auto& [key, node] : file) {  // toml++ keeps tables sorted by key
    if (key == "metadata") continue;
    const toml::table* table = node.as_table();
    if (table == nullptr) {
      throw Error(ErrorKind::bad_file,
                  fmt::format("{}: '{}' is not a camera's table", source, key.str()));
    }
    sections.push_back({.table = *table, .source = source, .name = std::string(key.str())});
  }
  return sections;
}

ViewCalibration views_of_cameras(const std::vector<Section>& sections) {
  std::vector<CameraModel> cameras;
  std::vector<Point> offsets;
  for (const Section& section : sections) {
    cameras.push_back(read_camera(section));
    const toml::node* offset = section.table["offset_in_video"].node();
    offsets.emplace_back();
    if (offset == nullptr) continue;
    const auto pixel = numbers(section, "offset_in_video", offset, 2, "two numbers, x and y in px");
    offsets.back() = {pixel[0], pixel[1]};
  }
  ViewCalibration views{.num_views = cameras.size(), .names = {}, .pairs = {}};
  for (const CameraModel& camera : cameras) views.names.push_back(camera.name);
  views.pairs.resize(views.num_views * views.num_views);
  for (size_t a = 0; a < cameras.size(); ++a) {
    for (size_t b = 0; b < cameras.size(); ++b) {
      if (a == b) continue;
      try {
        views.pairs[a * views.num_views + b] =
            epipolar_geometry(cameras[a], offsets[a], cameras[b], offsets[b]);
      } catch (const Error& error) {
        throw Error(ErrorKind::bad_file, fmt::format("{}: {}", sections[a].source, error.what()));
      }
    }
  }
  return views;
}

/// Numbers of two views from 0.
std::array<size_t, 2> read_views(const Section& section) {
  constexpr std::string_view kExpected = "two different whole numbers from 1 to 16";
  constexpr double kMostViews = 16;
  const toml::node* node = section.table["views"].node();
  if (node == nullptr) return {0, 1};
  const auto given = numbers(section, "views", node, 2, kExpected);
  for (const double view : given) {
    if (!(view >= 1 && view <= kMostViews && view == std::floor(view)))
      section.fail("views", kExpected);
  }
  if (given[0] == given[1]) section.fail("views", kExpected);
  return {static_cast<size_t>(given[0]) - 1, static_cast<size_t>(given[1]) - 1};
}

Matrix3 read_fundamental(const Section& section) {
  constexpr std::string_view kExpected = "a 3 x 3 matrix of numbers of rank 2";
  const toml::array* rows = section.table["fundamental"].as_array();
  if (rows == nullptr || rows->size() != 3) section.fail("fundamental", kExpected);
  Matrix3 matrix{};
  for (size_t row = 0; row < 3; ++row)
    std::ranges::copy(numbers(section, "fundamental", rows->get(row), 3, kExpected),
                      matrix.begin() + 3 * static_cast<std::ptrdiff_t>(row));
  if (!is_fundamental(matrix)) section.fail("fundamental", kExpected);
  return matrix;
}

ViewCalibration views_of_matrices(const std::vector<Section>& sections) {
  ViewCalibration views;
  for (const Section& section : sections) {
    const auto [a, b] = read_views(section);
    views.num_views = std::max({views.num_views, a + 1, b + 1});
  }
  views.pairs.resize(views.num_views * views.num_views);
  for (const Section& section : sections) {
    const auto [a, b] = read_views(section);
    auto& pair = views.pairs[a * views.num_views + b];
    if (pair) section.fail("views", "two that no other table has");
    pair = EpipolarGeometry{.fundamental = read_fundamental(section)};
    views.pairs[b * views.num_views + a] = pair->exchanged();
  }
  return views;
}

}  // namespace

std::vector<CameraModel> parse_calibration(const std::string& text, const std::string& source) {
  const toml::table file = parse_file(text, source);
  std::vector<CameraModel> cameras;
  for (const Section& section : sections_of(file, source)) cameras.push_back(read_camera(section));
  if (cameras.empty())
    throw Error(ErrorKind::bad_file, fmt::format("{}: no camera in the calibration", source));
  return cameras;
}

ViewCalibration parse_view_calibration(const std::string& text, const std::string& source) {
  const toml::table file = parse_file(text, source);
  const std::vector<Section> sections = sections_of(file, source);
  const bool are_matrices = std::ranges::any_of(
      sections, [](const Section& section) { return section.table.contains("fundamental"); });
  ViewCalibration views = are_matrices ? views_of_matrices(sections) : views_of_cameras(sections);
  if (views.num_views < 2)
    throw Error(ErrorKind::bad_file,
                fmt::format("{}: {} views, two at least are needed", source, views.num_views));
  return views;
}

}  // namespace posse
