#include "video/rate_watch.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace posse {
namespace {

/// Frames of a constant rate in a container that counts `ticks_per_second`; those for which
/// `is_missing` are not there.
template <typename Missing>
RateWatch watch(double rate, double ticks_per_second, int num_frames, Missing is_missing) {
  RateWatch rates;
  int64_t frame_index = 0;
  for (int i = 0; i < num_frames; ++i) {
    if (is_missing(i)) continue;
    rates.add(std::llround(i / rate * ticks_per_second), frame_index++);
  }
  return rates;
}

TEST(RateWatch, NamesMissingFramesAfterTheFrameBefore) {
  const auto lost = [](int i) { return i >= 20 && i < 24; };
  const RateWatch rates = watch(30, 1000, 60, lost);
  const auto gaps = rates.gaps();
  ASSERT_EQ(gaps.num_places, 1);
  EXPECT_EQ(gaps.first[0].after_frame, 19);
  EXPECT_EQ(gaps.first[0].num_missing, 4);
  EXPECT_TRUE(rates.is_variable());
  EXPECT_FALSE(rates.is_variable_between_gaps());
}

TEST(RateWatch, CountsFramesThatAreMissingEarlyAndLateInALongVideo) {
  const auto lost = [](int i) { return i == 3 || i == 1000 || (i > 5000 && i <= 7000); };
  const auto gaps = watch(29.97, 1000, 9000, lost).gaps();
  ASSERT_EQ(gaps.num_places, 3);
  EXPECT_EQ(gaps.num_missing, 2002);
  EXPECT_EQ(gaps.first[0].after_frame, 2);
  EXPECT_EQ(gaps.first[1].after_frame, 998);
  EXPECT_EQ(gaps.first[2].after_frame, 4998);
  EXPECT_EQ(gaps.first[2].num_missing, 2000);
}

TEST(RateWatch, SaysNothingOfVideosWithoutGaps) {
  const auto none = [](int) { return false; };
  for (const double rate : {24.0, 29.97, 30.0, 60.0, 240.0, 1000.0, 2000.0}) {
    const RateWatch rates = watch(rate, 1000, 400, none);
    EXPECT_EQ(rates.gaps().num_places, 0) << rate;
    EXPECT_FALSE(rates.is_variable()) << rate;
  }
  EXPECT_EQ(RateWatch().gaps().num_places, 0);
}

TEST(RateWatch, DoesNotTakeAVaryingRateForMissingFrames) {
  RateWatch rates;
  std::minstd_rand random(1);
  int64_t ticks = 0;
  for (int i = 0; i < 500; ++i) rates.add(ticks += 20 + static_cast<int64_t>(random() % 60), i);
  EXPECT_EQ(rates.gaps().num_places, 0);
  EXPECT_TRUE(rates.is_variable_between_gaps());
  RateWatch doubled;  // every time twice
  for (int i = 0; i < 500; ++i) doubled.add(i / 2 * 67, i);
  EXPECT_EQ(doubled.gaps().num_places, 0);
  EXPECT_EQ(doubled.num_not_increasing(), 250);
  EXPECT_EQ(doubled.first_not_increasing(), 1);
  EXPECT_TRUE(doubled.is_variable());
}

TEST(RateWatch, FindsMissingFramesOfACameraWhoseClockTrembles) {
  RateWatch rates;
  std::minstd_rand random(1);
  for (int i = 0; i < 500; ++i) {
    if (i == 77 || i == 400) continue;
    rates.add(i * 33 + static_cast<int64_t>(random() % 5), i);
  }
  EXPECT_EQ(rates.gaps().num_missing, 2);
  EXPECT_EQ(rates.gaps().first.at(0).after_frame, 76);
  EXPECT_TRUE(rates.is_variable_between_gaps());
}

}  // namespace
}  // namespace posse
