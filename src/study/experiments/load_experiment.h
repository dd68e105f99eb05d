/// Loads an Experiment from a manifest, labels and networks (or their tables).
#pragma once

#include <span>

#include "base/job_hooks.h"
#include "ensemble/options.h"
#include "study/experiments/experiment.h"
#include "study/experiments/manifest.h"
#include "study/study_options.h"

namespace posse {

/// Reads the truth, finds out who was trained on what, and has every group of members judged on
/// every frame of the truth.
///
/// Members are all networks or all tables of one video. Test frames are those of the truth that no
/// member was trained on. With options.legacy: all but those of the last group's members, and of
/// numbered frames those below 1000; .mat truth of four bodyparts is permuted by 1,3,0,2.
/// @param members  those of the manifest that are trained
/// @throws Error(usage) for tables of different videos, members and tables mixed, unknown training
/// frames, no frame left to test on; Error(shape_mismatch) for different bodyparts; of the readers
Experiment load_experiment(std::span<const ManifestMember> members, const StudyOptions& options,
                           const EnsembleOptions& networks, const JobHooks& hooks);

}  // namespace posse
