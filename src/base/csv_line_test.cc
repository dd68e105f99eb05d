#include "base/csv_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posse {
namespace {
using ::testing::ElementsAre;

TEST(CsvCells, LieBetweenCommas) {
  EXPECT_THAT(csv_cells("a, b,,c"), ElementsAre("a", " b", "", "c"));
  EXPECT_THAT(csv_cells("a,"), ElementsAre("a", ""));
  EXPECT_THAT(csv_cells(""), ElementsAre(""));
  EXPECT_THAT(csv_cells("a,b\r"), ElementsAre("a", "b"));
  EXPECT_THAT(csv_cells(",\r"), ElementsAre("", ""));
}

// Python: next(csv.reader([line]))
TEST(CsvCells, KeepCommasAndQuotesWithinQuotes) {
  EXPECT_THAT(csv_cells(R"("a,b",c)"), ElementsAre("a,b", "c"));
  EXPECT_THAT(csv_cells(R"("say ""no""",1)"), ElementsAre("say \"no\"", "1"));
  EXPECT_THAT(csv_cells(R"(5" tube,"",x)"), ElementsAre("5\" tube", "", "x"));
  EXPECT_THAT(csv_cells(R"("ab"c,d)"), ElementsAre("abc", "d"));
  EXPECT_THAT(csv_cells(R"("never closed,d)"), ElementsAre("never closed,d"));
  EXPECT_THAT(csv_cells("\"a\"\r"), ElementsAre("a"));
}

TEST(CsvCell, IsReadBackAsItWas) {
  EXPECT_EQ(csv_cell("plain name.mp4"), "plain name.mp4");
  const std::string odd = "a \"b\", c";
  EXPECT_EQ(csv_cells(csv_cell(odd) + "," + csv_cell("")), (std::vector<std::string>{odd, ""}));
}

}  // namespace
}  // namespace posse
