#include "network/backends/onnxruntime/places.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "base/natural_order.h"

namespace posse::ort {
namespace {

namespace fs = std::filesystem;

/// Entries of a folder whose names begin so, newest version first; none if it cannot be read.
std::vector<fs::path> entries(const fs::path& folder, std::string_view name_start) {
  std::vector<fs::path> found;
  std::error_code failure;
  for (fs::directory_iterator entry(folder, failure), end; !failure && entry != end;
       entry.increment(failure)) {
    if (entry->path().filename().string().starts_with(name_start)) found.push_back(entry->path());
  }
  std::sort(found.begin(), found.end(), [](const fs::path& a, const fs::path& b) {
    return naturally_before(b.filename().string(), a.filename().string());
  });
  return found;
}

/// Where an installation of Python keeps its packages.
std::vector<fs::path> package_folders_of(const fs::path& installation) {
  std::vector<fs::path> folders;
  for (const fs::path& python : entries(installation / "lib", "python3")) {
    for (const char* packages : {"site-packages", "dist-packages"}) {
      folders.push_back(python / packages);
    }
  }
  return folders;
}

class Places {
 public:
  /// Libraries of C and C++ packages.
  void add_libraries_of(const fs::path& folder) {
    for (const char* name : {"libonnxruntime.so", "libonnxruntime.dylib", "libonnxruntime."}) {
      for (const fs::path& file : entries(folder, name)) add(file);
    }
  }
  /// Of Python packages below "lib" of an installation.
  void add_python_packages_of(const fs::path& installation) {
    for (const fs::path& packages : package_folders_of(installation)) {
      add_libraries_of(packages / "onnxruntime" / "capi");
    }
  }
  std::vector<fs::path> take() { return std::move(found_); }

 private:
  void add(const fs::path& file) {
    const std::string name = file.filename().string();
    const bool is_library = name.find(".so") != std::string::npos || name.ends_with(".dylib");
    if (!is_library || std::find(found_.begin(), found_.end(), file) != found_.end()) return;
    found_.push_back(file);
  }
  std::vector<fs::path> found_;
};

/// The folder above "bin" of the first python3 on the search path; a virtual environment's own, and
/// the one that its link leads to.
std::vector<fs::path> pythons_on(std::string path) {
  while (!path.empty()) {
    const size_t colon = std::min(path.find(':'), path.size());
    const fs::path python = fs::path(path.substr(0, colon)) / "python3";
    path.erase(0, std::min(colon + 1, path.size()));
    std::error_code failure;
    if (!python.is_absolute() || !fs::exists(python, failure)) continue;
    const fs::path real = fs::canonical(python, failure);
    std::vector<fs::path> found = {python.parent_path().parent_path()};
    if (!failure) found.push_back(real.parent_path().parent_path());
    return found;
  }
  return {};
}

}  // namespace

Surroundings own_surroundings() {
  return {.variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value == nullptr ? "" : value);
  }};
}

std::vector<fs::path> library_places(const Surroundings& surroundings) {
  Places places;
  for (const char* variable : {"VIRTUAL_ENV", "CONDA_PREFIX"}) {
    const std::string prefix = surroundings.variable(variable);
    if (prefix.empty()) continue;
    places.add_python_packages_of(prefix);
    places.add_libraries_of(fs::path(prefix) / "lib");
  }
  for (const fs::path& python : pythons_on(surroundings.variable("PATH"))) {
    places.add_python_packages_of(python);
  }
  const std::string home = surroundings.variable("HOME");
  if (!home.empty()) places.add_python_packages_of(fs::path(home) / ".local");
  for (const char* system : {"usr/local", "usr"}) {
    const fs::path folder = surroundings.root / system;
    places.add_libraries_of(folder / "lib");
    for (const char* more : {"lib/x86_64-linux-gnu", "lib/aarch64-linux-gnu", "lib64"}) {
      places.add_libraries_of(folder / more);
    }
    places.add_python_packages_of(folder);
  }
  places.add_libraries_of(surroundings.root / "opt/homebrew/lib");
  for (const fs::path& package : entries(surroundings.root / "opt", "")) {
    if (package.filename() != "homebrew") places.add_libraries_of(package / "lib");
  }
  return places.take();
}

std::vector<fs::path> package_folders(const Surroundings& surroundings) {
  std::vector<fs::path> installations;
  for (const char* variable : {"VIRTUAL_ENV", "CONDA_PREFIX"}) {
    const std::string prefix = surroundings.variable(variable);
    if (!prefix.empty()) installations.emplace_back(prefix);
  }
  for (fs::path& python : pythons_on(surroundings.variable("PATH"))) {
    installations.push_back(std::move(python));
  }
  const std::string home = surroundings.variable("HOME");
  if (!home.empty()) installations.push_back(fs::path(home) / ".local");
  installations.push_back(surroundings.root / "usr/local");
  installations.push_back(surroundings.root / "usr");
  std::vector<fs::path> folders;
  for (const fs::path& installation : installations) {
    for (fs::path& folder : package_folders_of(installation)) folders.push_back(std::move(folder));
  }
  return folders;
}

}  // namespace posse::ort
