#include "project/yaml_references.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

namespace posse {
namespace {

constexpr int kMostSteps = 32;            // from reference to reference
constexpr int64_t kMostValues = 100'000;  // that references may add

using Path = std::vector<std::string>;

/// The parts of "a.b[0].c"; nullopt for what is no such name.
std::optional<Path> parts_of(std::string_view name) {
  Path parts(1);
  for (const char c : name) {
    if (c == '.' || c == '[') {
      parts.emplace_back();
    } else if (c == ':' || c == '$' || c == '{') {
      return std::nullopt;
    } else if (c != ']') {
      parts.back() += c;
    }
  }
  return parts;
}

int64_t num_values(const YamlValue& value) {
  int64_t sum = 1;
  for (const YamlValue& item : value.items) sum += num_values(item);
  for (const YamlEntry& entry : value.entries) sum += num_values(entry.value);
  return sum;
}

class Resolver {
 public:
  explicit Resolver(const YamlValue& root) : root_(root) {}

  /// @param place  of the value, from the top
  YamlValue resolved(const YamlValue& value, const Path& place, int step) {
    if (value.kind == YamlValue::Kind::scalar) return resolved_text(value, place, step);
    YamlValue result = value;
    for (size_t i = 0; i < result.items.size(); ++i) {
      result.items[i] = resolved(result.items[i], below(place, std::to_string(i)), step);
    }
    for (YamlEntry& entry : result.entries) {
      entry.value = resolved(entry.value, below(place, entry.key), step);
    }
    return result;
  }

 private:
  static Path below(const Path& place, std::string key) {
    Path path = place;
    path.push_back(std::move(key));
    return path;
  }

  YamlValue resolved_text(const YamlValue& value, const Path& place, int step) {
    YamlValue result = value;
    size_t from = 0;
    while (step < kMostSteps) {
      const size_t begin = result.text.find("${", from);
      const size_t end = begin == std::string::npos ? begin : result.text.find('}', begin);
      if (end == std::string::npos) break;
      const auto path = path_of(result.text.substr(begin + 2, end - begin - 2), place);
      const YamlValue* target = path ? at(*path) : nullptr;
      if (target == nullptr || (num_added_ += num_values(*target)) > kMostValues) {
        from = end;
        continue;
      }
      const YamlValue found = resolved(*target, *path, step + 1);
      if (!unresolved_reference(found).empty()) {
        from = end;
        continue;
      }
      if (begin == 0 && end + 1 == result.text.size()) return found;
      if (found.kind != YamlValue::Kind::scalar) {
        from = end;
        continue;
      }
      result.text.replace(begin, end + 1 - begin, found.text);
      from = begin + found.text.size();
    }
    return result;
  }

  /// Where a reference points, from the top.
  static std::optional<Path> path_of(std::string_view name, const Path& place) {
    const size_t dots = std::min(name.find_first_not_of('.'), name.size());
    auto parts = parts_of(name.substr(dots));
    if (!parts || dots == 0) return parts;
    if (dots > place.size()) return std::nullopt;
    Path path(place.begin(), place.end() - static_cast<ptrdiff_t>(dots));
    path.insert(path.end(), parts->begin(), parts->end());
    return path;
  }

  const YamlValue* at(const Path& path) const {
    const YamlValue* value = &root_;
    for (const std::string& part : path) {
      if (value->kind == YamlValue::Kind::list) {
        size_t index = value->items.size();
        std::from_chars(part.data(), part.data() + part.size(), index);
        value = index < value->items.size() ? &value->items[index] : nullptr;
      } else {
        value = value->find(part);
      }
      if (value == nullptr) return nullptr;
    }
    return value;
  }

  const YamlValue& root_;
  int64_t num_added_ = 0;
};

}  // namespace

YamlValue resolve_references(YamlValue root) { return Resolver(root).resolved(root, {}, 0); }

std::string unresolved_reference(const YamlValue& value) {
  if (value.kind == YamlValue::Kind::scalar) {
    const size_t begin = value.text.find("${");
    if (begin == std::string::npos) return "";
    return value.text.substr(begin, value.text.find('}', begin) - begin + 1);
  }
  for (const YamlValue& item : value.items) {
    if (std::string found = unresolved_reference(item); !found.empty()) return found;
  }
  for (const YamlEntry& entry : value.entries) {
    if (std::string found = unresolved_reference(entry.value); !found.empty()) return found;
  }
  return "";
}

}  // namespace posse
