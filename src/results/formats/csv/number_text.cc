#include "results/formats/csv/number_text.h"

#include <fast_float/fast_float.h>

#include <array>
#include <bit>
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

constexpr std::array<uint64_t, 9> kPowersOfTen = {
    1, 10, 100, 1'000, 10'000, 100'000, 1'000'000, 10'000'000, 100'000'000};

/// The decimal digits at the front of eight characters.
struct DigitRun {
  uint64_t value;
  int count;  ///< 0 to 8
};

DigitRun digits_at(const char* text) {
  static_assert(std::endian::native == std::endian::little);
  constexpr uint64_t kZeros = 0x3030303030303030;
  uint64_t bytes = 0;
  std::memcpy(&bytes, text, sizeof bytes);
  // The high bit of a byte is set where no digit stands; right up to the first such byte.
  const uint64_t others = ((bytes + 0x4646464646464646) | (bytes - kZeros)) & 0x8080808080808080;
  const int count = std::countr_zero(others) / 8;  // 8 if there is none
  // The digits move to the end of the word, zeros come before them; two shifts, since count may
  // be 0.
  const int half = 4 * (8 - count);
  uint64_t digits = ((bytes - kZeros) << half) << half;
  digits = digits * 10 + (digits >> 8);  // pairs, then fours, then eight
  digits = (((digits & 0x000000FF000000FF) * 0x000F424000000064) +
            (((digits >> 16) & 0x000000FF000000FF) * 0x0000271000000001)) >>
           32;
  return {digits, count};
}

/// Characters that read_plain_number() may look at: sign, 8 digits, point, three times 8.
constexpr ptrdiff_t kPlainNumberRoom = 34;

/// Numbers as tables hold them, without branching on the number of digits: up to 8 digits, a point,
/// digits, at most 19 in all. Nothing for any other.
NumberAt read_plain_number(const char* text) {
  const bool is_negative = *text == '-';
  text += is_negative ? 1 : 0;
  const DigitRun whole = digits_at(text);
  const char* const point = text + whole.count;
  if (whole.count == 0 || *point != '.') return {};
  uint64_t digits = whole.value;
  int fraction = 0;
  for (int run = 0; run < 3; ++run) {
    const DigitRun next = digits_at(point + 1 + fraction);
    if (whole.count + fraction + next.count > 19) return {};
    digits = digits * kPowersOfTen[static_cast<size_t>(next.count)] + next.value;
    fraction += next.count;
    if (next.count < 8) break;
  }
  const char* const end = point + 1 + fraction;
  if (fraction == 0 || *end == 'e' || *end == 'E' || (*end >= '0' && *end <= '9')) return {};
  // Exact for these exponents (Lemire 2021, "Number parsing at a gigabyte per second").
  double value = 0;
  fast_float::to_float(
      is_negative, fast_float::compute_float<fast_float::binary_format<double>>(-fraction, digits),
      value);
  return {value, end};
}

template <class Value>
char* write_shortest(char* out, Value value) {
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

}  // namespace

char* write_number(char* out, double value) { return write_shortest(out, value); }
char* write_number(char* out, float value) { return write_shortest(out, value); }

std::string number_text(double value) {
  std::array<char, kLongestNumber> text;
  return {text.data(), write_number(text.data(), value)};
}

NumberAt read_number(const char* begin, const char* end) {
  if (end - begin >= kPlainNumberRoom) {
    if (const NumberAt plain = read_plain_number(begin); plain.end != nullptr) return plain;
  }
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
