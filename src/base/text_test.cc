#include "base/text.h"

#include <gtest/gtest.h>

namespace posse {
namespace {

TEST(Utf8, AcceptsWellFormedAndRefusesTheRest) {
  EXPECT_TRUE(is_valid_utf8("Schnauze \xc3\xa4 \xe9\xbc\xbb \xf0\x9f\x90\xad"));
  for (const char* bad :
       {"\xff", "\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe9\xbc"}) {
    EXPECT_FALSE(is_valid_utf8(bad));
  }
  EXPECT_TRUE(is_valid_utf8(""));
}

TEST(Printable, EscapesOnlyWhatCannotBeShown) {
  EXPECT_EQ(printable("a\xff\n\xc3\xa4"), "a\\xff\\x0a\xc3\xa4");
}

TEST(Printable, EscapesWhatTerminalsObey) {
  EXPECT_EQ(printable("\x1b[31m\x7f"), "\\x1b[31m\\x7f");
  EXPECT_EQ(printable("a\xc2\x9b"
                      "2Jb\xc2\xa0"),
            "a\\xc2\\x9b2Jb\xc2\xa0");  // U+009B is CSI, too
  EXPECT_EQ(printable_lines("a\nb\x1b\r"), "a\nb\\x1b\\x0d");
}

TEST(Printable, NamesOfFilesKeepBytesThatAreNoUtf8) {
  EXPECT_EQ(without_control_characters("\xff\x1bvideo\n"), "\xff\\x1bvideo\\x0a");
  EXPECT_EQ(without_control_characters("Feld \xc3\xbc"), "Feld \xc3\xbc");
}

TEST(NearestNames, FindsTyposAndParts) {
  const std::vector<std::string> parts = {"snout", "leftear", "rightear", "tailbase"};
  EXPECT_EQ(nearest_names("snuot", parts), std::vector<std::string>{"snout"});
  EXPECT_EQ(nearest_names("LeftEar", parts).front(), "leftear");
  EXPECT_EQ(nearest_names("ear", parts).size(), 2U);
  EXPECT_TRUE(nearest_names("zzzzzz", parts).empty());
}

TEST(ListNames, CutsLongLists) {
  const std::vector<std::string> names = {"a", "b", "c"};
  EXPECT_EQ(list_names(names), "a, b, c");
  EXPECT_EQ(list_names(names, 2), "a, b, ... (3 in all)");
}

}  // namespace
}  // namespace posse
