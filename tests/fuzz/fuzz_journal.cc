// A run's journal, as another process, another version or a full disk may have left it.
#include "fuzz/fuzz_target.h"
#include "run/journal.h"

namespace posse::fuzz {
namespace {

JournalKey key() {
  return {.fingerprint = std::string(64, 'a'), .num_members = 2, .num_bodyparts = 1};
}

/// FNV-1a, by its definition.
uint64_t checksum(std::string_view bytes) {
  uint64_t hash = 14695981039346656037ULL;
  for (const char byte : bytes) hash = (hash ^ static_cast<uint8_t>(byte)) * 1099511628211ULL;
  return hash;
}

std::string sum_of(std::string_view bytes) {
  std::string sum(sizeof(uint64_t), '\0');
  uint64_t hash = checksum(bytes);
  for (char& byte : sum) byte = static_cast<char>(hash), hash >>= 8;
  return sum;
}

/// A journal whose records, and whose end if the input has one, are behind right checksums.
std::string sealed(Input& input) {
  constexpr size_t kNumberBytes = 8 + 8 + 8 * (9 + 3 * 2);
  std::string file = "posse journal 1\n" + key().fingerprint + std::string("\2\0\0\0\1\0\0\0", 8);
  const std::string facts = input.text();
  while (!input.is_empty()) {
    std::string record;
    while (record.size() < kNumberBytes) record += static_cast<char>(input.byte());
    file += record + sum_of(record);
  }
  if (facts.empty()) return file;
  std::string end = "posse end";
  for (int i = 0; i < 4; ++i) end += static_cast<char>(facts.size() >> (8 * i));
  end += facts;
  return file + end + sum_of(end);
}

void read_all(const std::filesystem::path& path, const JournalKey& of) {
  JournalReader reader(path, of);
  for (FrameResult result; reader.read(result);) {
  }
}

}  // namespace

void read_input(std::span<const uint8_t> bytes) {
  Input input(bytes);
  const bool is_sealed = input.byte() % 2 == 1;
  const auto path = scratch_file("journal", is_sealed ? sealed(input) : input.rest());
  expect_result_or_error([&] {
    if (const auto found = read_journal_key(path)) read_all(path, *found);
  });
  expect_result_or_error([&] { look_at_journal(path, key()); });
  expect_result_or_error([&] { JournalWriter(path, key()).flush(); });
}

}  // namespace posse::fuzz
