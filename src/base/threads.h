/// Finds how many threads this process may use, and runs tasks on several threads.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

namespace posse {

struct ThreadBudget {
  int num_threads = 1;  ///< at least 1
  std::string reason;   ///< as "2 of 16 CPUs (cgroup limit 2.0)", for `posse doctor` and run.json
};

/// CPUs this process may run on: the affinity mask, cut by the control group's CPU quota (v1 and
/// v2, rounded down, at least 1). Containers and job schedulers limit one or the other.
ThreadBudget available_threads();

/// Calls task(0) to task(count - 1), on at most `num_threads` threads, the caller's among them, in
/// no particular order. The first exception is rethrown when all have ended; what had not begun by
/// then is left out.
void parallel_for(size_t count, int num_threads, const std::function<void(size_t)>& task);

/// The quota in CPUs that a cgroup v2 `cpu.max` text gives, such as "200000 100000" -> 2; 0 if
/// there is none ("max ...") or the text cannot be read.
double cpus_of_cgroup_quota(const std::string& cpu_max);

}  // namespace posse
