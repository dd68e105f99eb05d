/// Callbacks by which long work reports progress, notes and warnings, and the flag that stops it.
#pragma once

#include <functional>
#include <string>

#include "base/progress.h"
#include "base/stop.h"

namespace posse {

/// Whom a job tells how far it is and what it notices, and who may stop it. All may be empty.
struct JobHooks {
  ProgressCallback progress;
  std::function<void(const std::string&)> note;     ///< worth knowing, changes no number
  std::function<void(const std::string&)> warning;  ///< a person should look at it
  const StopFlag* stop = nullptr;                   ///< looked at between steps: Error(interrupted)
};

}  // namespace posse
