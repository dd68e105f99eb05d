/// Reads the config.yaml of a Lightning Pose model folder.
#pragma once

#include <filesystem>

#include "project/torch_config.h"

namespace posse {

/// Reads the config.yaml of a Lightning Pose model folder. @throws as read_deeplabcut3_config()
TorchConfig read_lightning_config(const std::filesystem::path& file);

/// True for a config.yaml as Lightning Pose writes it: `data` and `model`, no `Task`.
bool is_lightning_config(const std::filesystem::path& file);

}  // namespace posse
