#include "consensus/track/table_track.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error.h"
#include "base/median.h"
#include "consensus/track/look_alikes.h"
#include "consensus/track/smoothed_track.h"
#include "consensus/track/table_evidence.h"

namespace posse {
namespace {

constexpr double kLeastCell = 8;
constexpr double kLikely = 0.5;

bool is_finite(const Keypoint& keypoint) {
  return std::isfinite(keypoint.x) && std::isfinite(keypoint.y);
}

/// Adds the distances of one bodypart's points in one frame from their median.
void add_distances(const std::vector<Keypoint>& points, std::vector<double>& distances) {
  if (points.size() < 2) return;
  std::vector<double> x, y;
  for (const Keypoint& point : points) {
    x.push_back(point.x);
    y.push_back(point.y);
  }
  const double centre_x = upper_median_of(x);
  const double centre_y = upper_median_of(y);
  for (const Keypoint& point : points)
    distances.push_back(std::hypot(point.x - centre_x, point.y - centre_y));
}

void check(std::span<const Poses> members, const TableTrackOptions& options) {
  if (members.empty())
    throw Error(ErrorKind::invalid_value, "no member's table: at least one is needed");
  if (!(options.cell >= 0 && std::isfinite(options.cell))) {
    throw Error(ErrorKind::invalid_value,
                fmt::format("a cell of {} px, must be 0 (found) or more", options.cell));
  }
  for (const Poses& member : members) {
    if (member.bodyparts != members.front().bodyparts ||
        member.frame_index != members.front().frame_index) {
      throw Error(ErrorKind::shape_mismatch, "members' tables differ in bodyparts or frames");
    }
  }
}

FrameEvidence evidence_of_row(std::span<const Poses> members, size_t row, const PointGrid& grid) {
  std::vector<std::span<const Keypoint>> points;
  for (const Poses& member : members) points.push_back(member.row(row));
  FrameEvidence evidence = evidence_of_points(points, grid);
  evidence.frame_index = members.front().frame_index[row];
  evidence.time_seconds = std::nan("");
  return evidence;
}

/// Takes the groups that were given, or finds them; finds the lines of views.
void look_at_all(std::span<const Poses> members, const PointGrid& grid,
                 const TableTrackOptions& options, TableTrack& track) {
  // Bodyparts that lie close together make no group: points leave no second place beside the first.
  constexpr double kNever = 2;
  LookAlikes look_alikes(members.front().num_bodyparts(), {.least_crossed = kNever});
  EpipolarLineFinder finder(options.views.lines);
  for (size_t row = 0; row < members.front().num_frames(); ++row) {
    const FrameEvidence evidence = evidence_of_row(members, row, grid);
    look_alikes.add(evidence);
    finder.add(evidence);
  }
  track.lines = finder.find();
  track.groups = options.groups ? *options.groups : look_alikes.groups();
  if (options.groups) track.close_pairs = look_alikes.close_pairs(track.groups);
}

TrackReport watched(std::span<const Poses> members, const TableTrack& track,
                    const TrackOptions& options) {
  const Poses& first = members.front();
  TrackWatch watch(first.num_bodyparts(), track.groups, options);
  std::vector<Keypoint> points;
  for (size_t row = 0; row < track.frames.size(); ++row) {
    points.clear();
    for (const Poses& member : members) {
      const auto keypoints = member.row(row);
      points.insert(points.end(), keypoints.begin(), keypoints.end());
    }
    const int64_t elapsed = row == 0 ? 1 : first.frame_index[row] - first.frame_index[row - 1];
    watch.push(track.frames[row], points, static_cast<double>(elapsed), track.cell);
  }
  return watch.finish();
}

}  // namespace

double cell_of_members(std::span<const Poses> members) {
  std::vector<double> distances;
  const size_t count = members.empty() ? 0 : members.front().keypoints.size();
  std::vector<Keypoint> points;
  for (size_t i = 0; i < count; ++i) {
    points.clear();
    for (const Poses& member : members) {
      const Keypoint& keypoint = member.keypoints[i];
      if (is_finite(keypoint) && !(keypoint.likelihood < kLikely)) points.push_back(keypoint);
    }
    add_distances(points, distances);
  }
  return distances.empty() ? kLeastCell : std::max(kLeastCell, 2 * upper_median_of(distances));
}

TableTrack track_of_poses(std::span<const Poses> members, const TableTrackOptions& options) {
  check(members, options);
  const Poses& first = members.front();
  TableTrack track;
  track.cell = options.cell > 0 ? options.cell : cell_of_members(members);
  const PointGrid grid = grid_of_tables(members, track.cell);
  TrackOptions settings;
  settings.tracker.lag = options.lag;
  Tracker tracker(first.num_bodyparts(), options.groups.value_or(std::vector<std::vector<int>>()),
                  settings);  // refuses groups that cannot be, before they are looked at
  look_at_all(members, grid, options, track);
  if (!options.groups) tracker = Tracker(first.num_bodyparts(), track.groups, settings);
  const std::vector<ViewPair> views = pairs_of(options.views, track.lines);
  const auto keep = [&](std::vector<TrackedFrame> frames) {
    std::ranges::move(frames, std::back_inserter(track.frames));
  };
  for (size_t row = 0; row < first.num_frames(); ++row) {
    const int64_t elapsed = row == 0 ? 1 : first.frame_index[row] - first.frame_index[row - 1];
    FrameEvidence evidence = evidence_of_row(members, row, grid);
    let_views_agree(views, {}, evidence);
    keep(tracker.push(std::move(evidence), static_cast<double>(elapsed)));
  }
  keep(tracker.finish());
  track.report = watched(members, track, settings);
  if (options.smooth) smooth_track(track.frames, first.bodyparts, options.num_threads);
  return track;
}

}  // namespace posse
