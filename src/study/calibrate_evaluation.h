/// Calibrates an evaluation: fits the uncertainty of one consensus to the judged pictures.
#pragma once

#include <optional>

#include "ensemble/ensemble.h"
#include "study/evaluate_job.h"
#include "study/judge/uncertainty_table.h"
#include "study/judge/video_coverage.h"

namespace posse {

/// What uncertainty of these pictures is summarised by.
UncertaintyOptions uncertainty_options(const Evaluation& evaluation);

/// Fits the uncertainty of `main` and fills in what follows from it: points, calibration, regions,
/// chances, the rows bodypart by bodypart, suspect labels, coverage weighted to the video. With
/// fewer than kFewPoints points there is a warning instead.
/// @param main  of evaluation.judged, whose errors are in evaluation.errors
/// @param ensemble  nullptr where members are tables
/// @param video_spread  of --video-results
/// @throws Error(usage) for a split that leaves too few
void calibrate_evaluation(Evaluation& evaluation, const EvaluateOptions& options,
                          const JudgedMethod& main, const Ensemble* ensemble,
                          const std::optional<VideoSpread>& video_spread);

}  // namespace posse
