/// Runs `posse study`: a manifest and truth in, tables and matrices out.
#pragma once

#include <filesystem>

#include "base/job_hooks.h"
#include "ensemble/options.h"
#include "study/study_options.h"
#include "study/study_output.h"

namespace posse {

/// Does the studies; networks run over labelled pictures once, through the cache of evaluate.
/// @throws Error(usage) for a study that is asked for and lacks its input, saying which; members
/// whose training frames are not known; tables of different videos; Error(shape_mismatch) for
/// members and labels with different bodyparts; of the readers and networks; Error(interrupted)
Study study(const std::filesystem::path& manifest, const StudyOptions& options,
            const EnsembleOptions& networks, const JobHooks& hooks = {});

}  // namespace posse
