// Members that saw a part of the frame, or different parts of it.
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "consensus/scoremap_consensus.h"
#include "support/scoremaps.h"

namespace posse {
namespace {

using testing::bump_map;
using testing::OwnedScoremap;
using testing::random_map;

/// What a network says of a frame of which it was shown `area` alone: a bump at (x, y) in pixels of
/// the whole frame, and a location refinement that points there from every cell.
OwnedScoremap map_of_area(const PixelArea& area, double x, double y, double stride = 8,
                          double sigma = 16) {
  const double col = cell_from_pixel(x - area.x1, stride);
  const double row = cell_from_pixel(y - area.y1, stride);
  OwnedScoremap map = bump_map(static_cast<int>(std::ceil((area.y2 - area.y1) / stride)),
                               static_cast<int>(std::ceil((area.x2 - area.x1) / stride)),
                               {.col = col, .row = row, .sigma = sigma / stride});
  map.stride = stride;
  map.locref_stdev = 1;
  for (int r = 0; r < map.height; ++r) {
    for (int c = 0; c < map.width; ++c) {
      map.locref.push_back(static_cast<float>(x - area.x1 - pixel_from_cell(c, stride)));
      map.locref.push_back(static_cast<float>(y - area.y1 - pixel_from_cell(r, stride)));
    }
  }
  return map;
}

MemberMap member_of(const OwnedScoremap& map, const PixelArea& area,
                    DecodeRule rule = DecodeRule::dgp) {
  MemberMap member{.map = map.view(), .area = area, .column_of_bodypart = {}, .rule = rule};
  member.map.offset_x = area.x1;
  member.map.offset_y = area.y1;
  return member;
}

// Law: everything moves with the picture.
TEST(CutFrames, OfOneBoxGiveWhatThePartGivesMovedByItsCorner) {
  const std::array maps = {random_map(9, 11, 3, 1), random_map(9, 11, 3, 2)};
  for (const DecodeRule rule : {DecodeRule::dgp, DecodeRule::dlc}) {
    std::array plain = {member_of(maps[0], {0, 0, 88, 72}, rule),
                        member_of(maps[1], {0, 0, 88, 72}, rule)};
    std::array moved = {member_of(maps[0], {37, 5, 125, 77}, rule),
                        member_of(maps[1], {37, 5, 125, 77}, rule)};
    ConsensusEngine engine({.rule = rule, .keep_scoremap = true});
    const ConsensusFrame a = engine.consensus(plain);
    const ConsensusFrame b = engine.consensus(moved);
    for (size_t j = 0; j < 3; ++j) {
      // Rounding of a sum with 37 and with 5.
      EXPECT_NEAR(b.keypoints[j].keypoint.x, a.keypoints[j].keypoint.x + 37, 1e-12);
      EXPECT_NEAR(b.keypoints[j].keypoint.y, a.keypoints[j].keypoint.y + 5, 1e-12);
      EXPECT_EQ(b.keypoints[j].keypoint.likelihood, a.keypoints[j].keypoint.likelihood);
      EXPECT_EQ(b.keypoints[j].map_covariance.xx, a.keypoints[j].map_covariance.xx);
      EXPECT_NEAR(b.keypoints[j].std_x, a.keypoints[j].std_x, 1e-12);
      EXPECT_NEAR(b.members[j].x, a.members[j].x + 37, 1e-12);
    }
    EXPECT_EQ(b.scoremap_logits.values()[50], a.scoremap_logits.values()[50]);
    EXPECT_EQ(b.grid, (Grid{.height = 9, .width = 11, .stride = 8, .offset_x = 37, .offset_y = 5}));
  }
}

// Boxes at any distance from one another, strides of 8 and 16: all say the same place.
TEST(CutFrames, OfDifferentBoxesMeetInTheWholeFrame) {
  constexpr double kX = 101;
  constexpr double kY = 83;
  const std::array<PixelArea, 3> areas = {PixelArea{0, 0, 240, 200}, PixelArea{45, 19, 180, 150},
                                          PixelArea{16, 32, 176, 152}};
  const std::array<OwnedScoremap, 3> maps = {map_of_area(areas[0], kX, kY, 16),
                                             map_of_area(areas[1], kX, kY),
                                             map_of_area(areas[2], kX, kY)};
  for (const DecodeRule rule : {DecodeRule::dgp, DecodeRule::dlc}) {
    std::vector<MemberMap> members;
    for (size_t m = 0; m < 3; ++m) members.push_back(member_of(maps[m], areas[m], rule));
    const ConsensusFrame frame = ConsensusEngine({.rule = rule}).consensus(members);
    EXPECT_EQ(frame.grid.stride, 8);
    // Linear interpolation of a bump of one or two cells, cut at 3.5 sigma or more; the location
    // refinement is exact.
    const double tolerance = rule == DecodeRule::dgp ? 0.2 : 1e-5;
    EXPECT_NEAR(frame.keypoints[0].keypoint.x, kX, tolerance);
    EXPECT_NEAR(frame.keypoints[0].keypoint.y, kY, tolerance);
    for (const Keypoint& own : frame.members) EXPECT_NEAR(own.x, kX, 0.1);
  }
}

TEST(CutFrames, ABodypartThatOneBoxLeavesOutIsWhereTheOthersSeeIt) {
  const PixelArea left{0, 0, 80, 80};
  const PixelArea right{80, 0, 160, 80};
  const OwnedScoremap blind = bump_map(10, 10, {.col = 4, .row = 4, .height = -12});
  const OwnedScoremap sees = map_of_area(right, 124, 36, 8, 8);
  for (const DecodeRule rule : {DecodeRule::dgp, DecodeRule::dlc}) {
    const std::array members = {member_of(blind, left, rule), member_of(sees, right, rule)};
    const ConsensusFrame frame = ConsensusEngine({.rule = rule}).consensus(members);
    EXPECT_EQ(frame.grid, (Grid{.height = 10, .width = 20, .stride = 8}));
    EXPECT_NEAR(frame.keypoints[0].keypoint.x, 124, 1e-3);  // the blind one's odds of e-12
    EXPECT_NEAR(frame.keypoints[0].keypoint.y, 36, 1e-3);
    // The mean of sigmoid(3) and of nothing.
    EXPECT_NEAR(frame.keypoints[0].keypoint.likelihood, 0.5 / (1 + std::exp(-3)), 1e-6);
  }
}

TEST(CutFrames, GridsAreExtendedByWholeCellsOverEveryBox) {
  const OwnedScoremap fine = random_map(3, 4, 1, 1);
  OwnedScoremap coarse = random_map(10, 10, 1, 2);
  coarse.stride = 16;
  const std::array members = {member_of(coarse, {0, 0, 160, 160}),
                              member_of(fine, {33, 40, 65, 64})};
  // 33 px hold 4 cells and an eighth of one before; 95 px behind x = 65 hold 12 cells (less an
  // eighth); rows fit without a rest.
  EXPECT_EQ(consensus_grid(members),
            (Grid{.height = 20, .width = 20, .stride = 8, .offset_x = 1, .offset_y = 0}));
}

}  // namespace
}  // namespace posse
