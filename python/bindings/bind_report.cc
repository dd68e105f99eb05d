#include <optional>

#include "option_keywords.h"
#include "python_listener.h"
#include "report/plot_job.h"
#include "report/report_job.h"

namespace posse {

using Path = std::filesystem::path;

void bind_report(py::module_& core) {
  core.def(
      "report",
      [](const std::vector<Path>& results, const std::optional<Path>& out, bool force,
         const py::object& progress, const py::kwargs& given) {
        const auto options = options_from<ReportOptions>(given);
        const ReportOutcome outcome = run_watched(progress, [&](const JobHooks& hooks) {
          return make_report(results, out.value_or(Path()), force, options, hooks);
        });
        return outcome.contents.dump();
      },
      py::arg("results"), py::arg("out"), py::arg("force"), py::arg("progress"));
  core.def(
      "plot",
      [](const Path& input, const std::optional<Path>& out, bool force, const py::object& progress,
         const py::kwargs& given) {
        const auto options = options_from<PlotOptions>(given);
        return run_watched(progress, [&](const JobHooks& hooks) {
          if (!out) return make_plot(input, options, hooks);
          write_plot(input, *out, force, options, hooks);
          return std::string();
        });
      },
      py::arg("input"), py::arg("out"), py::arg("force"), py::arg("progress"));
}

}  // namespace posse
