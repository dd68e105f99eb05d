/// Reads Python keyword arguments into an options struct, by the struct's own describe(): names,
/// meaning and defaults are those of the command line ("training_set_index" for
/// --training-set-index).
#pragma once

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/enum_names.h"
#include "base/text.h"
#include "bindings.h"

namespace posse {

/// "training_set_index" of "training-set-index".
inline std::string keyword_of(std::string name) {
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

/// Visitor for describe(): takes the keyword of each field, if it was given.
class KeywordReader {
 public:
  explicit KeywordReader(const py::dict& keywords) : keywords_(keywords) {}

  void operator()(const char* name, std::string& field, const char*, const char*) const {
    take(name, field);
  }
  void operator()(const char* name, bool& field, const char*, const char*) const {
    take(name, field);
  }
  void operator()(const char* name, int& field, const char*, const char*) const {
    if (take(name, field)) checked_count(name, field);
  }
  void operator()(const char* name, std::optional<int>& field, const char*, const char*) const {
    int value = 0;
    if (take(name, value)) field = checked_count(name, value);
  }
  void operator()(const char* name, double& field, const char*, const char*) const {
    take(name, field);
  }
  void operator()(const char* name, std::optional<double>& field, const char*, const char*) const {
    if (double value = 0; take(name, value)) field = value;
  }
  void operator()(const char* name, std::filesystem::path& field, const char*, const char*) const {
    take(name, field);
  }
  void operator()(const char* name, std::vector<std::string>& field, const char*,
                  const char*) const {
    const auto value = find(name);
    if (value && py::isinstance<py::str>(*value)) {  // else its letters would be taken
      throw py::type_error(fmt::format("option '{}' is a list of names", keyword_of(name)));
    }
    if (value) assign(name, *value, field);
  }
  void operator()(const char* name, std::vector<std::filesystem::path>& field, const char*,
                  const char*) const {
    take(name, field);
  }
  /// One number or several.
  void operator()(const char* name, std::vector<double>& field, const char*, const char*) const {
    const auto value = find(name);
    if (!value || value->is_none()) return;
    if (PyNumber_Check(value->ptr()) && !py::hasattr(*value, "__len__")) {
      field = {value->cast<double>()};
    } else {
      assign(name, *value, field);
    }
  }
  void operator()(const char* name, std::vector<std::vector<size_t>>& field, const char*,
                  const char*) const {
    take(name, field);
  }
  /// Ranges, each as frame_range_of() takes it; what is no list is one range.
  void operator()(const char* name, std::vector<FrameRange>& field, const char*,
                  const char*) const {
    const auto value = find(name);
    if (!value || value->is_none()) return;
    if (!py::isinstance<py::list>(*value)) {
      field = {frame_range_of(*value)};
      return;
    }
    for (const py::handle& range : *value)
      field.push_back(frame_range_of(py::reinterpret_borrow<py::object>(range)));
  }
  void operator()(const char* name, FrameRange& field, const char*, const char*) const {
    if (const auto value = find(name)) field = frame_range_of(*value);
  }
  /// What is written as a word: a BatchNormChoice.
  template <class Word>
  requires requires { Word::parse(std::string_view()); }
  void operator()(const char* name, Word& field, const char*, const char*) const {
    if (std::string word; take(name, word)) field = Word::parse(word);
  }
  template <class Enum>
  requires std::is_enum_v<Enum>
  void operator()(const char* name, Enum& field, const char*, const char*) const {
    if (std::string word; take(name, word)) field = enum_of<Enum>(keyword_of(name), word);
  }

  template <class Enum>
  requires std::is_enum_v<Enum>
  void operator()(const char* name, std::optional<Enum>& field, const char*, const char*) const {
    if (std::string word; take(name, word)) field = enum_of<Enum>(keyword_of(name), word);
  }

  /// @throws Python's TypeError for keywords that no field took.
  void finish() const {
    for (const auto& item : keywords_) {
      const auto name = item.first.cast<std::string>();
      if (std::find(known_.begin(), known_.end(), name) != known_.end()) continue;
      const auto nearest = nearest_names(name, known_);
      throw py::type_error(fmt::format("unknown option '{}'; {}", name,
                                       nearest.empty()
                                           ? "there are: " + list_names(known_, 40)
                                           : "did you mean " + list_names(nearest) + "?"));
    }
  }

 private:
  std::optional<py::object> find(const char* name) const {
    known_.push_back(keyword_of(name));
    if (!keywords_.contains(known_.back().c_str())) return std::nullopt;
    return py::reinterpret_borrow<py::object>(keywords_[known_.back().c_str()]);
  }

  template <class Value>
  bool take(const char* name, Value& field) const {
    const auto value = find(name);
    return value && assign(name, *value, field);
  }

  template <class Value>
  static bool assign(const char* name, const py::object& value, Value& field) {
    if (value.is_none()) return false;
    try {
      field = value.cast<Value>();
    } catch (const py::cast_error&) {
      throw py::type_error(
          fmt::format("option '{}' cannot be {}", keyword_of(name), std::string(py::repr(value))));
    }
    return true;
  }

  static int checked_count(const char* name, int value) {
    if (value >= 0) return value;
    throw Error(ErrorKind::usage,
                fmt::format("{} {}: must not be negative", keyword_of(name), value));
  }

  py::dict keywords_;
  /// Names asked for so far; describe() wants a const visitor.
  mutable std::vector<std::string> known_;
};

/// Visitor for describe(): keywords with what the command line's help says of them.
struct KeywordLister {
  py::dict& help;

  template <class Field>
  void operator()(const char* name, const Field&, const char*, const char* text) const {
    help[py::str(keyword_of(name))] = text;
  }
};

/// Keyword -> meaning, in the order of the command line's help.
template <class Options>
py::dict option_help() {
  py::dict help;
  Options options;
  describe(options, KeywordLister{help});
  return help;
}

/// All options of a struct from keywords. @throws TypeError, Error(usage)
template <class Options>
Options options_from(const py::dict& keywords) {
  Options options;
  const KeywordReader reader(keywords);
  describe(options, reader);
  reader.finish();
  return options;
}

}  // namespace posse
