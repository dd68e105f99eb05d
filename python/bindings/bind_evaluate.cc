#include <optional>

#include "ensemble/options.h"
#include "option_keywords.h"
#include "python_listener.h"
#include "study/evaluate_job.h"
#include "study/evaluation_json.h"
#include "study/evaluation_text.h"

namespace posse {
namespace {

using Path = std::filesystem::path;
using Sizes = std::vector<size_t>;

struct Keywords {
  EvaluateOptions judged;
  EnsembleOptions networks;
};

/// Options of what is judged and of the networks, from one set of keywords.
Keywords keywords_from(const py::dict& given) {
  Keywords keywords;
  const KeywordReader reader(given);
  describe(keywords.judged, reader);
  describe(keywords.networks, reader);
  reader.finish();
  return keywords;
}

DoubleArray points_of(const std::vector<Keypoint>& keypoints, const Sizes& shape) {
  Sizes extents = shape;
  extents.push_back(3);
  DoubleArray array(extents);
  double* out = array.mutable_data();
  for (const Keypoint& k : keypoints) {
    for (const double value : {k.x, k.y, k.likelihood}) *out++ = value;
  }
  return array;
}

DoubleArray covariances_of(const std::vector<Covariance>& covariances, const Sizes& shape) {
  Sizes extents = shape;
  extents.insert(extents.end(), {2, 2});
  DoubleArray array(extents);
  double* out = array.mutable_data();
  for (const Covariance& c : covariances) {
    for (const double value : {c.xx, c.xy, c.xy, c.yy}) *out++ = value;
  }
  return array;
}

/// The report as JSON text, and the arrays it was made from.
py::dict dict_of(const Evaluation& evaluation) {
  const JudgedFrames& judged = evaluation.judged;
  const Sizes shape{judged.pictures.size(), judged.num_bodyparts()};
  DoubleArray labels(Sizes{shape[0], shape[1], 2});
  double* out = labels.mutable_data();
  for (const Point& p : judged.labels) {
    *out++ = p.x;
    *out++ = p.y;
  }
  py::array_t<bool> judges(Sizes{shape[0], judged.members.size()});
  for (size_t i = 0; i < shape[0]; ++i) {
    for (size_t m = 0; m < judged.members.size(); ++m)
      judges.mutable_at(i, m) = judged.is_judging(i, m);
  }
  py::dict methods;
  for (const JudgedMethod& method : judged.methods) {
    methods[py::str(method.name)] = py::make_tuple(points_of(method.keypoints, shape),
                                                   covariances_of(method.covariance, shape));
  }
  py::dict dict;
  dict["report"] = to_json(evaluation).dump();
  dict["text"] = to_text(evaluation);
  dict["labels"] = labels;
  dict["judges"] = judges;
  dict["members"] = points_of(judged.member_keypoints, {shape[0], judged.members.size(), shape[1]});
  dict["methods"] = methods;
  return dict;
}

/// Runs without the GIL. @param job  called with options and hooks
template <class Job>
py::dict run_study(const py::kwargs& given, const py::object& progress, const Job& job) {
  const Keywords keywords = keywords_from(given);
  return dict_of(
      run_watched(progress, [&](const JobHooks& hooks) { return job(keywords, hooks); }));
}

}  // namespace

void bind_evaluate(py::module_& core) {
  core.def(
      "evaluate",
      [](const std::vector<Path>& members, const Path& labels, const py::object& progress,
         const py::kwargs& given) {
        return run_study(given, progress, [&](const Keywords& keywords, const JobHooks& hooks) {
          return evaluate(members, labels, keywords.judged, keywords.networks, hooks);
        });
      },
      py::arg("members"), py::arg("labels"), py::arg("progress"));
  core.def(
      "calibrate",
      [](const std::vector<Path>& members, const Path& labels, const std::optional<Path>& out,
         bool force, const py::object& progress, const py::kwargs& given) {
        return run_study(given, progress, [&](const Keywords& keywords, const JobHooks& hooks) {
          return calibrate(members, labels, out.value_or(Path()), force, keywords.judged,
                           keywords.networks, hooks);
        });
      },
      py::arg("members"), py::arg("labels"), py::arg("out"), py::arg("force"), py::arg("progress"));
}

}  // namespace posse
