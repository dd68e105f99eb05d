#include <cstring>

#include "bindings.h"
#include "video/image_file.h"
#include "video/resize_image.h"
#include "video/video_reader.h"
#include "video/video_writer.h"

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

/// The library's writer, fed by Python.
class PictureWriter {
 public:
  PictureWriter(const std::filesystem::path& path, int width, int height, double fps,
                const std::string& encoder)
      : writer_(path, width, height, {.fps = fps, .encoder = encoder}) {}

  void write(const py::array& picture, double time_seconds) {
    const Image image = image_of(picture);
    const py::gil_scoped_release other_threads_run;
    writer_.write(image, time_seconds);
  }
  void finish() {
    const py::gil_scoped_release other_threads_run;
    writer_.finish();
  }

 private:
  VideoWriter writer_;
};

}  // namespace

Image image_of(const py::array& array) {
  if (!py::isinstance<py::array_t<uint8_t>>(array)) {
    throw Error(ErrorKind::invalid_value, fmt::format("pictures must be uint8, found {}",
                                                      std::string(py::str(array.dtype()))));
  }
  require_axes(array, 3, "picture", "height, width, rgb");
  if (array.shape(2) != 3 || array.shape(0) == 0 || array.shape(1) == 0) {
    throw Error(ErrorKind::shape_mismatch,
                fmt::format("picture [{}, {}, {}]: expected [height, width, 3], none of them empty",
                            array.shape(0), array.shape(1), array.shape(2)));
  }
  const auto bytes = py::array_t<uint8_t, py::array::c_style | py::array::forcecast>(array);
  Image image(static_cast<int>(bytes.shape(1)), static_cast<int>(bytes.shape(0)));
  std::memcpy(image.rgb.data(), bytes.data(), image.rgb.size());
  return image;
}

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
  py::class_<PictureWriter>(core, "VideoWriter",
                            "Writes a video from uint8 pictures [height, width, rgb]; it has its "
                            "name when finish() has returned.")
      .def(py::init<const std::filesystem::path&, int, int, double, const std::string&>(),
           py::arg("path"), py::arg("width"), py::arg("height"), py::arg("fps"),
           py::arg("encoder") = "libx264")
      .def("write", &PictureWriter::write, py::arg("picture"), py::arg("time_seconds"))
      .def("finish", &PictureWriter::finish);
  core.def(
      "write_png",
      [](const py::array& picture, const std::filesystem::path& path) {
        write_png(image_of(picture), path);
      },
      py::arg("picture"), py::arg("path"), "Writes a uint8 picture [height, width, rgb].");
  core.def(
      "resize_image",
      [](const py::array& picture, int width, int height) {
        return array_of_image(resize_image(image_of(picture), width, height));
      },
      py::arg("picture"), py::arg("width"), py::arg("height"),
      "The picture in another size: averaged when shrinking, interpolated when enlarging.");
}

}  // namespace posse
