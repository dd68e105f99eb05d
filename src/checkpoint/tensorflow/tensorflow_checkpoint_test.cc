#include "checkpoint/tensorflow/tensorflow_checkpoint.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <string>

#include "base/error.h"
#include "base/files.h"
#include "support/checkpoint_writer.h"
#include "support/errors.h"
#include "support/shared_data.h"

namespace posse {
namespace {
namespace fs = std::filesystem;
using ::testing::ElementsAre;
using testing::encode_entry;
using testing::encode_header;
using testing::encode_table;
using testing::EntryFields;
using testing::error_of;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::NamedTensor;
using testing::plain_crc32c;
using ::testing::SizeIs;
using Entries = std::vector<std::pair<std::string, std::string>>;

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (size_t i = 0; i < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

// Two variables, put together by hand from the format's description and checked against
// TensorFlow's sources.
const std::string kHandData = from_hex("000000bf0000803e0000803f000000400000404000008040");
const std::string kHandIndex = from_hex(
    "00000608011a020801001c0f706f73652f706172745f707265642f626c6f636b342f62696173657308011204120208"
    "02"
    "2808356be3531816071d77656967687473080112101202080112020801120208021202080220082810354c28987400"
    "00"
    "00000100000000ade19851000000000100000000c0f2a1b00001027100660000000001000000004352c0546b08780e"
    "00"
    "000000000000000000000000000000000000000000000000000000000000000000000057fb808b247547db");

/// Without flushing to disk: some tests write thousands of files.
void put(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

class CheckpointTest : public ::testing::Test {
 protected:
  fs::path prefix() const { return folder_.path() / "snapshot-1"; }
  fs::path index() const { return folder_.path() / "snapshot-1.index"; }
  fs::path data() const { return shard_path(prefix(), 0, 1); }

  void write(const std::string& index_bytes, const std::string& data_bytes) const {
    put(index(), index_bytes);
    put(data(), data_bytes);
  }

  /// A one-shard checkpoint with these entries behind a good header.
  void write_entries(Entries entries, const std::string& data_bytes = std::string(64, 'x')) const {
    entries.insert(entries.begin(), {"", encode_header()});
    write(encode_table(entries), data_bytes);
  }

  TemporaryFolder folder_;
};

/// The error that `action` throws; fails the test when there is none.
Tensor numbers(Shape shape, float first) {
  Tensor tensor(std::move(shape));
  for (float& value : tensor.values()) value = first++;
  return tensor;
}

TEST_F(CheckpointTest, TheHandMadeVectorIsRead) {
  write(kHandIndex, kHandData);
  const TensorFlowCheckpoint checkpoint = TensorFlowCheckpoint::open(prefix());
  EXPECT_EQ(checkpoint.num_data_files(), 1);
  ASSERT_THAT(checkpoint.variables(), SizeIs(2));
  const VariableInfo& biases = checkpoint.variables()[0];
  EXPECT_EQ(biases.name, "pose/part_pred/block4/biases");
  EXPECT_EQ(biases.shape, (Shape{2}));
  EXPECT_EQ(biases.crc32c, 0x7c49bae8U);
  const VariableInfo* weights = checkpoint.find("pose/part_pred/block4/weights");
  ASSERT_NE(weights, nullptr);
  EXPECT_EQ(weights->offset, 8);
  EXPECT_EQ(weights->shape, (Shape{1, 1, 2, 2}));
  EXPECT_THAT(checkpoint.read(biases.name).values(), ElementsAre(-0.5F, 0.25F));
  EXPECT_THAT(checkpoint.read(weights->name).values(), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(checkpoint.verify(), IsEmpty());
}

TEST_F(CheckpointTest, AnyFileOfTheCheckpointStandsForIt) {
  write(kHandIndex, kHandData);
  for (const char* ending : {"", ".index", ".meta", ".data-00000-of-00001"}) {
    EXPECT_EQ(TensorFlowCheckpoint::open(prefix().string() + ending).path(), prefix()) << ending;
  }
}

TEST_F(CheckpointTest, WhatIsWrittenIsReadWhateverShardsBlocksAndCompression) {
  std::vector<NamedTensor> variables;
  variables.reserve(201);
  for (int i = 0; i < 200; ++i) {
    variables.push_back({fmt::format("resnet_v1_50/block{}/unit_{}/weights", i % 4, i),
                         numbers({i % 5, 3}, 0.5F + static_cast<float>(i))});
  }
  variables.push_back({"scalar", numbers({}, 42)});
  for (const testing::CheckpointWriterOptions& options :
       {testing::CheckpointWriterOptions{},
        testing::CheckpointWriterOptions{.num_shards = 3, .block_bytes = 500},
        testing::CheckpointWriterOptions{.num_shards = 1, .block_bytes = 2000, .snappy = true}}) {
    const fs::path here =
        folder_.path() / fmt::format("{}-{}", options.num_shards, options.block_bytes);
    write_checkpoint(here, variables, options);
    const TensorFlowCheckpoint checkpoint = TensorFlowCheckpoint::open(here);
    ASSERT_THAT(checkpoint.variables(), SizeIs(201));
    EXPECT_EQ(checkpoint.num_data_files(), options.num_shards);
    for (const NamedTensor& variable : variables) {
      const Tensor read = checkpoint.read(variable.name);
      EXPECT_EQ(read.shape(), variable.tensor.shape());
      EXPECT_TRUE(
          std::equal(read.values().begin(), read.values().end(), variable.tensor.values().begin()));
    }
    EXPECT_THAT(checkpoint.verify(), IsEmpty());
  }
}

TEST_F(CheckpointTest, NumbersOfOtherTypesAndByteOrdersBecomeFloat32) {
  const double wide[] = {1.5, -1e300};
  const uint16_t half[] = {0x3c00, 0xc000, 0x7bff,
                           0x0001, 0x8000, 0xfc00};  // 1, -2, 65504, 2^-24, -0, -inf
  const uint16_t brain[] = {0x3f80, 0xc010};         // 1, -2.25
  std::string bytes(reinterpret_cast<const char*>(wide), 16);
  bytes.append(reinterpret_cast<const char*>(half), 12)
      .append(reinterpret_cast<const char*>(brain), 4);
  const auto entry = [&](int dtype, int64_t count, int64_t offset, int64_t size) {
    return encode_entry({.dtype = dtype,
                         .shape = {count},
                         .offset = offset,
                         .num_bytes = size,
                         .crc32c = plain_crc32c(std::string_view(bytes).substr(offset, size))});
  };
  write_entries(
      {{"a", entry(2, 2, 0, 16)}, {"b", entry(19, 6, 16, 12)}, {"c", entry(14, 2, 28, 4)}}, bytes);
  const TensorFlowCheckpoint checkpoint = TensorFlowCheckpoint::open(prefix());
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  EXPECT_THAT(checkpoint.read("a").values(), ElementsAre(1.5F, -kInfinity));
  EXPECT_THAT(checkpoint.read("b").values(),
              ElementsAre(1, -2, 65504, std::ldexp(1.0F, -24), -0.0F, -kInfinity));
  EXPECT_THAT(checkpoint.read("c").values(), ElementsAre(1, -2.25F));

  const std::string swapped = from_hex("3fc00000");  // 1.5
  write(encode_table(Entries{
            {"", encode_header(1, 1)},
            {"a", encode_entry({.shape = {1}, .num_bytes = 4, .crc32c = plain_crc32c(swapped)})}}),
        swapped);
  EXPECT_THAT(TensorFlowCheckpoint::open(prefix()).read("a").values(), ElementsAre(1.5F));
}

TEST_F(CheckpointTest, OtherTypesAreReportedAndNotLoaded) {
  const std::string bytes(8, '\1');
  write_entries(
      {{"global_step", encode_entry({.dtype = 9, .num_bytes = 8, .crc32c = plain_crc32c(bytes)})},
       {"names", encode_entry({.dtype = 7, .shape = {3}, .num_bytes = 8})},
       {"odd", encode_entry({.dtype = 42, .shape = {3}, .num_bytes = 8})}},
      bytes);
  const TensorFlowCheckpoint checkpoint = TensorFlowCheckpoint::open(prefix());
  EXPECT_EQ(to_string(checkpoint.variables()[0].dtype), "int64");
  EXPECT_EQ(to_string(checkpoint.variables()[1].dtype), "string");
  EXPECT_EQ(to_string(checkpoint.variables()[2].dtype), "type 42");
  const Error error = error_of([&] { checkpoint.read("global_step"); });
  EXPECT_EQ(error.kind(), ErrorKind::unsupported);
  EXPECT_THAT(error.message(), HasSubstr("'global_step' is of type int64"));
}

TEST_F(CheckpointTest, PartitionedVariablesAreListedAndNotLoaded) {
  const std::string sliced =
      encode_entry({.shape = {4, 4}}) + std::string("\x3a\x00", 2);  // field 7, empty
  write_entries({{std::string("\0w\0\1", 4), encode_entry({.shape = {2, 4}, .num_bytes = 32})},
                 {"w", sliced}});
  const TensorFlowCheckpoint checkpoint = TensorFlowCheckpoint::open(prefix());
  ASSERT_THAT(checkpoint.variables(), SizeIs(1));
  EXPECT_TRUE(checkpoint.variables()[0].partitioned);
  EXPECT_THAT(error_of([&] { checkpoint.read("w"); }).message(),
              HasSubstr("partitioned variable not supported"));
}

TEST_F(CheckpointTest, AnUnknownVariableNamesTheNearest) {
  write(kHandIndex, kHandData);
  const Error error =
      error_of([&] { TensorFlowCheckpoint::open(prefix()).read("pose/part_pred/block4/bias"); });
  EXPECT_EQ(error.kind(), ErrorKind::not_found);
  EXPECT_THAT(error.notes().have, HasSubstr("pose/part_pred/block4/biases"));
}

TEST_F(CheckpointTest, AMissingIndexListsTheSnapshotsBesideIt) {
  write(kHandIndex, kHandData);
  const Error error = error_of([&] { TensorFlowCheckpoint::open(folder_.path() / "snapshot-2"); });
  EXPECT_EQ(error.kind(), ErrorKind::not_found);
  EXPECT_THAT(error.message(), HasSubstr("snapshot-2.index"));
  EXPECT_EQ(error.notes().have, "snapshot-1");
}

TEST_F(CheckpointTest, AMissingShardIsNamedWhenItIsNeeded) {
  put(index(), kHandIndex);
  const TensorFlowCheckpoint checkpoint = TensorFlowCheckpoint::open(prefix());
  const Error error = error_of([&] { checkpoint.read("pose/part_pred/block4/biases"); });
  EXPECT_EQ(error.kind(), ErrorKind::not_found);
  EXPECT_THAT(error.message(), HasSubstr("snapshot-1.data-00000-of-00001: is missing"));
  EXPECT_THAT(checkpoint.verify(),
              ElementsAre(HasSubstr("is missing; it holds the values of 2 of the 2 variables")));
}

TEST_F(CheckpointTest, ACutOffShardIsABadFile) {
  write(kHandIndex, kHandData.substr(0, 23));
  const TensorFlowCheckpoint checkpoint = TensorFlowCheckpoint::open(prefix());
  const Error error = error_of([&] { checkpoint.read("pose/part_pred/block4/biases"); });
  EXPECT_EQ(error.kind(), ErrorKind::bad_file);
  EXPECT_THAT(error.message(), HasSubstr("has 23 bytes, the index refers to 24"));
  EXPECT_THAT(checkpoint.verify(), SizeIs(1));
}

TEST_F(CheckpointTest, EveryFlippedBitOfTheValuesIsNoticed) {
  for (size_t bit = 0; bit < kHandData.size() * 8; ++bit) {
    std::string damaged = kHandData;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    write(kHandIndex, damaged);
    const TensorFlowCheckpoint checkpoint = TensorFlowCheckpoint::open(prefix());
    EXPECT_THAT(checkpoint.verify(), ElementsAre(HasSubstr("checksum"))) << "bit " << bit;
    const bool in_biases = bit < 64;
    const auto name = in_biases ? "pose/part_pred/block4/biases" : "pose/part_pred/block4/weights";
    EXPECT_EQ(error_of([&] { checkpoint.read(name); }).kind(), ErrorKind::bad_file);
  }
}

// The metaindex block is never needed, the padding of the footer means nothing, and the index
// handle's last byte may announce one more byte of zeros, which is the same number.
TEST_F(CheckpointTest, EveryFlippedBitOfTheIndexThatMattersIsNoticed) {
  const size_t metaindex = 107;
  const size_t index_block = 120;
  const size_t footer = 139;
  for (size_t bit = 0; bit < kHandIndex.size() * 8; ++bit) {
    const size_t byte = bit / 8;
    std::string damaged = kHandIndex;
    damaged[byte] = static_cast<char>(damaged[byte] ^ (1 << (bit % 8)));
    write(damaged, kHandData);
    const bool unused = (byte >= metaindex && byte < index_block) ||
                        (byte >= footer + 4 && byte < footer + 40) || byte == footer ||
                        byte == footer + 1 || bit == (footer + 3) * 8 + 7;
    if (!unused) {
      const Error error = error_of([&] { TensorFlowCheckpoint::open(prefix()); });
      EXPECT_EQ(error.kind(), ErrorKind::bad_file) << "bit " << bit;
      EXPECT_THAT(error.message(), HasSubstr("snapshot-1.index"));
    }
  }
}

TEST_F(CheckpointTest, EveryTruncationOfTheIndexIsNoticed) {
  for (size_t size = 0; size < kHandIndex.size(); ++size) {
    write(kHandIndex.substr(0, size), kHandData);
    EXPECT_EQ(error_of([&] { TensorFlowCheckpoint::open(prefix()); }).kind(), ErrorKind::bad_file)
        << size;
  }
}

struct BadIndex {
  std::string what;   // of the test's name
  std::string bytes;  // the index file
  std::string message;
};
void PrintTo(const BadIndex& bad, std::ostream* out) { *out << bad.what; }

/// A table of one plain block with exactly these contents.
std::string table_of_block(const std::string& contents, char type = '\0') {
  const auto block = [](const std::string& text, char kind) {
    const std::string stored = text + kind;
    const uint32_t masked = testing::plain_mask_crc32c(plain_crc32c(stored));
    return stored + std::string(reinterpret_cast<const char*>(&masked), 4);
  };
  std::string file = block(contents, type);
  const std::string handle = testing::encode_varint(0) + testing::encode_varint(contents.size());
  const std::string index = std::string("\0\1", 2) + static_cast<char>(handle.size()) + "z" +
                            handle + std::string("\0\0\0\0\1\0\0\0", 8);
  std::string footer = std::string("\0\0", 2) + testing::encode_varint(file.size()) +
                       testing::encode_varint(index.size());
  footer.resize(40, '\0');
  return file + block(index, '\0') + footer + "\x57\xfb\x80\x8b\x24\x75\x47\xdb";
}

std::string entry_bytes(const std::string& key, const std::string& value, char shared = 0) {
  return std::string(1, shared) + testing::encode_varint(key.size()) +
         testing::encode_varint(value.size()) + key + value;
}

std::string one_entry(const EntryFields& fields, const std::string& key = "w",
                      const std::string& header = encode_header()) {
  return encode_table(Entries{{"", header}, {key, encode_entry(fields)}});
}

const std::string kOneRestart("\0\0\0\0\1\0\0\0", 8);

std::vector<BadIndex> bad_indexes() {
  const std::string header = entry_bytes("", encode_header());
  const std::string good = encode_entry({.shape = {1}, .num_bytes = 4});
  const std::string no_restarts("\0\0\0\0\0\0\0\0", 8);
  const std::string many_restarts("\0\0\0\0\0\0\0\x80", 8);
  const int64_t far = INT64_MAX - 1;
  return {
      {"Empty", "", "is not a TensorFlow checkpoint index: 0 bytes"},
      {"Text", std::string(100, 'a'), "the last 8 bytes are not its signature"},
      {"NoEntries", encode_table(Entries{}), "is empty"},
      {"NoHeader", encode_table(Entries{{"w", good}}), "the first key is not the empty one"},
      {"BlockType", table_of_block(header + kOneRestart, '\2'),
       "block type 2, expected 0 (plain) or 1 (Snappy)"},
      {"NotSnappy", table_of_block("\x05zzzz", '\1'), "does not decompress"},
      {"SnappyBomb", table_of_block("\xff\xff\xff\x7fz", '\1'), "claims to hold"},
      {"NoRestarts", table_of_block(header + no_restarts), "0 restart points"},
      {"TooManyRestarts", table_of_block(header + many_restarts),
       "2147483648 restart points do not fit"},
      {"TinyBlock", table_of_block("ab"), "a block of 2 bytes has no restart count"},
      {"SharedTooLong", table_of_block(entry_bytes("", encode_header(), 1) + kOneRestart),
       "a key shares 1 bytes with the previous one of 0"},
      {"EntryBeyondBlock", table_of_block(header.substr(0, header.size() - 1) + kOneRestart),
       "a value has 6 bytes, 5 are left"},
      {"LongKey", encode_table(Entries{{"", encode_header()}, {std::string(5000, 'k'), good}}),
       "a key of 5000 bytes"},
      {"DuplicateKeys", encode_table(Entries{{"", encode_header()}, {"w", good}, {"w", good}}),
       "not in increasing order"},
      {"UnsortedKeys", encode_table(Entries{{"", encode_header()}, {"w", good}, {"v", good}}),
       "key 'v' comes after 'w'"},
      {"UnsortedAcrossBlocks",
       encode_table(Entries{{"", encode_header()}, {"w", good}, {"v", good}}, 1),
       "key 'v' comes after 'w'"},
      {"NoShards", encode_table(Entries{{"", encode_header(0)}}), "0 shards, expected 1 to 99999"},
      {"ByteOrder", encode_table(Entries{{"", encode_header(1, 2)}}), "the byte order is 2"},
      {"ShardOutside", one_entry({.shape = {1}, .shard = 1, .num_bytes = 4}),
       "variable 'w' lies in shard 1 of 1"},
      {"SizeNotShape", one_entry({.shape = {2, 3}, .num_bytes = 20}),
       "'w' of type float32 and shape [2, 3] has 20 bytes, expected 24"},
      {"ShapeOverflow", one_entry({.shape = {far, far}, .num_bytes = 4}), "impossible shape"},
      {"NegativeExtent", one_entry({.shape = {-1}, .num_bytes = 4}), "an axis' length is -1"},
      {"OffsetOverflow", one_entry({.shape = {1}, .offset = INT64_MAX, .num_bytes = 4}),
       "beyond any file"},
      {"HugeTensor", one_entry({.shape = {int64_t{1} << 29}, .num_bytes = int64_t{1} << 31}),
       "at most 1073741824 are read"},
      {"NineAxes", one_entry({.shape = Shape(9, 1), .num_bytes = 4}), "more than 8 axes"},
      {"NoType", one_entry({.dtype = 0, .shape = {1}, .num_bytes = 4}), "variable 'w' has no type"},
      {"CutOffField", encode_table(Entries{{"", encode_header()}, {"w", "\x08"}}),
       "a field's value is cut off"},
      {"FieldNumberZero",
       encode_table(Entries{{"", encode_header()}, {"w", std::string("\0\0", 2)}}),
       "field number 0"},
      {"WireType", encode_table(Entries{{"", encode_header()}, {"w", "\x0b"}}),
       "unknown wire type 3"},
      {"LongVarint",
       encode_table(Entries{{"", encode_header()}, {"w", "\x08" + std::string(10, '\xff')}}),
       "longer than 64 bits"},
      {"NameNotPrintable", one_entry({.shape = {1}, .num_bytes = 5}, "a\xff\n"), "'a\\xff"},
  };
}

class BadIndexTest : public ::testing::TestWithParam<BadIndex> {};

TEST_P(BadIndexTest, IsABadFileWithItsOwnMessage) {
  const TemporaryFolder folder;
  put(folder.path() / "s.index", GetParam().bytes);
  const Error error = error_of([&] { TensorFlowCheckpoint::open(folder.path() / "s"); });
  EXPECT_EQ(error.kind(), ErrorKind::bad_file);
  EXPECT_THAT(error.message(), HasSubstr(GetParam().message));
  EXPECT_THAT(error.message(), HasSubstr("s.index"));
}

INSTANTIATE_TEST_SUITE_P(TensorFlowCheckpoint, BadIndexTest, ::testing::ValuesIn(bad_indexes()),
                         [](const auto& test) { return test.param.what; });

TEST_F(CheckpointTest, TooManyEntriesAndTooManyBytesAreRefused) {
  Entries many;
  const std::string entry = encode_entry({.shape = {1}, .num_bytes = 4});
  for (int i = 0; i < 100'001; ++i) many.emplace_back(fmt::format("{:06d}", i), entry);
  write_entries(many);
  EXPECT_THAT(error_of([&] { TensorFlowCheckpoint::open(prefix()); }).message(),
              HasSubstr("more than 100000 entries"));
  Entries large;
  for (int i = 0; i < 5; ++i) {
    large.emplace_back(fmt::format("{}", i),
                       encode_entry({.shape = {1 << 28}, .num_bytes = 1 << 30}));
  }
  write_entries(large);
  EXPECT_THAT(error_of([&] { TensorFlowCheckpoint::open(prefix()); }).message(),
              HasSubstr("take more than 4294967296 bytes"));
}

// Prefix compression lets 16 bytes stand for a name of 4 KiB.
TEST_F(CheckpointTest, NamesThatExpandWithoutBoundAreRefused) {
  const std::string value = encode_entry({.shape = {0}});
  std::string contents =
      entry_bytes("", encode_header()) + entry_bytes(std::string(4000, 'n') + "00", value);
  for (int i = 1; i < 2000; ++i) {
    const std::string suffix = {static_cast<char>('0' + i / 50), static_cast<char>('0' + i % 50)};
    contents += testing::encode_varint(4000) + entry_bytes(suffix, value).substr(1);
  }
  write(table_of_block(contents + kOneRestart), "");
  EXPECT_THAT(error_of([&] { TensorFlowCheckpoint::open(prefix()); }).message(),
              HasSubstr("expand to more than 32 times"));
}

TEST_F(CheckpointTest, ANewerFormatIsUnsupported) {
  write(encode_table(Entries{{"", encode_header(1, 0, 2)}}), "");
  const Error error = error_of([&] { TensorFlowCheckpoint::open(prefix()); });
  EXPECT_EQ(error.kind(), ErrorKind::unsupported);
  EXPECT_THAT(error.message(), HasSubstr("needs a reader of bundle version 2, posse's is 1"));
}

TEST_F(CheckpointTest, TheOldFormatIsNamed) {
  const std::string saved_tensor_slices =
      std::string("\x0a\x02\x0a\x00", 4);  // {1: meta {1: tensor {}}}
  put(folder_.path() / "resnet_v1_50.ckpt", encode_table(Entries{{"", saved_tensor_slices}}));
  const Error error =
      error_of([&] { TensorFlowCheckpoint::open(folder_.path() / "resnet_v1_50.ckpt"); });
  EXPECT_EQ(error.kind(), ErrorKind::unsupported);
  EXPECT_THAT(error.message(), HasSubstr("TensorFlow's format V1"));
}

TEST_F(CheckpointTest, ADirectoryInPlaceOfAFileIsAnError) {
  fs::create_directory(index());
  EXPECT_EQ(error_of([&] { TensorFlowCheckpoint::open(prefix()); }).kind(), ErrorKind::bad_file);
}

}  // namespace
}  // namespace posse
