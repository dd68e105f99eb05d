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
  visit("look-alike", choices.look_alike, "GROUPS",
        "name bodyparts that look alike, as 'paw1,paw2;ear1,ear2', or none; auto finds them in "
        "what the members say; for a track only (default auto)");
  visit("same-x", choices.same_x, "GROUPS",
        "name the views of one bodypart that mirrors show at the same x, as "
        "'paw_top,paw_bottom;...'; for a track only");
  visit("same-y", choices.same_y, "GROUPS",
        "name the views of one bodypart that mirrors show at the same y, as "
        "'paw_left,paw_right;...'; for a track only");
  visit("same-line", choices.same_line, "GROUPS",
        "name the views of one bodypart in mirrors or cameras at any angle, as "
        "'paw_bottom,paw_side;nose_bottom,nose_side', the views in the same order in every group; "
        "leave a view empty that does not show the bodypart ('paw_bottom,,paw_right'). A bodypart "
        "lies on the epipolar line of its other view, which is found from frames in which all "
        "members are sure; for a track only");
  visit("view-calibration", choices.view_calibration, "FILE",
        "read the epipolar lines of --same-line from this file instead of finding them: cameras in "
        "the order of the views (Anipose .toml, with offset_in_video where a camera's picture does "
        "not begin at the video's top left), or fundamental matrices (.toml); for a track only");
  visit("track-smooth", choices.smooth, "on|off",
        "smooth the members' keypoints along the track; for a track only (default on)");
  visit("track-lag", choices.lag, "N",
        "number of frames that the track looks ahead; 0 looks at the past alone, which is worse; "
        "for a track only (default 64)");
  visit("hide-below", choices.hide_below, "P",
        "write keypoints as missing whose chance of being seen is below this, in [0, 1]; for a "
        "track only (default 0: write all)");
}

}  // namespace posse
