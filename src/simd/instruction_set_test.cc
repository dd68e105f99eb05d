#include "simd/instruction_set.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>

namespace posse {
namespace {

TEST(InstructionSet, TheBaselineIsAlwaysThereAndTheLast) {
  const auto sets = available_instruction_sets();
  ASSERT_FALSE(sets.empty());
  EXPECT_EQ(sets.back(), InstructionSet::baseline);
  EXPECT_TRUE(std::ranges::is_sorted(sets, std::ranges::greater()));
}

/// The kernel's list of this processor's features, with a blank around each.
std::string features_by_the_operating_system() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.starts_with("flags")) return line.substr(line.find(':') + 1) + " ";
  }
  return "";
}

TEST(InstructionSet, AgreesWithTheOperatingSystem) {
  const std::string features = features_by_the_operating_system();
  if (features.empty()) GTEST_SKIP() << "/proc/cpuinfo has no flags here";
  const auto has = [&](const char* names) {
    std::istringstream words(names);
    for (std::string word; words >> word;) {
      if (features.find(" " + word + " ") == std::string::npos) return false;
    }
    return true;
  };
  EXPECT_EQ(is_available(InstructionSet::avx2), has("avx2 fma"));
  EXPECT_EQ(is_available(InstructionSet::avx512),
            has("avx2 fma avx512f avx512vl avx512dq avx512bw"));
  EXPECT_EQ(has_crc32c_instruction(), has("sse4_2"));
}

}  // namespace
}  // namespace posse
