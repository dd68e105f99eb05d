#include "cluster/scheduler_task.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <utility>
#include <vector>

#include "base/error.h"

namespace posse {
namespace {

void clear() {
  for (const char* name :
       {"SLURM_ARRAY_TASK_ID", "AWS_BATCH_JOB_ARRAY_INDEX", "JOB_COMPLETION_INDEX",
        "PBS_ARRAY_INDEX", "LSB_JOBINDEX", "SGE_TASK_ID", "POSSE_TASK_OFFSET"})
    ::unsetenv(name);
}

/// Environment variables for the length of a test.
class Environment {
 public:
  explicit Environment(const std::vector<std::pair<const char*, const char*>>& variables) {
    clear();
    for (const auto& [name, value] : variables) ::setenv(name, value, 1);
  }
  ~Environment() { clear(); }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;
};

int64_t task_with(const std::vector<std::pair<const char*, const char*>>& variables) {
  const Environment environment(variables);
  return task_of_scheduler();
}

TEST(TaskOfScheduler, KnowsEachSchedulersVariable) {
  EXPECT_EQ(task_with({{"SLURM_ARRAY_TASK_ID", "7"}}), 7);
  EXPECT_EQ(task_with({{"AWS_BATCH_JOB_ARRAY_INDEX", "0"}}), 0);
  EXPECT_EQ(task_with({{"JOB_COMPLETION_INDEX", "3"}}), 3);
  EXPECT_EQ(task_with({{"PBS_ARRAY_INDEX", "4"}}), 4);
  EXPECT_EQ(task_with({{"LSB_JOBINDEX", "1"}}), 0);
  EXPECT_EQ(task_with({{"SGE_TASK_ID", "5"}}), 4);
  EXPECT_EQ(task_with({{"SLURM_ARRAY_TASK_ID", "7"}, {"POSSE_TASK_OFFSET", "1000"}}), 1007);
  EXPECT_EQ(task_with({{"LSB_JOBINDEX", "0"}, {"SGE_TASK_ID", "2"}}), 1);
}

TEST(TaskOfScheduler, IsAnErrorWithoutOneOrForNoNumber) {
  EXPECT_THROW(task_with({}), Error);
  EXPECT_THROW(task_with({{"SGE_TASK_ID", "undefined"}}), Error);
  EXPECT_THROW(task_with({{"SLURM_ARRAY_TASK_ID", "x"}}), Error);
  EXPECT_THROW(task_with({{"SGE_TASK_ID", "0"}}), Error);
  EXPECT_THROW(task_with({{"SLURM_ARRAY_TASK_ID", "1"}, {"POSSE_TASK_OFFSET", "-1"}}), Error);
}

}  // namespace
}  // namespace posse
