/// Callbacks by which long work reports progress, notes and warnings, and the flag that stops it.
#pragma once

#include <functional>
#include <string>

#include "base/progress.h"
#include "base/stop.h"

namespace posse {

/// Receivers of what a job tells while it runs, and the flag that stops it. All may be empty.
struct JobHooks {
  ProgressCallback progress;
  std::function<void(const std::string&)> note;     ///< worth knowing, changes no number
  std::function<void(const std::string&)> warning;  ///< a person should look at it
  const StopFlag* stop = nullptr;                   ///< looked at between steps: Error(interrupted)
};

}  // namespace posse
