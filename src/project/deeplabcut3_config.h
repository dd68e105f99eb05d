/// Reads DeepLabCut 3's pytorch_config.yaml, and makes the names that DeepLabCut 3 gives its
/// tables.
#pragma once

#include <filesystem>
#include <string>

#include "project/torch_config.h"

namespace posse {

/// Reads DeepLabCut 3's pytorch_config.yaml. The network is what `model` says, whatever net_type is
/// called.
/// @throws Error(not_found, io); Error(bad_file), naming file and line, for what is not YAML, has
///         no `model` or contradicts itself; Error(unsupported), naming it, for a network posse
///         cannot run, with what to do instead.
TorchConfig read_deeplabcut3_config(const std::filesystem::path& file);
/// The same of text, as an exported model carries it. @param name  for messages.
TorchConfig parse_deeplabcut3_config(const std::string& text, const std::string& name);

/// The scorer of DeepLabCut 3's tables: "DLC_Resnet50_openarenaNov28shuffle3_snapshot_200".
/// @param net_type  "resnet_50": its parts are capitalised and joined
/// @param snapshot  "best-140" or "200", without leading zeros
std::string dlc3_scorer(const std::string& net_type, const std::string& task_and_date, int shuffle,
                        const std::string& snapshot);

}  // namespace posse
