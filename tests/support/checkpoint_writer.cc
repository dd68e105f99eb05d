#include "support/checkpoint_writer.h"

#include <fmt/format.h>
#include <snappy.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>

namespace posse::testing {
namespace fs = std::filesystem;
namespace {

constexpr int kRestartInterval = 16;

std::string fixed32(uint32_t value) {
  std::string bytes(4, '\0');
  for (int i = 0; i < 4; ++i) bytes[i] = static_cast<char>(value >> (8 * i));
  return bytes;
}

std::string number_field(int number, uint64_t value) {
  return value == 0 ? "" : encode_varint(static_cast<uint64_t>(number) << 3) + encode_varint(value);
}

std::string bytes_field(int number, const std::string& value) {
  return encode_varint(static_cast<uint64_t>(number) << 3 | 2) + encode_varint(value.size()) +
         value;
}

/// One block as it is built: entries with shared prefixes, then the restart points.
class BlockBuilder {
 public:
  explicit BlockBuilder(int interval) : interval_(interval) {}

  void add(const std::string& key, const std::string& value) {
    size_t shared = 0;
    if (num_entries_ % interval_ == 0) {
      restarts_.push_back(static_cast<uint32_t>(bytes_.size()));
    } else {
      const auto both = std::mismatch(key.begin(), key.end(), last_.begin(), last_.end());
      shared = static_cast<size_t>(both.first - key.begin());
    }
    bytes_ += encode_varint(shared) + encode_varint(key.size() - shared) +
              encode_varint(value.size()) + key.substr(shared) + value;
    last_ = key;
    ++num_entries_;
  }

  std::string finish() const {
    std::string block = bytes_;
    const std::vector<uint32_t> restarts = restarts_.empty() ? std::vector<uint32_t>{0} : restarts_;
    for (const uint32_t restart : restarts) block += fixed32(restart);
    return block + fixed32(static_cast<uint32_t>(restarts.size()));
  }

  size_t size() const { return bytes_.size() + 4 * restarts_.size() + 4; }
  const std::string& last() const { return last_; }
  int num_entries() const { return num_entries_; }

 private:
  int interval_;
  int num_entries_ = 0;
  std::string bytes_;
  std::string last_;
  std::vector<uint32_t> restarts_;
};

/// Appends a block with its trailer; returns its handle.
std::string put_block(std::string& file, const std::string& contents, bool snappy) {
  std::string stored = contents;
  if (snappy) {
    stored.clear();
    snappy::Compress(contents.data(), contents.size(), &stored);
  }
  const std::string handle = encode_varint(file.size()) + encode_varint(stored.size());
  stored += snappy ? '\1' : '\0';
  file += stored + fixed32(plain_mask_crc32c(plain_crc32c(stored)));
  return handle;
}

/// A short key from `last` (included) to `next` (excluded).
std::string separator(const std::string& last, const std::string& next) {
  const auto both = std::mismatch(last.begin(), last.end(), next.begin(), next.end());
  if (both.first == last.end() || both.second == next.end()) return last;
  const auto here = static_cast<unsigned char>(*both.first);
  if (here == 255 || here + 1 >= static_cast<unsigned char>(*both.second)) return last;
  return std::string(last.begin(), both.first) + static_cast<char>(here + 1);
}

/// A short key above `last`.
std::string successor(const std::string& last) {
  for (size_t i = 0; i < last.size(); ++i) {
    if (last[i] != '\xff') return last.substr(0, i) + static_cast<char>(last[i] + 1);
  }
  return last;
}

void write_bytes(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace

uint32_t plain_crc32c(std::string_view bytes) {
  static const std::array<uint32_t, 256> table = [] {
    std::array<uint32_t, 256> values{};
    for (uint32_t i = 0; i < 256; ++i) {
      values[i] = i;
      for (int bit = 0; bit < 8; ++bit) values[i] = values[i] >> 1 ^ (values[i] & 1) * 0x82F63B78U;
    }
    return values;
  }();
  uint32_t crc = 0xFFFFFFFFU;
  for (const char byte : bytes)
    crc = table[(crc ^ static_cast<unsigned char>(byte)) & 255U] ^ crc >> 8;
  return crc ^ 0xFFFFFFFFU;
}

uint32_t plain_mask_crc32c(uint32_t crc) { return (crc >> 15 | crc << 17) + 0xa282ead8U; }

std::string encode_varint(uint64_t value) {
  std::string bytes;
  for (; value >= 128; value >>= 7) bytes += static_cast<char>(value | 128);
  return bytes + static_cast<char>(value);
}

std::string encode_entry(const EntryFields& fields) {
  std::string shape;
  for (const int64_t extent : fields.shape) {
    shape += bytes_field(2, number_field(1, static_cast<uint64_t>(extent)));
  }
  return number_field(1, static_cast<uint64_t>(fields.dtype)) + bytes_field(2, shape) +
         number_field(3, static_cast<uint64_t>(fields.shard)) +
         number_field(4, static_cast<uint64_t>(fields.offset)) +
         number_field(5, static_cast<uint64_t>(fields.num_bytes)) + "\x35" +
         fixed32(plain_mask_crc32c(fields.crc32c));
}

std::string encode_header(int num_shards, int endianness, int min_consumer) {
  return number_field(1, static_cast<uint64_t>(num_shards)) +
         number_field(2, static_cast<uint64_t>(endianness)) +
         bytes_field(3, number_field(1, 1) + number_field(2, static_cast<uint64_t>(min_consumer)));
}

std::string encode_table(std::span<const std::pair<std::string, std::string>> entries,
                         size_t block_bytes, bool snappy) {
  std::string file;
  BlockBuilder index(1);
  BlockBuilder block(kRestartInterval);
  std::string finished_last;
  std::string finished_handle;
  for (const auto& [key, value] : entries) {
    if (!finished_handle.empty())
      index.add(separator(finished_last, key), std::exchange(finished_handle, ""));
    block.add(key, value);
    if (block.size() >= block_bytes) {
      finished_last = block.last();
      finished_handle = put_block(file, block.finish(), snappy);
      block = BlockBuilder(kRestartInterval);
    }
  }
  if (block.num_entries() > 0) {
    finished_last = block.last();
    finished_handle = put_block(file, block.finish(), snappy);
  }
  const std::string meta_handle = put_block(file, BlockBuilder(kRestartInterval).finish(), false);
  if (!finished_handle.empty()) index.add(successor(finished_last), finished_handle);
  std::string footer = meta_handle + put_block(file, index.finish(), false);
  footer.resize(40, '\0');
  return file + footer + "\x57\xfb\x80\x8b\x24\x75\x47\xdb";
}

void write_checkpoint(const fs::path& prefix, std::span<const NamedTensor> variables,
                      const CheckpointWriterOptions& options) {
  if (prefix.has_parent_path()) fs::create_directories(prefix.parent_path());
  std::vector<const NamedTensor*> sorted;
  int64_t total = 0;
  for (const NamedTensor& variable : variables) {
    sorted.push_back(&variable);
    total += variable.tensor.size() * 4;
  }
  std::sort(sorted.begin(), sorted.end(),
            [](const auto* a, const auto* b) { return a->name < b->name; });
  std::vector<std::string> shards(static_cast<size_t>(options.num_shards));
  std::vector<std::pair<std::string, std::string>> entries = {
      {"", encode_header(options.num_shards)}};
  int64_t done = 0;
  for (const NamedTensor* variable : sorted) {
    const Tensor& tensor = variable->tensor;
    const std::string bytes(reinterpret_cast<const char*>(tensor.data()),
                            static_cast<size_t>(tensor.size()) * 4);
    const auto shard = total == 0 ? 0
                                  : static_cast<int>(std::min<int64_t>(
                                        done * options.num_shards / total, options.num_shards - 1));
    std::string& data = shards[static_cast<size_t>(shard)];
    entries.emplace_back(variable->name,
                         encode_entry({.dtype = 1,
                                       .shape = tensor.shape(),
                                       .shard = shard,
                                       .offset = static_cast<int64_t>(data.size()),
                                       .num_bytes = static_cast<int64_t>(bytes.size()),
                                       .crc32c = plain_crc32c(bytes)}));
    data += bytes;
    done += static_cast<int64_t>(bytes.size());
  }
  for (int i = 0; i < options.num_shards; ++i) {
    write_bytes(prefix.string() + fmt::format(".data-{:05d}-of-{:05d}", i, options.num_shards),
                shards[static_cast<size_t>(i)]);
  }
  write_bytes(prefix.string() + ".index",
              encode_table(entries, options.block_bytes, options.snappy));
}

}  // namespace posse::testing
