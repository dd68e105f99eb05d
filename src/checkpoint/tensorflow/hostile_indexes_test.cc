// Damaged copies of every real index at hand: each is read or refused, within bounds of memory.
// Damage behind a right checksum reaches the code that a checksum would otherwise protect.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <new>
#include <set>

#include "base/error.h"
#include "base/files.h"
#include "checkpoint/tensorflow/bundle_index.h"
#include "checkpoint/tensorflow/table_file.h"
#include "checkpoint/tensorflow/tensorflow_checkpoint.h"
#include "checkpoint/tensorflow/wire.h"
#include "support/checkpoint_writer.h"
#include "support/mutation.h"
#include "support/shared_data.h"

namespace {

// Of this program's only thread, from operator new.
size_t live_bytes = 0;
size_t most_live_bytes = 0;

void* counted_allocation(size_t size) {
  void* block = std::malloc(size);
  if (block == nullptr) throw std::bad_alloc();
  live_bytes += malloc_usable_size(block);
  most_live_bytes = std::max(most_live_bytes, live_bytes);
  return block;
}

void counted_release(void* block) noexcept {
  if (block != nullptr) live_bytes -= malloc_usable_size(block);
  std::free(block);
}

}  // namespace

void* operator new(size_t size) { return counted_allocation(size); }
void* operator new[](size_t size) { return counted_allocation(size); }
void operator delete(void* block) noexcept { counted_release(block); }
void operator delete[](void* block) noexcept { counted_release(block); }
void operator delete(void* block, size_t) noexcept { counted_release(block); }
void operator delete[](void* block, size_t) noexcept { counted_release(block); }

namespace posse {
namespace {

namespace fs = std::filesystem;
using testing::mutated;
using testing::mutated_in_place;
using Entries = std::vector<std::pair<std::string, std::string>>;

constexpr int kTrialsPerIndex = 150;

// What bundle_index.h promises; the file itself, the message of an error and the paths count too.
size_t allowance(size_t file_bytes) { return 64 * file_bytes + (size_t{128} << 10); }

/// The most that was allocated at one time since the object was made.
class AllocationProbe {
 public:
  AllocationProbe() : before_(live_bytes) { most_live_bytes = live_bytes; }
  size_t most_bytes() const { return most_live_bytes - before_; }

 private:
  size_t before_;
};

std::span<const uint8_t> bytes_of(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

void add_indexes_below(const fs::path& folder, std::vector<std::string>& found) {
  if (!fs::exists(folder)) return;
  std::vector<fs::path> paths;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().filename().string().ends_with(".index")) paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  for (const fs::path& path : paths) found.push_back(read_file(path));
}

/// Indexes that TensorFlow wrote, and, where the shared data are not there, the demo's at least.
/// Equal ones (of members of one ensemble) count once.
std::vector<std::string> real_indexes() {
  std::vector<std::string> all;
  add_indexes_below(testing::source_folder() / "data/demo/member-1", all);
  if (const fs::path shared = testing::shared_data(); !shared.empty()) {
    add_indexes_below(shared / "dlc-snapshot-indexes", all);
    add_indexes_below(shared / "tf-bundles", all);
  }
  std::set<std::string> seen;
  std::erase_if(all, [&](const std::string& index) { return !seen.insert(index).second; });
  return all;
}

/// Where a block lies in an index file, without its trailer.
struct BlockPlace {
  size_t offset = 0;
  size_t size = 0;
};

BlockPlace handle_from(ByteReader& reader) {
  const uint64_t offset = reader.varint64("offset");
  return {offset, reader.varint64("size")};
}

BlockPlace index_block_of(const std::string& index) {
  ByteReader footer(bytes_of(index).subspan(index.size() - 48, 40), "index", 0);
  handle_from(footer);  // the metaindex block
  return handle_from(footer);
}

BlockPlace first_data_block_of(const std::string& index) {
  const BlockPlace block = index_block_of(index);
  ByteReader reader(bytes_of(index).subspan(block.offset, block.size), "index", 0);
  reader.varint32("shared");
  const uint32_t key_bytes = reader.varint32("key");
  reader.varint32("value");
  reader.take(key_bytes, "key");
  return handle_from(reader);
}

/// Puts the right checksum behind a block whose contents were changed.
void repair_checksum(std::string& index, const BlockPlace& block) {
  const std::string_view stored(index.data() + block.offset, block.size + 1);
  const uint32_t masked = testing::plain_mask_crc32c(testing::plain_crc32c(stored));
  std::memcpy(index.data() + block.offset + stored.size(), &masked, 4);
}

Entries entries_of(const std::string& index) {
  Entries entries;
  read_table(bytes_of(index), "index", [&](const TableEntry& entry) {
    entries.emplace_back(entry.key, std::string(entry.value.begin(), entry.value.end()));
  });
  return entries;
}

class HostileIndexes : public ::testing::Test {
 protected:
  /// The index is read, or refused with the errors that open() names; either way within bounds.
  void expect_read_or_refused(const std::string& bytes) {
    expect_read_or_refused(bytes.size(), [&] { return read_bundle_index(bytes_of(bytes), name_); });
  }

  template <typename Read>
  void expect_read_or_refused(size_t file_bytes, Read&& read) {
    const AllocationProbe probe;
    try {
      const BundleIndex index = read();
      EXPECT_LE(probe.most_bytes(), allowance(file_bytes));
      ++num_read_;
      expect_sane(index);
    } catch (const Error& error) {
      EXPECT_LE(probe.most_bytes(), allowance(file_bytes));
      ++num_refused_;
      EXPECT_TRUE(error.kind() == ErrorKind::bad_file || error.kind() == ErrorKind::unsupported);
      EXPECT_THAT(error.message(), ::testing::HasSubstr(name_));
    }
  }

  static void expect_sane(const BundleIndex& index) {
    int64_t total = 0;
    for (size_t i = 0; i < index.variables.size(); ++i) {
      const VariableInfo& variable = index.variables[i];
      if (i > 0) {
        EXPECT_LT(index.variables[i - 1].name, variable.name);
      }
      if (variable.partitioned) continue;
      EXPECT_LT(variable.shard, index.num_shards);
      EXPECT_GE(variable.offset, 0);
      EXPECT_GE(variable.num_bytes, 0);
      EXPECT_LE(variable.num_bytes, kMostTensorBytes);
      total += variable.num_bytes;
    }
    EXPECT_LE(total, kMostCheckpointBytes);
  }

  const std::string name_ = "snapshot-1.index";
  std::mt19937 random_{testing::seed_of_this_test()};
  int num_read_ = 0;
  int num_refused_ = 0;
};

TEST_F(HostileIndexes, WithAnyDamageAreReadOrRefused) {
  for (const std::string& index : real_indexes()) {
    for (int i = 0; i < kTrialsPerIndex; ++i) expect_read_or_refused(mutated(index, random_));
  }
  // Little of a file is not protected by a checksum.
  EXPECT_GT(num_refused_, 9 * num_read_);
}

TEST_F(HostileIndexes, WithDamagedBlocksBehindRightChecksumsAreReadOrRefused) {
  for (const std::string& index : real_indexes()) {
    for (int i = 0; i < kTrialsPerIndex; ++i) {
      const BlockPlace block = i % 4 == 0 ? index_block_of(index) : first_data_block_of(index);
      std::string damaged =
          mutated_in_place(index, block.offset, block.offset + block.size + 1, random_);
      repair_checksum(damaged, block);
      expect_read_or_refused(damaged);
    }
  }
  EXPECT_GT(num_read_, 0);
  EXPECT_GT(num_refused_, num_read_);
}

TEST_F(HostileIndexes, WithDamagedEntriesInASoundTableAreReadOrRefused) {
  for (const std::string& index : real_indexes()) {
    const Entries sound = entries_of(index);
    for (int i = 0; i < kTrialsPerIndex; ++i) {
      Entries entries = sound;
      for (int change = 0; change < 2; ++change) {
        auto& [key, value] = entries[random_() % entries.size()];
        std::string& part = random_() % 4 == 0 ? key : value;
        part = mutated(part, random_);
      }
      if (i % 2 == 0) std::sort(entries.begin(), entries.end());
      const size_t block_bytes = i % 3 == 0 ? 200 : 262144;
      expect_read_or_refused(testing::encode_table(entries, block_bytes, i % 5 == 0));
    }
  }
  EXPECT_GT(num_read_, num_refused_ / 50);  // most damage to shapes and sizes is noticed
  EXPECT_GT(num_refused_, 0);
}

// Ten bytes of a packed block can stand for a variable, which takes a hundred in memory.
TEST_F(HostileIndexes, MadeToTakeMemoryAreRefusedBeforeTheyDo) {
  Entries entries = {{"", testing::encode_header()}};
  const std::string value = testing::encode_entry({.shape = {0, 1, 1, 1, 1, 1, 1, 1}});
  for (int i = 0; i < 99'000; ++i) entries.emplace_back(fmt::format("{:05}", i), value);
  for (const bool snappy : {false, true}) {
    expect_read_or_refused(testing::encode_table(entries, 262144, snappy));
  }
  EXPECT_EQ(num_read_ + num_refused_, 2);
}

// The same through files, with everything a checkpoint does before its values are needed.
TEST_F(HostileIndexes, OnDiskAreOpenedOrRefused) {
  const TemporaryFolder folder;
  const fs::path prefix = folder.path() / "snapshot-1";
  for (const std::string& index : real_indexes()) {
    for (int i = 0; i < 5; ++i) {
      const BlockPlace block = first_data_block_of(index);
      std::string damaged =
          mutated_in_place(index, block.offset, block.offset + block.size, random_);
      repair_checksum(damaged, block);
      std::ofstream(prefix.string() + ".index", std::ios::binary) << damaged;
      expect_read_or_refused(damaged.size(), [&] {
        const TensorFlowCheckpoint checkpoint = TensorFlowCheckpoint::open(prefix);
        checkpoint.verify();  // the data are missing: says so and does not throw
        return BundleIndex{.num_shards = checkpoint.num_data_files(),
                           .variables = checkpoint.variables()};
      });
    }
  }
}

TEST_F(HostileIndexes, ClaimingValuesThatAreNotThereAllocateNothingForThem) {
  const TemporaryFolder folder;
  const fs::path prefix = folder.path() / "snapshot-1";
  const Entries entries = {
      {"", testing::encode_header()},
      {"w", testing::encode_entry({.shape = {1 << 28}, .num_bytes = int64_t{1} << 30})}};
  std::ofstream(prefix.string() + ".index", std::ios::binary) << testing::encode_table(entries);
  std::ofstream(prefix.string() + ".data-00000-of-00001") << "a few bytes";
  const TensorFlowCheckpoint checkpoint = TensorFlowCheckpoint::open(prefix);
  const AllocationProbe probe;
  EXPECT_THROW(checkpoint.read("w"), Error);
  EXPECT_LT(probe.most_bytes(), size_t{64} << 10);
}

// A real index needs far less than what is allowed to a hostile one.
TEST_F(HostileIndexes, SoundOnesTakeLittleMemory) {
  for (const std::string& index : real_indexes()) {
    const AllocationProbe probe;
    read_bundle_index(bytes_of(index), "index");
    EXPECT_LE(probe.most_bytes(), 24 * index.size() + 4096);
  }
}

}  // namespace
}  // namespace posse
