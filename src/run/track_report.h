/// Parses the groups of a track, and reports on the track, for runs and for jobs over tables alike.
#pragma once

#include <string>
#include <vector>

#include "consensus/track/epipolar_lines.h"
#include "consensus/track/track_choices.h"
#include "consensus/track/track_watch.h"

namespace posse {

/// In groups of parse_groups: a view that shows no bodypart.
inline constexpr int kNoBodypart = -1;

/// "a,b;c,d" as numbers of bodyparts; empty text: no groups.
/// @param option  its name, for messages.
/// @param may_be_empty  names may be left out, and are kNoBodypart.
/// @throws Error(usage) for unknown names, with the nearest ones, for one named twice, or for a
/// group of one or of more than kMostGroupParts.
std::vector<std::vector<int>> parse_groups(const char* option, const std::string& text,
                                           const std::vector<std::string>& bodyparts,
                                           bool may_be_empty = false);

/// "paw1,paw2;ear1,ear2" as numbers of bodyparts; empty for "none" and "auto".
/// @throws Error(usage) as parse_groups
std::vector<std::vector<int>> parse_look_alikes(const std::string& text,
                                                const std::vector<std::string>& bodyparts);

/// For where no track is made: refuses options of one.
/// @param consensus  that is made, as "--consensus mean: 2 members are too few votes for a track"
/// @param hint  how to have the track
/// @throws Error(usage) naming the options
void refuse_track_options(const TrackChoices& choices, const std::string& consensus,
                          const std::string& hint);

/// One sentence on the groups that were found.
std::string note_of_groups(const std::vector<std::vector<int>>& groups,
                           const std::vector<std::string>& bodyparts);

/// The part "track" of run.json, as JSON: groups, swaps, and for every bodypart the frames in which
/// it is not seen, jumps, frames against most members, steps on which members agree and those of
/// them faster than expected; and "epipolar_lines" (lines_json) if there are any.
std::string track_report_json(const TrackReport& report,
                              const std::vector<std::vector<int>>& groups,
                              const std::vector<std::string>& bodyparts,
                              const std::vector<EpipolarLine>& lines = {});

}  // namespace posse
