#include <cstring>

#include "bindings.h"
#include "video/video_reader.h"

namespace posse {
namespace {

/// [height, width, rgb] bytes; a copy, because the reader uses its buffer again.
py::array_t<uint8_t> array_of_image(const Image& image) {
  py::array_t<uint8_t> array(std::vector<py::ssize_t>{image.height, image.width, 3});
  std::memcpy(array.mutable_data(), image.rgb.data(), image.rgb.size());
  return array;
}

/// The library's reader as a Python iterator of (frame index, seconds, picture).
class FrameIterator {
 public:
  FrameIterator(const std::filesystem::path& path, const py::object& frames) {
    const VideoReaderOptions options{.range = frame_range_of(frames)};
    const py::gil_scoped_release other_threads_run;
    reader_ = open_video(path, options);
  }

  const VideoInfo& info() const { return reader_->info(); }
  const VideoReport& report() const { return reader_->report(); }

  py::tuple next() {
    bool found = false;
    {
      const py::gil_scoped_release other_threads_run;
      found = reader_->read(frame_);
    }
    if (!found) throw py::stop_iteration();
    return py::make_tuple(frame_.frame_index, frame_.time_seconds, array_of_image(frame_.image));
  }

 private:
  std::unique_ptr<VideoReader> reader_;
  VideoFrame frame_;
};

}  // namespace

void bind_video(py::module_& core) {
  py::class_<FrameIterator>(
      core, "FrameIterator",
      "Frames of a video as (frame index, seconds, uint8 [height, width, rgb]).")
      .def(py::init<const std::filesystem::path&, const py::object&>(), py::arg("path"),
           py::arg("frames") = py::none())
      .def("__iter__", [](py::object self) { return self; })
      .def("__next__", &FrameIterator::next)
      .def_property_readonly("width", [](const FrameIterator& self) { return self.info().width; })
      .def_property_readonly("height", [](const FrameIterator& self) { return self.info().height; })
      .def_property_readonly("fps", [](const FrameIterator& self) { return self.info().fps; })
      .def_property_readonly("duration_seconds",
                             [](const FrameIterator& self) { return self.info().duration_seconds; })
      .def_property_readonly(
          "container_num_frames",
          [](const FrameIterator& self) { return self.info().container_num_frames; })
      .def_property_readonly("num_decoded",
                             [](const FrameIterator& self) { return self.report().num_decoded; })
      .def_property_readonly("warnings",
                             [](const FrameIterator& self) { return self.report().warnings; });
}

}  // namespace posse
