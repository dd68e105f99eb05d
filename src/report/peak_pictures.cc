#include "report/peak_pictures.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "base/error.h"
#include "run/outputs/drawn_poses.h"
#include "run/stated_track.h"
#include "video/encode_picture.h"
#include "video/overlay.h"
#include "video/resize_image.h"
#include "video/video_reader.h"

namespace posse {
namespace {

constexpr double kSecondPlaceChance = 0.05;

/// What is drawn at the peaks, by row.
struct PeakPoints {
  Poses consensus;
  std::map<size_t, std::vector<Keypoint>> members;  ///< [members, bodyparts] of a peak's row
  std::optional<StatedTrack> stated;
  std::optional<ExtraValues> second_place;  ///< [frames, bodyparts, (x, y, chance)]
};

PeakPoints read_points(const FinishedResults& results, const ReportedVideo& video) {
  PeakPoints points{.consensus = results.consensus()};
  const FinishedFacts& facts = results.facts();
  points.stated = read_stated_track(facts.table);
  if (!points.stated && !facts.wide_table.empty())
    points.stated = read_stated_track(facts.wide_table);
  points.second_place = results.array("second_place");
  if (!video.has_members || video.peaks.empty()) return points;
  results.read_members([&](const MembersFrame& frame) {
    const bool is_peak = std::any_of(video.peaks.begin(), video.peaks.end(),
                                     [&](const auto& peak) { return peak.row == frame.row; });
    if (is_peak) points.members[frame.row].assign(frame.keypoints.begin(), frame.keypoints.end());
    return frame.row < video.peaks.back().row;
  });
  return points;
}

/// A ring at the second place of each bodypart that has one, joined to the consensus.
void draw_second_places(const PeakPoints& points, size_t row, Image& image) {
  if (!points.second_place) return;
  const size_t parts = points.consensus.num_bodyparts();
  const std::vector<Colour> colours = distinct_colours(parts);
  const double radius = std::max(3.0, 0.014 * std::min(image.width, image.height));
  for (size_t part = 0; part < parts; ++part) {
    const double* place = points.second_place->values.data() + 3 * (row * parts + part);
    if (!(place[2] > kSecondPlaceChance) || std::isnan(place[0] + place[1])) continue;
    const Keypoint& here = points.consensus.at(row, part);
    if (!std::isnan(here.x))
      draw_line(image, here.x, here.y, place[0], place[1], 1, colours[part], 0.6);
    draw_ring(image, place[0], place[1], radius, 2, colours[part], 1);
  }
}

void draw_peak(const PeakPoints& points, size_t row, int64_t frame_index, Image& image) {
  const std::span<const Keypoint> consensus = points.consensus.row(row);
  ShownFrame frame{.bodyparts = points.consensus.bodyparts,
                   .consensus = {consensus.begin(), consensus.end()},
                   .members = {},
                   .stated = {},
                   .frame_index = frame_index};
  if (const auto members = points.members.find(row); members != points.members.end()) {
    const std::span<const Keypoint> all = members->second;
    for (size_t at = 0; at < all.size(); at += consensus.size())
      frame.members.push_back(all.subspan(at, consensus.size()));
  }
  if (points.stated)
    frame.stated = points.stated->of_frame(frame_index, points.consensus.bodyparts);
  draw_frame(frame, {}, image);
  draw_second_places(points, row, image);
}

std::string smaller_jpeg(const Image& image, int most_width, DisagreementPeak& peak) {
  const int width = std::min(image.width, most_width);
  const int height = std::max(
      1, static_cast<int>(std::lround(static_cast<double>(image.height) * width / image.width)));
  peak.picture_width = width;
  peak.picture_height = height;
  return jpeg_of(width == image.width ? image : resize_image(image, width, height));
}

}  // namespace

void add_pictures(const FinishedResults& results, const ReportDetail& detail,
                  ReportedVideo& video) {
  if (video.peaks.empty()) return;
  if (video.video.place != VideoPlace::there) {
    video.notes.push_back("There are no pictures: " + video.video.why_not + ".");
    return;
  }
  try {
    const PeakPoints points = read_points(results, video);
    std::map<int64_t, DisagreementPeak*> wanted;
    for (DisagreementPeak& peak : video.peaks) wanted[peak.frame_index] = &peak;
    const auto reader =
        open_video(video.video.file,
                   {.range = {.start = wanted.begin()->first, .stop = wanted.rbegin()->first + 1}});
    for (VideoFrame frame; reader->read(frame);) {
      const auto found = wanted.find(frame.frame_index);
      if (found == wanted.end()) continue;
      draw_peak(points, found->second->row, frame.frame_index, frame.image);
      found->second->jpeg = smaller_jpeg(frame.image, detail.picture_width, *found->second);
    }
  } catch (const Error& error) {  // the numbers stand without pictures
    if (error.kind() == ErrorKind::interrupted) throw;
    video.notes.push_back("There are no pictures: " + error.message() + ".");
  }
}

}  // namespace posse
