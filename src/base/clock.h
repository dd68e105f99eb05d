/// Time for measuring how long things take.
#pragma once

namespace posse {

/// Seconds of a clock that never goes back, since some point in the past.
double seconds_now();

}  // namespace posse
