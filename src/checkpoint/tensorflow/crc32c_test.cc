#include "checkpoint/tensorflow/crc32c.h"

#include <gtest/gtest.h>

#include <random>
#include <string_view>
#include <vector>

#include "support/checkpoint_writer.h"
#include "support/shared_data.h"

namespace posse {
namespace {

std::span<const uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// The check value of the CRC catalogue and the vectors of RFC 3720, appendix B.4.
TEST(Crc32c, PublishedVectorsAreMet) {
  EXPECT_EQ(crc32c(bytes_of("123456789")), 0xE3069283U);
  EXPECT_EQ(crc32c(std::vector<uint8_t>(32, 0x00)), 0x8A9136AAU);
  EXPECT_EQ(crc32c(std::vector<uint8_t>(32, 0xFF)), 0x62A8AB43U);
  std::vector<uint8_t> rising(32);
  for (size_t i = 0; i < 32; ++i) rising[i] = static_cast<uint8_t>(i);
  EXPECT_EQ(crc32c(rising), 0x46DD794EU);
}

TEST(Crc32c, NothingHasChecksumZero) { EXPECT_EQ(crc32c({}), 0U); }

TEST(Crc32c, InstructionTablesAndDefinitionAgreeAtEveryLengthAndAlignment) {
  std::mt19937 random(testing::seed_of_this_test());
  std::vector<uint8_t> data(100'000);
  for (uint8_t& byte : data) byte = static_cast<uint8_t>(random());
  const std::span<const uint8_t> all(data);
  for (const size_t start : {0, 1, 3, 7}) {
    // Around the word size, around one and several rounds of the three lanes of 4096 bytes.
    for (const size_t size : {1, 7, 8, 9, 63, 4096, 12287, 12288, 12289, 24576, 36871, 99'990}) {
      const auto part = all.subspan(start, size);
      const std::string_view text(reinterpret_cast<const char*>(part.data()), part.size());
      EXPECT_EQ(crc32c(part), testing::plain_crc32c(text)) << start << "+" << size;
      EXPECT_EQ(crc32c_by_tables(part), testing::plain_crc32c(text)) << start << "+" << size;
    }
  }
}

TEST(Crc32c, PiecesGiveTheChecksumOfTheWhole) {
  const std::vector<uint8_t> data(50'000, 0x5A);
  const std::span<const uint8_t> all(data);
  EXPECT_EQ(crc32c(all.subspan(20'001), crc32c(all.first(20'001))), crc32c(all));
}

TEST(Crc32c, UnmaskingUndoesMasking) {
  EXPECT_EQ(mask_crc32c(0x7c49bae8U), 0x1853e36bU);  // computed by hand from the definition
  for (const uint32_t crc : {0U, 1U, 0xFFFFFFFFU, 0xE3069283U})
    EXPECT_EQ(unmask_crc32c(mask_crc32c(crc)), crc);
}

}  // namespace
}  // namespace posse
