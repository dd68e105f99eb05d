#include <algorithm>
#include <cmath>
#include <span>

#include "ensemble/options.h"
#include "option_keywords.h"
#include "python_listener.h"
#include "study/experiments/frame_draw.h"
#include "study/experiments/influence.h"
#include "study/experiments/power_analysis.h"
#include "study/experiments/principal_components.h"
#include "study/study_job.h"

namespace posse {
namespace {

using Path = std::filesystem::path;

DoubleArray array_from(const std::vector<double>& values, const std::vector<size_t>& shape) {
  DoubleArray array(shape);
  std::copy(values.begin(), values.end(), array.mutable_data());
  return array;
}

py::tuple study_of(const Path& manifest, const std::vector<Path>& labels,
                   const py::object& progress, const py::kwargs& given) {
  StudyOptions options;
  EnsembleOptions networks;
  const KeywordReader reader(given);
  describe(options, reader);
  describe(networks, reader);
  reader.finish();
  options.labels = labels;
  const Study found = run_watched(
      progress, [&](const JobHooks& hooks) { return study(manifest, options, networks, hooks); });
  return py::make_tuple(to_json(found).dump(), to_text(found));
}

py::tuple influence_arrays(const DoubleArray& values, const std::vector<bool>& included,
                           bool strict) {
  require_axes(values, 2, "values", "members, places");
  const auto members = static_cast<size_t>(values.shape(0));
  if (included.size() != members) {
    throw Error(ErrorKind::shape_mismatch,
                fmt::format("included has {} values for {} members", included.size(), members));
  }
  const MemberValues own{members, static_cast<size_t>(values.shape(1)),
                         std::vector<double>(values.data(), values.data() + values.size())};
  const std::vector<char> inside(included.begin(), included.end());
  const Influence found = influence_of(own, inside, strict);
  const std::vector<size_t> shape{own.num_places};
  return py::make_tuple(array_from(found.bias, shape), array_from(found.variance, shape),
                        array_from(found.standard_error, shape));
}

py::tuple components_of(const DoubleArray& rows) {
  require_axes(rows, 2, "rows", "members, features");
  const auto members = static_cast<size_t>(rows.shape(0));
  const auto features = static_cast<size_t>(rows.shape(1));
  for (py::ssize_t i = 0; i < rows.size(); ++i) {
    if (std::isfinite(rows.data()[i])) continue;
    throw Error(ErrorKind::invalid_value, "rows have to be finite",
                {.hint = "leave out the features that are NaN for some member"});
  }
  if (members == 0 || features == 0) throw Error(ErrorKind::shape_mismatch, "rows holds no number");
  const PrincipalComponents found =
      principal_components(std::span(rows.data(), static_cast<size_t>(rows.size())), members);
  const size_t count = found.num_components;
  return py::make_tuple(
      array_from(found.explained_ratio, {count}), array_from(found.scores, {members, count}),
      array_from(found.directions, {count, features}), array_from(found.origin, {count}));
}

}  // namespace

void bind_experiments(py::module_& core) {
  core.def("study", &study_of, py::arg("manifest"), py::arg("labels"), py::arg("progress"));
  core.def("draw_rows", &draw_rows, py::arg("num_rows"), py::arg("count"), py::arg("seed"));
  core.def("chance_of_outlier", &chance_of_outlier, py::arg("total"), py::arg("outliers"),
           py::arg("drawn"));
  core.def(
      "glass_delta",
      [](const std::vector<double>& first, const std::vector<double>& second) {
        return glass_delta(first, second);
      },
      py::arg("first"), py::arg("second"));
  core.def("t_test_size", &t_test_size, py::arg("effect"), py::arg("ratio"), py::arg("alpha"),
           py::arg("power"));
  core.def("influence", &influence_arrays, py::arg("values"), py::arg("included"),
           py::arg("strict"));
  core.def("principal_components", &components_of, py::arg("rows"));
}

}  // namespace posse
