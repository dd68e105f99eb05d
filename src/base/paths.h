/// Looking at files and folders by name, with errors that say what the system said.
///
/// std::filesystem throws its own exceptions for a folder that may not be entered, a name that is
/// too long, a link that leads in a circle; on a user's path they are a user's error. Use these.
#pragma once

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

}  // namespace posse
