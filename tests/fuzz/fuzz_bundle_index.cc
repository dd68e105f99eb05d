// TensorFlow's checkpoints: the index as bytes, its entries behind right checksums, its blocks
// behind right checksums; then the variables.
#include <algorithm>

#include "checkpoint/tensorflow/bundle_index.h"
#include "checkpoint/tensorflow/tensorflow_checkpoint.h"
#include "fuzz/fuzz_target.h"
#include "support/checkpoint_writer.h"

namespace posse::fuzz {
namespace {

constexpr size_t kFooterBytes = 48;
constexpr uint64_t kTableMagic = 0xdb4775248b80fb57ULL;

std::string fixed(uint64_t value, int size) {
  std::string bytes;
  for (int i = 0; i < size; ++i) bytes += static_cast<char>(value >> (8 * i));
  return bytes;
}

/// A block with its type and its checksum.
std::string sealed(const std::string& block, uint8_t type) {
  const std::string typed = block + static_cast<char>(type);
  return typed + fixed(testing::plain_mask_crc32c(testing::plain_crc32c(typed)), 4);
}

std::string handle(size_t offset, size_t size) {
  return testing::encode_varint(offset) + testing::encode_varint(size);
}

/// Header and entries as the input has them, in a table that is well-formed.
std::string table_of_entries(Input& input) {
  std::vector<std::pair<std::string, std::string>> entries;
  entries.emplace_back("", input.text());
  const bool snappy = input.byte() % 2 == 1;
  while (!input.is_empty() && entries.size() < 64) {
    std::string name = input.text();
    entries.emplace_back(std::move(name), input.text());
  }
  return testing::encode_table(entries, 4096, snappy);
}

/// Blocks as the input has them, each behind its checksum.
std::string table_of_blocks(Input& input) {
  std::string file;
  const uint8_t num_blocks = input.byte() % 4;
  for (int i = 0; i < num_blocks; ++i) {
    const uint8_t type = input.byte();
    file += sealed(input.text(), type);
  }
  const size_t index_begin = file.size();
  const uint8_t type = input.byte();
  const std::string index = input.rest();
  file += sealed(index, type);
  std::string footer = handle(index_begin, 0) + handle(index_begin, index.size());
  footer.resize(kFooterBytes - 8);
  return file + footer + fixed(kTableMagic, 8);
}

}  // namespace

void read_input(std::span<const uint8_t> bytes) {
  Input input(bytes);
  const uint8_t form = input.byte() % 3;
  const std::string file = form == 0   ? input.rest()
                           : form == 1 ? table_of_entries(input)
                                       : table_of_blocks(input);
  const std::span<const uint8_t> view{reinterpret_cast<const uint8_t*>(file.data()), file.size()};
  read_bundle_index(view, "fuzz.index");  // most inputs end here, with an Error
  const auto index = scratch_file("fuzz.index", file);
  scratch_file("fuzz.data-00000-of-00001", std::string(256, '\1'));
  const TensorFlowCheckpoint checkpoint = TensorFlowCheckpoint::open(index.parent_path() / "fuzz");
  checkpoint.verify();
  for (const VariableInfo& variable : checkpoint.variables()) {
    expect_result_or_error([&] { checkpoint.read(variable.name); });
  }
}

}  // namespace posse::fuzz
