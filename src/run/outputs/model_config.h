/// Makes a network's configuration as DeepLabCut puts it into its `_meta.pickle`.
#pragma once

#include "project/project.h"
#include "results/formats/pickle/pickle_text.h"

namespace posse {

/// For a network of DeepLabCut 3's PyTorch engine gives its pytorch_config.yaml ("pytorch-config"),
/// with paths where the member lies, as texts.
///
/// For others gives the "DLC-model-config file": DeepLabCut's defaults, over them its pose_cfg.yaml
/// (of the test folder beside the snapshot's train folder, else the train folder's own), and the
/// snapshot's path in `init_weights`. Paths are where the member lies. An empty dict for a snapshot
/// without pose_cfg.yaml. Source: load_config and AnalyzeVideo of DeepLabCut 2.3, and the pickles
/// it writes.
/// @throws Error as read_yaml()
PickleValue model_config_of(const Member& member);

}  // namespace posse
