#include "base/threads.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <exception>
#include <fstream>
#include <mutex>
#include <sstream>
#include <thread>
#include <vector>

#ifdef __linux__
#include <sched.h>
#endif

namespace posse {
namespace {

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

int affinity_count() {
#ifdef __linux__
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) return std::max(1, CPU_COUNT(&set));
#endif
  return std::max(1U, std::thread::hardware_concurrency());
}

/// Smallest quota of this process's control group and its parents, in CPUs; 0 without a limit.
double cgroup_quota() {
  std::ifstream file("/proc/self/cgroup");
  double quota = 0;
  const auto limit = [&](double cpus) {
    if (cpus > 0) quota = quota > 0 ? std::min(quota, cpus) : cpus;
  };
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("0::", 0) != 0) continue;
    for (std::string path = line.substr(3);; path = path.substr(0, path.rfind('/'))) {
      limit(cpus_of_cgroup_quota(first_line("/sys/fs/cgroup" + path + "/cpu.max")));
      if (path.empty() || path == "/") break;
    }
  }
  const std::string v1 = "/sys/fs/cgroup/cpu/";
  const std::string v1_quota = first_line(v1 + "cpu.cfs_quota_us");
  const std::string v1_period = first_line(v1 + "cpu.cfs_period_us");
  if (!v1_quota.empty() && v1_quota[0] != '-')
    limit(cpus_of_cgroup_quota(v1_quota + " " + v1_period));
  return quota;
}

}  // namespace

double cpus_of_cgroup_quota(const std::string& cpu_max) {
  std::istringstream text(cpu_max);
  double quota = 0;
  double period = 0;
  if (!(text >> quota >> period) || quota <= 0 || period <= 0) return 0;
  return quota / period;
}

void parallel_for(size_t count, int num_threads, const std::function<void(size_t)>& task) {
  std::atomic<size_t> next = 0;
  std::mutex mutex;
  std::exception_ptr failure;
  const auto work = [&] {
    try {
      for (size_t i = next++; i < count; i = next++) task(i);
    } catch (...) {  // carried to the caller's thread
      next = count;
      const std::lock_guard lock(mutex);
      if (!failure) failure = std::current_exception();
    }
  };
  std::vector<std::thread> others;
  const size_t most = std::min(count, static_cast<size_t>(std::max(num_threads, 1)));
  for (size_t i = 1; i < most; ++i) others.emplace_back(work);
  work();
  for (std::thread& thread : others) thread.join();
  if (failure) std::rethrow_exception(failure);
}

ThreadBudget available_threads() {
  const int total = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  const int allowed = affinity_count();
  const double quota = cgroup_quota();
  ThreadBudget budget;
  budget.num_threads = allowed;
  budget.reason = fmt::format("{} of {} CPUs", allowed, std::max(total, allowed));
  if (quota > 0 && quota < allowed) {
    budget.num_threads = std::max(1, static_cast<int>(std::floor(quota)));
    budget.reason =
        fmt::format("{} of {} CPUs (control group limit {:.1f})", budget.num_threads, total, quota);
  }
  return budget;
}

}  // namespace posse
