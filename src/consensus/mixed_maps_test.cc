// Maps of different tools in one consensus: what each network says is made from one true point, in
// the form and on the grid of its tool, and brought to the common meaning.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "consensus/scoremap_consensus.h"
#include "keypoints/common_meaning.h"

namespace posse {
namespace {

enum class Tool { deeplabcut2, deeplabcut3, lightning_pose };

constexpr PixelOffset kTrue = {.x = 203.0, .y = 131.0};
constexpr double kWidth = 320;
constexpr double kHeight = 240;

/// How a member places the point: its error in pixels, and whether it sees anything at all.
struct Says {
  double dx = 0;
  double dy = 0;
  bool unsure = false;
};

/// One member's maps of one bodypart.
class MadeMember {
 public:
  MadeMember(Tool tool, const Says& says, unsigned seed) : random_(seed) {
    switch (tool) {
      case Tool::deeplabcut2:
        make(30, 40, 8, 8, 0);
        fill(
            [&](double d) {  // a disc of 17 px, trained with a sigmoid
              return says.unsure ? -7.0 : std::clamp((17 - d) / 2, -9.0, 4.0);
            },
            says, 0.3);
        to_common_meaning(MapMeaning::logits, map_);
        break;
      case Tool::deeplabcut3:
        make(31, 41, 8, 8, 0);
        fill(
            [&](double d) {
              return says.unsure ? 0.0 : 0.85 * std::exp(-d * d / (2 * 11.33 * 11.33));
            },
            says, 0.006);
        to_common_meaning(MapMeaning::bump, map_);
        break;
      case Tool::lightning_pose:  // 256 x 128 pixels, a cell for four of them
        make(32, 64, 5, 7.5, 0.5);
        fill_lightning(says);
        to_common_meaning(MapMeaning::spatial_logits, map_);
        break;
    }
    view_.logits = map_.data();
    member_ = {.map = view_, .area = {0, 0, kWidth, kHeight}};
  }
  const MemberMap& map() const { return member_; }

 private:
  void make(int height, int width, double stride, double row_stride, double before) {
    map_ = Tensor({1, height, width, 1});
    view_ = {.height = height, .width = width, .num_bodyparts = 1, .stride = stride};
    if (row_stride != stride) view_.row_stride = row_stride;
    view_.offset_x = -before * stride;
    view_.offset_y = -before * row_stride;
  }
  template <class Value>
  void fill(const Value& value, const Says& says, double noise) {
    std::normal_distribution<double> add(0, noise);
    for (int row = 0; row < view_.height; ++row) {
      for (int col = 0; col < view_.width; ++col) {
        const double x = pixel_from_cell(col, view_.stride) + view_.offset_x - kTrue.x - says.dx;
        const double y =
            pixel_from_cell(row, view_.stride_of_rows()) + view_.offset_y - kTrue.y - says.dy;
        map_.data()[row * view_.width + col] =
            static_cast<float>(value(std::hypot(x, y)) + add(random_));
      }
    }
  }
  /// Round in cells, as the tool trains it, over a floor of improbable cells.
  void fill_lightning(const Says& says) {
    std::normal_distribution<double> add(0, 0.2);
    for (int row = 0; row < view_.height; ++row) {
      for (int col = 0; col < view_.width; ++col) {
        const double x = col - (kTrue.x + says.dx) / 5;
        const double y = row - (kTrue.y + says.dy) / 7.5;
        const double bump = says.unsure ? 0 : std::exp(-(x * x + y * y) / (2 * 1.25 * 1.25));
        map_.data()[row * view_.width + col] =
            static_cast<float>(std::log(bump + 1e-4) + add(random_));
      }
    }
  }

  std::mt19937 random_;
  Tensor map_;
  ScoremapView view_;
  MemberMap member_;
};

constexpr std::array<Tool, 3> kTools = {Tool::deeplabcut2, Tool::deeplabcut3, Tool::lightning_pose};

ConsensusKeypoint consensus_of(const std::vector<Says>& says) {
  std::vector<MadeMember> members;
  for (size_t m = 0; m < says.size(); ++m) {
    members.emplace_back(kTools[m % 3], says[m], static_cast<unsigned>(m));
  }
  std::vector<MemberMap> maps;
  for (const MadeMember& member : members) maps.push_back(member.map());
  return ConsensusEngine().consensus(maps).keypoints.front();
}

double error_of(const ConsensusKeypoint& found) {
  return std::hypot(found.keypoint.x - kTrue.x, found.keypoint.y - kTrue.y);
}

// A cell is 8 px; a disc's and a bump's cells lie symmetric about the point only within a quarter.
constexpr double kBound = 2;

TEST(MixedMaps, MembersOfThreeToolsThatAgreeGiveTheirPoint) {
  const ConsensusKeypoint found = consensus_of({{}, {}, {}});
  EXPECT_LT(error_of(found), kBound);
  EXPECT_GT(found.keypoint.likelihood, 0.7);
  EXPECT_EQ(found.num_members, 3);
}

TEST(MixedMaps, OppositeErrorsOfTwoToolsCancel) {
  for (size_t a = 0; a < 3; ++a) {
    std::vector<Says> says(3);
    says[a].dx = 6;
    says[(a + 1) % 3].dx = -6;
    EXPECT_LT(error_of(consensus_of(says)), 2 * kBound) << a;
  }
}

TEST(MixedMaps, MemberThatSeesNothingDoesNotPullTheOthersWhateverItsTool) {
  for (size_t unsure = 0; unsure < 3; ++unsure) {
    std::vector<Says> says(3);
    says[unsure].unsure = true;
    EXPECT_LT(error_of(consensus_of(says)), 2 * kBound) << unsure;
  }
}

TEST(MixedMaps, OneMemberThatIsWrongIsOutvotedByTwoOfOtherTools) {
  for (size_t wrong = 0; wrong < 3; ++wrong) {
    std::vector<Says> says(3);
    says[wrong] = {.dx = -120, .dy = 60};
    std::vector<MadeMember> members;
    for (size_t m = 0; m < 3; ++m)
      members.emplace_back(kTools[m], says[m], static_cast<unsigned>(m));
    std::vector<MemberMap> maps;
    for (const MadeMember& member : members) maps.push_back(member.map());
    ConsensusEngine median({.method = ConsensusMethod::median});
    EXPECT_LT(error_of(median.consensus(maps).keypoints.front()), 2 * kBound) << wrong;
  }
}

}  // namespace
}  // namespace posse
