#include "frame_results.h"

#include <functional>
#include <memory>

#include "track_dict.h"

namespace posse {
namespace {

using Sizes = std::vector<size_t>;

/// [frames] of numbers that each frame has one of.
template <class Value, class Get>
py::array_t<Value> per_frame(const FrameResults& results, const Get& get) {
  py::array_t<Value> array(Sizes{results.frames.size()});
  Value* values = array.mutable_data();
  for (const FrameResult& frame : results.frames) *values++ = get(frame);
  return array;
}

/// [frames, bodyparts, ...]: `put` appends what one consensus keypoint has to say.
template <class Value, class Put>
py::array_t<Value> per_keypoint(const FrameResults& results, Sizes inner, const Put& put) {
  Sizes shape{results.frames.size(), results.num_bodyparts};
  shape.insert(shape.end(), inner.begin(), inner.end());
  py::array_t<Value> array(shape);
  Value* values = array.mutable_data();
  for (const FrameResult& frame : results.frames) {
    for (const ConsensusKeypoint& keypoint : frame.consensus) put(keypoint, values);
  }
  return array;
}

/// [members, frames, bodyparts, ...], from the library's order frame by frame.
template <class Put>
DoubleArray per_member(const FrameResults& results, Sizes inner, const Put& put) {
  Sizes shape{results.num_members, results.frames.size(), results.num_bodyparts};
  shape.insert(shape.end(), inner.begin(), inner.end());
  DoubleArray array(shape);
  double* values = array.mutable_data();
  for (size_t member = 0; member < results.num_members; ++member) {
    for (const FrameResult& frame : results.frames) {
      for (size_t part = 0; part < results.num_bodyparts; ++part) {
        put(frame.members[member * results.num_bodyparts + part], values);
      }
    }
  }
  return array;
}

DoubleArray poses(const FrameResults& results) {
  return per_keypoint<double>(results, {2}, [](const ConsensusKeypoint& k, double*& out) {
    *out++ = k.keypoint.x;
    *out++ = k.keypoint.y;
  });
}

DoubleArray spread(const FrameResults& results) {
  return per_keypoint<double>(results, {2}, [](const ConsensusKeypoint& k, double*& out) {
    *out++ = k.std_x;
    *out++ = k.std_y;
  });
}

DoubleArray map_covariance(const FrameResults& results) {
  return per_keypoint<double>(results, {2, 2}, [](const ConsensusKeypoint& k, double*& out) {
    for (const double value :
         {k.map_covariance.xx, k.map_covariance.xy, k.map_covariance.xy, k.map_covariance.yy}) {
      *out++ = value;
    }
  });
}

/// The track as posse.tracking.track_of_report takes it; None where there is none.
py::object track(const FrameResults& results) {
  if (results.consensus != RunConsensus::track) return py::none();
  std::vector<TrackedKeypoint> keypoints;
  for (const FrameResult& frame : results.frames)
    keypoints.insert(keypoints.end(), frame.track.begin(), frame.track.end());
  py::dict dict = dict_of_track(keypoints, results.num_bodyparts);
  dict["report"] = results.track_report;
  dict["warnings"] = results.track_warnings;
  dict["names"] = results.names;
  return dict;
}

py::list take_scoremaps(FrameResults& results) {
  py::list maps;
  for (MemberMaps& member : results.maps) maps.append(member.take());
  results.maps.clear();
  return maps;
}

}  // namespace

void MemberMaps::append(const Tensor& logits, size_t num_frames) {
  const Shape& shape = logits.shape();
  height_ = static_cast<size_t>(shape[1]);
  width_ = static_cast<size_t>(shape[2]);
  const size_t cells = height_ * width_ * num_frames;
  const auto channels = static_cast<size_t>(shape[3]);
  if (values_.empty()) values_.reserve(expected_frames_ * height_ * width_ * columns_->size());
  for (size_t cell = 0; cell < cells; ++cell) {
    for (const int column : *columns_)
      values_.push_back(logits.data()[cell * channels + static_cast<size_t>(column)]);
  }
  num_frames_ += num_frames;
}

py::array_t<float> MemberMaps::take() {
  const std::vector<size_t> shape{num_frames_, height_, width_, columns_->size()};
  auto kept = std::make_unique<std::vector<float>>(std::move(values_));
  const float* data = kept->data();
  const py::capsule owner(kept.release(),
                          [](void* pointer) { delete static_cast<std::vector<float>*>(pointer); });
  num_frames_ = 0;
  return py::array_t<float>(shape, data, owner);
}

void bind_frame_results(py::module_& core) {
  py::class_<FrameResults>(core, "FrameResults",
                           "What a run gave; every property makes a new array.")
      .def("__len__", [](const FrameResults& self) { return self.frames.size(); })
      .def_readonly("warnings", &FrameResults::warnings)
      .def_property_readonly(
          "consensus",
          [](const FrameResults& self) { return std::string(name_of(self.consensus)); })
      .def("take_scoremaps", &take_scoremaps,
           "One float32 array [frames, height, width, bodyparts] of logits per member, if the run "
           "kept them; only once.")
      .def_property_readonly("frame_index",
                             [](const FrameResults& self) {
                               return per_frame<int64_t>(
                                   self, [](const FrameResult& f) { return f.frame_index; });
                             })
      .def_property_readonly("time_seconds",
                             [](const FrameResults& self) {
                               return per_frame<double>(
                                   self, [](const FrameResult& f) { return f.time_seconds; });
                             })
      .def_property_readonly("track", &track)
      .def_property_readonly("poses", &poses)
      .def_property_readonly("likelihood",
                             [](const FrameResults& self) {
                               return per_keypoint<double>(
                                   self, {}, [](const ConsensusKeypoint& k, double*& out) {
                                     *out++ = k.keypoint.likelihood;
                                   });
                             })
      .def_property_readonly("spread", &spread)
      .def_property_readonly("map_covariance", &map_covariance)
      .def_property_readonly("num_members",
                             [](const FrameResults& self) {
                               return per_keypoint<int32_t>(
                                   self, {}, [](const ConsensusKeypoint& k, int32_t*& out) {
                                     *out++ = k.num_members;
                                   });
                             })
      .def_property_readonly("member_poses",
                             [](const FrameResults& self) {
                               return per_member(self, {2}, [](const Keypoint& k, double*& out) {
                                 *out++ = k.x;
                                 *out++ = k.y;
                               });
                             })
      .def_property_readonly("member_likelihood", [](const FrameResults& self) {
        return per_member(self, {}, [](const Keypoint& k, double*& out) { *out++ = k.likelihood; });
      });
}

}  // namespace posse
