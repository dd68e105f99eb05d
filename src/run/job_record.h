/// Writes and reads the part of run.json that all verbs share: every verb that writes results
/// leaves a run.json beside them.
///
/// To give a verb its record:
///  1. `auto record = begin_record("smooth");`
///  2. add what the verb has to say, key by key: inputs by describe_input(), options by
///     `describe(options, RecordOptions(record["options"]))`, frames, bodyparts ...;
///  3. `finish_record(folder / "run.json", std::move(record), files, warnings)`, after the results.
/// Keys have one meaning in all records; a new key needs no new format number.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/enum_names.h"
#include "base/frame_range.h"

namespace posse {

/// Raised when a key of run.json is dropped or changes its meaning (docs/versioning.md).
inline constexpr int kRecordFormat = 1;

/// {"format", "posse" (version), "verb", "finished" (time, UTC)}.
nlohmann::ordered_json begin_record(std::string_view verb);

/// Adds "warnings" and "files" (relative to the record's folder, or absolute), writes the record
/// under a temporary name and renames it. Bytes that are no UTF-8 are replaced.
/// @throws Error(io)
void finish_record(const std::filesystem::path& path, nlohmann::ordered_json record,
                   std::span<const std::filesystem::path> files,
                   std::span<const std::string> warnings);

/// The record at `path`; nullopt if there is none, or something that is not one. A record without a
/// format number was written by an early version and counts as format 1.
/// @throws Error(unsupported) for a later format, naming it; Error(io)
std::optional<nlohmann::ordered_json> read_record(const std::filesystem::path& path);

/// Visitor for describe(): options by their command-line names, as text, number or true/false; null
/// for what was left open.
class RecordOptions {
 public:
  explicit RecordOptions(nlohmann::ordered_json& json) : json_(json) {}
  template <class Field>
  void operator()(const char* name, const Field& field, const char*, const char*) const {
    if constexpr (std::is_enum_v<Field>) {
      put(name, std::string_view(name_of(field)));
    } else if constexpr (requires { field.to_string(); }) {
      put(name, field.to_string());
    } else {
      put(name, field);
    }
  }

 private:
  void put(const char* name, std::string_view text) const;
  void put(const char* name, const std::string& text) const { put(name, std::string_view(text)); }
  void put(const char* name, const std::filesystem::path& path) const { put(name, path.string()); }
  void put(const char* name, bool on) const;
  void put(const char* name, int number) const;
  void put(const char* name, int64_t number) const;
  void put(const char* name, double number) const;
  template <class Field>
  void put(const char* name, const std::optional<Field>& field) const {
    field ? (*this)(name, *field, "", "") : put_null(name);
  }
  void put(const char* name, std::span<const std::string> texts) const;
  void put(const char* name, std::span<const double> numbers) const;
  void put_null(const char* name) const;

  nlohmann::ordered_json& json_;
};

/// Visitor for describe(): takes back what RecordOptions wrote. A name that is missing leaves its
/// field alone. @throws Error(bad_file) for a value of another kind, naming the option
class ReadOptions {
 public:
  /// @param source  for messages: the file
  ReadOptions(const nlohmann::ordered_json& json, std::string source)
      : json_(json), source_(std::move(source)) {}
  template <class Field>
  void operator()(const char* name, Field& field, const char*, const char*) const {
    if constexpr (std::is_enum_v<Field>) {
      if (const auto text = word(name)) field = enum_of<Field>(name, *text);
    } else if constexpr (requires { Field::parse(std::string_view()); }) {
      if (const auto text = word(name)) field = Field::parse(*text);
    } else if constexpr (std::is_same_v<Field, std::filesystem::path>) {
      if (const auto text = word(name)) field = *text;
    } else {
      get(name, field);
    }
  }

 private:
  std::optional<std::string> word(const char* name) const;
  void get(const char* name, std::string& field) const;
  void get(const char* name, bool& field) const;
  void get(const char* name, int& field) const;
  void get(const char* name, double& field) const;
  void get(const char* name, std::optional<int>& field) const;
  void get(const char* name, std::vector<std::string>& field) const;

  const nlohmann::ordered_json& json_;
  std::string source_;
};

}  // namespace posse
