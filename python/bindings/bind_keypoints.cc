#include <cmath>
#include <limits>

#include "keypoints/softmax_moments.h"
#include "scoremap_arrays.h"

namespace posse {
namespace {

py::tuple decode(const FloatArray& logits, const CellPlaces& stride,
                 const std::optional<FloatArray>& locref, double locref_stdev,
                 const std::string& rule_name) {
  const DecodeRule rule = decode_rule_of(rule_name);
  const std::vector<ScoremapView> maps = frame_views(logits, locref, stride, locref_stdev);
  std::vector<std::vector<Keypoint>> keypoints(maps.size());
  {
    const py::gil_scoped_release other_threads_run;
    for (size_t frame = 0; frame < maps.size(); ++frame) {
      keypoints[frame] = decode_keypoints(maps[frame], rule);
    }
  }
  const auto num_bodyparts = static_cast<size_t>(logits.shape(3));
  KeypointArrays arrays(maps.size(), num_bodyparts);
  for (size_t frame = 0; frame < maps.size(); ++frame) {
    for (size_t part = 0; part < num_bodyparts; ++part) {
      arrays.set(frame, part, keypoints[frame][part]);
    }
  }
  return py::make_tuple(arrays.xy, arrays.likelihood);
}

/// Columns and rows [frames, bodyparts] of the softmax's centre, in cells.
py::tuple softmax_centres(const DoubleArray& logits) {
  require_axes(logits, 4, "scoremap_logits", "frames, height, width, bodyparts");
  const auto frames = static_cast<size_t>(logits.shape(0));
  const auto cells = static_cast<size_t>(logits.shape(1) * logits.shape(2));
  const auto parts = static_cast<size_t>(logits.shape(3));
  if (cells == 0) throw Error(ErrorKind::shape_mismatch, "scoremap_logits without cells");
  const AxisWeights rows = plain_axis(static_cast<int>(logits.shape(1)));
  const AxisWeights columns = plain_axis(static_cast<int>(logits.shape(2)));
  DoubleArray x(std::vector<size_t>{frames, parts});
  DoubleArray y(std::vector<size_t>{frames, parts});
  double* const x_values = x.mutable_data();
  double* const y_values = y.mutable_data();
  const double* const values = logits.data();
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> map(cells);
  for (size_t item = 0; item < frames * parts; ++item) {
    const double* first = values + (item / parts) * cells * parts + item % parts;
    for (size_t cell = 0; cell < cells; ++cell) map[cell] = first[cell * parts];
    const auto moments = softmax_moments(map, rows, columns);
    x_values[item] = moments ? moments->x : kNan;
    y_values[item] = moments ? moments->y : kNan;
  }
  return py::make_tuple(x, y);
}

}  // namespace

void bind_keypoints(py::module_& core) {
  core.def("decode", &decode, py::arg("scoremap_logits"), py::arg("stride"),
           py::arg("locref") = py::none(), py::arg("locref_stdev") = 7.2801,
           py::arg("rule") = "dgp",
           "Keypoints of one member's maps: (xy [frames, bodyparts, 2] in pixels, likelihood "
           "[frames, bodyparts]).");
  core.def("softmax_centres", &softmax_centres, py::arg("scoremap_logits"),
           "(columns, rows), each [frames, bodyparts] in cells: the expectation under the softmax "
           "over the whole map, without blur.");
  core.def("scoremap", py::vectorize(&sigmoid), py::arg("scoremap_logits"),
           "The logistic function of each logit, float64 in [0, 1].");
}

}  // namespace posse
