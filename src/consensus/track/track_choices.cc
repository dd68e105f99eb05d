#include "consensus/track/track_choices.h"

#include <fmt/format.h>

#include "base/error.h"

namespace posse {

void TrackChoices::validate() const {
  if (!(hide_below >= 0 && hide_below <= 1)) {
    throw Error(ErrorKind::usage, fmt::format("--hide-below is {}, must be in [0, 1]", hide_below));
  }
  if (lag < 0)
    throw Error(ErrorKind::usage, fmt::format("--track-lag is {}, must be 0 or more", lag));
  if (!view_calibration.empty() && same_line.empty()) {
    throw Error(ErrorKind::usage, "--view-calibration says nothing without --same-line",
                {.hint = "--same-line names the bodyparts in the views of the calibration, in its "
                         "order of views"});
  }
}

}  // namespace posse
