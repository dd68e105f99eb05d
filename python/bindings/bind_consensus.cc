#include <algorithm>

#include "consensus/scoremap_consensus.h"
#include "ensemble/options.h"
#include "scoremap_arrays.h"

namespace posse {
namespace {

/// Maps of all members, [members][frames].
std::vector<std::vector<ScoremapView>> member_views(const std::vector<FloatArray>& members,
                                                    const std::vector<double>& strides) {
  if (members.size() != strides.size() || members.empty()) {
    throw Error(ErrorKind::shape_mismatch,
                fmt::format("{} members with {} strides: one stride per member, and at least one",
                            members.size(), strides.size()));
  }
  std::vector<std::vector<ScoremapView>> views;
  for (size_t m = 0; m < members.size(); ++m) {
    views.push_back(frame_views(members[m], std::nullopt, strides[m], 1));
    if (views[m].size() != views[0].size()) {
      throw Error(ErrorKind::shape_mismatch, fmt::format("member {} has {} frames, member 0 has {}",
                                                         m, views[m].size(), views[0].size()));
    }
  }
  return views;
}

std::vector<MemberMap> maps_of_frame(const std::vector<std::vector<ScoremapView>>& views,
                                     size_t frame) {
  std::vector<MemberMap> maps;
  maps.reserve(views.size());
  for (const auto& member : views) maps.push_back({.map = member[frame]});
  return maps;
}

/// Consensus keypoints of frames whose maps are given.
py::tuple consensus_keypoints(const std::vector<FloatArray>& members,
                              const std::vector<double>& strides, const std::string& method) {
  const auto views = member_views(members, strides);
  ConsensusEngine engine(
      {.method = enum_of<ConsensusMethod>("consensus", method), .member_keypoints = false});
  std::vector<ConsensusFrame> frames(views[0].size());
  {
    const py::gil_scoped_release other_threads_run;
    for (size_t i = 0; i < frames.size(); ++i)
      frames[i] = engine.consensus(maps_of_frame(views, i));
  }
  const auto num_bodyparts = static_cast<size_t>(members[0].shape(3));
  KeypointArrays arrays(frames.size(), num_bodyparts);
  for (size_t i = 0; i < frames.size(); ++i) {
    for (size_t part = 0; part < num_bodyparts; ++part) {
      arrays.set(i, part, frames[i].keypoints[part].keypoint);
    }
  }
  return py::make_tuple(arrays.xy, arrays.likelihood);
}

/// Logits of the members' mean or median probability, cell by cell.
py::array_t<float> consensus_scoremap(const std::vector<FloatArray>& members,
                                      const std::vector<double>& strides,
                                      const std::string& method) {
  const auto views = member_views(members, strides);
  ConsensusEngine engine({.method = enum_of<ConsensusMethod>("consensus", method),
                          .member_keypoints = false,
                          .keep_scoremap = true});
  Tensor all({0, members[0].shape(1), members[0].shape(2), members[0].shape(3)});
  {
    const py::gil_scoped_release other_threads_run;
    for (size_t i = 0; i < views[0].size(); ++i) {
      const ConsensusFrame frame = engine.consensus(maps_of_frame(views, i));
      if (i == 0) {  // members on different grids meet on the finest one
        Shape shape = frame.scoremap_logits.shape();
        shape.insert(shape.begin(), static_cast<int64_t>(views[0].size()));
        all = Tensor(shape);
      }
      const auto values = frame.scoremap_logits.values();
      std::copy(values.begin(), values.end(), all.data() + i * values.size());
    }
  }
  return array_of(std::move(all));
}

}  // namespace

void bind_consensus(py::module_& core) {
  core.def("consensus_keypoints", &consensus_keypoints, py::arg("members"), py::arg("strides"),
           py::arg("consensus") = "mean",
           "Consensus of maps in memory: (xy [frames, bodyparts, 2] in pixels, likelihood).\n\n"
           "members: one array [frames, height, width, bodyparts] of logits per member, bodyparts "
           "in one order.");
  core.def("consensus_scoremap", &consensus_scoremap, py::arg("members"), py::arg("strides"),
           py::arg("consensus") = "mean",
           "Logits of the members' mean or median probability, float32 [frames, height, width, "
           "bodyparts].");
}

}  // namespace posse
