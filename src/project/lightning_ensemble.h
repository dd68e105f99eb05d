/// Reads the ensembles that Lightning Pose's app keeps: a folder with an ensemble.yaml that names
/// models.
#pragma once

#include <filesystem>
#include <vector>

namespace posse {

/// True for a folder with an ensemble.yaml and no config.yaml of its own, and for such a file.
bool is_lightning_ensemble(const std::filesystem::path& path);

/// The model folders that an ensemble names, in its order. The app gives them relative to the
/// folder of all models, which holds the ensemble's own folder directly or below others.
/// @throws Error(bad_file) for a file without members; Error(not_found), naming it and where it was
///         looked for, for a model that is not there
/// Source: litpose_app/routes/models.py and inference.py (`members: [{id: ...}]`).
std::vector<std::filesystem::path> lightning_ensemble_members(const std::filesystem::path& path);

}  // namespace posse
