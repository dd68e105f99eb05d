/// Reads the test errors that DeepLabCut's evaluate_network wrote.
#pragma once

#include <filesystem>
#include <span>

#include "project/project.h"

namespace posse {

/// Fills Snapshot::test_error (px, all predictions) from
/// <project>/evaluation-results/iteration-<N>/: the "-results.csv" tables of the training folder
/// and CombinedEvaluation-results.csv. Tables that cannot be read are passed over; what is not
/// there stays empty.
void add_test_errors(const std::filesystem::path& project_folder, const ModelFolder& model_folder,
                     std::span<Snapshot> snapshots);

}  // namespace posse
