// Damaged copies of real configurations: each is read, or refused with the error that says so.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "base/error.h"
#include "base/files.h"
#include "project/config.h"
#include "support/mutation.h"
#include "support/shared_data.h"

namespace posse {
namespace {

namespace fs = std::filesystem;

constexpr int kTrialsPerFile = 100;

/// Texts of all files below the demo and the shared data whose name begins and ends like this; each
/// text once.
std::vector<std::string> texts_named(std::string_view start, std::string_view end) {
  std::set<std::string> texts;
  for (const fs::path& folder : {testing::source_folder() / "data/demo", testing::shared_data()}) {
    if (folder.empty() || !fs::exists(folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      const std::string name = entry.path().filename().string();
      if (name.starts_with(start) && name.ends_with(end)) texts.insert(read_file(entry.path()));
    }
  }
  return {texts.begin(), texts.end()};
}

/// How many of the damaged texts `read` took; fails for any error but those of a bad file.
template <typename Read>
int num_read(const std::vector<std::string>& texts, Read&& read) {
  std::mt19937 random(testing::seed_of_this_test());
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "config.yaml";
  int taken = 0;
  for (const std::string& text : texts) {
    for (int i = 0; i < kTrialsPerFile; ++i) {
      std::ofstream(file, std::ios::binary) << testing::mutated(text, random);
      try {
        read(file);
        ++taken;
      } catch (const Error& error) {
        EXPECT_TRUE(error.kind() == ErrorKind::bad_file || error.kind() == ErrorKind::unsupported)
            << error.what();
        EXPECT_NE(error.message().find("config.yaml"), std::string::npos) << error.what();
      }
    }
  }
  return taken;
}

TEST(HostileConfigs, OfProjectsAreReadOrRefused) {
  const auto texts = texts_named("config", ".yaml");
  ASSERT_FALSE(texts.empty());
  const int taken = num_read(texts, read_project_config);
  EXPECT_GT(taken, 0);
  EXPECT_LT(taken, kTrialsPerFile * static_cast<int>(texts.size()));
}

TEST(HostileConfigs, OfNetworksAreReadOrRefused) {
  const auto texts = texts_named("pose_cfg", ".yaml");
  ASSERT_FALSE(texts.empty());
  const int taken = num_read(texts, read_pose_config);
  EXPECT_GT(taken, 0);
  EXPECT_LT(taken, kTrialsPerFile * static_cast<int>(texts.size()));
}

}  // namespace
}  // namespace posse
