/// Does the studies of an experiment, each as tables and matrices.
#pragma once

#include <span>

#include "study/experiments/experiment.h"
#include "study/experiments/frame_draw.h"
#include "study/experiments/manifest.h"
#include "study/study_options.h"
#include "study/study_output.h"

namespace posse {

/// Errors of members ("members", "sizes") and of groups' consensus ("consensus") on test frames.
void add_errors(const Experiment& experiment, const StudyOptions& options, bool members,
                bool consensus, Study& study);

/// Who was trained on what, with performance: table and matrix "inclusion". Rows are groups where
/// each one's members were trained alike and one has several, else members; performance is the rmse
/// of the mean consensus or of the member.
void add_inclusion(const Experiment& experiment, const StudyOptions& options, Study& study);

/// Influence of every training frame on error, confidence and probability: tables and matrices
/// "influence_error", "influence_confidence", "influence_probability".
void add_influence(const Experiment& experiment, const StudyOptions& options, Study& study);

/// Table "pca_variance", table "pca_scores" (the last row is the truth), matrix "pca_directions".
void add_components(const Experiment& experiment, const StudyOptions& options, Study& study);

/// Which draws of the manifest hold outliers: table "seeds".
void add_seeds(std::span<const ManifestMember> members, const OutlierList& list, Study& study);

/// Networks that an experiment needs, and their cost: table "power".
/// @param first,second  errors of two groups. @param small,large  sizes of the draws
void add_power(std::span<const double> first, std::span<const double> second, size_t small,
               size_t large, const OutlierList& list, const StudyOptions& options, Study& study);

}  // namespace posse
