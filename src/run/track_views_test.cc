#include "run/track_views.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/files.h"

namespace posse {
namespace {

using ::testing::HasSubstr;

const std::vector<std::string> kParts = {"paw1", "paw2", "ear1", "ear2", "nose"};

std::string message_of(const TrackChoices& choices) {
  try {
    parse_views(choices, kParts);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(SharedAxes, ArePairsOfViews) {
  const AgreeingViews views =
      parse_views({.same_x = "paw1,paw2,nose", .same_y = "ear1,ear2"}, kParts);
  ASSERT_EQ(views.pairs.size(), 4U);
  EXPECT_EQ(views.pairs[1].a, 0U);
  EXPECT_EQ(views.pairs[1].b, 4U);
  EXPECT_EQ(views.pairs[1].geometry.difference({3, 7}, {5, 70}), 2);
  EXPECT_EQ(views.pairs[3].geometry.difference({3, 7}, {5, 70}), 63);
  EXPECT_TRUE(views.lines.empty());
  EXPECT_TRUE(parse_views({}, kParts).pairs.empty());
  EXPECT_THROW(parse_views({.same_x = "paw1,paw9"}, kParts), Error);
  EXPECT_THROW(parse_views({.same_y = "paw1"}, kParts), Error);
}

TEST(EpipolarViews, AGroupNamesTheViewsInOneOrder) {
  const AgreeingViews views = parse_views({.same_line = "paw1,paw2,;ear1,,ear2"}, kParts);
  ASSERT_EQ(views.lines.size(), 2U);  // nothing is seen by both the second and the third
  EXPECT_EQ(views.lines[0].second, 1U);
  EXPECT_EQ(views.lines[0].bodyparts, (std::vector<std::pair<int, int>>{{0, 1}}));
  EXPECT_EQ(views.lines[1].second, 2U);
  EXPECT_EQ(views.lines[1].bodyparts, (std::vector<std::pair<int, int>>{{2, 3}}));
  EXPECT_FALSE(views.lines[0].given);
}

TEST(EpipolarViews, NamesThatCannotBeAreTold) {
  EXPECT_THAT(message_of({.same_line = "paw1,paw9"}),
              HasSubstr("--same-line: there is no bodypart"));
  EXPECT_THAT(message_of({.same_line = "paw1,paw1"}), HasSubstr("'paw1' is named twice"));
  EXPECT_THAT(message_of({.same_line = "paw1,"}), HasSubstr("a group of 1 bodypart"));
  EXPECT_THAT(message_of({.same_x = "paw2,paw1", .same_line = "paw1,paw2"}),
              HasSubstr("'paw1' and 'paw2' are named by two of"));
  EXPECT_THAT(message_of({.same_x = "ear1,ear2", .same_y = "ear1,ear2"}), HasSubstr("two of"));
  EXPECT_THROW((TrackChoices{.view_calibration = "views.toml"}.validate()), Error);
}

TEST(EpipolarViews, AreTakenFromACalibration) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "views.toml";
  std::ofstream(file) << "[mirror]\nfundamental = [[0, 0, -1], [0, 0, 0], [1, 0, 2]]\n";
  const AgreeingViews views =
      parse_views({.same_line = "paw1,paw2", .view_calibration = file}, kParts);
  ASSERT_TRUE(views.lines.front().given);
  EXPECT_EQ(views.lines.front().given->difference({3, 7}, {5, 70}), 0);
  EXPECT_THAT(message_of({.same_line = "paw1,paw2,nose", .view_calibration = file}),
              HasSubstr("a group of 3 views"));
  EXPECT_THAT(message_of({.same_line = "paw1,paw2", .view_calibration = folder.path() / "no"}),
              HasSubstr("no"));
}

TEST(EpipolarLines, AreToldWithEquationAndSpread) {
  EpipolarLine line{.views = {.bodyparts = {{0, 1}}, .given = {}},
                    .geometry = {},
                    .equation = {{0.99, -0.02, -1.01, 0, 3.25}},
                    .spread = 1.26,
                    .num_points = 400};
  const std::string note = notes_of_lines({line}, kParts, 8).front();
  EXPECT_THAT(note, HasSubstr("paw1,paw2"));
  EXPECT_THAT(note, HasSubstr("0.990 x -0.020 y -1.010 x' +0.000 y' +3.2 = 0"));
  EXPECT_THAT(note, HasSubstr("1.3 px"));
  EXPECT_THAT(lines_json({line}, kParts), HasSubstr(R"("used":true)"));
  EXPECT_TRUE(warnings_of_lines({line}, kParts, 8).empty());
  line.why_not = "few frames";
  EXPECT_TRUE(notes_of_lines({line}, kParts, 8).empty());
  EXPECT_THAT(warnings_of_lines({line}, kParts, 8).front(), HasSubstr("none is used: few frames"));
}

TEST(EpipolarLines, ACalibrationThatDoesNotFitIsToldOf) {
  const EpipolarLine line{.views = {.bodyparts = {{0, 1}}, .given = same_x_geometry()},
                          .geometry = same_x_geometry(),
                          .equation = {},
                          .spread = 60,
                          .num_points = 400};
  EXPECT_THAT(warnings_of_lines({line}, kParts, 8).front(), HasSubstr("does not fit"));
  EXPECT_THAT(warnings_of_lines({line}, kParts, 8).front(), HasSubstr("60.0 px"));
  EXPECT_THAT(warnings_of_lines({line}, kParts, 8).front(), HasSubstr("over 400 places"));
  EXPECT_TRUE(warnings_of_lines({line}, kParts, 40).empty());
  EXPECT_TRUE(notes_of_lines({line}, kParts, 8).empty()) << "the warning says that it is used";
  EXPECT_THAT(notes_of_lines({line}, kParts, 40).front(), HasSubstr("as calibrated"));
}

TEST(EpipolarLines, ACalibrationThatCouldNotBeLookedAtIsToldOf) {
  EpipolarLine line{.views = {.bodyparts = {{0, 1}}, .given = same_x_geometry()},
                    .geometry = same_x_geometry(),
                    .equation = {},
                    .spread = 60,
                    .num_points = 19};
  EXPECT_THAT(warnings_of_lines({line}, kParts, 8).front(),
              HasSubstr("sure in 19 places, 20 are needed"));
  line.num_points = 400;
  line.spread = std::nan("");
  EXPECT_THAT(warnings_of_lines({line}, kParts, 8).front(), HasSubstr("not finite"));
}

/// Two cameras that look along z, the second 2 to the right.
constexpr const char* kCameras = R"([cam_0]
name = "bottom"
size = [320, 240]
matrix = [[300, 0, 160], [0, 300, 120], [0, 0, 1]]
distortions = [0, 0, 0, 0, 0]
rotation = [0, 0, 0]
translation = [0, 0, 0]
[cam_1]
name = "side"
size = [320, 240]
matrix = [[300, 0, 160], [0, 300, 120], [0, 0, 1]]
distortions = [0, 0, 0, 0, 0]
rotation = [0, 0, 0]
translation = [2, 0, 0]
)";

TEST(EpipolarViews, BodypartsThatNameAnotherCameraAreTold) {
  const std::vector<std::string> parts = {"paw_bottom", "paw_side", "Side-nose", "nose"};
  const TemporaryFolder folder;
  const auto file = folder.path() / "cameras.toml";
  std::ofstream(file) << kCameras;
  const auto told = [&](const std::string& groups) -> std::string {
    try {
      const auto views = parse_views({.same_line = groups, .view_calibration = file}, parts);
      return views.lines.front().cameras;
    } catch (const Error& error) {
      return error.what();
    }
  };
  EXPECT_EQ(told("paw_bottom,paw_side"), "bottom and side");
  EXPECT_EQ(told("nose,Side-nose"), "bottom and side");
  EXPECT_THAT(told("paw_side,paw_bottom"),
              HasSubstr("'paw_side' is named as view 1, which in " + file.string() +
                        " is camera 'bottom'; 'side' is its view 2"));
  EXPECT_THAT(told("Side-nose,nose"), HasSubstr("order of views: bottom, side"));
}

}  // namespace
}  // namespace posse
