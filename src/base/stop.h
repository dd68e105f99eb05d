/// A flag that asks long work to stop (Ctrl-C, a Python KeyboardInterrupt) without losing what is
/// finished.
#pragma once

#include <atomic>

namespace posse {

/// Set from a signal handler or another thread; long-running functions look at it between frames.
class StopFlag {
 public:
  void request() noexcept { requested_.store(true, std::memory_order_relaxed); }
  bool requested() const noexcept { return requested_.load(std::memory_order_relaxed); }

 private:
  static_assert(std::atomic<bool>::is_always_lock_free, "set from signal handlers");
  std::atomic<bool> requested_{false};
};

}  // namespace posse
