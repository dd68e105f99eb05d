#include "run/stage.h"

namespace posse {

std::string StageChain::description() const {
  std::string text;
  for (const auto& stage : stages_) text += (text.empty() ? "" : ", ") + stage->description();
  return text;
}

void StageChain::push_into(size_t stage, FrameResult&& frame, const DeliverFrame& deliver) {
  if (stage == stages_.size()) {
    deliver(std::move(frame));
    return;
  }
  stages_[stage]->push(std::move(frame),
                       [&](FrameResult&& next) { push_into(stage + 1, std::move(next), deliver); });
}

void StageChain::finish(const DeliverFrame& deliver) {
  for (size_t stage = 0; stage < stages_.size(); ++stage) {
    stages_[stage]->finish(
        [&](FrameResult&& next) { push_into(stage + 1, std::move(next), deliver); });
  }
}

StageChain make_stages(const RunSetting&) { return StageChain({}); }

}  // namespace posse
