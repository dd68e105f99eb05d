#include "network/backends/onnxruntime/library.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <optional>

#include "base/error.h"
#include "base/text.h"
#include "network/backends/onnxruntime/devices.h"
#include "network/backends/onnxruntime/failure.h"
#include "network/backends/onnxruntime/library_file.h"

namespace posse::ort {
namespace {

namespace fs = std::filesystem;

Error unusable(const fs::path& file, const std::string& why, const std::string& hint) {
  return {ErrorKind::unavailable,
          fmt::format("{} cannot serve as ONNX Runtime: {}", printable(file.string()), why),
          {.hint = hint}};
}

std::string last_failure() {
  const char* text = dlerror();
  return text == nullptr ? "the system does not say why" : printable(text);
}

const ApiBase* base_of(const fs::path& file) {
  if (const auto why = why_not_loadable(file)) throw unusable(file, *why, install_lines());
  void* handle = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (handle == nullptr) throw unusable(file, last_failure(), install_lines());
  void* entry = dlsym(handle, kEntryPoint);
  if (entry == nullptr) {
    dlclose(handle);
    throw unusable(file, fmt::format("it is another library, without {}", kEntryPoint),
                   "name a libonnxruntime.so; " + install_lines());
  }
  const ApiBase* base = reinterpret_cast<GetApiBase>(entry)();
  if (base == nullptr || base->table_of == nullptr || base->version_string == nullptr) {
    throw unusable(file, fmt::format("its {} gives nothing", kEntryPoint), install_lines());
  }
  return base;
}

/// Version 1.N serves 1 to N: asking for more would have the library print a complaint.
uint32_t first_to_ask(const std::string& version) {
  unsigned major = 0, minor = 0;
  if (std::sscanf(version.c_str(), "%u.%u", &major, &minor) != 2 || major != 1) {
    return kNewestVersion;
  }
  return std::min<uint32_t>(minor, kNewestVersion);
}

}  // namespace

std::shared_ptr<const Library> Library::load(const fs::path& file) {
  const ApiBase* base = base_of(file);
  const char* version = base->version_string();
  std::shared_ptr<Library> library(new Library);
  library->file_ = file;
  library->version_ = printable(version == nullptr ? "" : version);
  for (uint32_t v = first_to_ask(library->version_); v >= kOldestVersion; --v) {
    library->table_ = base->table_of(v);
    library->interface_version_ = v;
    if (library->table_ != nullptr) return library;
  }
  throw unusable(file,
                 fmt::format("version {} is too old, posse needs 1.{} or newer", library->version_,
                             kOldestVersion),
                 install_lines());
}

void Library::check(Status* status, const char* what) const {
  if (status == nullptr) return;
  const std::string text = printable_lines(function<GetErrorMessage>()(status));
  function<ReleaseStatus>()(status);
  throw Error(kind_of_failure(text), fmt::format("ONNX Runtime {} ({}): {}: {}", version_,
                                                 printable(file_.string()), what, text));
}

std::vector<std::string> Library::providers() const {
  char** names = nullptr;
  int count = 0;
  call<GetAvailableProviders>("cannot list its providers", &names, &count);
  std::vector<std::string> found;
  for (int i = 0; i < count; ++i) found.push_back(printable(names[i]));
  call<ReleaseAvailableProviders>("cannot free a list", names, count);
  return found;
}

bool Library::has_provider(std::string_view name) const {
  const std::vector<std::string> all = providers();
  return std::find(all.begin(), all.end(), name) != all.end();
}

std::shared_ptr<const Library> find_library(const fs::path& file,
                                            const Surroundings& surroundings) {
  if (!file.empty()) return Library::load(file);
  const std::string wish = surroundings.variable("POSSE_ORT_LIBRARY");
  if (!wish.empty()) return Library::load(wish);
  std::optional<Error> first_failure;
  for (const fs::path& place : library_places(surroundings)) {
    try {
      return Library::load(place);
    } catch (const Error& error) {  // the next place may have a better one
      if (!first_failure) first_failure = error;
    }
  }
  if (first_failure) throw *first_failure;
  throw Error(ErrorKind::unavailable,
              "no library of ONNX Runtime (libonnxruntime.so) was found in the Python and conda "
              "environments, /usr and /opt",
              {.hint = install_lines() + "; or name one: --ort-library FILE, POSSE_ORT_LIBRARY"});
}

}  // namespace posse::ort
