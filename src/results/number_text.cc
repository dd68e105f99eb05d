#include "results/number_text.h"

#include <fast_float/fast_float.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

namespace posse {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool is_word_for_missing(std::string_view cell) {
  static constexpr std::array<std::string_view, 12> kWords = {
      "NaN", "nan", "NA", "N/A", "n/a", "NULL", "null", "None", "<NA>", "#N/A", "-NaN", "-nan"};
  for (const std::string_view word : kWords) {
    if (cell == word) return true;
  }
  return false;
}

}  // namespace

char* write_number(char* out, double value) {
  if (std::isnan(value)) return out;
  if (std::isinf(value)) {
    const std::string_view word = value < 0 ? "-inf" : "inf";
    return std::copy(word.begin(), word.end(), out);
  }
  if (std::signbit(value)) *out++ = '-';
  // Digits d[.ddd] and the exponent that follows them; the rest is moving the point.
  std::array<char, kLongestNumber + 8> text;
  char* const text_end =
      std::to_chars(text.begin(), text.end(), std::abs(value), std::chars_format::scientific).ptr;
  char* mark = text_end - 4;  // "e+dd" or "e+ddd"
  if (*mark != 'e') --mark;
  int exponent = 0;
  for (const char* p = mark + 2; p != text_end; ++p) exponent = exponent * 10 + (*p - '0');
  if (mark[1] == '-') exponent = -exponent;
  if (exponent < -4 || exponent >= 16) return std::copy(text.begin(), text_end, out);

  const int num_digits = mark - text.begin() == 1 ? 1 : static_cast<int>(mark - text.begin()) - 1;
  text[1] = text[0];  // now the digits are text[1 .. num_digits], without the point
  const char* const digits = text.data() + 1;
  if (exponent < 0) {
    *out++ = '0';
    *out++ = '.';
    for (int i = -1; i > exponent; --i) *out++ = '0';
    std::memcpy(out, digits, num_digits);
    return out + num_digits;
  }
  const int whole = exponent + 1;
  if (num_digits <= whole) {
    std::memcpy(out, digits, num_digits);
    std::memset(out + num_digits, '0', whole - num_digits);
    std::memcpy(out + whole, ".0", 2);
    return out + whole + 2;
  }
  std::memcpy(out, digits, whole);
  out[whole] = '.';
  std::memcpy(out + whole + 1, digits + whole, num_digits - whole);
  return out + num_digits + 1;
}

std::string number_text(double value) {
  std::array<char, kLongestNumber> text;
  return {text.data(), write_number(text.data(), value)};
}

NumberAt read_number(const char* begin, const char* end) {
  double value = 0;
  const char* const start = begin != end && *begin == '+' ? begin + 1 : begin;
  const auto result = fast_float::from_chars(start, end, value);
  if (result.ec != std::errc() || (start != begin && start != end && *start == '-')) return {};
  return {value, result.ptr};
}

std::optional<double> parse_cell(std::string_view cell) {
  cell = trimmed(cell);
  if (cell.empty() || is_word_for_missing(cell)) return std::numeric_limits<double>::quiet_NaN();
  const NumberAt number = read_number(cell.data(), cell.data() + cell.size());
  if (number.end != cell.data() + cell.size()) return std::nullopt;
  return number.value;
}

std::optional<int64_t> parse_whole_number(std::string_view cell) {
  cell = trimmed(cell);
  int64_t whole = 0;
  const char* const end = cell.data() + cell.size();
  const auto result = std::from_chars(cell.data(), end, whole);
  if (result.ec == std::errc() && result.ptr == end && !cell.empty()) return whole;
  const std::optional<double> value = cell.empty() ? std::nullopt : parse_cell(cell);
  constexpr double kExactWhole = 9007199254740992.0;  // 2^53: every whole double below is exact
  if (!value || !(std::abs(*value) < kExactWhole) || *value != std::floor(*value)) {
    return std::nullopt;
  }
  return static_cast<int64_t>(*value);
}

}  // namespace posse
