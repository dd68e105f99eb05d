#include "bindings.h"

PYBIND11_MODULE(_core, core) {
  core.doc() = "Bindings of the posse library; use the package posse.";
  posse::bind_base(core);
  posse::bind_keypoints(core);
  posse::bind_consensus(core);
  posse::bind_study(core);
  posse::bind_video(core);
  posse::bind_results(core);
  posse::bind_ensemble(core);
}
