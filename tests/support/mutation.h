/// Damages files, at random but the same in every run: for tests that no input crashes a reader.
#pragma once

#include <cstddef>
#include <random>
#include <string>

namespace posse::testing {

/// `bytes` with one to four changes: bits flipped; a byte, or a stretch of bytes, set to a value
/// that readers are prone to mistake (0, 1, 127, 128, 255); a stretch cut out, doubled, or copied
/// to another place; random bytes put in; the end cut off. Empty input stays empty or grows.
/// @param random  seed it with seed_of_this_test().
std::string mutated(std::string bytes, std::mt19937& random);

/// As mutated(), but the length stays and nothing outside [begin, end) changes.
std::string mutated_in_place(std::string bytes, size_t begin, size_t end, std::mt19937& random);

}  // namespace posse::testing
