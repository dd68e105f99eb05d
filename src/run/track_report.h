/// What runs and jobs over tables read and say of a track alike.
#pragma once

#include <string>
#include <vector>

#include "consensus/track/shared_axis.h"
#include "consensus/track/track_watch.h"

namespace posse {

/// "paw1,paw2;ear1,ear2" as numbers of bodyparts; empty for "none" and "auto".
/// @throws Error(usage) for unknown names, with the nearest ones, for one named twice, or for a
/// group of one or of more than kMostGroupParts.
std::vector<std::vector<int>> parse_look_alikes(const std::string& text,
                                                const std::vector<std::string>& bodyparts);

/// Bodyparts that are one seen from several sides, each of a group with each other: "a,b;c,d" of
/// those that lie at the same x, and likewise of the same y; empty: none.
/// @throws Error(usage) as parse_look_alikes
std::vector<SharedAxis> parse_shared_axes(const std::string& same_x, const std::string& same_y,
                                          const std::vector<std::string>& bodyparts);

/// One sentence on the groups that were found.
std::string note_of_groups(const std::vector<std::vector<int>>& groups,
                           const std::vector<std::string>& bodyparts);

/// The part "track" of run.json, as JSON: groups, swaps, and for every bodypart the frames in which
/// it is not seen, jumps, frames against most members and steps faster than expected.
std::string track_report_json(const TrackReport& report,
                              const std::vector<std::vector<int>>& groups,
                              const std::vector<std::string>& bodyparts);

}  // namespace posse
