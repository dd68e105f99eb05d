#include "base/threads.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace posse
