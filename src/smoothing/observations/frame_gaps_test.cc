#include "smoothing/observations/frame_gaps.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "smoothing/filter/causal_filter.h"
#include "smoothing/models/calibrated_cameras.h"
#include "smoothing/models/paws.h"
#include "smoothing/models/pupil.h"
#include "smoothing/models/several_cameras.h"
#include "smoothing/models/single_camera.h"
#include "support/errors.h"
#include "support/synthetic_cameras.h"

namespace posse {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr size_t kBegin = 30, kEnd = 42;  // the rows that are blank, or left out

bool in_gap(size_t row) { return row >= kBegin && row < kEnd; }

/// What a table looks like whose rows of the gap are there without points.
std::vector<Poses> blank(std::vector<Poses> members) {
  for (Poses& member : members) {
    for (size_t row = kBegin; row < kEnd; ++row) {
      for (size_t part = 0; part < member.num_bodyparts(); ++part)
        member.at(row, part) = {kNan, kNan, 0};
    }
  }
  return members;
}

/// And one that leaves them out.
std::vector<Poses> removed(const std::vector<Poses>& members) {
  std::vector<Poses> result;
  for (const Poses& member : members) {
    Poses cut{.bodyparts = member.bodyparts, .frame_index = {}, .keypoints = {}};
    for (size_t row = 0; row < member.num_frames(); ++row) {
      if (in_gap(row)) continue;
      cut.frame_index.push_back(member.frame_index[row]);
      cut.keypoints.insert(cut.keypoints.end(), member.row(row).begin(), member.row(row).end());
    }
    result.push_back(std::move(cut));
  }
  return result;
}

/// Three members of a walk of several bodyparts, about `spread` px apart.
std::vector<Poses> walks(const std::vector<std::string>& bodyparts, double spread = 0.5) {
  std::mt19937 random(5);
  std::normal_distribution<double> normal;
  std::vector<Poses> members(3, Poses{.bodyparts = bodyparts, .frame_index = {}, .keypoints = {}});
  std::vector<double> place(2 * bodyparts.size(), 80);
  for (int64_t frame = 0; frame < 90; ++frame) {
    for (double& value : place) value += normal(random);
    for (Poses& member : members) {
      member.frame_index.push_back(frame + 100);
      for (size_t part = 0; part < bodyparts.size(); ++part) {
        member.keypoints.push_back({place[2 * part] + spread * normal(random),
                                    place[2 * part + 1] + spread * normal(random), 0.9});
      }
    }
  }
  return members;
}

void expect_same(const FrameArray& with_blank, const FrameArray& without) {
  ASSERT_EQ(without.num_frames(), with_blank.num_frames() - (kEnd - kBegin));
  for (size_t row = 0, at = 0; row < with_blank.num_frames(); ++row) {
    if (in_gap(row)) continue;
    for (size_t lane = 0; lane < without.num_lanes(); ++lane) {
      const double expected = with_blank.at(row, lane);
      if (std::isnan(expected)) continue;
      ASSERT_DOUBLE_EQ(without.at(at, lane), expected) << "row " << row << " lane " << lane;
    }
    ++at;
  }
}

void expect_same(const SmoothedTracks& with_blank, const SmoothedTracks& without) {
  expect_same(with_blank.position, without.position);
  expect_same(with_blank.posterior_variance, without.posterior_variance);
  expect_same(with_blank.likelihood, without.likelihood);
  EXPECT_EQ(without.frame_index[kBegin], with_blank.frame_index[kEnd]);
}

TEST(FrameGaps, OfOneCameraArePredictedAsBlankFramesAre) {
  const std::vector<Poses> members = walks({"nose", "tail"});
  expect_same(smooth_single_camera(blank(members)), smooth_single_camera(removed(members)));
}

TEST(FrameGaps, OfTheCausalFilterToo) {
  const std::vector<Poses> members = walks({"nose", "tail"});
  expect_same(filter_causally(blank(members), {}), filter_causally(removed(members), {}));
}

TEST(FrameGaps, GrowTheVarianceByTheStepsThatAreNotThere) {
  // known with variance r, then n frames without: r + n s before the next observation of variance r
  const double r = 4, s = 10, n = 7;
  CausalFilter filter(1, {.ensemble = {.variance = VarianceMode::plain}, .s = {s}});
  const std::vector<Keypoint> a = {{8, 8, 1}}, b = {{12, 12, 1}};  // spread 2: variance 4
  const std::vector<std::span<const Keypoint>> rows = {a, b};
  EXPECT_DOUBLE_EQ(filter.push(rows).variance[0], r);
  filter.skip(static_cast<int64_t>(n) - 1);
  const double predicted = r + n * s;
  EXPECT_DOUBLE_EQ(filter.push(rows).variance[0], predicted * r / (predicted + r));
}

TEST(FrameGaps, OfSeveralCamerasArePredictedAsBlankFramesAre) {
  const std::vector<Poses> top = walks({"nose", "tail"}), side = walks({"nose", "tail"}, 0.8);
  const auto smoothed = [&](const std::vector<Poses>& a, const std::vector<Poses>& b) {
    const std::vector<CameraMembers> cameras = {{"top", a}, {"side", b}};
    return smooth_several_cameras(cameras, {.tuning = {.s = {2}}});
  };
  const SmoothedCameras expected = smoothed(blank(top), blank(side));
  const SmoothedCameras found = smoothed(removed(top), removed(side));
  for (size_t c = 0; c < 2; ++c) expect_same(expected.cameras[c], found.cameras[c]);
}

TEST(FrameGaps, OfCalibratedCamerasArePredictedAsBlankFramesAre) {
  testing::Scene scene(3, 0.5);
  const auto smoothed = [&](std::vector<Poses> (*change)(const std::vector<Poses>&)) {
    std::vector<std::vector<Poses>> views;
    for (const auto& view : scene.views) views.push_back(change(view));
    std::vector<CameraMembers> cameras;
    for (size_t c = 0; c < views.size(); ++c) cameras.push_back({scene.cameras[c].name, views[c]});
    return smooth_calibrated_cameras(cameras, scene.cameras, {.common = {.tuning = {.s = {2}}}});
  };
  const SmoothedSpace expected =
      smoothed([](const std::vector<Poses>& members) { return blank(members); });
  const SmoothedSpace found = smoothed(removed);
  expect_same(expected.points, found.points);
  expect_same(expected.point_variances, found.point_variances);
  for (size_t c = 0; c < 3; ++c) expect_same(expected.views.cameras[c], found.views.cameras[c]);
}

TEST(FrameGaps, OfAPupilArePredictedAsBlankFramesAre) {
  std::vector<Poses> members = walks({"centre"}, 0.0);
  std::mt19937 random(2);
  std::normal_distribution<double> error(0, 0.4);
  for (Poses& member : members) {
    Poses marks{.bodyparts = {"pupil_top_r", "pupil_bottom_r", "pupil_right_r", "pupil_left_r"},
                .frame_index = member.frame_index,
                .keypoints = {}};
    for (size_t row = 0; row < member.num_frames(); ++row) {
      const Keypoint centre = member.at(row, 0);
      const double radius = 10 + 2 * std::sin(static_cast<double>(row) / 9);
      for (const auto& [dx, dy] : {std::pair{0, -1}, {0, 1}, {1, 0}, {-1, 0}})
        marks.keypoints.push_back(
            {centre.x + radius * dx + error(random), centre.y + radius * dy + error(random), 0.9});
    }
    member = marks;
  }
  const PupilOptions options{.diameter_s = 0.95, .centre_s = 0.95};
  const SmoothedPupil expected = smooth_pupil(blank(members), options);
  const SmoothedPupil found = smooth_pupil(removed(members), options);
  expect_same(expected.tracks, found.tracks);
  expect_same(expected.state, found.state);
  expect_same(expected.state_variance, found.state_variance);
}

TEST(FrameGaps, OfPawsArePredictedAsBlankFramesAre) {
  const std::vector<Poses> left = walks({"paw_l", "paw_r"}), right = walks({"paw_l", "paw_r"}, 0.8);
  std::vector<double> times, times_with_gap;
  for (size_t row = 0; row < 90; ++row) {
    times.push_back(static_cast<double>(row));
    if (!in_gap(row)) times_with_gap.push_back(times.back());
  }
  std::vector<double> later = times;  // the right camera is half a frame behind
  std::vector<double> later_with_gap = times_with_gap;
  for (double& time : later) time -= 0.5;
  for (double& time : later_with_gap) time -= 0.5;
  PawOptions options;
  options.cameras.tuning.s = {2};
  const auto left_blank = blank(left), right_blank = blank(right);
  const auto left_cut = removed(left), right_cut = removed(right);
  const SmoothedCameras expected = smooth_paws({left_blank, times}, {right_blank, later}, options);
  const SmoothedCameras found =
      smooth_paws({left_cut, times_with_gap}, {right_cut, later_with_gap}, options);
  for (size_t c = 0; c < 2; ++c) expect_same(expected.cameras[c], found.cameras[c]);
}

TEST(FrameGaps, TooLargeToFillAreRefused) {
  Poses far{.bodyparts = {"nose"},
            .frame_index = {0, int64_t{1} << 40},
            .keypoints = {{1, 1, 1}, {2, 2, 1}}};
  const Error error = testing::error_of([&] {
    smooth_single_camera(std::vector<Poses>{far, far});
  });
  EXPECT_EQ(error.kind(), ErrorKind::invalid_value);
}

}  // namespace
}  // namespace posse
