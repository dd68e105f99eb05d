/// Progress of long work, and the callback that receives it; the library itself never prints.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace posse {

struct Progress {
  std::string stage;             ///< "networks", "labelled video", ...
  std::string item;              ///< what is worked on, such as the video's name
  int64_t done = 0;              ///< in `unit`
  std::optional<int64_t> total;  ///< unknown for streams without a frame count
  int64_t taken_over = 0;        ///< of `done`, from an earlier run: it took none of the time
  double elapsed_seconds = 0;    ///< of this stage
  std::string unit = "frames";
};

/// Called from one thread at a time, some ten times a second at most. May be empty.
using ProgressCallback = std::function<void(const Progress&)>;

}  // namespace posse
