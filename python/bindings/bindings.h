/// Declares one bind_<module>() per module, and converts between numpy and the library, for all
/// binding files.
///
/// To bind a module: write bind_<module>.cc with `void bind_<module>(py::module_& core)`, declare
/// it below, call it in core.cc and add the file to python/CMakeLists.txt. Bindings convert, check
/// shapes and call one library function; they compute nothing.
#pragma once

#include <fmt/format.h>
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/frame_range.h"
#include "base/image.h"
#include "base/poses.h"
#include "base/tensor.h"

namespace posse {

namespace py = pybind11;

using FloatArray = py::array_t<float, py::array::c_style | py::array::forcecast>;
using DoubleArray = py::array_t<double, py::array::c_style | py::array::forcecast>;

/// @throws Error(shape_mismatch) unless `array` has this many axes; `axes` names them in the
/// message.
inline void require_axes(const py::array& array, py::ssize_t count, const char* what,
                         const char* axes) {
  if (array.ndim() == count) return;
  throw Error(ErrorKind::shape_mismatch,
              fmt::format("{} has {} axes, expected {}: {}", what, array.ndim(), count, axes));
}

inline DoubleArray new_array(std::vector<py::ssize_t> shape) {
  return DoubleArray(std::move(shape));
}

/// A tensor's values without a copy: the array owns them from now on.
py::array_t<float> array_of(Tensor tensor);

/// One picture: uint8 [height, width, 3]. @throws Error(invalid_value, shape_mismatch)
Image image_of(const py::array& array);

/// Frames as Python says them: None (all), an int, a range with a positive step, a slice, a tuple
/// (start, stop[, step]), or text as on the command line. Counts from the end are not known before
/// the video is read, so negative numbers are refused.
FrameRange frame_range_of(const py::object& frames);

void bind_base(py::module_& core);
void bind_cluster(py::module_& core);
void bind_keypoints(py::module_& core);
void bind_consensus(py::module_& core);
void bind_evaluate(py::module_& core);
void bind_experiments(py::module_& core);
void bind_suggest(py::module_& core);
void bind_study(py::module_& core);
void bind_video(py::module_& core);
void bind_report(py::module_& core);
void bind_results(py::module_& core);
void bind_ensemble(py::module_& core);
void bind_table_jobs(py::module_& core);
void bind_info(py::module_& core);

}  // namespace posse
