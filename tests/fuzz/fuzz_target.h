/// Helpers of the fuzz targets: one function per target, an input taken apart, a file to read from.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace posse::fuzz {

/// Hands the input to the reader under test. Each target defines it. posse::Error is an answer;
/// any other exception, a sanitizer's report or a hang is a finding.
void read_input(std::span<const uint8_t> input);

/// Calls `read`; an Error, which has to say something, is as good as a result.
void expect_result_or_error(const std::function<void()>& read);

std::string_view text_of(std::span<const uint8_t> bytes);

/// An input taken apart from its beginning. Past its end everything is 0 or empty.
class Input {
 public:
  explicit Input(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  bool is_empty() const { return bytes_.empty(); }
  uint8_t byte();
  /// Little-endian, of `size` bytes, at most 8.
  uint64_t number(size_t size);
  /// Two bytes of length, then so many bytes.
  std::string text();
  std::string rest();

 private:
  std::string take(size_t size);

  std::span<const uint8_t> bytes_;
};

/// A file of this name in a folder that lasts as long as the process.
std::filesystem::path scratch_file(const std::string& name, std::string_view bytes);

}  // namespace posse::fuzz
