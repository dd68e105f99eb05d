#include "study/suggest/centres.h"

#include <gtest/gtest.h>

#include <cmath>

#include "study/suggest/appearance.h"

namespace posse {
namespace {

/// Three heaps on a line, at 0, 10 and 100, four points each a unit apart.
FeatureRows heaps() {
  FeatureRows rows{.width = 1, .values = {}};
  for (const float heap : {0.0F, 10.0F, 100.0F})
    for (const float at : {0.0F, 1.0F, 2.0F, 3.0F}) rows.values.push_back(heap + at);
  return rows;
}

CentreLimits limits(size_t count, std::vector<int> seats, size_t special = 100) {
  return {.seats = std::move(seats), .count = count, .special = special};
}

TEST(WeightedCentres, AreFarFromEachOtherAndFromTheAnchors) {
  const std::vector<Spot> spots(12, {0, 1.0, false});
  const FeatureRows none{.width = 1, .values = {}};
  EXPECT_EQ(weighted_centres(spots, heaps(), none, limits(3, {3}), {}),
            (std::vector<size_t>{0, 11, 7}));
  const FeatureRows at_hundred{.width = 1, .values = {101}};
  EXPECT_EQ(weighted_centres(spots, heaps(), at_hundred, limits(2, {2}), {}),
            (std::vector<size_t>{0, 7}));
}

TEST(WeightedCentres, HeedWeightsSeatsSpecialSpotsAndRepeats) {
  std::vector<Spot> spots(12, {0, 1.0, false});
  spots[5].weight = 50;
  const FeatureRows none{.width = 1, .values = {}};
  EXPECT_EQ(weighted_centres(spots, heaps(), none, limits(1, {1}), {}), (std::vector<size_t>{5}));
  for (size_t i = 8; i < 12; ++i) spots[i].group = 1;
  EXPECT_EQ(weighted_centres(spots, heaps(), none, limits(2, {2, 0}), {}),
            (std::vector<size_t>{5, 0}));
  for (size_t i = 8; i < 12; ++i) spots[i] = {0, 1.0, true};
  EXPECT_EQ(weighted_centres(spots, heaps(), none, limits(2, {2}, 0), {}),
            (std::vector<size_t>{5, 0}));
  const IsRepeat repeat = [](size_t spot, std::span<const size_t> chosen) {
    return !chosen.empty() && spot == 0;
  };
  EXPECT_EQ(weighted_centres(spots, heaps(), none, limits(2, {2}, 0), repeat),
            (std::vector<size_t>{5, 1}));
  EXPECT_EQ(weighted_centres(spots, heaps(), none, limits(40, {40}), {}).size(), 12U);
}

TEST(TypicalSpots, StandInTheMiddleOfEachHeap) {
  const std::vector<Spot> spots(12, {0, 1.0, false});
  const FeatureRows none{.width = 1, .values = {}};
  auto chosen = typical_spots(spots, heaps(), none, limits(3, {3}), {});
  std::sort(chosen.begin(), chosen.end());
  EXPECT_EQ(chosen, (std::vector<size_t>{1, 5, 9}));  // of 1 and 2 the first
}

TEST(Looks, AreAlikeOnlyWhereNothingMoved) {
  Image plain(128, 96);
  std::fill(plain.rgb.begin(), plain.rgb.end(), uint8_t{100});
  Image noisy = plain, moved = plain;
  for (size_t i = 0; i < noisy.rgb.size(); i += 7) noisy.rgb[i] = 103;
  for (int row = 40; row < 50; ++row)
    for (int col = 20; col < 30; ++col) moved.pixel(row, col)[1] = 0;
  EXPECT_EQ(look_of(plain).size(), 64U * 64U);
  EXPECT_EQ(look_of(plain)[0], 100);
  EXPECT_TRUE(looks_alike(look_of(plain), look_of(noisy)));
  EXPECT_FALSE(looks_alike(look_of(plain), look_of(moved)));
  EXPECT_FALSE(looks_alike(look_of(plain), {}));
}

// Both blocks have the root mean square distance 1 between frames, so that all rows together have
// sum of squared distances = 2 blocks * n^2 (pairs in both directions, themselves included).
TEST(FeatureRows, HavePoseAndLookWeighTheSameWhateverThePlaceAndSizeOfTheAnimal) {
  std::vector<FrameFeatures> frames;
  for (int i = 0; i < 12; ++i) {
    const double angle = 0.5 * i, size = 5 + i, x = 30.0 * i;
    Image image(64, 64);
    for (int k = 0; k < 300; ++k) image.rgb[static_cast<size_t>((k * 37 + i * 911) % 12288)] = 255;
    frames.push_back(
        {{{x, 7}, {x + size * std::cos(angle), 7 + size * std::sin(angle)}}, look_of(image)});
  }
  const FeatureRows rows = feature_rows(frames);
  ASSERT_EQ(rows.size(), 12U);
  double sum = 0;
  for (size_t i = 0; i < 12; ++i)
    for (size_t j = 0; j < 12; ++j) sum += std::pow(feature_distance(rows.row(i), rows.row(j)), 2);
  EXPECT_NEAR(sum / (2 * 144), 1, 1e-4);
  std::vector<FrameFeatures> same = {frames[0], frames[0], frames[5]};
  same[1].pose = {{200, 90}, {200 + 50, 90}};  // elsewhere, ten times as large
  for (FrameFeatures& frame : same) frame.look.clear();
  const FeatureRows poses = feature_rows(same);
  EXPECT_NEAR(feature_distance(poses.row(0), poses.row(1)), 0, 1e-5);
  EXPECT_GT(feature_distance(poses.row(0), poses.row(2)), 0.5);
}

}  // namespace
}  // namespace posse
