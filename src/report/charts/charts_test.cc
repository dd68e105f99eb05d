#include <gmock/gmock.h>

#include <cmath>
#include <regex>

#include "base/error.h"
#include "report/charts/envelope.h"
#include "report/charts/figure.h"
#include "report/charts/markup.h"
#include "report/charts/matrix.h"
#include "report/charts/palette.h"
#include "video/encode_picture.h"

namespace posse {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(Markup, TextsCannotLeaveTheirPlace) {
  EXPECT_EQ(escaped("<b a='1'>\"&"), "&lt;b a=&#39;1&#39;&gt;&quot;&amp;");
  EXPECT_EQ(escaped("\x1b"), "\\x1b");
}

TEST(Markup, NumbersAreShortAndNeverMinusZero) {
  EXPECT_EQ(plain_number(12.50), "12.5");
  EXPECT_EQ(plain_number(-0.001), "0");
  EXPECT_EQ(plain_number(100, 0), "100");
  EXPECT_EQ(shown_number(std::nan("")), "\u2013");
}

TEST(Markup, Base64IsThatOfRfc4648) {  // its test vectors, section 10
  EXPECT_EQ(base64_of(""), "");
  EXPECT_EQ(base64_of("f"), "Zg==");
  EXPECT_EQ(base64_of("fo"), "Zm8=");
  EXPECT_EQ(base64_of("foobar"), "Zm9vYmFy");
}

TEST(Ticks, AreRoundAndWithinTheRange) {
  std::vector<std::string> labels;
  for (const Tick& tick : round_ticks(0, 1, 5)) labels.push_back(tick.label);
  EXPECT_THAT(labels, ElementsAre("0", "0.2", "0.4", "0.6", "0.8", "1"));
  EXPECT_GE(round_ticks(150, 230, 1).size(), 2U);  // one at 200 would say nothing of the width
  EXPECT_TRUE(round_ticks(3, 3, 5).empty());
  EXPECT_TRUE(round_ticks(std::nan(""), 3, 5).empty());
}

TEST(Envelope, KeepsEveryPeakWhateverTheColumns) {
  Envelope envelope(ColumnGrid::of(1000, 7));
  for (size_t row = 0; row < 1000; ++row) envelope.add(row, row == 613 ? 99 : 1);
  EXPECT_EQ(envelope.highest(), 99);
  EXPECT_EQ(envelope.most()[envelope.grid().column_of(613)], 99);
  EXPECT_EQ(envelope.lowest(), 1);
}

TEST(Envelope, ColumnsShareOutEveryRowOnce) {
  const ColumnGrid grid = ColumnGrid::of(1003, 17);
  for (size_t column = 0; column < 17; ++column) {
    for (size_t row = grid.first_row(column); row < grid.first_row(column + 1); ++row)
      EXPECT_EQ(grid.column_of(row), column);
  }
}

TEST(Envelope, OfNothingIsNaN) {
  Envelope envelope(ColumnGrid::of(3, 3));
  envelope.add(1, std::nan(""));
  EXPECT_TRUE(std::isnan(envelope.least()[1]));
  EXPECT_TRUE(std::isnan(envelope.lowest()));
}

/// WCAG 2.1, relative luminance and contrast ratio on white.
double contrast_on_white(std::string_view css) {
  const auto channel = [&](size_t at) {
    const double c = std::stoi(std::string(css.substr(at, 2)), nullptr, 16) / 255.0;
    return c <= 0.03928 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
  };
  return 1.05 / (0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5) + 0.05);
}

TEST(Palette, SeriesStandOutOnWhite) {
  for (const std::string_view colour : kSeriesColours) EXPECT_GE(contrast_on_white(colour), 3);
  EXPECT_GE(contrast_on_white(kFaintColour), 3);
}

TEST(Palette, RampsDarkenAtEveryStep) {
  double before = 0;
  for (int i = 0; i <= 20; ++i) {
    const double contrast = contrast_on_white(css_colour(sequential_colour(i / 20.0)));
    EXPECT_GT(contrast, before) << i;
    before = contrast;
  }
}

Figure one_line(std::vector<double> x, std::vector<double> y) {
  Figure figure{.id = "f", .title = "a < b", .description = "d"};
  figure.x = {.label = "x", .least = 0, .most = 10, .ticks = {}};
  figure.y = {.label = "y", .least = 0, .most = 100, .ticks = {}};
  figure.marks.emplace_back(
      LineMark{.role = "line", .name = "", .colour = "#000", .x = std::move(x), .y = std::move(y)});
  return figure;
}

/// The numbers of an attribute.
std::vector<double> numbers_of(const std::string& svg, const std::string& attribute) {
  std::smatch found;
  EXPECT_TRUE(std::regex_search(svg, found, std::regex(attribute + "=\"([^\"]*)\"")));
  std::vector<double> numbers;
  const std::string text = found[1];
  const std::regex number("-?[0-9.]+");
  for (std::sregex_iterator at(text.begin(), text.end(), number); at != std::sregex_iterator();
       ++at)
    numbers.push_back(std::stod(at->str()));
  return numbers;
}

TEST(Figure, PlacesTellTheNumbersBack) {
  const std::string svg = to_svg(one_line({0, 2.5, 10}, {0, 40, 100}));
  const auto plot = numbers_of(svg, "data-plot"), range = numbers_of(svg, "data-range");
  const auto path = numbers_of(svg.substr(svg.find("data-role=\"line\"")), " d");
  ASSERT_EQ(path.size(), 6);
  const double tenth_of_a_unit_x = 0.1 * (range[1] - range[0]) / (plot[2] - plot[0]);
  const double tenth_of_a_unit_y = 0.1 * (range[3] - range[2]) / (plot[3] - plot[1]);
  const double x = range[0] + (path[2] - plot[0]) / (plot[2] - plot[0]) * (range[1] - range[0]);
  const double y = range[2] + (plot[3] - path[3]) / (plot[3] - plot[1]) * (range[3] - range[2]);
  EXPECT_NEAR(x, 2.5, tenth_of_a_unit_x);  // paths have one decimal
  EXPECT_NEAR(y, 40, tenth_of_a_unit_y);
}

TEST(Figure, LinesBreakWhereAValueIsMissing) {
  const std::string svg = to_svg(one_line({0, 1, 2, 3}, {1, std::nan(""), 1, 1}));
  const std::string line = svg.substr(svg.find("data-role=\"line\""));
  const std::string path = line.substr(line.find("d=\"") + 3, 60);
  EXPECT_EQ(std::count(path.begin(), path.begin() + static_cast<long>(path.find('"')), 'M'), 2);
}

TEST(Figure, HasTitleAndDescriptionForThoseWhoDoNotSeeIt) {
  const std::string svg = to_svg(one_line({0}, {1}));
  EXPECT_THAT(svg, HasSubstr("role=\"img\" aria-labelledby=\"f-title f-text\""));
  EXPECT_THAT(svg, HasSubstr("<title id=\"f-title\">a &lt; b</title>"));
  EXPECT_THAT(svg, HasSubstr("<desc id=\"f-text\">d</desc>"));
}

TEST(Figure, RefusesMarksOfDifferentLengths) { EXPECT_THROW(to_svg(one_line({0, 1}, {1})), Error); }

TEST(Figure, IsAsLargeOnPaperAsAsked) {
  EXPECT_THAT(to_svg(one_line({0}, {1}), PaperSize{85, 40}),
              HasSubstr("width=\"85mm\" height=\"40mm\""));
}

TEST(Matrix, SaysEveryNumberAndItsNames) {
  const std::string svg = to_svg(MatrixFigure{.id = "m",
                                              .title = "t",
                                              .description = "",
                                              .rows = {"r0", "r1"},
                                              .columns = {"c0", "c1"},
                                              .values = {0, 0.25, -1, std::nan("")}});
  EXPECT_THAT(svg, HasSubstr("<title>r0, c1: 0.250</title>"));
  EXPECT_THAT(svg, HasSubstr("<title>r1, c1: \u2013</title>"));
  EXPECT_THAT(svg, HasSubstr("fill=\"#CDCDCD\""));  // what is not known
  EXPECT_THAT(svg, Not(HasSubstr("<image")));
}

TEST(Markup, ShortensByCharactersAndKeepsTheEndOfPaths) {
  EXPECT_EQ(shortened("nose", 4), "nose");
  EXPECT_EQ(shortened("aaaaaaaaüü", 9), "aaaaaaaa\u2026");
  EXPECT_EQ(shortened("üüüüü", 3), "üü\u2026");
  EXPECT_EQ(shortened("labeled-data/openarena/img034.png", 11), "\u2026img034.png");
  EXPECT_EQ(shortened("", 3), "");
  EXPECT_EQ(shortened("\xff\xfe\xfd\xfc", 2), "\xff\u2026");
}

TEST(Matrix, RefusesValuesThatDoNotFit) {
  EXPECT_THROW(to_svg(MatrixFigure{.id = "m",
                                   .title = "t",
                                   .description = "",
                                   .rows = {"a"},
                                   .columns = {"b"},
                                   .values = {1, 2}}),
               Error);
}

TEST(SvgPicture, HalfOfRedOnWhiteIsPink) {
  const Image image = image_of_svg(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 4 2\" width=\"4\" height=\"2\">"
      "<rect width=\"2\" height=\"2\" fill=\"#f00\" fill-opacity=\"0.5\"/></svg>",
      40);
  ASSERT_EQ(image.width, 40);
  ASSERT_EQ(image.height, 20);
  EXPECT_EQ(image.pixel(10, 5)[0], 255);
  EXPECT_NEAR(image.pixel(10, 5)[1], 127.5, 1);  // bytes
  EXPECT_EQ(image.pixel(10, 35)[1], 255);
}

}  // namespace
}  // namespace posse
