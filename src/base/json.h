/// A JSON value that is built up in order and written. Behind it is nlohmann's library, whose
/// header costs seconds in every file that includes it; only sources that read JSON, too, include
/// it themselves.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace posse {

/// null, true or false, a number, a text, an array, or an object whose members keep their order.
/// Numbers that are not finite are written as null, bytes that are no UTF-8 as replacement
/// characters.
class Json {
 public:
  using Member = std::pair<std::string, Json>;

  Json() = default;
  // NOLINTBEGIN(google-explicit-constructor): values stand where JSON is expected
  Json(std::nullptr_t) {}
  Json(bool value) : value_(value) {}
  template <std::integral Number>
  requires(!std::same_as<Number, bool>) Json(Number value) : value_(static_cast<int64_t>(value)) {}
  Json(double value) : value_(value) {}
  Json(const char* text) : value_(std::string(text)) {}
  // NOLINTNEXTLINE(performance-unnecessary-value-param): it is moved from
  Json(std::string text) : value_(std::move(text)) {}
  Json(std::string_view text) : value_(std::string(text)) {}
  template <class Value>
  Json(const std::optional<Value>& value) {
    if (value) *this = Json(*value);
  }
  template <class Value>
  Json(const std::vector<Value>& values) : value_(Array()) {
    for (const Value& value : values) push_back(Json(value));
  }
  template <class Value, size_t kCount>
  Json(const std::array<Value, kCount>& values) : value_(Array()) {
    for (const Value& value : values) push_back(Json(value));
  }
  // NOLINTEND(google-explicit-constructor)

  static Json object(std::initializer_list<Member> members = {});
  static Json array(std::initializer_list<Json> values = {});

  /// The member of this name, made if it is not there. null becomes an object first.
  Json& operator[](std::string_view name);
  /// null becomes an array first.
  void push_back(Json value);
  /// The last value of an array that holds one.
  Json& back();

  /// @param indent  spaces per level; -1: all in one line
  std::string dump(int indent = -1) const;

  using Array = std::vector<Json>;
  using Object = std::vector<Member>;
  using Value = std::variant<std::nullptr_t, bool, int64_t, double, std::string, Array, Object>;
  const Value& value() const { return value_; }

 private:
  Value value_ = nullptr;
};

}  // namespace posse
