/// Identifies the files that went into a job by path, size, time and hash.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

namespace posse {

/// Identity of an input. The hash is SHA-256 of the whole file; for a folder of pictures, of their
/// names, sizes and contents in order, hidden files (is_hidden_name) left out.
struct InputIdentity {
  /// Absolute path; read from a record: as printable() shows it.
  std::filesystem::path path;
  uint64_t num_bytes = 0;
  /// Seconds since 1970; with path and size it tells an unchanged file without reading it.
  int64_t modified_seconds = 0;
  std::string sha256;
};

/// @param known  an earlier identity; if path, size and time are the same its hash is taken over.
/// @throws Error(not_found, io)
InputIdentity identify_input(const std::filesystem::path& path,
                             const std::optional<InputIdentity>& known = std::nullopt);

/// True if size and time of what lies at `path` are those of the identity, wherever that was found.
/// @throws Error(not_found, io)
bool is_unchanged(const std::filesystem::path& path, const InputIdentity& identity);

/// {"path", "bytes", "modified", "sha256"}, as a record has it.
nlohmann::ordered_json describe_input(const InputIdentity& input);

/// Takes it back from a record; nullopt if a key is missing or of another type.
std::optional<InputIdentity> input_from(const nlohmann::ordered_json& json);

}  // namespace posse
