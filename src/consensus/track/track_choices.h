/// Options of a track through maps or through tables, declared once for both.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace posse {

struct TrackChoices {
  /// "auto", "none", or groups as "paw1,paw2;ear1,ear2".
  std::string look_alike = "auto";
  /// Groups as "paw_top,paw_bottom;...", or empty.
  std::string same_x;
  /// Groups as of same_x.
  std::string same_y;
  /// "paw_bottom,paw_side;...", the first of a group in the first view, and so on; a view that does
  /// not show the bodypart is left empty
  std::string same_line;
  /// File of the ViewCalibration of these views; empty: it is found from the video.
  std::filesystem::path view_calibration;
  bool smooth = true;
  /// Frames looked ahead, 0 or more.
  int lag = 64;
  /// Chance of being seen, in [0, 1]; 0: all are written.
  double hide_below = 0;

  /// @throws Error(usage) for a lag or hide_below out of range, and a view_calibration without
  /// views
  void validate() const;
  /// Options that are not at their defaults, as "--track-lag".
  std::vector<std::string> changed() const;
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
  visit("same-line", choices.same_line, "GROUPS",
        "track: bodyparts that are one seen from several views, by mirrors or cameras that lie "
        "anyhow, as 'paw_bottom,paw_side;nose_bottom,nose_side', the views in one order: one lies "
        "on the other's epipolar line, which is found from frames in which all members are sure; "
        "a view that does not show a bodypart is left empty ('paw_bottom,,paw_right')");
  visit(
      "view-calibration", choices.view_calibration, "FILE",
      "track: epipolar lines of the views of --same-line, in their order: cameras (Anipose .toml, "
      "with offset_in_video where a camera's picture does not begin at the video's top left), or "
      "fundamental matrices (.toml); not found then");
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
