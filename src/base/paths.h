/// Looks at files and folders by their paths, with errors that say what the system said.
///
/// std::filesystem throws its own exceptions for a folder that may not be entered, a name that is
/// too long, a link that leads in a circle; on a user's path they are a user's error. Use these.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace posse {

enum class PathKind { absent, file, folder, other };

/// What lies at a path, links followed. A dead link and a path through a file are absent.
/// @throws Error(usage) for an empty path; Error(io) with the system's reason where it cannot be
/// found out (a folder on the way may not be entered, the name is too long, links in a circle)
PathKind kind_of_path(const std::filesystem::path& path);

inline bool path_exists(const std::filesystem::path& path) {
  return kind_of_path(path) != PathKind::absent;
}
inline bool is_folder(const std::filesystem::path& path) {
  return kind_of_path(path) == PathKind::folder;
}

/// The path from the root, without "." and ".."; links are not followed.
/// @throws Error(usage) for an empty path; Error(io) where the working folder is gone
std::filesystem::path absolute_path(const std::filesystem::path& path);

/// @throws Error(io), naming the file and the reason
uint64_t size_of_file(const std::filesystem::path& file);

/// Why a folder cannot be looked into: the system's reason, empty if it can. A folder that may be
/// listed and not entered cannot: what lies in it would seem not to be there.
std::string why_unreadable(const std::filesystem::path& folder);

/// Why a file cannot be made or replaced at a path, naming what is in the way: a folder that may
/// not be written, a file where a folder should be, a name that is too long. Empty if it can, as
/// far as can be told without writing; folders that are missing on the way can be made.
std::string why_not_writable(const std::filesystem::path& file);

/// Refuses control characters, which terminals obey, in names that a path adds to what is there.
/// @throws Error(usage)
void require_plain_names(const std::filesystem::path& path);

/// @throws Error(io) with the reason of why_not_writable(), and as require_plain_names(); an empty
/// path is fine
void require_writable(const std::filesystem::path& file);

/// @throws Error(usage) where something lies at the path that a new file would replace, unless
/// `force`; an empty path is fine
void refuse_to_replace(const std::filesystem::path& file, bool force);

/// Where posse keeps what it would have to find out again: $XDG_CACHE_HOME/posse, else
/// ~/.cache/posse. A relative $XDG_CACHE_HOME is not looked at, as its standard says. Empty where
/// there is no home.
std::filesystem::path user_cache_folder();

/// Bytes that may still be written where a file is to be made; nothing if the system does not say.
std::optional<uint64_t> room_for(const std::filesystem::path& file);

/// Does the work. Where std::filesystem throws its own exception, that is the system's refusal of a
/// user's path: @throws Error(io) with path and reason in its place.
template <class Work>
decltype(auto) with_system_errors(const Work& work);
[[noreturn]] void throw_refusal(const std::filesystem::filesystem_error& error);

/// What lies in a folder, in natural order. Names that begin with a dot are left out: macOS leaves
/// "._X" beside every X on foreign disks, network disks ".nfs...", editors ".~lock...", killed runs
/// of posse ".X....partial".
/// @throws Error(io), naming the folder and the reason
std::vector<std::filesystem::path> entries_of_folder(const std::filesystem::path& folder);

/// True for the names that entries_of_folder() leaves out: those that begin with a dot, and the
/// folders "__MACOSX" (of unpacked archives) and "@eaDir" (of storage servers).
inline bool is_hidden_name(std::string_view file_name) {
  return file_name.starts_with('.') || file_name == "__MACOSX" || file_name == "@eaDir";
}

/// The stem that a copy was made of, by the names that browsers, file managers and cloud folders
/// give: "X (1)", "X - Copy", "X - Copy (2)", "X copy", "X (conflicted copy 2024-05-01)",
/// "Copy of X", "X.sync-conflict-20240501-120000-ABCDEFG", "X-DESKTOP-1A2B3C4". Nothing if the stem
/// is none of these.
std::optional<std::string> original_of_copy(std::string_view stem);

template <class Work>
decltype(auto) with_system_errors(const Work& work) {
  try {
    return work();
  } catch (const std::filesystem::filesystem_error& error) {
    throw_refusal(error);
  }
}

}  // namespace posse
