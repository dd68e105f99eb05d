#include "results/formats/pickle/object_array.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "base/error.h"

namespace posse {
namespace {
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::NanSensitiveDoubleEq;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::span<const uint8_t> bytes(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

/// What Python's pickle.dumps(numpy.array([VALUES], dtype=object), protocol=4) writes.
std::string pickled(const std::string& values, char count) {
  using namespace std::string_literals;
  return "\x80\x04\x8c\x15numpy.core.multiarray\x94\x8c\x0c_reconstruct\x94\x93\x94"
         "\x8c\x05numpy\x94\x8c\x07ndarray\x94\x93\x94K\x00\x85\x94"
         "C\x01"
         "b\x94\x87\x94R\x94(K\x01K"s +
         count +
         "\x85\x94h\x03\x8c\x05"
         "dtype\x94\x93\x94\x8c\x02O8\x94\x89\x88\x87\x94R\x94(K\x03\x8c\x01|"
         "\x94NNNJ\xff\xff\xff\xff"
         "J\xff\xff\xff\xffK?t\x94"
         "b\x89]\x94("s +
         values + "et\x94" + "b.";
}

TEST(ObjectArray, NumbersAndNoneAreRead) {
  using namespace std::string_literals;
  // 1.5 as BINFLOAT, -3 as BININT, 300 as BININT2, 2**40 as LONG1, None
  const std::string values =
      "G\x3f\xf8\x00\x00\x00\x00\x00\x00J\xfd\xff\xff\xffM\x2c\x01"
      "\x8a\x06\x00\x00\x00\x00\x00\x01N"s;
  const ObjectArray array = read_object_array(bytes(pickled(values, 5)));
  EXPECT_THAT(array.shape, ElementsAre(5U));
  EXPECT_THAT(array.values, ElementsAre(1.5, -3, 300, 1099511627776.0, NanSensitiveDoubleEq(kNan)));
}

TEST(ObjectArray, TextIsNamedWithItsPlace) {
  EXPECT_THAT(
      [] {
        read_object_array(
            bytes(pickled("N\x8c\x03"
                          "abc",
                          2)));
      },
      ::testing::ThrowsMessage<Error>(HasSubstr("text 'abc' at value 1")));
}

TEST(ObjectArray, WhateverElseIsCalledIsAnError) {
  using namespace std::string_literals;
  EXPECT_THROW(read_object_array(bytes("\x80\x02"
                                       "cos\nsystem\nX\x02\x00\x00\x00ls\x85R."s)),
               Error);
  EXPECT_THROW(read_object_array(bytes("")), Error);
}

TEST(ObjectArray, DamagedPicklesNeverDoMoreThanFail) {
  std::mt19937 random(7);
  const std::string sound = pickled("NNN", 3);
  for (int i = 0; i < 5000; ++i) {
    std::string text = sound;
    for (int j = 0; j < 3; ++j) text[random() % text.size()] = static_cast<char>(random());
    text.resize(text.size() - random() % 8);
    try {
      read_object_array(bytes(text));
    } catch (const Error&) {
    }
  }
}

}  // namespace
}  // namespace posse
