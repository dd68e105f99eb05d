/// What runs and jobs over tables read and say of views that must agree in a track.
#pragma once

#include <string>
#include <vector>

#include "consensus/track/epipolar_lines.h"
#include "consensus/track/track_choices.h"

namespace posse {

/// Bodyparts that are one seen from several sides, each of a group with each other. Reads the
/// calibration of the views.
/// @throws Error(usage) as parse_groups and TrackChoices::validate, for two bodyparts named by two
/// of the options, and for more views than the calibration has; Error(not_found), Error(bad_file)
/// as parse_view_calibration
AgreeingViews parse_views(const TrackChoices& choices, const std::vector<std::string>& bodyparts);

/// A sentence for each two views that are held to epipolar lines.
std::vector<std::string> notes_of_lines(const std::vector<EpipolarLine>& lines,
                                        const std::vector<std::string>& bodyparts);

/// A sentence for each two views that are not, and for those whose given lines do not fit.
/// @param cell  px
std::vector<std::string> warnings_of_lines(const std::vector<EpipolarLine>& lines,
                                           const std::vector<std::string>& bodyparts, double cell);

/// The part "epipolar_lines" of run.json, as JSON: bodyparts, equation or fundamental matrix,
/// spread in px, points, and whether it is used.
std::string lines_json(const std::vector<EpipolarLine>& lines,
                       const std::vector<std::string>& bodyparts);

}  // namespace posse
