#include "base/hash.h"
#include "base/paths.h"
#include "base/version.h"
#include "bindings.h"

namespace posse {
namespace {

/// The Python classes are defined in posse/_errors.py: each is a posse.Error and the built-in
/// exception that a Python programmer expects.
void raise_in_python(const Error& error) {
  const py::object make = py::module_::import("posse._errors").attr("make");
  const py::object exception = make(std::string(to_string(error.kind())), error.what(),
                                    error.message(), error.notes().have, error.notes().hint);
  PyErr_SetObject(py::type::handle_of(exception).ptr(), exception.ptr());
}

FrameRange checked(FrameRange range) {
  range.validate();
  return range;
}

int64_t whole_number(const py::handle& value, const char* what) {
  if (!PyIndex_Check(value.ptr()) || py::isinstance<py::bool_>(value)) {
    throw py::type_error(fmt::format("frames: {} must be a whole number, not {}", what,
                                     std::string(py::str(py::type::handle_of(value)))));
  }
  const auto index = py::reinterpret_steal<py::object>(PyNumber_Index(value.ptr()));
  if (!index) throw py::error_already_set();
  return index.cast<int64_t>();
}

FrameRange from_bounds(const py::handle& start, const py::handle& stop, const py::handle& step) {
  FrameRange range;
  if (!start.is_none()) range.start = whole_number(start, "start");
  if (!stop.is_none()) range.stop = whole_number(stop, "stop");
  if (!step.is_none()) range.step = whole_number(step, "step");
  return checked(range);
}

}  // namespace

FrameRange frame_range_of(const py::object& frames) {
  if (frames.is_none()) return {};
  if (py::isinstance<py::str>(frames)) return FrameRange::parse(frames.cast<std::string>());
  if (py::isinstance(
          frames, py::reinterpret_borrow<py::object>(reinterpret_cast<PyObject*>(&PyRange_Type))) ||
      py::isinstance<py::slice>(frames)) {
    return from_bounds(frames.attr("start"), frames.attr("stop"), frames.attr("step"));
  }
  if (py::isinstance<py::tuple>(frames)) {
    const auto bounds = frames.cast<py::tuple>();
    if (bounds.size() != 2 && bounds.size() != 3) {
      throw py::value_error(
          fmt::format("frames: a tuple is (start, stop) or (start, stop, step), found {} items",
                      bounds.size()));
    }
    return from_bounds(bounds[0], bounds[1],
                       bounds.size() == 3 ? py::object(bounds[2]) : py::none());
  }
  if (PyIndex_Check(frames.ptr()) && !py::isinstance<py::bool_>(frames)) {
    const int64_t frame = whole_number(frames, "frame");
    return checked({.start = frame, .stop = frame + 1});
  }
  throw py::type_error(
      fmt::format("frames: expected None, a number, range, slice, tuple or text, not {}",
                  std::string(py::str(py::type::handle_of(frames)))));
}

py::array_t<float> array_of(Tensor tensor) {
  const std::vector<py::ssize_t> shape(tensor.shape().begin(), tensor.shape().end());
  auto owned = std::make_unique<Tensor>(std::move(tensor));
  const float* data = owned->data();
  const py::capsule owner(owned.release(), [](void* kept) { delete static_cast<Tensor*>(kept); });
  return py::array_t<float>(shape, data, owner);
}

void bind_base(py::module_& core) {
  core.attr("__version__") = version();
  py::register_exception_translator([](std::exception_ptr pointer) {
    if (!pointer) return;
    try {
      with_system_errors([&] { std::rethrow_exception(pointer); });
    } catch (const Error& error) {
      raise_in_python(error);
    }
  });
  core.def("sha256_of_file", &sha256_of_file, py::arg("path"),
           py::call_guard<py::gil_scoped_release>(), "64 hexadecimal digits.");
  core.def(
      "frame_bounds",
      [](const py::object& frames) {
        const FrameRange range = frame_range_of(frames);
        return py::make_tuple(range.start, range.stop, range.step);
      },
      py::arg("frames"),
      "(start, stop, step) of anything that says which frames; stop is None for the video's end.");
}

}  // namespace posse
