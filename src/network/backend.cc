#include "network/backend.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/error.h"
#include "base/text.h"
#include "network/backends/cpu/cpu_backend.h"
#include "network/backends/reference/reference_backend.h"
#include "network/unshared_ensemble.h"

namespace posse {
namespace {

const Backend& named_backend(std::string_view name, std::string_view asked_by) {
  for (const Backend* backend : backends()) {
    if (backend->name() != name) continue;
    if (const auto reason = backend->why_unavailable()) {
      throw Error(ErrorKind::unavailable,
                  fmt::format("backend '{}' cannot run on this machine: {}", name, *reason));
    }
    return *backend;
  }
  std::vector<std::string> names;
  for (const Backend* backend : backends()) names.emplace_back(backend->name());
  throw Error(ErrorKind::usage,
              fmt::format("unknown backend '{}' (asked for by {})", printable(name), asked_by),
              {.have = list_names(names)});
}

}  // namespace

std::unique_ptr<EnsembleExecutor> Backend::compile_ensemble(std::span<const EnsembleMember> members,
                                                            const BackendOptions& options) const {
  std::vector<std::unique_ptr<Executor>> executors;
  for (const EnsembleMember& member : members) {
    executors.push_back(compile(*member.graph, *member.weights, options));
  }
  return make_unshared_ensemble(std::move(executors));
}

std::span<const Backend* const> backends() {
  static const std::array all = {&cpu_backend(), &reference_backend()};
  return all;
}

const Backend& choose_backend(std::string_view name) {
  if (!name.empty()) return named_backend(name, "option --backend");
  const char* wish = std::getenv("POSSE_BACKEND");
  if (wish != nullptr && *wish != '\0') return named_backend(wish, "POSSE_BACKEND");
  const auto all = backends();
  const auto first = std::find_if(all.begin(), all.end(), [](const Backend* backend) {
    return !backend->why_unavailable().has_value();
  });
  POSSE_ASSERT(first != all.end());  // reference runs everywhere
  return **first;
}

}  // namespace posse
