#include "option_keywords.h"
#include "python_listener.h"
#include "report/path_info.h"

namespace posse {
namespace {

/// The JSON of `posse info --json PATH`.
py::str info(const std::string& path, bool verify, const std::string& snapshot,
             std::optional<int> shuffle, std::optional<int> training_set_index,
             std::optional<int> iteration) {
  const InfoOptions options{.member = {.snapshot = snapshot,
                                       .shuffle = shuffle,
                                       .training_set_index = training_set_index,
                                       .iteration = iteration},
                            .verify = verify};
  PythonListener listener{py::none()};
  InfoReport report;
  const auto listen = [&] { listener.report(0, std::nullopt); };
  const InfoSink sink{
      .member = [&](const MemberInfo& found) { report.add(found), listen(); },
      .table = [&](const std::filesystem::path& table,
                   const TableSummary& found) { report.add(table, found), listen(); },
      .video = [&](const VideoSummary& found) { report.add(found), listen(); },
      .error = [&](const std::string& bad, const Error& error) { report.add_error(bad, error); },
      .warning = [](const std::string&) {}};
  const std::vector<std::string> paths = {path};
  {
    const py::gil_scoped_release other_threads_run;
    look_into(paths, options, listener.stop(), sink);
  }
  listener.raise_if_raised();
  return report.json().dump();
}

}  // namespace

void bind_info(py::module_& core) {
  core.def("info", &info, py::arg("path"), py::arg("verify"), py::arg("snapshot"),
           py::arg("shuffle"), py::arg("training_set_index"), py::arg("iteration"),
           "What lies at a path, as the JSON of `posse info --json`.");
}

}  // namespace posse
