#include "scoremap_arrays.h"
#include "study/scores_at_points.h"

namespace posse {
namespace {

std::vector<Point> points_of(const DoubleArray& array, const char* what) {
  require_axes(array, 3, what, "frames, bodyparts, xy");
  if (array.shape(2) != 2) {
    throw Error(
        ErrorKind::shape_mismatch,
        fmt::format("{}: the last axis has {} values, expected x and y", what, array.shape(2)));
  }
  std::vector<Point> points(static_cast<size_t>(array.shape(0) * array.shape(1)));
  for (size_t i = 0; i < points.size(); ++i)
    points[i] = {array.data()[2 * i], array.data()[2 * i + 1]};
  return points;
}

py::tuple scores(const FloatArray& logits, const DoubleArray& truth, const CellPlaces& stride) {
  const std::vector<ScoremapView> maps = frame_views(logits, std::nullopt, stride, 1);
  const std::vector<Point> points = points_of(truth, "points");
  const auto parts = static_cast<size_t>(logits.shape(3));
  if (points.size() != maps.size() * parts) {
    throw Error(ErrorKind::shape_mismatch, fmt::format("{} points for {} frames of {} bodyparts",
                                                       points.size(), maps.size(), parts));
  }
  DoubleArray confidence(std::vector<size_t>{maps.size(), parts});
  DoubleArray share(std::vector<size_t>{maps.size(), parts});
  double* confidence_values = confidence.mutable_data();
  double* share_values = share.mutable_data();
  for (size_t frame = 0; frame < maps.size(); ++frame) {
    for (const ScoreAtPoint& score :
         scores_at_points(maps[frame], {points.data() + frame * parts, parts})) {
      *confidence_values++ = score.confidence;
      *share_values++ = score.share;
    }
  }
  return py::make_tuple(confidence, share);
}

}  // namespace

void bind_study(py::module_& core) {
  core.def(
      "scores_at_points", &scores, py::arg("scoremap_logits"), py::arg("points"), py::arg("stride"),
      "(confidence, share), each [frames, bodyparts]: the scoremap's value at the cell nearest "
      "to each point, and that value divided by the map's sum.");
  core.def(
      "summed_rmse",
      [](const DoubleArray& points, const DoubleArray& truth, double epsilon) {
        const auto parts = points.ndim() == 3 ? static_cast<size_t>(points.shape(1)) : 0;
        return summed_rmse(points_of(points, "points"), points_of(truth, "truth"), parts, epsilon);
      },
      py::arg("points"), py::arg("truth"), py::arg("epsilon") = 0.0,
      "Root of the mean over frames of the squared distances summed over bodyparts; both arrays "
      "are [frames, bodyparts, xy].");
}

}  // namespace posse
