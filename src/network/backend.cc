#include "network/backend.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "network/backends/cpu/cpu_backend.h"
#include "network/backends/onnxruntime/onnxruntime_backend.h"
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

/// One of those built in, which live as long as the process.
std::shared_ptr<const Backend> shared(const Backend& backend) {
  return {std::shared_ptr<void>(), &backend};
}

/// --device auto without a backend: our own engine is at hand where no card is.
std::shared_ptr<const Backend> best_there_is(const BackendWish& wish,
                                             std::vector<std::string>& notes) {
  if (wish.ort_library.empty() && onnxruntime_backend().why_unavailable()) {
    return shared(cpu_backend());
  }
  return open_best_device(wish.ort_library, wish.precision, shared(cpu_backend()), notes);
}

}  // namespace

void NetworkOutput::receive() {
  if (!pending) return;
  const std::unique_ptr<PendingMaps> maps = std::move(pending);
  maps->deliver(*this);
}

ExecutionPlan Backend::plan(const PlanRequest& request) const {
  constexpr double kPixelsPerCall = 1.2e6;
  constexpr double kFramePixelsHeld = 17e6;
  const auto pixels = [](Extent extent) {
    return std::max(static_cast<double>(extent.height * extent.width), 1.0);
  };
  const bool is_frame = request.convolved.height * request.convolved.width == 0;
  const Extent convolved = is_frame ? request.frame : request.convolved;
  const double most = std::clamp(std::round(kFramePixelsHeld / pixels(request.frame)), 1.0, 8.0);
  const double frames = std::clamp(std::round(kPixelsPerCall / pixels(convolved)), 1.0, most);
  return {.num_workers = request.num_threads,
          .batch_size = request.batch_size > 0 ? request.batch_size : static_cast<int>(frames),
          .threads_per_operator = 1,
          .compile_threads = request.num_threads};
}

std::unique_ptr<EnsembleExecutor> Backend::compile_ensemble(std::span<const EnsembleMember> members,
                                                            const BackendOptions& options) const {
  std::vector<std::unique_ptr<Executor>> executors;
  for (const EnsembleMember& member : members) {
    executors.push_back(compile(*member.graph, *member.weights, options));
    if (member.release) member.release();
  }
  return make_unshared_ensemble(std::move(executors));
}

std::span<const Backend* const> backends() {
  static const std::array kAll = {&cpu_backend(), &onnxruntime_backend(), &reference_backend()};
  return kAll;
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

namespace {

std::shared_ptr<const Backend> chosen_by(const BackendWish& wish, std::vector<std::string>& notes) {
  const char* variable = std::getenv("POSSE_BACKEND");
  std::string backend = wish.backend;
  const bool names_device = !wish.device.empty() || !wish.ort_library.empty();
  if (backend.empty() && variable != nullptr && !names_device) backend = variable;
  const auto onnxruntime = [&] {
    return wish.device.empty() || wish.device == "auto"
               ? open_best_device(wish.ort_library, wish.precision, nullptr, notes)
               : open_onnxruntime(wish.device, wish.ort_library, wish.precision);
  };
  if (backend == "onnxruntime") return onnxruntime();
  const bool is_plain = wish.device.empty() || wish.device == "cpu" || wish.device == "auto";
  if (!backend.empty()) {
    if (is_plain && wish.ort_library.empty()) return shared(choose_backend(backend));
    throw Error(ErrorKind::usage,
                fmt::format("backend '{}' has no device '{}' and takes no library of ONNX Runtime",
                            printable(backend), printable(wish.device)),
                {.hint = "leave --backend out, or --backend onnxruntime"});
  }
  if (wish.device == "auto") return best_there_is(wish, notes);
  if (!is_plain || !wish.ort_library.empty()) return onnxruntime();
  return wish.device == "cpu" ? shared(cpu_backend()) : shared(choose_backend(""));
}

}  // namespace

std::shared_ptr<const Backend> choose_backend(const BackendWish& wish,
                                              std::vector<std::string>* notes) {
  std::vector<std::string> unheard;
  auto chosen = chosen_by(wish, notes == nullptr ? unheard : *notes);
  if (wish.precision == Precision::fp32 || chosen->in_full_precision()) return chosen;
  throw Error(wish.device == "auto" ? ErrorKind::unavailable : ErrorKind::usage,
              fmt::format("precision '{}' is for devices of ONNX Runtime; backend '{}' computes in "
                          "fp32",
                          name_of(wish.precision), chosen->name()),
              {.hint = "name one with --device, or --precision fp32"});
}

}  // namespace posse
