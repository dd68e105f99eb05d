/// Functions that read clocks.
#pragma once

namespace posse {

/// Seconds of a clock that only goes forward, for durations.
double seconds_now();

/// Seconds since 1970, UTC, as files carry them.
double unix_seconds_now();

}  // namespace posse
