#include "base/json.h"

#include <gtest/gtest.h>

#include <cmath>

namespace posse {
namespace {

TEST(Json, KeepsTheOrderOfMembersAndWritesEveryKindOfValue) {
  Json json = Json::object({{"z", 1}, {"a", nullptr}});
  json["text"] = "a \"quote\"";
  json["share"] = 0.1;
  json["on"] = true;
  json["names"] = std::vector<std::string>{"x", "y"};
  json["inner"]["deep"] = std::optional<int>();
  json["list"].push_back(Json::array({1, 2.5}));
  EXPECT_EQ(json.dump(),
            R"({"z":1,"a":null,"text":"a \"quote\"","share":0.1,"on":true,"names":["x","y"],)"
            R"("inner":{"deep":null},"list":[[1,2.5]]})");
}

TEST(Json, IsIndentedOnRequest) {
  EXPECT_EQ(Json::object({{"a", Json::array({1})}}).dump(2), "{\n  \"a\": [\n    1\n  ]\n}");
  EXPECT_EQ(Json::array().dump(2), "[]");
  EXPECT_EQ(Json::object().dump(2), "{}");
}

TEST(Json, WritesNumbersThatAreNotFiniteAsNullAndKeepsEveryDigitOfOthers) {
  EXPECT_EQ(Json::array({NAN, INFINITY, -INFINITY}).dump(), "[null,null,null]");
  EXPECT_EQ(Json(0.1 + 0.2).dump(), "0.30000000000000004");
  EXPECT_EQ(Json(int64_t{1} << 62).dump(), "4611686018427387904");
}

TEST(Json, ReplacesBytesThatAreNoUtf8) { EXPECT_EQ(Json("caf\xe9").dump(), "\"caf\xef\xbf\xbd\""); }

TEST(Json, AMemberNamedAgainIsReplaced) {
  Json json;
  json["a"] = 1;
  json["a"] = 2;
  EXPECT_EQ(json.dump(), R"({"a":2})");
}

}  // namespace
}  // namespace posse
