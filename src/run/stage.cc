#include "run/stage.h"

#include "run/stages/calibrate_stage.h"
#include "run/stages/track_stage.h"

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

bool StageChain::wants_look() const {
  for (const auto& stage : stages_) {
    if (stage->wants_look()) return true;
  }
  return false;
}

void StageChain::look_at(const FrameResult& frame) {
  for (const auto& stage : stages_) {
    if (stage->wants_look()) stage->look_at(frame);
  }
}

std::vector<std::string> StageChain::warnings() const {
  std::vector<std::string> all;
  for (const auto& stage : stages_) {
    for (std::string& warning : stage->warnings()) all.push_back(std::move(warning));
  }
  return all;
}

std::vector<std::string> StageChain::notes() const {
  std::vector<std::string> all;
  for (const auto& stage : stages_) {
    for (std::string& note : stage->notes()) all.push_back(std::move(note));
  }
  return all;
}

std::map<std::string, std::string> StageChain::reports() const {
  std::map<std::string, std::string> all;
  for (const auto& stage : stages_) {
    auto [name, report] = stage->report();
    if (!name.empty()) all[name] = std::move(report);
  }
  return all;
}

StageChain make_stages(const RunSetting& setting) {
  std::vector<std::unique_ptr<Stage>> stages;
  if (setting.consensus == RunConsensus::track) stages.push_back(make_track_stage(setting));
  if (!setting.options.calibration.empty()) stages.push_back(make_calibrate_stage(setting));
  return StageChain(std::move(stages));
}

}  // namespace posse
