/// Collects what a report says of one video: numbers per bodypart, traces in columns, and where the
/// members disagree most.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "base/job_hooks.h"
#include "base/json.h"
#include "report/charts/envelope.h"
#include "run/finished_results.h"

namespace posse {

/// How much of a video is kept.
struct ReportDetail {
  size_t columns = 4000;    ///< at most, of every trace
  size_t num_peaks = 6;     ///< frames of largest disagreement
  size_t around_peak = 40;  ///< frames to either side that are kept of every member
  int picture_width = 640;  ///< at most, px
};

/// One axis of a bodypart over the video, px.
struct AxisTrace {
  Envelope consensus;
  Envelope members;  ///< of all members together; empty without their points
  Envelope band;     ///< consensus -/+ two standard deviations as they are stated
};

struct ReportedBodypart {
  std::string name;
  double placed = 0;             ///< share of frames with a position
  double likely_seen = 0;        ///< share of frames with chance_seen >= 0.5; NaN of no track
  double median_likelihood = 0;  ///< of placed points
  double median_spread = 0;      ///< sqrt(var x + var y) of the members, px; NaN if not stored
  double p95_spread = 0;
  double largest_spread = std::numeric_limits<double>::quiet_NaN();  ///< NaN where none is known
  int64_t largest_frame = -1;                                        ///< where that is; -1: nowhere
  std::array<AxisTrace, 2> axes;                                     ///< x, y
  Envelope spread;
};

/// A bodypart around a peak, every member.
struct CloseTrace {
  std::vector<double> frames;
  std::array<std::vector<double>, 2> consensus;             ///< [xy][frames]
  std::array<std::vector<double>, 2> low, high;             ///< [xy][frames] of the band
  std::array<std::vector<std::vector<double>>, 2> members;  ///< [xy][members][frames]
};

/// A frame in which the members disagree.
struct DisagreementPeak {
  size_t row = 0;
  int64_t frame_index = 0;
  double time_seconds = 0;  ///< NaN if the video has none
  double disagreement = 0;  ///< mean spread of the bodyparts, px
  size_t bodypart = 0;      ///< of the largest spread
  CloseTrace trace;
  std::string jpeg;  ///< the frame, drawn in; empty where there is none
  int picture_width = 0, picture_height = 0;
};

struct ReportedVideo {
  FinishedFacts facts;
  FoundVideo video;
  ColumnGrid grid;
  std::vector<int64_t> frame_index;  ///< [frames]
  std::vector<double> time_seconds;  ///< [frames]; empty where not stored
  std::vector<ReportedBodypart> bodyparts;
  Envelope disagreement;           ///< mean spread of the bodyparts
  double median_disagreement = 0;  ///< px
  std::string band;                ///< what the band is, as "two standard deviations of the track"
  bool has_members = false;
  std::vector<DisagreementPeak> peaks;  ///< in order of frames
  std::vector<std::string> notes;       ///< what the report lacks, and why
};

/// Reads results in two passes: what is stored beside the consensus, then members frame by frame.
/// @throws Error as FinishedResults; Error(interrupted)
ReportedVideo read_reported_video(const FinishedResults& results, const ReportDetail& detail,
                                  std::span<const std::filesystem::path> video_folders,
                                  const JobHooks& hooks);

/// Rows of the largest values, at least a twentieth of all apart, in order; NaN never.
std::vector<size_t> peak_rows(const std::vector<double>& values, size_t count);

/// The numbers of a video: facts, bodyparts, peaks.
Json to_json(const ReportedVideo& video);

}  // namespace posse
