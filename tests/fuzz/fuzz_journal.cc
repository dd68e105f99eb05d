// A run's journal, as another process, another version or a full disk may have left it.
#include <algorithm>

#include "fuzz/fuzz_target.h"
#include "run/journal.h"

namespace posse::fuzz {
namespace {

constexpr size_t kHeaderBytes = 16 + 64 + 8;

JournalKey key() {
  return {.fingerprint = std::string(64, 'a'), .num_members = 2, .num_bodyparts = 1};
}

/// FNV-1a, by its definition.
uint64_t checksum(std::string_view bytes) {
  uint64_t hash = 14695981039346656037ULL;
  for (const char byte : bytes) hash = (hash ^ static_cast<uint8_t>(byte)) * 1099511628211ULL;
  return hash;
}

/// Sets the checksum at the end of each record, so that its values are looked at.
std::string sealed(std::string file, size_t record_bytes) {
  for (size_t at = kHeaderBytes; at + record_bytes <= file.size(); at += record_bytes) {
    const size_t last = at + record_bytes - sizeof(uint64_t);
    uint64_t hash = checksum({file.data() + at, record_bytes - sizeof(uint64_t)});
    for (size_t i = 0; i < sizeof hash; ++i, hash >>= 8) file[last + i] = static_cast<char>(hash);
  }
  return file;
}

}  // namespace

void read_input(std::span<const uint8_t> bytes) {
  Input input(bytes);
  const bool is_sealed = input.byte() % 2 == 1;
  const size_t record_bytes = 8 + 8 + 8 * (9 + 3 * 2) + 8;
  const std::string file = input.rest();
  const auto path = scratch_file("journal", is_sealed ? sealed(file, record_bytes) : file);
  expect_result_or_error([&] {
    JournalReader reader(path, key());
    for (FrameResult result; reader.read(result);) {
    }
  });
  expect_result_or_error([&] {
    JournalWriter writer(path, key());
    writer.flush();
  });
}

}  // namespace posse::fuzz
