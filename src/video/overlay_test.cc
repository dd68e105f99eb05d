#include "video/overlay.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <set>

#include "base/error.h"
#include "video/bitmap_font.h"
#include "video/overlay_classic.h"

namespace posse {
namespace {

constexpr Colour kWhite{255, 255, 255};
const double kNan = std::numeric_limits<double>::quiet_NaN();

Colour at(const Image& image, int row, int col) {
  const uint8_t* pixel = image.pixel(row, col);
  return {pixel[0], pixel[1], pixel[2]};
}

// The drawn area in pixels, of white on black.
double area(const Image& image) {
  double sum = 0;
  for (size_t i = 0; i < image.rgb.size(); i += 3) sum += image.rgb[i] / 255.0;
  return sum;
}

size_t num_painted(const Image& image) {
  size_t number = 0;
  for (size_t i = 0; i < image.rgb.size(); i += 3) {
    number += (image.rgb[i] != 0 || image.rgb[i + 1] != 0 || image.rgb[i + 2] != 0) ? 1 : 0;
  }
  return number;
}

TEST(Overlay, DiscHasTheAreaOfACircleWhereverItsCentreLies) {
  for (const double radius : {2.5, 4.0, 9.3}) {
    for (const double shift : {0.0, 0.25, 0.5, 0.83}) {
      Image image(40, 40);
      draw_disc(image, 20 + shift, 19 - shift, radius, kWhite, 1);
      // The ramp across the edge misjudges a pixel's cover by a few hundredths; errors cancel
      // around the circle.
      EXPECT_NEAR(area(image), std::numbers::pi * radius * radius,
                  0.02 * std::numbers::pi * radius * radius);
    }
  }
}

TEST(Overlay, DiscIsCentredOnItsPoint) {
  Image image(40, 30);
  draw_disc(image, 20.3, 11.8, 4, kWhite, 1);
  double x = 0;
  double y = 0;
  for (int row = 0; row < image.height; ++row) {
    for (int col = 0; col < image.width; ++col) {
      x += col * image.pixel(row, col)[0] / 255.0;
      y += row * image.pixel(row, col)[0] / 255.0;
    }
  }
  EXPECT_NEAR(x / area(image), 20.3, 0.02);  // 8-bit rounding along the rim
  EXPECT_NEAR(y / area(image), 11.8, 0.02);
}

TEST(Overlay, OpacityMixesWithWhatIsBelow) {
  Image image(9, 9);
  draw_disc(image, 4, 4, 3, {200, 100, 50}, 0.5);
  EXPECT_EQ(at(image, 4, 4), (Colour{100, 50, 25}));
}

TEST(Overlay, ShapesOutsideThePictureAndNanAreClippedAway) {
  Image image(16, 12);
  draw_disc(image, -100, 5, 4, kWhite, 1);
  draw_disc(image, 1e300, 5, 4, kWhite, 1);
  draw_disc(image, kNan, 5, 4, kWhite, 1);
  draw_ring(image, 5, std::numeric_limits<double>::infinity(), 4, 1, kWhite, 1);
  draw_line(image, -50, -50, -20, -1e9, 2, kWhite, 1);
  draw_line(image, kNan, 0, 5, 5, 2, kWhite, 1);
  draw_ellipse(image, 500, 500, {4, 0, 4}, 2, 1, kWhite, 1);
  draw_ellipse(image, 5, 5, {kNan, 0, 4}, 2, 1, kWhite, 1);
  draw_ellipse(image, 5, 5, {1, 3, 1}, 2, 1, kWhite, 1);  // not a covariance
  draw_text(image, -200, 3, "left", 2, kWhite);
  EXPECT_EQ(num_painted(image), 0U);
  draw_disc(image, 0, 0, 3, kWhite, 1);
  EXPECT_EQ(at(image, 0, 0), kWhite);
}

TEST(Overlay, LineHasItsLengthTimesWidthPlusRoundEnds) {
  Image image(60, 60);
  draw_line(image, 10, 12, 40, 47, 3, kWhite, 1);
  const double expected = 3 * std::hypot(30, 35) + std::numbers::pi * 1.5 * 1.5;
  EXPECT_NEAR(area(image), expected, 0.02 * expected);
}

TEST(Overlay, EllipsePassesThroughThePointsAtItsDistance) {
  Image image(200, 200);
  // Standard deviations 12 and 5, the long axis turned by 30 degrees.
  const double angle = std::numbers::pi / 6;
  const double c = std::cos(angle);
  const double s = std::sin(angle);
  const Covariance covariance{
      .xx = 144 * c * c + 25 * s * s, .xy = (144 - 25) * c * s, .yy = 144 * s * s + 25 * c * c};
  draw_ellipse(image, 100, 100, covariance, 3, 1.5, kWhite, 1);
  for (int step = 0; step < 72; ++step) {
    const double u = 3 * 12 * std::cos(step * std::numbers::pi / 36);
    const double v = 3 * 5 * std::sin(step * std::numbers::pi / 36);
    const auto col = static_cast<int>(std::lround(100 + c * u - s * v));
    const auto row = static_cast<int>(std::lround(100 + s * u + c * v));
    // The pixel's centre is at most 0.71 from the curve; the line of 1.5 ends with a ramp 0.25
    // to 1.25 away from it.
    EXPECT_GT(at(image, row, col)[0], 255 * 0.5) << step;
  }
  EXPECT_EQ(at(image, 100, 100)[0], 0);
  // Circumference of the ellipse with axes 36 and 15 (Ramanujan) times the line width.
  const double h = std::pow((36.0 - 15) / (36 + 15), 2);
  const double around = std::numbers::pi * 51 * (1 + 3 * h / (10 + std::sqrt(4 - 3 * h)));
  EXPECT_NEAR(area(image), around * 1.5,
              0.03 * around);  // distance to first order where the curve bends most
}

TEST(Overlay, CircleCovarianceGivesACircle) {
  Image ellipse(64, 64);
  Image ring(64, 64);
  draw_ellipse(ellipse, 30, 31, {16, 0, 16}, 2.5, 2, kWhite, 1);
  draw_ring(ring, 30, 31, 10, 2, kWhite, 1);
  for (size_t i = 0; i < ring.rgb.size(); ++i)
    EXPECT_NEAR(ellipse.rgb[i], ring.rgb[i], 1);  // rounding
}

TEST(Overlay, ConsensusLiesOnTopOfMembers) {
  Image image(100, 100);
  const std::vector<Keypoint> consensus{{.x = 50, .y = 50, .likelihood = 0.9}};
  const std::vector<Keypoint> member{{.x = 50, .y = 50, .likelihood = 0.9}};
  draw_poses(image, {.consensus = consensus, .members = {member, member}});
  EXPECT_EQ(at(image, 50, 50), distinct_colours(1)[0]);
}

TEST(Overlay, AnUnlikelyConsensusIsARing) {
  Image image(400, 400);
  const std::vector<Keypoint> consensus{{.x = 200, .y = 200, .likelihood = 0.1},
                                        {.x = 100, .y = 100, .likelihood = kNan}};
  draw_poses(image, {.consensus = consensus});
  EXPECT_EQ(at(image, 200, 200), (Colour{0, 0, 0}));
  EXPECT_NE(at(image, 200, 204), (Colour{0, 0, 0}));
  EXPECT_EQ(at(image, 100, 100), (Colour{0, 0, 0}));
}

TEST(Overlay, MissingPointsLeaveThePictureAsItIs) {
  Image image(50, 50);
  const std::vector<Keypoint> missing{{.x = kNan, .y = kNan, .likelihood = 0}};
  const std::vector<Covariance> covariance{{kNan, kNan, kNan}};
  draw_poses(image, {.consensus = missing, .members = {missing}, .covariance = covariance},
             {.skeleton = {{0, 0}}});
  EXPECT_EQ(num_painted(image), 0U);
}

TEST(Overlay, LegendFitsIntoAnyPicture) {
  std::vector<std::string> names;
  for (int i = 0; i < 60; ++i)
    names.push_back("a very long name of a bodypart " + std::to_string(i));
  const std::vector<Keypoint> consensus(60, Keypoint{.x = kNan, .y = kNan, .likelihood = 0});
  for (const auto& [width, height] : {std::pair{1, 1}, {5, 400}, {400, 9}, {640, 480}}) {
    Image image(width, height);
    EXPECT_NO_THROW(
        draw_poses(image, {.bodyparts = names, .consensus = consensus, .frame_index = 7}));
  }
}

TEST(Overlay, DifferentNumbersOfBodypartsAreAnError) {
  Image image(10, 10);
  const std::vector<Keypoint> two(2);
  const std::vector<Keypoint> three(3);
  EXPECT_THROW(draw_poses(image, {.consensus = two, .members = {three}}), Error);
  EXPECT_THROW(draw_poses(image, {.consensus = two}, {.skeleton = {{0, 2}}}), Error);
  EXPECT_THROW(draw_poses(image, {.consensus = two}, {.member_opacity = 1.5}), Error);
}

TEST(Overlay, TwentyOneColoursDiffer) {
  const auto colours = distinct_colours(21);
  EXPECT_EQ(std::set<Colour>(colours.begin(), colours.end()).size(), 21U);
}

TEST(BitmapFont, EveryCharacterHasItsOwnShape) {
  std::set<std::array<uint8_t, kGlyphRows>> shapes;
  for (char c = ' '; c <= '~'; ++c) shapes.insert(glyph(c));
  EXPECT_EQ(shapes.size(), 95U);
  EXPECT_EQ(glyph('\n'), glyph('\xff'));
}

TEST(BitmapFont, CountsCodePointsAndNotBytes) {
  EXPECT_EQ(text_width("\xc3\xa4h"), text_width("ah"));
}

// The numbers of pixels and colours below are those of the program whose pictures these are.
TEST(ClassicOverlay, DiscsHaveTheProgramsNumberOfPixels) {
  for (const auto& [size, pixels] : {std::pair{3, 25U}, {5, 69U}, {12, 437U}}) {
    Image image(64, 64);
    draw_classic(image, std::vector<Keypoint>{{.x = 30.9, .y = 30.2, .likelihood = 1}},
                 {.dot_size = size});
    EXPECT_EQ(num_painted(image), pixels);
    EXPECT_EQ(at(image, 30, 30), (Colour{0, 0, 127}));
  }
}

TEST(ClassicOverlay, ColoursAreThoseOfMatplotlib) {
  EXPECT_EQ(classic_colour("jet", 0, 1), (Colour{0, 0, 127}));
  EXPECT_EQ(classic_colour("jet", 1, 2), (Colour{127, 0, 0}));
  const std::vector<Colour> four{{0, 0, 127}, {0, 212, 255}, {255, 229, 0}, {127, 0, 0}};
  for (size_t j = 0; j < 4; ++j) EXPECT_EQ(classic_colour("jet", j, 4), four[j]);
  const std::vector<Colour> five{
      {0, 0, 127}, {0, 128, 255}, {124, 255, 121}, {255, 148, 0}, {127, 0, 0}};
  for (size_t j = 0; j < 5; ++j) EXPECT_EQ(classic_colour("jet", j, 5), five[j]);
  const std::vector<Colour> eight{{0, 0, 127},    {0, 16, 255},  {0, 164, 255}, {63, 255, 183},
                                  {183, 255, 63}, {255, 185, 0}, {255, 48, 0},  {127, 0, 0}};
  for (size_t j = 0; j < 8; ++j) EXPECT_EQ(classic_colour("jet", j, 8), eight[j]);
  EXPECT_EQ(classic_colour("cool", 0, 2), (Colour{0, 255, 255}));
  EXPECT_THROW(classic_colour("viridis", 0, 1), Error);
}

TEST(ClassicOverlay, LaterBodypartsLieOnTopAndUnlikelyOnesAreLeftOut) {
  Image image(32, 32);
  const std::vector<Keypoint> keypoints{{.x = 10, .y = 10, .likelihood = 0.9},
                                        {.x = 10, .y = 10, .likelihood = 0.11},
                                        {.x = 25, .y = 25, .likelihood = 0.1},
                                        {.x = 5, .y = 25, .likelihood = kNan}};
  draw_classic(image, keypoints);
  EXPECT_EQ(at(image, 10, 10), classic_colour("jet", 1, 4));
  EXPECT_EQ(num_painted(image), 25U);
}

TEST(ClassicOverlay, CentresBeyondTheFarEdgesMoveOntoThem) {
  Image image(20, 10);
  draw_classic(image, std::vector<Keypoint>{{.x = 99, .y = 50, .likelihood = 1}});
  EXPECT_EQ(at(image, 9, 19), (Colour{0, 0, 127}));
  Image left(20, 10);
  draw_classic(left,
               std::vector<Keypoint>{{.x = -0.9, .y = 5, .likelihood = 1}});  // truncated to 0
  EXPECT_EQ(at(left, 5, 0), (Colour{0, 0, 127}));
  Image far_left(20, 10);
  draw_classic(far_left, std::vector<Keypoint>{{.x = -5, .y = 5, .likelihood = 1}});
  EXPECT_EQ(num_painted(far_left), 0U);
}

}  // namespace
}  // namespace posse
