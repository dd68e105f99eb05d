#include "cluster/json_tree.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"

namespace posse {
namespace {

[[noreturn]] void fail(const std::string& name, const std::string& what) {
  throw Error(ErrorKind::bad_file, fmt::format("{}: {}", name, what));
}

/// The library's message without its own name and number: "parse error at line 1, column 3: ...".
std::string message_of(const nlohmann::json::parse_error& error) {
  const std::string text = error.what();
  const size_t end = text.find("] ");
  return printable(end == std::string::npos ? text : text.substr(end + 2));
}

YamlValue tree_of(const nlohmann::json& json, const std::string& name, int depth) {
  if (depth < 0) fail(name, "values are nested too deep");
  YamlValue value;
  if (json.is_object()) {
    value.kind = YamlValue::Kind::map;
    for (const auto& [key, member] : json.items())
      value.entries.push_back({key, tree_of(member, name, depth - 1)});
  } else if (json.is_array()) {
    value.kind = YamlValue::Kind::list;
    for (const nlohmann::json& item : json) value.items.push_back(tree_of(item, name, depth - 1));
  } else if (!json.is_null()) {
    value.kind = YamlValue::Kind::scalar;
    value.quoted = json.is_string();
    value.text = json.is_string() ? json.get<std::string>() : json.dump();
  }
  return value;
}

}  // namespace

YamlValue parse_json(const std::string& text, const std::string& name, const YamlLimits& limits) {
  if (text.size() > limits.file_bytes) {
    fail(name, fmt::format("has {} bytes, at most {} are read", text.size(), limits.file_bytes));
  }
  try {
    return tree_of(nlohmann::json::parse(text), name, limits.depth);
  } catch (const nlohmann::json::parse_error& error) {
    fail(name, "is not JSON: " + message_of(error));
  }
}

}  // namespace posse
