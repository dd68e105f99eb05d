/// Writes and reads numbers as the text of tables, exactly both ways and fast.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace posse {

/// Longest text that write_number() gives: "-1.7976931348623157e+308".
inline constexpr size_t kLongestNumber = 24;

/// Writes the shortest decimal that reads back as `value`, in the form Python's repr() and pandas'
/// to_csv() use: always with a point or an exponent ("3.0"), exponent form below 1e-4 and from 1e16
/// ("1e-05"), "inf", "-inf"; nothing for NaN, which is an empty cell.
/// @param out  room for kLongestNumber characters
/// @return one past the last character written
char* write_number(char* out, double value);
/// The same for the shortest decimal that reads back as the same float, as numpy's float32 does.
char* write_number(char* out, float value);

/// What write_number() writes, as a string.
std::string number_text(double value);

/// A decimal number at the start of a piece of text.
struct NumberAt {
  double value = 0;
  const char* end = nullptr;  ///< one past the number; nullptr if there is no number
};

/// Reads the decimal number that starts at `begin`: the nearest double, ties to even. Understands
/// a leading sign, exponents, "inf" and "nan" in any case.
NumberAt read_number(const char* begin, const char* end);

/// A whole cell: surrounding blanks are ignored; empty and the words that pandas takes for missing
/// ("NaN", "NA", "N/A", "null", "None", ...) are NaN. Nothing if it is not a number.
std::optional<double> parse_cell(std::string_view cell);

/// A whole number such as a row label: digits with an optional sign, or a float that is whole
/// ("12.0"). Nothing otherwise.
std::optional<int64_t> parse_whole_number(std::string_view cell);

}  // namespace posse
