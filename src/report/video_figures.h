/// Makes the figures of one video's results.
#pragma once

#include <string>

#include "report/charts/figure.h"
#include "report/reported_video.h"

namespace posse {

/// x (axis 0) or y (1) of a bodypart over the video: members, band, consensus; least and most per
/// column. @param most_columns  of the figure; it may be less than the video's
Figure trace_figure(const ReportedVideo& video, size_t bodypart, size_t axis, const std::string& id,
                    size_t most_columns = 650);

/// Mean spread of the bodyparts over the video, with the peaks numbered from 1.
Figure disagreement_figure(const ReportedVideo& video, const std::string& id,
                           size_t most_columns = 650);

/// x or y of the bodypart that disagrees most around a peak, every member a faint line.
Figure close_figure(const ReportedVideo& video, size_t peak, size_t axis, const std::string& id);

/// A row of cells per bodypart, darker where the members disagree more, as a picture in SVG.
std::string strip_svg(const ReportedVideo& video, const std::string& id);

/// Joins neighbouring columns of an envelope, at most `most_columns` stay.
Envelope coarser(const Envelope& envelope, size_t most_columns);

}  // namespace posse
