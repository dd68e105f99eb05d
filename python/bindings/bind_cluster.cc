#include <vector>

#include "base/json.h"
#include "cluster/finish.h"
#include "cluster/make_plan.h"
#include "cluster/status.h"
#include "cluster/submit.h"
#include "cluster/work.h"
#include "option_keywords.h"
#include "python_listener.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

/// Options of several structs from one set of keywords.
template <class... Options>
void take_options(const py::dict& keywords, Options&... options) {
  const KeywordReader reader(keywords);
  (describe(options, reader), ...);
  reader.finish();
}

py::dict plan(const fs::path& folder, const std::vector<fs::path>& videos,
              const std::vector<fs::path>& members, const py::object& progress,
              const py::kwargs& keywords) {
  PlanOptions options;
  RunOptions run;
  EnsembleOptions ensemble;
  take_options(keywords, options, run, ensemble);
  std::vector<std::string> warnings;
  const ClusterPlan made = run_watched(progress, [&](JobHooks hooks) {
    hooks.warning = [&](const std::string& warning) { warnings.push_back(warning); };
    return make_plan(folder, videos, members, ensemble, run, options, hooks);
  });
  py::dict dict;
  dict["folder"] = folder;
  dict["videos"] = made.videos.size();
  dict["members"] = made.networks.size();
  dict["unit_frames"] = made.unit_frames;
  dict["units"] = made.units.size();
  dict["tasks"] = made.tasks.size();
  dict["warnings"] = warnings;
  return dict;
}

py::dict do_work(const fs::path& folder, const py::object& progress, const py::kwargs& keywords) {
  const auto options = options_from<WorkOptions>(keywords);
  std::vector<std::string> units, warnings;
  const WorkReport report = run_watched(progress, [&](JobHooks hooks) {
    hooks.warning = [&](const std::string& warning) { warnings.push_back(warning); };
    WorkHooks with_units{std::move(hooks), [&](const UnitReport& unit) {
                           if (unit.end != UnitEnd::skipped) units.push_back(unit.to_string());
                         }};
    return work(folder, options, with_units);
  });
  py::dict dict;
  dict["units_done"] = report.num_done;
  dict["units_skipped"] = report.num_skipped;
  dict["units_failed"] = report.num_failed;
  dict["frames"] = report.num_frames;
  dict["machine_error"] = report.machine_error;
  dict["units"] = units;
  dict["warnings"] = warnings;
  return dict;
}

py::dict do_finish(const fs::path& folder, const py::object& progress, const py::kwargs& keywords) {
  const auto options = options_from<FinishOptions>(keywords);
  const FinishReport report =
      run_watched(progress, [&](const JobHooks& hooks) { return finish(folder, options, hooks); });
  py::list videos;
  for (const FinishedVideo& video : report.videos) {
    py::dict dict;
    dict["id"] = video.id;
    dict["video"] = video.video;
    dict["folder"] = video.folder;
    dict["status"] = std::string(name_of(video.end));
    dict["frames"] = video.num_frames;
    dict["missing"] = video.missing;
    dict["failures"] = video.failures;
    dict["warnings"] = video.warnings;
    videos.append(std::move(dict));
  }
  py::dict dict;
  dict["videos"] = std::move(videos);
  dict["units_missing"] = report.num_missing_units();
  return dict;
}

py::dict do_submit(const fs::path& folder, const fs::path& program, const py::kwargs& keywords) {
  const auto options = options_from<SubmitOptions>(keywords);
  SubmitReport report;
  {
    const py::gil_scoped_release other_threads_run;
    report = submit(folder, program, options);
  }
  py::dict dict;
  dict["tasks"] = report.tasks;
  dict["commands"] = report.commands;
  dict["jobs"] = report.job_ids;
  dict["finish"] = report.finish_id;
  return dict;
}

}  // namespace

void bind_cluster(py::module_& core) {
  core.def("plan", &plan, py::arg("folder"), py::arg("videos"), py::arg("members"),
           py::arg("progress"));
  core.def("work", &do_work, py::arg("folder"), py::arg("progress"));
  core.def("finish", &do_finish, py::arg("folder"), py::arg("progress"));
  core.def("submit", &do_submit, py::arg("folder"), py::arg("program"));
  core.def(
      "status", [](const fs::path& folder) { return describe(look_at_run(folder)).dump(); },
      py::arg("folder"));
  core.def("plan_options", &option_help<PlanOptions>);
  core.def("work_options", &option_help<WorkOptions>);
  core.def("finish_options", &option_help<FinishOptions>);
  core.def("submit_options", &option_help<SubmitOptions>);
}

}  // namespace posse
