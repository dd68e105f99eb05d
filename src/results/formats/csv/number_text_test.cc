#include "results/formats/csv/number_text.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <random>

#include "support/shared_data.h"

namespace posse {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

/// Numbers of every size: all bit patterns are as likely.
double any_number(std::mt19937_64& random) {
  while (true) {
    const auto value = std::bit_cast<double>(random());
    if (std::isfinite(value)) return value;
  }
}

/// What a table cell followed by more of its row gives; the C library is the second reader.
void expect_as_strtod(const std::string& number, const std::string& rest) {
  const std::string row = number + rest;
  const NumberAt got = read_number(row.data(), row.data() + row.size());
  ASSERT_EQ(got.end, row.data() + number.size()) << row;
  ASSERT_EQ(std::bit_cast<uint64_t>(got.value),
            std::bit_cast<uint64_t>(std::strtod(number.c_str(), nullptr)))
      << row;
}

TEST(NumberText, IsWhatPythonWrites) {
  // repr() of Python 3.11 for each
  const std::vector<std::pair<double, std::string>> cases = {
      {0.0, "0.0"},
      {-0.0, "-0.0"},
      {3, "3.0"},
      {-2.5, "-2.5"},
      {0.1, "0.1"},
      {1.0 / 3, "0.3333333333333333"},
      {0.0001, "0.0001"},
      {0.00001, "1e-05"},
      {0.00012345678901234567, "0.00012345678901234567"},
      {123456789012345680.0, "1.2345678901234568e+17"},
      {1e15, "1000000000000000.0"},
      {9999999999999998.0, "9999999999999998.0"},
      {1e16, "1e+16"},
      {1e22, "1e+22"},
      {-1.7976931348623157e+308, "-1.7976931348623157e+308"},
      {5e-324, "5e-324"},
      {kInf, "inf"},
      {-kInf, "-inf"},
      {std::nan(""), ""}};
  for (const auto& [value, text] : cases) EXPECT_EQ(number_text(value), text);
}

TEST(NumberText, ReadsBackAndNoShorterTextWould) {
  std::mt19937_64 random(testing::seed_of_this_test());
  for (int i = 0; i < 200000; ++i) {
    // every other one of the size of pixels
    const double value =
        i % 2 == 0 ? any_number(random) : static_cast<double>(random() % (1 << 30)) / (1 << 20);
    const std::string text = number_text(value);
    ASSERT_LE(text.size(), kLongestNumber);
    ASSERT_EQ(std::strtod(text.c_str(), nullptr), value) << text;
    ASSERT_EQ(parse_cell(text), value) << text;
    int digits = 17;  // the fewest with which the C library's own rounding reads back
    while (digits > 1 &&
           std::strtod(fmt::format("{:.{}e}", value, digits - 2).c_str(), nullptr) == value)
      --digits;
    std::string ours = text.substr(0, text.find('e'));
    std::erase_if(ours, [](char c) { return c == '-' || c == '.'; });
    ours.erase(0, ours.find_first_not_of('0'));
    if (ours.find_last_not_of('0') != std::string::npos)
      ours.resize(ours.find_last_not_of('0') + 1);
    ASSERT_LE(ours.size(), static_cast<size_t>(digits)) << text;
  }
}

TEST(NumberText, ReadsAsTheCLibraryDoes) {
  std::mt19937_64 random(testing::seed_of_this_test());
  const auto digits = [&](size_t count) {
    std::string text;
    while (text.size() < count) text += static_cast<char>('0' + random() % 10);
    return text;
  };
  const std::vector<std::string> rests = {"", ",", ",1.5,2.25,3.125,4.0625,5.03125,6.015625,7.0",
                                          "\n"};
  for (int i = 0; i < 100000; ++i) {
    std::string number = random() % 4 == 0 ? "-" : "";
    number += digits(1 + random() % 12);
    if (random() % 4 != 0) number += "." + digits(1 + random() % 24);
    if (random() % 4 == 0) number += fmt::format("e{}", static_cast<int>(random() % 600) - 300);
    expect_as_strtod(number, rests[random() % rests.size()]);
  }
}

TEST(NumberText, HalfwayCasesGoToEven) {
  std::mt19937_64 random(testing::seed_of_this_test());
  for (int i = 0; i < 20000; ++i) {
    // 2^53 to 2^54: doubles are the even numbers, each odd one is a tie
    const uint64_t odd = (uint64_t{1} << 53) + (random() % (uint64_t{1} << 52)) * 2 + 1;
    expect_as_strtod(fmt::format("{}", odd), ",");
    expect_as_strtod(fmt::format("{}.0", odd), ",1.5,2.25,3.125,4.0625,5.03125,6.015625,7.0");
    expect_as_strtod(fmt::format("{}.00000000000000000000000001", odd), ",");
  }
}

TEST(NumberText, RefusesWhatIsNoNumber) {
  for (const std::string text : {"x", "", "-", ".", "+-1", "--1", "e5", "1,5"}) {
    const NumberAt got = read_number(text.data(), text.data() + text.size());
    EXPECT_TRUE(got.end == nullptr || got.end != text.data() + text.size()) << text;
  }
  for (const std::string text : {"1.5x", "1 2", "0x10", "1.2.3", "one", "1e", "+-3"})
    EXPECT_EQ(parse_cell(text), std::nullopt) << text;
}

TEST(NumberText, WordsForMissingAreNaN) {
  for (const std::string text :
       {"", "  ", "NaN", "nan", "NA", "N/A", "null", "None", "<NA>", " nan\t"})
    EXPECT_TRUE(std::isnan(parse_cell(text).value_or(0))) << text;
  EXPECT_EQ(parse_cell(" 12.5\t"), 12.5);
  EXPECT_EQ(parse_cell("+7"), 7);
  EXPECT_EQ(parse_cell("-Inf"), -kInf);
}

TEST(NumberText, WholeNumbersMayBeFloatsThatAreWhole) {
  EXPECT_EQ(parse_whole_number("12"), 12);
  EXPECT_EQ(parse_whole_number(" -3 "), -3);
  EXPECT_EQ(parse_whole_number("12.0"), 12);
  EXPECT_EQ(parse_whole_number("1e3"), 1000);
  EXPECT_EQ(parse_whole_number("9223372036854775807"), std::numeric_limits<int64_t>::max());
  for (const std::string text : {"12.5", "", "nan", "inf", "9223372036854775808", "1e300", "img12"})
    EXPECT_EQ(parse_whole_number(text), std::nullopt) << text;
}

}  // namespace
}  // namespace posse
