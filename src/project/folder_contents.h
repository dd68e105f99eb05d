/// Looks up what lies in folders, for choices that must not fail: what cannot be looked at counts
/// as not there.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace posse {

bool folder_is_there(const std::filesystem::path& path);
bool file_is_there(const std::filesystem::path& path);

/// In natural order, without hidden names (is_hidden_name).
std::vector<std::filesystem::path> subfolders(const std::filesystem::path& folder);

/// True if a file that is not hidden ends so, as ".index".
bool has_file_ending(const std::filesystem::path& folder, std::string_view ending);

/// True if a file that is not hidden begins so, as "CollectedData".
bool has_file_beginning(const std::filesystem::path& folder, std::string_view beginning);

/// True for a link whose target is not there.
bool is_dead_link(const std::filesystem::path& path);

/// "an archive" for "member-1.zip", "a shortcut" for "member-1.lnk"; empty for other names.
std::string kind_of_container(const std::filesystem::path& file);

}  // namespace posse
