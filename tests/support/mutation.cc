#include "support/mutation.h"

#include <algorithm>
#include <array>

namespace posse::testing {
namespace {

constexpr std::array<unsigned char, 6> kTreacherous = {0, 1, 127, 128, 254, 255};

/// A number in [0, n); 0 for n = 0.
size_t below(size_t n, std::mt19937& random) { return n == 0 ? 0 : random() % n; }

size_t short_length(size_t most, std::mt19937& random) {
  return std::min(most, 1 + below(below(2, random) == 0 ? 8 : 64, random));
}

void change_in_place(std::string& bytes, size_t begin, size_t end, std::mt19937& random) {
  if (begin >= end) return;
  const size_t at = begin + below(end - begin, random);
  const size_t length = short_length(end - at, random);
  const char treacherous = static_cast<char>(kTreacherous[below(kTreacherous.size(), random)]);
  switch (below(5, random)) {
    case 0:
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8, random)));
      break;
    case 1:
      bytes[at] = treacherous;
      break;
    case 2:
      std::fill_n(bytes.begin() + static_cast<ptrdiff_t>(at), length, treacherous);
      break;
    case 3:
      for (size_t i = at; i < at + length; ++i) bytes[i] = static_cast<char>(random());
      break;
    default: {
      const size_t from = begin + below(end - begin - length + 1, random);
      const std::string copy = bytes.substr(from, length);
      std::copy(copy.begin(), copy.end(), bytes.begin() + static_cast<ptrdiff_t>(at));
    }
  }
}

void change_length(std::string& bytes, std::mt19937& random) {
  const size_t at = below(bytes.size() + 1, random);
  const size_t length = short_length(bytes.size() - at, random);
  switch (below(4, random)) {
    case 0:
      bytes.erase(at, length);
      break;
    case 1:
      bytes.insert(at, bytes.substr(at, length));
      break;
    case 2:
      for (size_t i = 0; i < length + 1; ++i) bytes.insert(at, 1, static_cast<char>(random()));
      break;
    default:
      bytes.resize(at);
  }
}

}  // namespace

std::string mutated(std::string bytes, std::mt19937& random) {
  const size_t num_changes = 1 + below(4, random);
  for (size_t i = 0; i < num_changes; ++i) {
    if (below(4, random) == 0) {
      change_length(bytes, random);
    } else {
      change_in_place(bytes, 0, bytes.size(), random);
    }
  }
  return bytes;
}

std::string mutated_in_place(std::string bytes, size_t begin, size_t end, std::mt19937& random) {
  const size_t num_changes = 1 + below(4, random);
  for (size_t i = 0; i < num_changes; ++i) change_in_place(bytes, begin, end, random);
  return bytes;
}

}  // namespace posse::testing
