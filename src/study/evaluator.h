/// Computes all numbers of an evaluation from judged pictures.
#pragma once

#include "ensemble/ensemble.h"
#include "study/evaluate_job.h"
#include "study/labels/label_set.h"

namespace posse {

/// Fills in everything that follows from `evaluation.judged`: errors, differences, uncertainty,
/// the calibration, suspect labels, the labels' noise, the original's numbers, counts.
/// @param ensemble  nullptr where members are tables
/// @throws Error(usage) for a consensus that did not judge, a second rater without a label in
/// common, a split that leaves too few; of the readers
void complete_evaluation(Evaluation& evaluation, const EvaluateOptions& options,
                         const LabelSet& labels, const LabelOptions& label_options,
                         const Ensemble* ensemble);

}  // namespace posse
