#include <algorithm>
#include <cmath>
#include <optional>
#include <span>

#include "consensus/scoremap_consensus.h"
#include "consensus/track/evidence_finder.h"
#include "consensus/track/look_alikes.h"
#include "consensus/track/smoothed_track.h"
#include "consensus/track/track_watch.h"
#include "consensus/track/tracker.h"
#include "ensemble/options.h"
#include "run/track_report.h"
#include "run/track_views.h"
#include "scoremap_arrays.h"
#include "track_dict.h"

namespace posse {
namespace {

/// Maps of all members, [members][frames]. @param locref  in pixels, of each member or of none
std::vector<std::vector<ScoremapView>> member_views(const std::vector<FloatArray>& members,
                                                    const std::vector<CellPlaces>& strides,
                                                    const std::vector<FloatArray>& locref = {}) {
  if (members.size() != strides.size() || members.empty()) {
    throw Error(ErrorKind::shape_mismatch,
                fmt::format("{} members with {} strides: one stride per member, and at least one",
                            members.size(), strides.size()));
  }
  std::vector<std::vector<ScoremapView>> views;
  for (size_t m = 0; m < members.size(); ++m) {
    views.push_back(frame_views(
        members[m], locref.empty() ? std::nullopt : std::optional(locref[m]), strides[m], 1));
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
                              const std::vector<CellPlaces>& strides, const std::string& method) {
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
                                      const std::vector<CellPlaces>& strides,
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

/// Maps of all members with their location refinement in pixels.
std::vector<std::vector<MemberMap>> maps_with_locref(const std::vector<FloatArray>& members,
                                                     const std::vector<FloatArray>& locref,
                                                     const std::vector<CellPlaces>& strides) {
  const auto views = member_views(members, strides, locref);
  std::vector<std::vector<MemberMap>> frames(views[0].size());
  for (size_t i = 0; i < frames.size(); ++i) {
    frames[i] = maps_of_frame(views, i);
    for (size_t m = 0; m < locref.size(); ++m) frames[i][m].rule = DecodeRule::dlc;
  }
  return frames;
}

struct TrackedVideo {
  std::vector<std::vector<int>> groups;
  std::vector<EpipolarLine> lines;
  std::vector<TrackedFrame> frames;
  TrackReport report;
  std::vector<std::string> warnings;
};

/// Bodyparts in memory have numbers for names.
std::vector<std::string> numbers_to(size_t count) {
  std::vector<std::string> names;
  for (size_t p = 0; p < count; ++p) names.push_back(std::to_string(p));
  return names;
}

/// The members' own keypoints of a frame, [members, bodyparts].
std::vector<Keypoint> members_of(const std::vector<MemberMap>& maps) {
  std::vector<Keypoint> keypoints;
  for (const MemberMap& member : maps) {
    for (const Keypoint& keypoint : decode_keypoints(member.map, member.rule))
      keypoints.push_back(keypoint);
  }
  return keypoints;
}

/// @param maps  of frames and members; there may be no frame
TrackedVideo track_maps(size_t num_members, const std::vector<std::vector<MemberMap>>& maps,
                        size_t bodyparts,
                        const std::optional<std::vector<std::vector<int>>>& look_alike,
                        const AgreeingViews& views, const std::vector<double>& elapsed, bool smooth,
                        int lag) {
  std::vector<FrameEvidence> evidence;
  EvidenceFinder finder;
  LookAlikes look_alikes(bodyparts);
  EpipolarLineFinder line_finder(views.lines);
  double time = 0;
  for (size_t i = 0; i < maps.size(); ++i) {
    evidence.push_back(finder.find(maps[i]));
    time += i == 0 ? 0 : elapsed[i - 1];
    evidence.back().frame_index = std::llround(time);
    look_alikes.add(evidence.back());
    line_finder.add(evidence.back());
  }
  TrackOptions options;
  options.tracker.lag = static_cast<size_t>(lag);
  TrackedVideo video{.groups = look_alike.value_or(look_alikes.groups()),
                     .lines = line_finder.find()};
  const std::vector<ViewPair> pairs = pairs_of(views, video.lines);
  Tracker tracker(bodyparts, video.groups, options);
  TrackWatch watch(bodyparts, video.groups, options);
  const double cell = evidence.empty() ? 0 : evidence.front().stride;
  const auto keep = [&](std::vector<TrackedFrame> frames) {
    for (TrackedFrame& frame : frames) {
      const size_t i = video.frames.size();
      watch.push(frame, members_of(maps[i]), i == 0 ? 1 : elapsed[i - 1], frame.stride);
      video.frames.push_back(std::move(frame));
    }
  };
  for (size_t i = 0; i < evidence.size(); ++i) {
    let_views_agree(pairs, {}, evidence[i]);
    keep(tracker.push(std::move(evidence[i]), i == 0 ? 1 : elapsed[i - 1]));
  }
  keep(tracker.finish());
  video.report = watch.finish();
  const auto close_pairs = look_alikes.close_pairs(video.groups);
  const std::vector<std::string> names = numbers_to(bodyparts);
  video.warnings =
      warnings_of_track({.report = video.report, .close_pairs = close_pairs, .lines = video.lines},
                        TrackedSetting{.bodyparts = names,
                                       .num_members = num_members,
                                       .lag = static_cast<size_t>(lag),
                                       .cell = cell,
                                       .option = "take the"});
  if (smooth) smooth_track(video.frames, numbers_to(bodyparts));
  return video;
}

py::dict track(const std::vector<FloatArray>& members, const std::vector<FloatArray>& locref,
               const std::vector<CellPlaces>& strides,
               const std::optional<std::vector<std::vector<int>>>& look_alike,
               const std::vector<double>& elapsed, bool smooth, int lag, const std::string& same_x,
               const std::string& same_y, const std::string& same_line,
               const std::optional<std::filesystem::path>& view_calibration) {
  const auto maps = maps_with_locref(members, locref, strides);
  if (elapsed.size() + 1 != std::max<size_t>(maps.size(), 1) || lag < 0 ||
      !std::all_of(elapsed.begin(), elapsed.end(), [](double e) { return e > 0; })) {
    throw Error(ErrorKind::invalid_value,
                "elapsed: one number above 0 for each step between two frames; lag: at least 0");
  }
  const auto bodyparts = static_cast<size_t>(members[0].shape(3));
  const TrackChoices choices{.same_x = same_x,
                             .same_y = same_y,
                             .same_line = same_line,
                             .view_calibration = view_calibration.value_or("")};
  choices.validate();
  const AgreeingViews views = parse_views(choices, numbers_to(bodyparts));
  TrackedVideo video;
  {
    const py::gil_scoped_release other_threads_run;
    video = track_maps(members.size(), maps, bodyparts, look_alike, views, elapsed, smooth, lag);
  }
  std::vector<TrackedKeypoint> keypoints;
  for (const TrackedFrame& frame : video.frames)
    keypoints.insert(keypoints.end(), frame.keypoints.begin(), frame.keypoints.end());
  py::dict result = dict_of_track(keypoints, bodyparts);
  result["groups"] = video.groups;
  result["epipolar_lines"] = list_of_lines(video.lines);
  result["report"] =
      track_report_json(video.report, video.groups, numbers_to(bodyparts), video.lines);
  result["warnings"] = video.warnings;
  return result;
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
  core.def("track", &track, py::arg("members"), py::arg("locref"), py::arg("strides"),
           py::arg("look_alike"), py::arg("elapsed"), py::arg("smooth"), py::arg("lag"),
           py::arg("same_x") = "", py::arg("same_y") = "", py::arg("same_line") = "",
           py::arg("view_calibration") = py::none(),
           "The track through maps in memory, as a dict of arrays; see posse.track.");
}

}  // namespace posse
