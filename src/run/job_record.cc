#include "run/job_record.h"

#include <fmt/format.h>

#include <ctime>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/files.h"
#include "base/paths.h"
#include "base/text.h"
#include "base/version.h"

namespace posse {
namespace {
namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr uint64_t kMostBytes = uint64_t{1} << 26;

std::string iso_time_now() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  char text[32];
  std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

}  // namespace

Json begin_record(std::string_view verb) {
  return {{"format", kRecordFormat},
          {"posse", version()},
          {"verb", std::string(verb)},
          {"finished", iso_time_now()}};
}

void finish_record(const fs::path& path, Json record, std::span<const fs::path> files,
                   std::span<const std::string> warnings) {
  record["warnings"] = Json::array();
  for (const std::string& warning : warnings) record["warnings"].push_back(warning);
  record["files"] = Json::array();
  for (const fs::path& file : files) {
    const fs::path relative = file.lexically_relative(path.parent_path());
    record["files"].push_back(
        printable((relative.empty() ? absolute_path(file) : relative).string()));
  }
  write_file(path, record.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

std::optional<Json> read_record(const fs::path& path) {
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return std::nullopt;
  Json json = Json::parse(read_file(path, kMostBytes), nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return std::nullopt;
  const Json format = json.value("format", Json(kRecordFormat));
  if (!format.is_number_integer()) return std::nullopt;
  if (format.get<int64_t>() > kRecordFormat) {
    throw Error(ErrorKind::unsupported,
                fmt::format("{}: was written by a later posse, in format {}; this one knows "
                            "formats up to {}",
                            path.string(), format.get<int64_t>(), kRecordFormat),
                {.hint = "use that version, or another folder with --out"});
  }
  return json;
}

void RecordOptions::put(const char* name, std::string_view text) const {
  json_[name] = std::string(text);
}
void RecordOptions::put(const char* name, bool on) const { json_[name] = on; }
void RecordOptions::put(const char* name, int number) const { json_[name] = number; }
void RecordOptions::put(const char* name, int64_t number) const { json_[name] = number; }
void RecordOptions::put(const char* name, double number) const { json_[name] = number; }
void RecordOptions::put_null(const char* name) const { json_[name] = nullptr; }
void RecordOptions::put(const char* name, std::span<const std::string> texts) const {
  json_[name] = std::vector<std::string>(texts.begin(), texts.end());
}
void RecordOptions::put(const char* name, std::span<const double> numbers) const {
  json_[name] = std::vector<double>(numbers.begin(), numbers.end());
}

namespace {

/// Takes json[name] into `field` if it is there. @throws Error(bad_file)
template <class Field>
void take(const Json& json, const std::string& source, const char* name, Field& field) {
  const auto found = json.find(name);
  if (found == json.end() || found->is_null()) return;
  const bool fits = std::is_same_v<Field, bool>          ? found->is_boolean()
                    : std::is_same_v<Field, int>         ? found->is_number_integer()
                    : std::is_same_v<Field, std::string> ? found->is_string()
                                                         : found->is_number();
  if (!fits) {
    throw Error(ErrorKind::bad_file,
                fmt::format("{}: the option '{}' is {}, which it cannot be", printable(source),
                            name, printable(found->dump())));
  }
  field = found->get<Field>();
}

}  // namespace

std::optional<std::string> ReadOptions::word(const char* name) const {
  std::string text;
  const auto found = json_.find(name);
  if (found == json_.end() || found->is_null()) return std::nullopt;
  take(json_, source_, name, text);
  return text;
}
void ReadOptions::get(const char* name, std::string& field) const {
  take(json_, source_, name, field);
}
void ReadOptions::get(const char* name, bool& field) const { take(json_, source_, name, field); }
void ReadOptions::get(const char* name, int& field) const { take(json_, source_, name, field); }
void ReadOptions::get(const char* name, double& field) const { take(json_, source_, name, field); }
void ReadOptions::get(const char* name, std::vector<std::string>& field) const {
  const auto found = json_.find(name);
  if (found == json_.end() || found->is_null()) return;
  if (!found->is_array())
    throw Error(ErrorKind::bad_file,
                fmt::format("{}: the option '{}' is {}, not a list", printable(source_), name,
                            printable(found->dump())));
  field.clear();
  for (const Json& value : *found) {
    const Json one = {{name, value}};
    take(one, source_, name, field.emplace_back());
  }
}
void ReadOptions::get(const char* name, std::optional<int>& field) const {
  int number = 0;
  const auto found = json_.find(name);
  if (found == json_.end() || found->is_null()) return;
  take(json_, source_, name, number);
  field = number;
}

}  // namespace posse
