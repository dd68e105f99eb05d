/// What a person may choose of a track, whether it goes through maps or through tables: declared
/// once for the options of both.
#pragma once

#include <string>

namespace posse {

struct TrackChoices {
  std::string look_alike = "auto";  ///< "auto", "none", or groups as "paw1,paw2;ear1,ear2"
  std::string same_x;               ///< groups as "paw_top,paw_bottom;..." or empty
  std::string same_y;               ///< likewise
  bool smooth = true;
  int lag = 64;           ///< frames looked ahead, 0 or more
  double hide_below = 0;  ///< chance of being seen, in [0, 1]; 0: all are written

  /// @throws Error(usage) for a lag or hide_below out of range
  void validate() const;
};

/// The part of describe() of the options that hold `choices`.
template <class Choices, class Visitor>
void describe_track(Choices& choices, const Visitor& visit) {
  visit(
      "look-alike", choices.look_alike, "GROUPS",
      "track: bodyparts that look alike, as 'paw1,paw2;ear1,ear2', none, or auto: found from what "
      "the members say (default auto)");
  visit(
      "same-x", choices.same_x, "GROUPS",
      "track: bodyparts that are one seen from several sides, by mirrors that show it at the same "
      "x, as 'paw_top,paw_bottom;...'");
  visit("same-y", choices.same_y, "GROUPS", "track: the same at the same y");
  visit("track-smooth", choices.smooth, "on|off",
        "track: smooth the members' keypoints at the track (default on)");
  visit("track-lag", choices.lag, "N",
        "track: frames that are looked ahead; 0 looks at the past alone, which is worse (default "
        "64)");
  visit("hide-below", choices.hide_below, "P",
        "track: keypoints whose chance of being seen is below are written as missing, in [0, 1] "
        "(default 0: all are written)");
}

}  // namespace posse
