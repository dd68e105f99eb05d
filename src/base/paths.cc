#include "base/paths.h"

#include <fmt/format.h>

#include <algorithm>

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
