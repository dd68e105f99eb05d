#include "consensus/track/epipolar_lines.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "cameras/camera_model.h"
#include "consensus/track/table_evidence.h"
#include "consensus/track/table_track.h"
#include "support/synthetic_cameras.h"

namespace posse {
namespace {

constexpr double kTurn = 0.4;  // radian, of the second view's picture
constexpr PointGrid kGrid{.cell = 8, .num_cells = 10000};

/// One bodypart in space.
struct InSpace {
  double x = 0, y = 0, z = 0;
};

std::vector<InSpace> path(size_t frames, double depth = 60) {
  std::vector<InSpace> points;
  for (size_t t = 0; t < frames; ++t) {
    const auto time = static_cast<double>(t);
    points.push_back({200 + 90 * std::sin(0.11 * time), 150 + 60 * std::sin(0.17 * time + 1),
                      100 + depth * std::sin(0.23 * time + 2)});
  }
  return points;
}

/// The first view sees x and y, the second x and z, with its picture turned and elsewhere:
/// x = cos (x' - 300) + sin (y' - 40).
Keypoint first_view(const InSpace& p) { return {p.x, p.y, 1}; }
Keypoint second_view(const InSpace& p, double turn = kTurn) {
  const double c = std::cos(turn);
  const double s = std::sin(turn);
  return {300 + c * p.x - s * p.z, 40 + s * p.x + c * p.z, 1};
}

FrameEvidence evidence_of(const std::vector<std::vector<Keypoint>>& members) {
  const std::vector<std::span<const Keypoint>> rows(members.begin(), members.end());
  return evidence_of_points(rows, kGrid);
}

const std::vector<TwoViews> kViews = {{.bodyparts = {{0, 1}}, .given = {}}};

EpipolarLine line_of(const std::vector<std::array<Keypoint, 2>>& frames, bool swapped = false) {
  EpipolarLineFinder finder(swapped ? std::vector<TwoViews>{{.bodyparts = {{1, 0}}, .given = {}}}
                                    : kViews);
  for (const auto& [a, b] : frames) finder.add(evidence_of({{a, b}, {a, b}, {a, b}}));
  return finder.find().front();
}

/// With errors of 1 px in every coordinate, and a fifth of the second view's points anywhere.
std::vector<std::array<Keypoint, 2>> noisy(size_t frames) {
  std::mt19937 random(3);
  std::normal_distribution<double> error;
  std::uniform_real_distribution<double> anywhere(0, 600);
  std::vector<std::array<Keypoint, 2>> views;
  for (const InSpace& point : path(frames)) {
    Keypoint a = first_view(point);
    Keypoint b = second_view(point);
    if (views.size() % 5 == 0) b = {anywhere(random), anywhere(random), 1};
    for (Keypoint* k : {&a, &b}) {
      k->x += error(random);
      k->y += error(random);
    }
    views.push_back({a, b});
  }
  return views;
}

TEST(EpipolarLines, AreTheSameWhateverTheOrderOfFrames) {
  auto frames = noisy(300);
  const EpipolarLine line = line_of(frames);
  std::ranges::reverse(frames);
  const EpipolarLine other = line_of(frames);
  ASSERT_TRUE(line.equation && other.equation);
  for (size_t i = 0; i < 5; ++i) EXPECT_NEAR((*line.equation)[i], (*other.equation)[i], 1e-9) << i;
  EXPECT_NEAR(line.spread, other.spread, 1e-9);
}

TEST(EpipolarLines, OfAMirrorThatLiesAnyhowAreFound) {
  const EpipolarLine line = line_of(noisy(500));
  EXPECT_EQ(line.why_not, "");
  EXPECT_EQ(line.num_points, 500U);
  const double c = std::cos(kTurn);
  const double s = std::sin(kTurn);
  const std::array<double, 5> truth = {1, 0, -c, -s, 300 * c + 40 * s};
  ASSERT_TRUE(line.equation);
  // Errors of 1 px against paths of 40 px and more, 400 of them: 0.002 a coefficient.
  for (size_t i = 0; i < 4; ++i) EXPECT_NEAR((*line.equation)[i], truth[i], 0.01) << i;
  EXPECT_NEAR((*line.equation)[4], truth[4], 4);
  // The difference has two errors of 1 px; a fifth of the points moves the median up.
  EXPECT_NEAR(line.spread, std::sqrt(2.0) * 1.2, 0.35);
}

TEST(EpipolarLines, AreTheSameFromTheOtherSide) {
  const auto e = line_of(noisy(500)).equation.value();
  const auto other = line_of(noisy(500), true).equation.value();
  const double sign = other[2] * e[0] > 0 ? 1 : -1;
  for (size_t i = 0; i < 5; ++i)
    EXPECT_NEAR(sign * other[i < 4 ? (i + 2) % 4 : 4], e[i], 1e-6) << i;
}

TEST(EpipolarLines, AreNotFoundWhereTheyCannotBe) {
  std::vector<std::array<Keypoint, 2>> frames;
  for (const InSpace& point : path(200))  // all on one line in space
    frames.push_back(
        {first_view({point.x, point.x, point.x}), second_view({point.x, point.x, point.x})});
  EXPECT_NE(line_of(frames).why_not.find("too few directions"), std::string::npos);

  frames.clear();  // no depth: one direction is missing
  for (const InSpace& point : path(200, 0))
    frames.push_back({first_view(point), second_view(point)});
  EXPECT_NE(line_of(frames).why_not.find("too few directions"), std::string::npos);

  frames.clear();  // stands still
  frames.assign(200, {first_view({1, 2, 3}), second_view({1, 2, 3})});
  EXPECT_NE(line_of(frames).why_not.find("too few directions"), std::string::npos);

  EXPECT_NE(line_of(noisy(49)).why_not.find("in 49 frames only"), std::string::npos);

  std::mt19937 random(1);  // nothing to do with one another
  std::uniform_real_distribution<double> anywhere(0, 600);
  frames.clear();
  for (int t = 0; t < 300; ++t) {
    frames.push_back({Keypoint{anywhere(random), anywhere(random), 1},
                      Keypoint{anywhere(random), anywhere(random), 1}});
  }
  const EpipolarLine line = line_of(frames);
  EXPECT_NE(line.why_not, "");
  EXPECT_TRUE(pairs_of({}, {line}).empty());
}

TEST(EpipolarLines, UnsureFramesSayNothing) {
  EpipolarLineFinder finder(kViews);
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  for (const InSpace& p : path(100)) {
    const Keypoint a = first_view(p);
    const Keypoint b = second_view(p);
    finder.add(evidence_of({{a, b}, {a, b}, {a, {b.x + 90, b.y, 1}}}));       // one disagrees
    finder.add(evidence_of({{a, {b.x, b.y, 0.5F}}, {a, {b.x, b.y, 0.5F}}}));  // half sure
    finder.add(evidence_of({{a, {kNan, kNan, 0}}, {a, {kNan, kNan, 0}}}));
  }
  EXPECT_EQ(finder.find().front().num_points, 0U);
}

TEST(EpipolarLines, OfALongVideoComeFromSomeOfItsFrames) {
  EpipolarLineFinder finder(std::vector<TwoViews>{{.bodyparts = {{0, 1}, {2, 3}}, .given = {}}});
  for (const InSpace& p : path(9000)) {
    const Keypoint a = first_view(p);
    const Keypoint b = second_view(p);
    finder.add(evidence_of({{a, b, {a.x + 50, a.y, 1}, second_view({p.x + 50, p.y, p.z})}}));
  }
  const EpipolarLine line = finder.find().front();
  EXPECT_LE(line.num_points, 4100U);
  EXPECT_GE(line.num_points, 2000U);
  EXPECT_NEAR((*line.equation)[2], -std::cos(kTurn), 1e-3);
}

/// Tables of members with the bodyparts "a" and "b"; of three members, two see a elsewhere.
std::vector<Poses> tables(const std::vector<std::array<Keypoint, 2>>& views, size_t wrong_from,
                          size_t wrong_to) {
  std::vector<Poses> members;
  for (int m = 0; m < 3; ++m) {
    Poses poses{.bodyparts = {"a", "b"}, .frame_index = {}, .keypoints = {}};
    for (size_t t = 0; t < views.size(); ++t) {
      Keypoint a = views[t][0];
      if (m > 0 && t >= wrong_from && t < wrong_to) a = {a.x + 90, a.y + 70, 1};
      poses.frame_index.push_back(static_cast<int64_t>(t));
      poses.keypoints.push_back(a);
      poses.keypoints.push_back(views[t][1]);
    }
    members.push_back(std::move(poses));
  }
  return members;
}

TableTrack track_with(const std::vector<Poses>& members, const AgreeingViews& views) {
  return track_of_poses(
      members,
      {.groups = std::vector<std::vector<int>>{}, .views = views, .cell = 8, .smooth = false});
}

double largest_distance(const TableTrack& a, const TableTrack& b) {
  double most = 0;
  for (size_t t = 0; t < a.frames.size(); ++t) {
    for (size_t p = 0; p < 2; ++p) {
      const Keypoint& one = a.frames[t].keypoints[p].keypoint;
      const Keypoint& other = b.frames[t].keypoints[p].keypoint;
      most = std::max(most, std::hypot(one.x - other.x, one.y - other.y));
    }
  }
  return most;
}

TEST(EpipolarLines, OfAlignedViewsAreTheCommonAxis) {
  std::vector<std::array<Keypoint, 2>> views;
  for (const InSpace& p : path(300)) views.push_back({Keypoint{p.x, p.y, 1}, {p.x, p.z + 300, 1}});
  const std::vector<Poses> members = tables(views, 0, 200);
  const TableTrack found = track_with(members, {.pairs = {}, .lines = kViews});
  const std::array<double, 5> axis = {1, 0, -1, 0, 0};
  ASSERT_TRUE(found.lines.front().equation);
  for (size_t i = 0; i < 5; ++i) EXPECT_NEAR((*found.lines.front().equation)[i], axis[i], 1e-4);
  const TableTrack stated =
      track_with(members, {.pairs = {{.a = 0, .b = 1, .geometry = same_x_geometry()}}});
  EXPECT_LT(largest_distance(found, stated), 1e-6);
  const TableTrack swapped =
      track_with(members, {.pairs = {}, .lines = {{.bodyparts = {{1, 0}}, .given = {}}}});
  EXPECT_LT(largest_distance(found, swapped), 1e-6);
  EXPECT_GT(largest_distance(found, track_with(members, {})), 50);  // alone it goes elsewhere
}

TEST(EpipolarLines, ThatWereNotFoundChangeNothing) {
  std::vector<std::array<Keypoint, 2>> views(120,
                                             {first_view({10, 20, 30}), second_view({10, 20, 30})});
  const std::vector<Poses> members = tables(views, 50, 60);
  const TableTrack with = track_with(members, {.pairs = {}, .lines = kViews});
  EXPECT_NE(with.lines.front().why_not, "");
  EXPECT_EQ(largest_distance(with, track_with(members, {})), 0);
}

TEST(EpipolarLines, OfCalibratedCamerasPickThePlaceThatFewMembersSee) {
  const CameraModel left = testing::camera_looking_from("left", 0);
  const CameraModel right = testing::camera_looking_from("right", 0.6);
  std::vector<std::array<Keypoint, 2>> views;
  for (int t = 0; t < 60; ++t) {
    const double s = 0.1 * t;
    const Eigen::Vector3d point(2 * std::sin(s), 1.5 * std::cos(1.3 * s), std::sin(0.7 * s));
    const auto a = left.project(point).pixel;
    const auto b = right.project(point).pixel;
    views.push_back({Keypoint{a.x(), a.y(), 1}, {b.x() + 800, b.y(), 1}});
  }
  const std::vector<Poses> members = tables(views, 0, 60);  // wrong in all frames
  const EpipolarGeometry geometry = epipolar_geometry(left, {}, right, {800, 0});
  const auto median_error = [&](const AgreeingViews& agreeing) {
    const TableTrack track = track_with(members, agreeing);
    std::vector<double> errors;
    for (size_t t = 0; t < views.size(); ++t) {
      const Keypoint& found = track.frames[t].keypoints[0].keypoint;
      errors.push_back(std::hypot(found.x - views[t][0].x, found.y - views[t][0].y));
    }
    std::ranges::nth_element(errors, errors.begin() + 30);
    return errors[30];
  };
  EXPECT_GT(median_error({}), 100);
  EXPECT_LT(median_error({.pairs = {}, .lines = {{.bodyparts = {{0, 1}}, .given = geometry}}}), 1);
  EXPECT_LT(median_error(
                {.pairs = {}, .lines = {{.bodyparts = {{1, 0}}, .given = geometry.exchanged()}}}),
            1);
}

}  // namespace
}  // namespace posse
