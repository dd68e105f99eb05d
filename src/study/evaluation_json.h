/// Writes an evaluation as JSON.
#pragma once

#include "base/json.h"
#include "study/evaluate_job.h"

namespace posse {

/// All numbers, and the pictures with their judges; docs/evaluation.md says what they mean.
Json to_json(const Evaluation& evaluation);

}  // namespace posse
