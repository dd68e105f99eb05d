#include "base/threads.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <vector>

namespace posse {
namespace {

TEST(CgroupQuota, IsQuotaOverPeriod) {
  EXPECT_DOUBLE_EQ(cpus_of_cgroup_quota("150000 100000"), 1.5);
  EXPECT_DOUBLE_EQ(cpus_of_cgroup_quota("max 100000"), 0);
  EXPECT_DOUBLE_EQ(cpus_of_cgroup_quota(""), 0);
  EXPECT_DOUBLE_EQ(cpus_of_cgroup_quota("100000 0"), 0);
}

TEST(AvailableThreads, IsAtLeastOneAndSaysWhy) {
  const ThreadBudget budget = available_threads();
  EXPECT_GE(budget.num_threads, 1);
  EXPECT_NE(budget.reason.find("CPUs"), std::string::npos);
}

TEST(ParallelFor, DoesEveryTaskOnce) {
  for (const int threads : {0, 1, 3, 20}) {
    std::vector<std::atomic<int>> times(11);
    parallel_for(times.size(), threads, [&](size_t i) { ++times[i]; });
    for (const auto& count : times) EXPECT_EQ(count, 1);
  }
  parallel_for(0, 4, [](size_t) { FAIL(); });
}

TEST(ParallelFor, RethrowsWhatATaskThrew) {
  const auto task = [](size_t i) {
    if (i == 5) throw std::runtime_error("the fifth");
  };
  EXPECT_THROW(parallel_for(9, 3, task), std::runtime_error);
}

}  // namespace
}  // namespace posse
