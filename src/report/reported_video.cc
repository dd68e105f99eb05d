#include "report/reported_video.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"

namespace posse {
namespace {

constexpr double kBandSigmas = 2;

/// Everything of the first pass, row-major [frames, bodyparts].
struct Stored {
  Poses consensus;
  std::vector<double> spread;  ///< px; empty if the members' deviations are not stored
  std::optional<StatedCovariance> covariance;
  std::vector<double> chance_seen;
  size_t index(size_t row, size_t part) const { return row * consensus.num_bodyparts() + part; }
};

Stored read_stored(const FinishedResults& results) {
  Stored stored{.consensus = results.consensus()};
  if (const auto deviations = results.array("members_std")) {
    for (size_t i = 0; i + 1 < deviations->values.size(); i += 2)
      stored.spread.push_back(std::hypot(deviations->values[i], deviations->values[i + 1]));
  }
  stored.covariance = results.covariance();
  if (auto seen = results.array("chance_seen")) stored.chance_seen = std::move(seen->values);
  return stored;
}

/// Standard deviation of a frame's members about their mean, sqrt(var x + var y); NaN of fewer than
/// two.
double spread_of_members(const MembersFrame& frame, size_t part, size_t num_parts) {
  double n = 0, x = 0, y = 0, squares = 0;
  for (size_t i = part; i < frame.keypoints.size(); i += num_parts) {
    const Keypoint& point = frame.keypoints[i];
    if (std::isnan(point.x) || std::isnan(point.y)) continue;
    n += 1;
    const double dx = point.x - x, dy = point.y - y;  // Welford 1962
    x += dx / n;
    y += dy / n;
    squares += dx * (point.x - x) + dy * (point.y - y);
  }
  return n < 2 ? std::nan("") : std::sqrt(squares / n);
}

/// Of a plain csv: from the members themselves.
void compute_spread(const FinishedResults& results, Stored& stored) {
  const size_t parts = stored.consensus.num_bodyparts();
  stored.spread.assign(stored.consensus.keypoints.size(), std::nan(""));
  results.read_members([&](const MembersFrame& frame) {
    for (size_t part = 0; part < parts; ++part)
      stored.spread[stored.index(frame.row, part)] = spread_of_members(frame, part, parts);
    return true;
  });
}

/// Of the values that are no NaN, interpolated linearly between the two nearest; NaN without any.
/// Source: numpy.quantile, method "linear".
double quantile(std::vector<double> values, double share) {
  std::erase_if(values, [](double value) { return std::isnan(value); });
  if (values.empty()) return std::nan("");
  const double place = share * static_cast<double>(values.size() - 1);
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(place);
  std::nth_element(values.begin(), at, values.end());
  if (at + 1 == values.end()) return *at;
  const double above = *std::min_element(at + 1, values.end());
  return std::lerp(*at, above, place - std::floor(place));
}

/// Mean over the bodyparts that have one; NaN without.
std::vector<double> disagreement_of(const Stored& stored) {
  std::vector<double> means(stored.consensus.num_frames(), std::nan(""));
  if (stored.spread.empty()) return means;
  for (size_t row = 0; row < means.size(); ++row) {
    double sum = 0, number = 0;
    for (size_t part = 0; part < stored.consensus.num_bodyparts(); ++part) {
      const double spread = stored.spread[stored.index(row, part)];
      if (std::isnan(spread)) continue;
      sum += spread;
      number += 1;
    }
    if (number > 0) means[row] = sum / number;
  }
  return means;
}

double half_band(const Stored& stored, size_t index, size_t axis) {
  if (!stored.covariance) return std::nan("");
  return kBandSigmas * std::sqrt(stored.covariance->values[3 * index + 2 * axis]);
}

double coordinate(const Keypoint& point, size_t axis) { return axis == 0 ? point.x : point.y; }

ReportedBodypart summarize(const Stored& stored, size_t part, const ReportedVideo& video) {
  const size_t rows = stored.consensus.num_frames();
  ReportedBodypart result{.name = stored.consensus.bodyparts[part]};
  result.spread = Envelope(video.grid);
  for (AxisTrace& axis : result.axes)
    axis = {Envelope(video.grid), Envelope(video.grid), Envelope(video.grid)};
  std::vector<double> likelihoods, spreads;
  double seen = stored.chance_seen.empty() ? std::nan("") : 0;
  for (size_t row = 0; row < rows; ++row) {
    const size_t i = stored.index(row, part);
    const Keypoint& point = stored.consensus.at(row, part);
    for (size_t axis = 0; axis < 2; ++axis) {
      const double value = coordinate(point, axis), half = half_band(stored, i, axis);
      result.axes.at(axis).consensus.add(row, value);
      if (!std::isnan(half)) result.axes.at(axis).band.add(row, value - half, value + half);
    }
    if (!std::isnan(point.x)) likelihoods.push_back(point.likelihood);
    if (!stored.chance_seen.empty() && stored.chance_seen[i] >= 0.5) seen += 1;
    if (stored.spread.empty()) continue;
    spreads.push_back(stored.spread[i]);
    result.spread.add(row, stored.spread[i]);
    if (std::isnan(stored.spread[i]) || stored.spread[i] <= result.largest_spread) continue;
    result.largest_spread = stored.spread[i];
    result.largest_frame = stored.consensus.frame_index[row];
  }
  const double all = std::max<double>(1, static_cast<double>(rows));
  result.placed = static_cast<double>(likelihoods.size()) / all;
  result.likely_seen = seen / all;
  result.median_likelihood = quantile(likelihoods, 0.5);
  result.median_spread = quantile(spreads, 0.5);
  result.p95_spread = quantile(spreads, 0.95);
  return result;
}

DisagreementPeak peak_at(const Stored& stored, size_t row, double disagreement,
                         const ReportedVideo& video, size_t around) {
  DisagreementPeak peak{
      .row = row,
      .frame_index = stored.consensus.frame_index[row],
      .time_seconds = video.time_seconds.empty() ? std::nan("") : video.time_seconds[row],
      .disagreement = disagreement};
  double largest = -1;
  for (size_t part = 0; part < stored.consensus.num_bodyparts(); ++part) {
    const double spread = stored.spread[stored.index(row, part)];
    if (!(spread > largest)) continue;
    largest = spread;
    peak.bodypart = part;
  }
  const size_t first = row < around ? 0 : row - around;
  const size_t last = std::min(stored.consensus.num_frames(), row + around + 1);
  CloseTrace& trace = peak.trace;
  for (size_t r = first; r < last; ++r) {
    trace.frames.push_back(static_cast<double>(stored.consensus.frame_index[r]));
    for (size_t axis = 0; axis < 2; ++axis) {
      const double value = coordinate(stored.consensus.at(r, peak.bodypart), axis);
      const double half = half_band(stored, stored.index(r, peak.bodypart), axis);
      trace.consensus.at(axis).push_back(value);
      trace.low.at(axis).push_back(value - half);
      trace.high.at(axis).push_back(value + half);
      trace.members.at(axis).resize(video.facts.members.size());
    }
  }
  return peak;
}

void add_members(const MembersFrame& frame, ReportedVideo& video) {
  const size_t parts = video.bodyparts.size();
  for (size_t i = 0; i < frame.keypoints.size(); ++i) {
    for (size_t axis = 0; axis < 2; ++axis) {
      video.bodyparts[i % parts].axes.at(axis).members.add(frame.row,
                                                           coordinate(frame.keypoints[i], axis));
    }
  }
  for (DisagreementPeak& peak : video.peaks) {
    const auto& frames = peak.trace.frames;
    const auto number = static_cast<double>(frame.frame_index);
    if (frames.empty() || number < frames.front() || number > frames.back()) continue;
    for (size_t axis = 0; axis < 2; ++axis) {
      auto& members = peak.trace.members.at(axis);
      for (size_t m = 0; m < members.size(); ++m)
        members[m].push_back(coordinate(frame.keypoints[m * parts + peak.bodypart], axis));
    }
  }
}

void read_members(const FinishedResults& results, ReportedVideo& video, const JobHooks& hooks) {
  results.read_members([&](const MembersFrame& frame) {
    if (frame.row % 1024 == 0) {
      if (hooks.stop != nullptr && hooks.stop->requested())
        throw Error(ErrorKind::interrupted, "the report was not written");
      if (hooks.progress) {
        hooks.progress({.stage = "report",
                        .item = video.facts.stem,
                        .done = static_cast<int64_t>(frame.row),
                        .total = static_cast<int64_t>(video.frame_index.size())});
      }
    }
    add_members(frame, video);
    return true;
  });
}

std::string words_of_band(const std::optional<StatedCovariance>& covariance) {
  if (!covariance) return "";
  const std::string what = covariance->source == "covariance" ? "of the calibrated uncertainty"
                           : covariance->source == "track_covariance" ? "that the track states"
                                                                      : "of the members";
  return "two standard deviations " + what;
}

}  // namespace

std::vector<size_t> peak_rows(const std::vector<double>& values, size_t count) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::erase_if(order, [&](size_t row) { return std::isnan(values[row]); });
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return values[a] > values[b]; });
  const size_t apart = values.size() / 20;
  std::vector<size_t> rows;
  for (const size_t row : order) {
    if (rows.size() == count) break;
    const bool is_near = std::any_of(rows.begin(), rows.end(), [&](size_t other) {
      return (row > other ? row - other : other - row) < apart;
    });
    if (!is_near) rows.push_back(row);
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

ReportedVideo read_reported_video(const FinishedResults& results, const ReportDetail& detail,
                                  std::span<const std::filesystem::path> video_folders,
                                  const JobHooks& hooks) {
  Stored stored = read_stored(results);
  ReportedVideo video{.facts = results.facts(),
                      .video = find_video(results.facts(), video_folders),
                      .grid = ColumnGrid::of(stored.consensus.num_frames(), detail.columns),
                      .frame_index = stored.consensus.frame_index};
  video.has_members = results.member_source() != MemberSource::none;
  if (video.has_members && stored.spread.empty()) compute_spread(results, stored);
  if (auto times = results.array("time_seconds")) video.time_seconds = std::move(times->values);
  video.band = words_of_band(stored.covariance);
  for (size_t part = 0; part < stored.consensus.num_bodyparts(); ++part)
    video.bodyparts.push_back(summarize(stored, part, video));
  const std::vector<double> disagreement = disagreement_of(stored);
  video.disagreement = Envelope(video.grid);
  for (size_t row = 0; row < disagreement.size(); ++row)
    video.disagreement.add(row, disagreement[row]);
  video.median_disagreement = quantile(disagreement, 0.5);
  for (const size_t row : peak_rows(disagreement, detail.num_peaks))
    video.peaks.push_back(peak_at(stored, row, disagreement[row], video, detail.around_peak));
  if (video.has_members) {
    read_members(results, video, hooks);
  } else {
    video.notes.emplace_back(
        "The members' own points are not there: only what the consensus states of them is shown. "
        "posse run with --save-members, or with its journal kept, has them.");
  }
  if (stored.spread.empty())
    video.notes.emplace_back("How far the members disagree is not stored in these results.");
  return video;
}

Json to_json(const ReportedVideo& video) {
  Json json = Json::object({{"name", video.facts.stem},
                            {"folder", video.facts.folder.string()},
                            {"frames", video.frame_index.size()},
                            {"members", video.facts.members.size()},
                            {"video_sha256", video.facts.video.sha256},
                            {"video_there", video.video.place == VideoPlace::there},
                            {"has_members", video.has_members},
                            {"columns", video.grid.num_columns},
                            {"band", video.band},
                            {"median_disagreement", video.median_disagreement}});
  json["bodyparts"] = Json::array();
  for (const ReportedBodypart& part : video.bodyparts) {
    json["bodyparts"].push_back(Json::object({{"bodypart", part.name},
                                              {"placed", part.placed},
                                              {"likely_seen", part.likely_seen},
                                              {"median_likelihood", part.median_likelihood},
                                              {"median_spread", part.median_spread},
                                              {"p95_spread", part.p95_spread},
                                              {"largest_spread", part.largest_spread},
                                              {"largest_frame", part.largest_frame}}));
  }
  json["peaks"] = Json::array();
  for (const DisagreementPeak& peak : video.peaks) {
    json["peaks"].push_back(Json::object({{"frame", peak.frame_index},
                                          {"time_seconds", peak.time_seconds},
                                          {"disagreement", peak.disagreement},
                                          {"bodypart", video.bodyparts[peak.bodypart].name},
                                          {"picture", !peak.jpeg.empty()}}));
  }
  json["notes"] = Json(video.notes);
  json["warnings"] = Json(video.facts.warnings);
  return json;
}

}  // namespace posse
