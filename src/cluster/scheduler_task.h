/// Finds which task of a job array this process is, as its scheduler says.
#pragma once

#include <cstdint>

namespace posse {

/// SLURM_ARRAY_TASK_ID, AWS_BATCH_JOB_ARRAY_INDEX, JOB_COMPLETION_INDEX, PBS_ARRAY_INDEX, and
/// counted from 1, LSB_JOBINDEX and SGE_TASK_ID, the first that is set; plus POSSE_TASK_OFFSET.
/// @throws Error(usage) without any, or for a value that is no number
int64_t task_of_scheduler();

}  // namespace posse
