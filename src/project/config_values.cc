#include "project/config_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

#include "base/error.h"
#include "base/text.h"

namespace posse {
namespace {

std::string shown(const YamlValue& value) {
  switch (value.kind) {
    case YamlValue::Kind::null:
      return "empty";
    case YamlValue::Kind::scalar:
      return fmt::format("'{}'", printable(value.text.substr(0, 60)));
    case YamlValue::Kind::list:
      return fmt::format("a list of {}", value.items.size());
    case YamlValue::Kind::map:
      return "a map";
  }
  POSSE_ASSERT(false);
}

bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 32 || static_cast<unsigned char>(c) == 127;
  });
}

}  // namespace

std::optional<double> number_of(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

std::optional<long long> integer_of(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  long long value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

ConfigMap::ConfigMap(const YamlValue& root, std::string file)
    : root_(root), file_(std::move(file)) {
  if (root.is_null()) {
    throw Error(ErrorKind::bad_file,
                fmt::format("{}: holds nothing but comments, expected keys with values", file_));
  }
  if (root.kind != YamlValue::Kind::map) {
    throw Error(ErrorKind::bad_file,
                fmt::format("{}: holds {}, expected keys with values", file_, shown(root)));
  }
}

const YamlValue* ConfigMap::find(std::string_view key) const {
  const YamlValue* value = root_.find(key);
  return value == nullptr || value->is_null() ? nullptr : value;
}

void ConfigMap::fail(const YamlValue& value, const std::string& what) const {
  const std::string place = value.line > 0 ? fmt::format("{} line {}", file_, value.line) : file_;
  throw Error(ErrorKind::bad_file, fmt::format("{}: {}", place, what));
}

void ConfigMap::wrong(std::string_view key, const YamlValue& value,
                      std::string_view expected) const {
  const bool has_odd_space = value.text.find("\xC2\xA0") != std::string::npos;
  const bool has_dash = value.text.size() > 1 && value.text[0] == '-' && value.text[1] != ' ' &&
                        !number_of(value.text) && expected.starts_with("a list");
  fail(value, fmt::format("'{}' is {}, expected {}{}", key, shown(value), expected,
                          has_odd_space ? " (it has a no-break space: write a plain one)"
                          : has_dash    ? " (a space is missing behind its dashes: write '- a')"
                                        : ""));
}

std::string ConfigMap::text(std::string_view key, std::string_view otherwise) const {
  const YamlValue* value = find(key);
  if (value == nullptr) return std::string(otherwise);
  if (value->kind != YamlValue::Kind::scalar) wrong(key, *value, "text");
  return value->text;
}

int ConfigMap::integer(std::string_view key, int otherwise) const {
  const YamlValue* value = find(key);
  if (value == nullptr) return otherwise;
  const auto number =
      value->kind == YamlValue::Kind::scalar ? number_of(value->text) : std::nullopt;
  if (!number || *number != std::floor(*number) || std::abs(*number) > 1e9) {
    wrong(key, *value, "a whole number");
  }
  return static_cast<int>(*number);
}

double ConfigMap::number(std::string_view key, double otherwise) const {
  const YamlValue* value = find(key);
  if (value == nullptr) return otherwise;
  const auto number =
      value->kind == YamlValue::Kind::scalar ? number_of(value->text) : std::nullopt;
  if (!number) wrong(key, *value, "a number");
  return *number;
}

bool ConfigMap::truth(std::string_view key, bool otherwise) const {
  const YamlValue* value = find(key);
  if (value == nullptr) return otherwise;
  const std::string word = ascii_lower(value->text);
  if (word == "true" || word == "yes" || word == "on" || word == "1") return true;
  if (word == "false" || word == "no" || word == "off" || word == "0") return false;
  wrong(key, *value, "true or false");
}

std::string ConfigMap::text_or(std::string_view key, std::string_view otherwise,
                               std::vector<std::string>& warnings) const {
  const YamlValue* value = find(key);
  if (value == nullptr || value->kind == YamlValue::Kind::scalar) return text(key, otherwise);
  warnings.push_back(fmt::format("line {}: '{}' is {}, expected text; it is left out", value->line,
                                 key, shown(*value)));
  return std::string(otherwise);
}

double ConfigMap::number_or(std::string_view key, double otherwise,
                            std::vector<std::string>& warnings) const {
  const YamlValue* value = find(key);
  const bool is_sound =
      value == nullptr || (value->kind == YamlValue::Kind::scalar && number_of(value->text));
  if (is_sound) return number(key, otherwise);
  warnings.push_back(fmt::format("line {}: '{}' is {}, expected a number; {} is taken", value->line,
                                 key, shown(*value), otherwise));
  return otherwise;
}

int ConfigMap::count_or(std::string_view key, int otherwise,
                        std::vector<std::string>& warnings) const {
  const YamlValue* value = find(key);
  if (value == nullptr) return otherwise;
  const auto count = value->kind == YamlValue::Kind::scalar ? number_of(value->text) : std::nullopt;
  if (count && *count >= 1 && *count == std::floor(*count) && *count <= 1e9) {
    return static_cast<int>(*count);
  }
  warnings.push_back(fmt::format("line {}: '{}' is {}, expected 1 or more; {} is taken",
                                 value->line, key, shown(*value), otherwise));
  return otherwise;
}

std::vector<double> ConfigMap::numbers(std::string_view key) const {
  const YamlValue* value = find(key);
  std::vector<double> found;
  if (value == nullptr) return found;
  const auto add = [&](const YamlValue& each) {
    const auto number = each.kind == YamlValue::Kind::scalar ? number_of(each.text) : std::nullopt;
    if (!number) wrong(key, each, "a number");
    found.push_back(*number);
  };
  if (value->kind == YamlValue::Kind::scalar) {
    add(*value);
  } else if (value->kind == YamlValue::Kind::list) {
    for (const YamlValue& item : value->items) add(item);
  } else {
    wrong(key, *value, "a list of numbers");
  }
  return found;
}

std::vector<std::string> ConfigMap::names(std::string_view key) const {
  const YamlValue* value = find(key);
  std::vector<std::string> found;
  if (value == nullptr) return found;
  if (value->kind != YamlValue::Kind::list) wrong(key, *value, "a list of names");
  std::set<std::string> seen;
  for (const YamlValue& item : value->items) {
    if (item.kind != YamlValue::Kind::scalar || item.text.empty()) {
      fail(item, fmt::format("'{}' has an entry that is {}, expected a name", key, shown(item)));
    }
    if (has_control_character(item.text)) {
      fail(item, fmt::format("'{}' has the name '{}' with control characters", key,
                             printable(item.text)));
    }
    if (!seen.insert(item.text).second) {
      fail(item, fmt::format("'{}' lists '{}' twice", key, item.text));
    }
    found.push_back(item.text);
  }
  return found;
}

}  // namespace posse
