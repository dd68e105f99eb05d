/// Gives a track as arrays, under the names of posse.Track's attributes.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "bindings.h"
#include "consensus/track/epipolar_lines.h"
#include "consensus/track/tracked_frame.h"

namespace posse {

/// @param keypoints  [frames, bodyparts]
inline py::dict dict_of_track(std::span<const TrackedKeypoint> keypoints, size_t bodyparts) {
  using Values = std::vector<double>;
  const auto array = [&](size_t width, const auto& put) {
    Values values;
    for (const TrackedKeypoint& keypoint : keypoints) put(keypoint, values);
    std::vector<size_t> shape = {bodyparts > 0 ? keypoints.size() / bodyparts : 0, bodyparts};
    if (width > 1) shape.push_back(width);
    py::array_t<double> made(shape);
    std::copy(values.begin(), values.end(), made.mutable_data());
    return made;
  };
  py::dict result;
  result["poses"] = array(2, [](const TrackedKeypoint& k, Values& v) {
    v.insert(v.end(), {k.keypoint.x, k.keypoint.y});
  });
  result["likelihood"] =
      array(1, [](const TrackedKeypoint& k, Values& v) { v.push_back(k.keypoint.likelihood); });
  result["covariance"] = array(3, [](const TrackedKeypoint& k, Values& v) {
    v.insert(v.end(), {k.covariance.xx, k.covariance.xy, k.covariance.yy});
  });
  result["seen"] = array(1, [](const TrackedKeypoint& k, Values& v) {
                     v.push_back(k.seen ? 1 : 0);
                   }).attr("astype")("bool");
  result["chance_seen"] =
      array(1, [](const TrackedKeypoint& k, Values& v) { v.push_back(k.chance_seen); });
  result["chance"] = array(1, [](const TrackedKeypoint& k, Values& v) { v.push_back(k.chance); });
  result["second_place"] = array(3, [](const TrackedKeypoint& k, Values& v) {
    const OtherPlace other = k.second.value_or(OtherPlace{std::nan(""), std::nan(""), 0});
    v.insert(v.end(), {other.x, other.y, other.chance});
  });
  return result;
}

/// Under the names of posse.EpipolarLine's attributes.
inline py::list list_of_lines(const std::vector<EpipolarLine>& lines) {
  py::list result;
  for (const EpipolarLine& line : lines) {
    py::tuple bodyparts(line.views.bodyparts.size());
    for (size_t i = 0; i < line.views.bodyparts.size(); ++i)
      bodyparts[i] = py::make_tuple(line.views.bodyparts[i].first, line.views.bodyparts[i].second);
    py::dict one;
    one["views"] = py::make_tuple(line.views.first, line.views.second);
    one["bodyparts"] = bodyparts;
    one["equation"] = line.equation ? py::object(py::tuple(py::cast(*line.equation))) : py::none();
    one["spread"] = line.spread;
    one["num_points"] = line.num_points;
    one["why_not"] = line.why_not;
    result.append(one);
  }
  return result;
}

}  // namespace posse
