#include <unordered_map>

#include "bindings.h"
#include "results/table/table_reader.h"
#include "results/table/table_writer.h"
#include "video/overlay.h"
#include "video/overlay_classic.h"
#include "video/video_reader.h"
#include "video/video_writer.h"

namespace posse {
namespace {

/// Poses from arrays [frames, bodyparts, 2] and [frames, bodyparts]; frames are counted from 0
/// unless given.
Poses poses_of(std::vector<std::string> bodyparts, const DoubleArray& xy,
               const DoubleArray& likelihood) {
  require_axes(xy, 3, "poses", "frames, bodyparts, xy");
  require_axes(likelihood, 2, "likelihood", "frames, bodyparts");
  if (xy.shape(2) != 2 || xy.shape(0) != likelihood.shape(0) ||
      xy.shape(1) != likelihood.shape(1) || static_cast<size_t>(xy.shape(1)) != bodyparts.size()) {
    throw Error(
        ErrorKind::shape_mismatch,
        fmt::format(
            "poses [{}, {}, {}] and likelihood [{}, {}] of {} bodyparts do not fit together",
            xy.shape(0), xy.shape(1), xy.shape(2), likelihood.shape(0), likelihood.shape(1),
            bodyparts.size()));
  }
  Poses poses{.bodyparts = std::move(bodyparts)};
  for (py::ssize_t frame = 0; frame < xy.shape(0); ++frame) {
    poses.frame_index.push_back(frame);
    for (py::ssize_t part = 0; part < xy.shape(1); ++part) {
      poses.keypoints.push_back(
          {xy.at(frame, part, 0), xy.at(frame, part, 1), likelihood.at(frame, part)});
    }
  }
  return poses;
}

void write_table(const std::filesystem::path& path, const std::string& scorer,
                 std::vector<std::string> bodyparts, const DoubleArray& xy,
                 const DoubleArray& likelihood) {
  const PoseTable table{.scorer = scorer, .poses = poses_of(std::move(bodyparts), xy, likelihood)};
  const py::gil_scoped_release other_threads_run;
  write_pose_table(path, table);
}

/// The video again, with dots where the keypoints are.
void write_dotted_video(const std::filesystem::path& video, const std::filesystem::path& target,
                        const py::array_t<int64_t>& frame_index, const DoubleArray& xy,
                        const DoubleArray& likelihood) {
  const Poses poses =
      poses_of(std::vector<std::string>(static_cast<size_t>(xy.ndim() == 3 ? xy.shape(1) : 0)), xy,
               likelihood);
  std::unordered_map<int64_t, size_t> row_of_frame;
  for (py::ssize_t row = 0; row < frame_index.size(); ++row) {
    row_of_frame[frame_index.at(row)] = static_cast<size_t>(row);
  }
  const py::gil_scoped_release other_threads_run;
  const auto reader = open_video(video);
  const VideoInfo& info = reader->info();
  VideoWriter writer(target, info.width, info.height, {.fps = info.fps > 0 ? info.fps : 30});
  VideoFrame frame;
  while (reader->read(frame)) {
    const auto row = row_of_frame.find(frame.frame_index);
    if (row != row_of_frame.end() && row->second < poses.num_frames())
      draw_classic(frame.image, poses.row(row->second));
    writer.write(frame.image, frame.time_seconds);
  }
  writer.finish();
}

/// (bodyparts, images, points [images, bodyparts, xy]) of a CollectedData table.
py::tuple read_labels(const std::filesystem::path& path) {
  LabelTable labels;
  {
    const py::gil_scoped_release other_threads_run;
    labels = read_label_table(path).table;
  }
  py::array_t<double> points({labels.num_images(), labels.num_bodyparts(), size_t{2}});
  double* out = points.mutable_data();
  for (const LabelledPoint& point : labels.points) {
    *out++ = point.x;
    *out++ = point.y;
  }
  return py::make_tuple(labels.bodyparts, labels.images, points);
}

}  // namespace

void bind_results(py::module_& core) {
  core.def("write_pose_table", &write_table, py::arg("path"), py::arg("scorer"),
           py::arg("bodyparts"), py::arg("poses"), py::arg("likelihood"),
           "Writes a .csv or .h5 table in DeepLabCut's layout, rows counted from 0.");
  core.def("read_labels", &read_labels, py::arg("path"),
           "Bodyparts, images and points [images, bodyparts, xy] of a CollectedData table.");
  core.def("write_dotted_video", &write_dotted_video, py::arg("video"), py::arg("target"),
           py::arg("frame_index"), py::arg("poses"), py::arg("likelihood"),
           "Writes the video with DeepGraphPose's coloured dots at the keypoints.");
}

}  // namespace posse
