#include "bindings.h"

namespace {

/// pybind11 reads numpy's dtype objects, whose layout changed with numpy 2.
void check_numpy() {
#if PYBIND11_VERSION_HEX < 0x020C0000
  namespace py = pybind11;
  const auto version = py::module_::import("numpy").attr("__version__").cast<std::string>();
  if (version[0] == '1') return;
  throw py::import_error(
      fmt::format("posse was built with pybind11 {}.{}, which works with numpy 1 only, and this is "
                  "numpy {}; build it again with pybind11 2.12 or later",
                  PYBIND11_VERSION_MAJOR, PYBIND11_VERSION_MINOR, version));
#endif
}

}  // namespace

PYBIND11_MODULE(_core, core) {
  check_numpy();
  core.doc() = "Bindings of the posse library; use the package posse.";
  posse::bind_base(core);
  posse::bind_keypoints(core);
  posse::bind_consensus(core);
  posse::bind_evaluate(core);
  posse::bind_experiments(core);
  posse::bind_suggest(core);
  posse::bind_study(core);
  posse::bind_video(core);
  posse::bind_report(core);
  posse::bind_results(core);
  posse::bind_ensemble(core);
  posse::bind_table_jobs(core);
  posse::bind_info(core);
  posse::bind_cluster(core);
}
