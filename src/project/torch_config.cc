#include "project/torch_config.h"

#include <fmt/format.h>

namespace posse {

std::vector<std::string> TorchConfig::bodyparts() const {
  std::vector<std::string> names;
  for (const TorchHeadConfig& head : heads) {
    names.insert(names.end(), head.bodyparts.begin(), head.bodyparts.end());
  }
  return names;
}

std::string way_out(TorchTool tool) {
  return fmt::format("run it with {} and combine the tables it writes: posse consensus TABLE...",
                     tool == TorchTool::deeplabcut ? "DeepLabCut 3" : "Lightning Pose");
}

}  // namespace posse
