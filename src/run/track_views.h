/// Parses the views that must agree in a track, and reports on them, for runs and for jobs over
/// tables alike.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "consensus/track/epipolar_lines.h"
#include "consensus/track/track_choices.h"
#include "consensus/track/track_watch.h"

namespace posse {

/// Bodyparts that are one seen from several sides, each of a group with each other. Reads the
/// calibration of the views.
/// @throws Error(usage) as parse_groups and TrackChoices::validate, for two bodyparts named by two
/// of the options, for more views than the calibration has, and for bodyparts that name another of
/// its cameras; Error(not_found), Error(bad_file) as parse_view_calibration
AgreeingViews parse_views(const TrackChoices& choices, const std::vector<std::string>& bodyparts);

/// A sentence for each two views that are held to epipolar lines and not warned of.
/// @param cell  px
std::vector<std::string> notes_of_lines(const std::vector<EpipolarLine>& lines,
                                        const std::vector<std::string>& bodyparts, double cell);

/// A sentence for each two views that are not, and for those whose given lines do not fit or could
/// not be looked at.
/// @param cell  px
std::vector<std::string> warnings_of_lines(const std::vector<EpipolarLine>& lines,
                                           const std::vector<std::string>& bodyparts, double cell);

/// What was found while tracking, and what was tracked, for its warnings.
struct TrackFindings {
  const TrackReport& report;
  const std::vector<std::pair<int, int>>& close_pairs;  ///< of given groups, see LookAlikes
  const std::vector<EpipolarLine>& lines;
};
struct TrackedSetting {
  const std::vector<std::string>& bodyparts;
  size_t num_members = 0;
  size_t lag = 0;
  double cell = 0;                     ///< px
  const char* option = "--consensus";  ///< that which chooses another consensus, for hints
};

/// All that runs, jobs over tables and tracks in memory warn of, a sentence each: warnings_of the
/// track, warnings_of_setting and warnings_of_lines.
std::vector<std::string> warnings_of_track(const TrackFindings& findings,
                                           const TrackedSetting& setting);

/// The part "epipolar_lines" of run.json, as JSON: bodyparts, equation or fundamental matrix,
/// spread in px, points, and whether it is used.
std::string lines_json(const std::vector<EpipolarLine>& lines,
                       const std::vector<std::string>& bodyparts);

}  // namespace posse
