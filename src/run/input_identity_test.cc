#include "run/input_identity.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/files.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

TEST(InputIdentity, OfAFileIsItsHash) {
  const TemporaryFolder folder;
  write_file(folder.path() / "a.mp4", "abc");
  const InputIdentity identity = identify_input(folder.path() / "a.mp4");
  EXPECT_EQ(identity.num_bytes, 3U);
  // The test vector of FIPS 180-2 for "abc".
  EXPECT_EQ(identity.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(InputIdentity, OfAFolderOfPicturesChangesWithNamesAndContents) {
  const TemporaryFolder folder;
  const auto hash_of = [&](const char* name, const char* bytes) {
    const fs::path pictures = folder.path() / "pictures";
    fs::remove_all(pictures);
    write_file(pictures / name, bytes);
    return identify_input(pictures).sha256;
  };
  const std::string first = hash_of("1.png", "x");
  EXPECT_EQ(hash_of("1.png", "x"), first);
  EXPECT_NE(hash_of("1.png", "y"), first);
  EXPECT_NE(hash_of("2.png", "x"), first);
}

TEST(InputIdentity, OfAFolderDoesNotChangeWithFilesThatSystemsLeave) {
  const TemporaryFolder folder;
  write_file(folder.path() / "1.png", "x");
  const std::string before = identify_input(folder.path()).sha256;
  write_file(folder.path() / ".DS_Store", "Finder was here");
  write_file(folder.path() / "._1.png", "and left this");
  EXPECT_EQ(identify_input(folder.path()).sha256, before);
}

TEST(InputIdentity, TakesOverTheHashOfAnUnchangedFile) {
  const TemporaryFolder folder;
  write_file(folder.path() / "a.mp4", "abc");
  InputIdentity known = identify_input(folder.path() / "a.mp4");
  known.sha256 = "taken over";
  EXPECT_EQ(identify_input(known.path, known).sha256, "taken over");
  known.num_bytes = 4;
  EXPECT_NE(identify_input(known.path, known).sha256, "taken over");
}

TEST(InputIdentity, ComesBackFromARecord) {
  const InputIdentity identity{
      .path = "/a/b.mp4", .num_bytes = 5, .modified_seconds = 6, .sha256 = "07"};
  const auto back = input_from(describe_input(identity));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->path, identity.path);
  EXPECT_EQ(back->num_bytes, 5U);
  EXPECT_EQ(back->modified_seconds, 6);
  EXPECT_EQ(back->sha256, "07");
  EXPECT_FALSE(input_from(nlohmann::ordered_json::object()));
  nlohmann::ordered_json huge = describe_input(identity);
  huge["bytes"] = 1e300;
  EXPECT_FALSE(input_from(huge));
}

}  // namespace
}  // namespace posse
