#include "study/members/blob_cache.h"

#include <gtest/gtest.h>

#include <chrono>

#include "base/files.h"
#include "base/hash.h"
#include "base/paths.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

std::string key_of(int number) {
  Sha256 hash;
  hash.update(std::to_string(number));
  return hash.finish();
}

fs::path file_of(const TemporaryFolder& folder, int number) {
  return folder.path() / key_of(number).substr(0, 2) / (key_of(number) + ".bin");
}

TEST(BlobCache, RemovesWhatWasNotUsedForLongest) {
  const TemporaryFolder folder;
  const BlobCache cache(folder.path());
  const auto now = fs::file_time_type::clock::now();
  for (int i = 0; i < 4; ++i) {
    cache.write(key_of(i), std::string(936, 'x'));  // 1000 bytes with its hash
    ASSERT_EQ(fs::file_size(file_of(folder, i)), 1000U);
    fs::last_write_time(file_of(folder, i), now - std::chrono::hours(10 - i));
  }
  write_file(folder.path() / "mine.bin", std::string(5000, 'y'));
  EXPECT_TRUE(cache.read(key_of(0)).has_value());  // used just now
  EXPECT_EQ(cache.trim(4000), 0U);
  EXPECT_EQ(cache.trim(2500), 2000U);
  EXPECT_TRUE(cache.has(key_of(0)));
  EXPECT_FALSE(cache.has(key_of(1)));
  EXPECT_FALSE(cache.has(key_of(2)));
  EXPECT_TRUE(cache.has(key_of(3)));
  EXPECT_EQ(cache.trim(0), 2000U);
  EXPECT_TRUE(path_exists(folder.path() / "mine.bin"));
}

TEST(BlobCache, AFolderThatIsNotThereIsEmpty) {
  const TemporaryFolder folder;
  EXPECT_EQ(BlobCache(folder.path() / "none").trim(0), 0U);
}

TEST(BlobCache, KnowsDamage) {
  const TemporaryFolder folder;
  const BlobCache cache(folder.path());
  cache.write(key_of(1), "some bytes");
  EXPECT_EQ(cache.read(key_of(1)), "some bytes");
  std::string bytes = read_file(file_of(folder, 1));
  bytes.back() = 'S';
  write_file(file_of(folder, 1), bytes);
  EXPECT_FALSE(cache.read(key_of(1)).has_value());
}

}  // namespace
}  // namespace posse
