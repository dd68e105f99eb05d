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
}

}  // namespace posse
