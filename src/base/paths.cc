#include "base/paths.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/error.h"
#include "base/natural_order.h"
#include "base/text.h"

namespace posse {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void refuse(const fs::path& path, const std::error_code& error) {
  const bool is_closed = error == std::errc::permission_denied;
  throw Error(
      ErrorKind::io,
      fmt::format("{}: cannot be looked at: {}", printable(path.string()), error.message()),
      {.hint = is_closed ? "its folder, or one above it, may not be entered: see ls -ld" : ""});
}

/// The nearest folder above a file that is there; or what is in the way instead, with the reason.
struct FolderAbove {
  fs::path folder;
  std::string obstacle;
};

FolderAbove folder_above(const fs::path& file) {
  fs::path folder = file.parent_path();
  for (;; folder = folder.parent_path()) {
    if (folder.empty()) folder = ".";
    std::error_code error;
    const fs::file_type type = fs::status(folder, error).type();
    const std::string name = printable(folder.string());
    if (type == fs::file_type::directory) return {folder, ""};
    if (type == fs::file_type::not_found) {
      std::error_code ignored;
      if (fs::is_symlink(folder, ignored)) return {folder, name + ": is a link to nowhere"};
      if (folder != ".") continue;  // it can be made
      return {folder, name + ": " + error.message()};
    }
    if (error == std::errc::permission_denied && folder != ".") continue;  // a closed one is above
    if (type == fs::file_type::none) return {folder, name + ": " + error.message()};
    return {folder, name + ": Not a directory"};
  }
}

/// The text without what stands between its last '(' and a closing ')' at its end.
std::string_view without_brackets(std::string_view text) {
  const size_t open = text.rfind('(');
  if (!text.ends_with(')') || open == std::string_view::npos) return text;
  return text.substr(0, open);
}

bool is_number(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// What stands before the mark of another machine, or behind "Copy of "; else the whole.
std::string_view without_machine(std::string_view text) {
  for (const std::string_view start : {"Copy of ", "Kopie von ", "Copie de ", "Copia de "}) {
    if (text.starts_with(start)) return text.substr(start.size());
  }
  for (const std::string_view mark : {".sync-conflict-", "-DESKTOP-", "-LAPTOP-"}) {
    const size_t at = text.rfind(mark);
    if (at != std::string_view::npos) return text.substr(0, at);
  }
  return text;
}

std::string_view trimmed_end(std::string_view text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '-')) text.remove_suffix(1);
  return text;
}

}  // namespace

PathKind kind_of_path(const fs::path& path) {
  if (path.empty()) throw Error(ErrorKind::usage, "an empty name was given for a file or folder");
  std::error_code error;
  switch (fs::status(path, error).type()) {
    case fs::file_type::not_found:
      return PathKind::absent;
    case fs::file_type::regular:
      return PathKind::file;
    case fs::file_type::directory:
      return PathKind::folder;
    case fs::file_type::none:
      refuse(path, error);
    default:
      // Something is there, though it may not be possible to say what.
      if (error) refuse(path, error);
      return PathKind::other;
  }
}

fs::path absolute_path(const fs::path& path) {
  if (path.empty()) throw Error(ErrorKind::usage, "an empty name was given for a file or folder");
  std::error_code error;
  const fs::path whole = fs::absolute(path, error);
  if (error) refuse(path, error);
  return whole.lexically_normal();
}

uint64_t size_of_file(const fs::path& file) {
  std::error_code error;
  const uint64_t size = fs::file_size(file, error);
  if (error) refuse(file, error);
  return size;
}

std::string why_unreadable(const fs::path& folder) {
  std::error_code error;
  const fs::directory_iterator first(folder, error);
  if (error) return error.message();
  return ::access(folder.c_str(), X_OK) == 0 ? "" : std::strerror(errno);
}

std::string why_not_writable(const fs::path& file) {
  const FolderAbove above = folder_above(file);
  if (!above.obstacle.empty()) return above.obstacle;
  std::error_code error;
  const fs::file_status status = fs::status(file, error);
  const bool is_new = status.type() == fs::file_type::not_found;
  if (fs::is_directory(status)) return printable(file.string()) + ": is a folder";
  if (::access(above.folder.c_str(), W_OK | X_OK) != 0)
    return printable(above.folder.string()) + ": " + std::strerror(errno);
  return error && !is_new ? printable(file.string()) + ": " + error.message() : "";
}

void require_plain_names(const fs::path& path) {
  fs::path so_far;
  for (const fs::path& part : path) {
    so_far /= part;
    const std::string plain = without_control_characters(part.string());
    std::error_code missing;
    if (plain == part.string() || fs::exists(so_far, missing)) continue;
    throw Error(ErrorKind::usage,
                fmt::format("{}: a name with control characters", printable(path.string())),
                {.hint = "write it as " + printable(plain)});
  }
}

void require_writable(const fs::path& file) {
  require_plain_names(file);
  const std::string why = file.empty() ? "" : why_not_writable(file);
  if (why.empty()) return;
  throw Error(ErrorKind::io,
              fmt::format("{}: cannot be written: {}", printable(file.string()), why),
              {.hint = "choose a folder you may write to"});
}

void refuse_to_replace(const fs::path& file, bool force) {
  if (force || file.empty() || !path_exists(file)) return;
  throw Error(ErrorKind::usage, fmt::format("{}: exists already", file.string()),
              {.hint = "--force replaces it"});
}

fs::path user_cache_folder() {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return fs::path(value == nullptr ? "" : value);
  };
  fs::path folder = variable("XDG_CACHE_HOME");
  if (folder.is_relative()) {
    const fs::path home = variable("HOME");
    if (home.empty()) return {};
    folder = home / ".cache";
  }
  return folder / "posse";
}

std::optional<uint64_t> room_for(const fs::path& file) {
  std::error_code error;
  const fs::space_info space = fs::space(folder_above(file).folder, error);
  if (error || space.available == static_cast<std::uintmax_t>(-1)) return std::nullopt;
  return space.available;
}

void throw_refusal(const fs::filesystem_error& error) { refuse(error.path1(), error.code()); }

std::vector<fs::path> entries_of_folder(const fs::path& folder) {
  std::vector<fs::path> entries;
  std::error_code error;
  fs::directory_iterator at(folder.empty() ? fs::path(".") : folder, error);
  for (; !error && at != fs::directory_iterator(); at.increment(error)) {
    if (!is_hidden_name(at->path().filename().string())) entries.push_back(at->path());
  }
  if (error) {
    throw Error(
        ErrorKind::io,
        fmt::format("{}: cannot be listed: {}", printable(folder.string()), error.message()),
        {.hint = error == std::errc::permission_denied ? "you may not read this folder: see ls -ld"
                                                       : ""});
  }
  std::sort(entries.begin(), entries.end(), [](const fs::path& a, const fs::path& b) {
    return naturally_before(a.filename().string(), b.filename().string());
  });
  return entries;
}

std::optional<std::string> original_of_copy(std::string_view stem) {
  std::string_view rest = stem;
  const std::string_view outside = without_brackets(stem);
  if (outside.size() < stem.size()) {
    const std::string_view inside =
        stem.substr(outside.size() + 1, stem.size() - outside.size() - 2);
    const std::string words = ascii_lower(inside);
    if (!is_number(inside) && words.find("copy") == std::string::npos &&
        words.find("conflict") == std::string::npos) {
      return std::nullopt;
    }
    rest = trimmed_end(outside);
  }
  const std::string lower = ascii_lower(rest);
  for (const std::string_view ending : {" - copy", " - kopie", " copy", "_copy"}) {
    if (!lower.ends_with(ending)) continue;
    rest.remove_suffix(ending.size());
    break;
  }
  if (rest.size() == stem.size()) rest = without_machine(stem);
  if (rest.size() == stem.size() || rest.empty()) return std::nullopt;
  return std::string(rest);
}

}  // namespace posse
