#include "project/folder_contents.h"

#include <algorithm>

#include "base/natural_order.h"
#include "base/paths.h"
#include "base/text.h"

namespace posse {
namespace fs = std::filesystem;

bool folder_is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

bool file_is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

std::vector<fs::path> subfolders(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (!is_hidden_name(it->path().filename().string()) && folder_is_there(it->path()))
      found.push_back(it->path());
  }
  std::sort(found.begin(), found.end(), [](const fs::path& a, const fs::path& b) {
    return naturally_before(a.filename().native(), b.filename().native());
  });
  return found;
}

bool has_file_ending(const fs::path& folder, std::string_view ending) {
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (!is_hidden_name(it->path().filename().string()) &&
        it->path().filename().string().ends_with(ending))
      return true;
  }
  return false;
}

bool has_file_beginning(const fs::path& folder, std::string_view beginning) {
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (it->path().filename().string().starts_with(beginning)) return true;
  }
  return false;
}

bool is_dead_link(const fs::path& path) {
  std::error_code ignored;
  return fs::is_symlink(path, ignored) && !fs::exists(path, ignored);
}

std::string kind_of_container(const fs::path& file) {
  const std::string name = ascii_lower(file.filename().string());
  for (const std::string_view ending :
       {".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".7z", ".rar"}) {
    if (name.ends_with(ending)) return "an archive";
  }
  for (const std::string_view ending : {".lnk", ".url", ".alias", ".webloc"}) {
    if (name.ends_with(ending)) return "a shortcut";
  }
  return "";
}

}  // namespace posse
