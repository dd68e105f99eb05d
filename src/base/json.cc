#include "base/json.h"

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace posse {
namespace {

using Written = nlohmann::ordered_json;

Written written(const Json& json);

Written written(const Json::Array& values) {
  Written array = Written::array();
  for (const Json& value : values) array.push_back(written(value));
  return array;
}

Written written(const Json::Object& members) {
  Written object = Written::object();
  for (const auto& [name, value] : members) object[name] = written(value);
  return object;
}

Written written(const Json& json) {
  return std::visit(
      [](const auto& value) -> Written {
        using Value = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<Value, Json::Array> || std::is_same_v<Value, Json::Object>) {
          return written(value);
        } else {
          return Written(value);
        }
      },
      json.value());
}

}  // namespace

Json Json::object(std::initializer_list<Member> members) {
  Json json;
  json.value_ = Object(members);
  return json;
}

Json Json::array(std::initializer_list<Json> values) {
  Json json;
  json.value_ = Array(values);
  return json;
}

Json& Json::operator[](std::string_view name) {
  if (std::holds_alternative<std::nullptr_t>(value_)) value_ = Object();
  POSSE_ASSERT(std::holds_alternative<Object>(value_));
  auto& members = std::get<Object>(value_);
  for (auto& [known, value] : members) {
    if (known == name) return value;
  }
  return members.emplace_back(std::string(name), Json()).second;
}

void Json::push_back(Json value) {
  if (std::holds_alternative<std::nullptr_t>(value_)) value_ = Array();
  POSSE_ASSERT(std::holds_alternative<Array>(value_));
  std::get<Array>(value_).push_back(std::move(value));
}

Json& Json::back() {
  POSSE_ASSERT(std::holds_alternative<Array>(value_) && !std::get<Array>(value_).empty());
  return std::get<Array>(value_).back();
}

std::string Json::dump(int indent) const {
  return written(*this).dump(indent, ' ', false, Written::error_handler_t::replace);
}

}  // namespace posse
