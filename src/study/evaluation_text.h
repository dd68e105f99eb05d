/// Writes an evaluation as tables for people.
#pragma once

#include <string>

#include "study/evaluate_job.h"

namespace posse {

/// Tables for people, in lines.
std::string to_text(const Evaluation& evaluation);
/// What calibration found, in lines; empty where there were too few points.
std::string calibration_text(const Evaluation& evaluation);

}  // namespace posse
