#include "smoothing/models/paws.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "base/error.h"
#include "support/shared_data.h"
#include "support/synthetic_tracks.h"

namespace posse {
namespace {

/// Two paws on known paths; the left camera sees them as they are, the right one mirrored,
/// exchanged and at other times.
struct Paws {
  Paws() {
    std::mt19937 random(testing::seed_of_this_test());
    std::normal_distribution<double> normal;
    for (size_t t = 0; t < 100; ++t) left_times.push_back(static_cast<double>(t));
    for (size_t t = 0; t < 220; ++t) right_times.push_back(10.3 + 0.4 * static_cast<double>(t));
    left.assign(3, testing::constant_poses(100, 2, {}));
    right.assign(3, testing::constant_poses(220, 2, {}));
    for (size_t m = 0; m < 3; ++m) {
      left[m].bodyparts = right[m].bodyparts = {"paw_l", "paw_r"};
      const auto noisy = [&](double x, double y) {
        return Keypoint{x + 0.2 * normal(random), y + 0.2 * normal(random), 0.8};
      };
      for (size_t t = 0; t < 100; ++t) {
        for (size_t k = 0; k < 2; ++k)
          left[m].at(t, k) = noisy(x_of(k, left_times[t]), y_of(k, left_times[t]));
      }
      for (size_t t = 0; t < 220; ++t) {
        for (size_t k = 0; k < 2; ++k) {
          right[m].at(t, 1 - k) = noisy(128 - x_of(k, right_times[t]), 5 + y_of(k, right_times[t]));
        }
      }
    }
  }
  static double x_of(size_t paw, double time) {
    return 40 + 30 * static_cast<double>(paw) + 10 * std::sin(time / 5);
  }
  static double y_of(size_t paw, double time) {
    return 60 + 8 * std::cos(time / 4 + static_cast<double>(paw));
  }
  PawRecording left_recording() const { return {left, left_times}; }
  PawRecording right_recording() const { return {right, right_times}; }
  std::vector<double> left_times;
  std::vector<double> right_times;
  std::vector<Poses> left;
  std::vector<Poses> right;
};

PawOptions with_s(double s) {
  PawOptions options;
  options.cameras.tuning.s = {s};
  return options;
}

TEST(Paws, ResultsAreInTheImagesCoordinatesAndNames) {
  const Paws paws;
  const auto result = smooth_paws(paws.left_recording(), paws.right_recording(), with_s(20));
  ASSERT_EQ(result.cameras[1].frame_index.size(), 100);
  for (size_t t = 20; t < 90; ++t) {
    const double time = static_cast<double>(t);
    // members err by 0.2 px; interpolation and the random walk add little on these smooth paths
    EXPECT_NEAR(result.cameras[0].position.at(t, 0), Paws::x_of(0, time), 1.0);
    EXPECT_NEAR(result.cameras[1].position.at(t, 2), 128 - Paws::x_of(0, time),
                1.0);  // paw_r there is our paw_l
    EXPECT_NEAR(result.cameras[1].position.at(t, 1), 5 + Paws::y_of(1, time), 1.0);
    EXPECT_NEAR(result.cameras[1].likelihood.at(t, 0), 0.8, 1e-12);
  }
}

TEST(Paws, FramesOutsideTheOtherRecordingAreNanAndKeepTheirPlace) {
  const Paws paws;
  const auto result = smooth_paws(paws.left_recording(), paws.right_recording(), with_s(20));
  EXPECT_TRUE(std::isnan(result.cameras[0].position.at(10, 0)));  // the right camera starts at 10.3
  EXPECT_TRUE(std::isfinite(result.cameras[0].position.at(11, 0)));
  EXPECT_TRUE(std::isfinite(result.cameras[1].position.at(97, 0)));  // and ends at 97.9
  EXPECT_TRUE(std::isnan(result.cameras[1].position.at(98, 0)));
  EXPECT_EQ(result.cameras[0].poses().at(98, 1).likelihood, 0);
}

TEST(Paws, TheWorkingFrameIsKeptOnRequest) {
  const Paws paws;
  PawOptions options = with_s(20);
  const auto images = smooth_paws(paws.left_recording(), paws.right_recording(), options);
  options.keep_working_frame = true;
  const auto working = smooth_paws(paws.left_recording(), paws.right_recording(), options);
  ASSERT_EQ(working.cameras[1].position.num_frames(), 87);
  EXPECT_EQ(working.cameras[1].frame_index.front(), 11);
  EXPECT_NEAR(working.cameras[1].position.at(0, 0), 128 - images.cameras[1].position.at(11, 2),
              1e-12);  // one subtraction's rounding
}

TEST(Paws, PawsAtRestAreReturned) {
  Paws paws;
  for (Poses& member : paws.left) std::ranges::fill(member.keypoints, Keypoint{40.5, 60.25, 0.8});
  for (Poses& member : paws.right) std::ranges::fill(member.keypoints, Keypoint{80.5, 61.25, 0.8});
  const auto result = smooth_paws(paws.left_recording(), paws.right_recording(), with_s(20));
  for (size_t t = 20; t < 90; ++t) {
    EXPECT_DOUBLE_EQ(result.cameras[0].position.at(t, 2), 40.5);
    EXPECT_DOUBLE_EQ(result.cameras[1].position.at(t, 0), 80.5);
    EXPECT_DOUBLE_EQ(result.cameras[1].position.at(t, 1), 61.25);
  }
}

TEST(Paws, OrderOfMembersDoesNotMatter) {
  Paws paws;
  const auto before = smooth_paws(paws.left_recording(), paws.right_recording(), with_s(20));
  std::ranges::reverse(paws.left);
  std::ranges::reverse(paws.right);
  const auto after = smooth_paws(paws.left_recording(), paws.right_recording(), with_s(20));
  for (size_t t = 20; t < 90; ++t)
    EXPECT_NEAR(before.cameras[1].position.at(t, 0), after.cameras[1].position.at(t, 0),
                1e-9);  // sums reordered
}

TEST(Paws, RecordingsThatDoNotFitAreErrors) {
  const Paws paws;
  const auto fails = [](const PawRecording& left, const PawRecording& right, ErrorKind kind) {
    try {
      smooth_paws(left, right);
      ADD_FAILURE() << "accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), kind) << error.what();
    }
  };
  const std::span<const double> times(paws.left_times);
  fails({paws.left, times.first(99)}, paws.right_recording(), ErrorKind::shape_mismatch);
  fails({std::span(paws.left).first(2), times}, paws.right_recording(), ErrorKind::shape_mismatch);
  auto tangled = paws.left_times;
  std::swap(tangled[3], tangled[4]);
  fails({paws.left, tangled}, paws.right_recording(), ErrorKind::invalid_value);
  auto later = paws.left_times;
  for (double& time : later) time += 1000;
  fails({paws.left, later}, paws.right_recording(), ErrorKind::invalid_value);
  auto renamed = paws.left;
  for (Poses& member : renamed) member.bodyparts[0] = "tail";
  fails({renamed, times}, paws.right_recording(), ErrorKind::not_found);
}

}  // namespace
}  // namespace posse
