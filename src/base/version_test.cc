#include "base/version.h"

#include <gtest/gtest.h>

#include <regex>

#include "base/files.h"
#include "support/shared_data.h"

namespace posse {
namespace {

std::string text_of(const std::string& name) { return read_file(testing::source_folder() / name); }

TEST(Version, IsTheSameInTheProgramItsFileAndTheCitation) {
  const std::string file = text_of("VERSION");
  EXPECT_EQ(version() + "\n", file);
  std::smatch found;
  const std::string citation = text_of("CITATION.cff");
  ASSERT_TRUE(std::regex_search(citation, found, std::regex("\nversion: ([^\n]*)\n")));
  EXPECT_EQ(found[1], version());
}

TEST(Version, HasThreeNumbers) {
  EXPECT_TRUE(std::regex_match(version(), std::regex("[0-9]+\\.[0-9]+\\.[0-9]+")));
}

}  // namespace
}  // namespace posse
