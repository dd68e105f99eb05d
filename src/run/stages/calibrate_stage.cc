#include "run/stages/calibrate_stage.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/hash.h"
#include "base/text.h"
#include "run/frame_calibration.h"

namespace posse {
namespace {

/// What to do about a misfit, in half a line.
std::string remedy(const Calibration& calibration, const RunSetting& setting) {
  const std::string consensus(name_of(setting.consensus));
  if (calibration.consensus == consensus) return "posse calibrate makes one for these";
  const std::string video =
      setting.consensus == RunConsensus::track ? " --video " + setting.video.string() : "";
  return fmt::format(
      "posse calibrate ... --consensus {}{} makes one for this run, --consensus {} --out NEW runs "
      "what this one is for",
      consensus, video, calibration.consensus);
}

class CalibrateStage : public Stage {
 public:
  explicit CalibrateStage(const RunSetting& setting)
      : hash_(sha256_of_file(setting.options.calibration)),
        frames_(setting.options.calibration, setting.ensemble, setting.consensus,
                setting.options.radius),
        calibration_(frames_.calibration()) {
    if (!frames_.misfit().empty() && !setting.options.force_calibration) {
      throw Error(ErrorKind::usage,
                  fmt::format("{} {}", setting.options.calibration, frames_.misfit()),
                  {.hint = remedy(calibration_, setting) +
                           "; --force-calibration uses it all the same and marks the results"});
    }
  }

  std::string description() const override {
    return fmt::format("calibrate({}, radius={}{})", hash_.substr(0, 16), frames_.radius(),
                       frames_.misfit().empty() ? "" : ", forced");
  }
  void push(FrameResult&& frame, const DeliverFrame& deliver) override {
    frame.calibrated = frames_.points_of(frame);
    deliver(std::move(frame));
  }
  void finish(const DeliverFrame&) override {}
  std::vector<std::string> warnings() const override {
    std::vector<std::string> warnings;
    if (!frames_.misfit().empty())
      warnings.push_back("the calibration " + frames_.misfit() + "; used all the same");
    if (!frames_.unknown().empty()) {
      warnings.push_back("the calibration does not know " + list_names(frames_.unknown()) +
                         ": without calibrated uncertainty");
    }
    return warnings;
  }
  std::vector<std::string> notes() const override {
    std::vector<std::string> notes = {calibration_.guarantee};
    std::string shares, held;
    for (const Region& region : calibration_.regions) {
      if (std::isnan(region.held)) continue;
      shares += fmt::format("{}{:g}", shares.empty() ? "" : ", ", 100 * region.share);
      held += fmt::format("{}{:.0f}", held.empty() ? "" : ", ", 100 * region.held);
    }
    if (!held.empty()) {
      notes.push_back(fmt::format(
          "the calibration's regions of {} % held {} % of the labelled {}, counted outside the fit",
          shares, held, calibration_.simultaneous ? "poses" : "points"));
    }
    if (!calibration_.pooled_bodyparts.empty()) {
      notes.push_back("too few labelled points of " + list_names(calibration_.pooled_bodyparts) +
                      ": what is stated of them is that of all bodyparts together, not measured");
    }
    return notes;
  }
  std::pair<std::string, std::string> report() const override {
    using Json = nlohmann::ordered_json;
    const auto number = [](double value) {
      return std::isfinite(value) ? Json(value) : Json(nullptr);
    };
    Json regions = Json::array();
    for (const Region& region : calibration_.regions) {
      regions.push_back({{"share", region.share},
                         {"bound", number(region.bound)},
                         {"held", number(region.held)},
                         {"held_interval", {number(region.held_low), number(region.held_high)}}});
    }
    const Json json = {{"sha256", hash_},
                       {"consensus", calibration_.consensus},
                       {"forced", !frames_.misfit().empty()},
                       {"radius", frames_.radius()},
                       {"regions", std::move(regions)},
                       {"pooled_bodyparts", calibration_.pooled_bodyparts},
                       {"guarantee", calibration_.guarantee}};
    return {"calibration", json.dump()};
  }

 private:
  std::string hash_;
  FrameCalibration frames_;
  const Calibration& calibration_;
};

}  // namespace

std::unique_ptr<Stage> make_calibrate_stage(const RunSetting& setting) {
  return std::make_unique<CalibrateStage>(setting);
}

}  // namespace posse
