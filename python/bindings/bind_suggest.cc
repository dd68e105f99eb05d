#include <optional>

#include "option_keywords.h"
#include "python_listener.h"
#include "study/suggest/suggest_job.h"
#include "study/suggest/suggestions_text.h"

namespace posse {
namespace {

using Path = std::filesystem::path;

}  // namespace

void bind_suggest(py::module_& core) {
  core.def(
      "suggest",
      [](const std::vector<Path>& results, const std::optional<Path>& out,
         const std::optional<Path>& write_to, bool force, bool dry_run, const py::object& progress,
         const py::kwargs& given) {
        const auto options = options_from<SuggestOptions>(given);
        const SuggestTargets targets{.out = out.value_or(Path()),
                                     .project = write_to.value_or(Path()),
                                     .force = force,
                                     .dry_run = dry_run};
        const SuggestOutcome outcome = run_watched(progress, [&](const JobHooks& hooks) {
          return suggest(results, targets, options, hooks);
        });
        py::dict dict;
        dict["report"] = outcome.was_done ? "" : to_json(outcome.suggestions).dump();
        dict["files"] = outcome.files;
        dict["project_files"] = outcome.project_files;
        return dict;
      },
      py::arg("results"), py::arg("out"), py::arg("write_to"), py::arg("force"), py::arg("dry_run"),
      py::arg("progress"));
}

}  // namespace posse
