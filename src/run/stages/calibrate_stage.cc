#include "run/stages/calibrate_stage.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/hash.h"
#include "base/text.h"
#include "calibration/calibration.h"

namespace posse {
namespace {

/// What decides a consensus of these members, in no order.
std::vector<std::string> identities(const std::vector<std::string>& hashes,
                                    const std::vector<std::string>& rules) {
  std::vector<std::string> all;
  for (size_t m = 0; m < hashes.size(); ++m)
    all.push_back(hashes[m] + " " + (m < rules.size() ? rules[m] : ""));
  std::sort(all.begin(), all.end());
  return all;
}

/// Why the calibration does not fit this run; empty if it does.
std::string misfit(const Calibration& calibration, const RunSetting& setting) {
  const std::string consensus(name_of(setting.consensus));
  const std::string rule(to_string(setting.ensemble.consensus_rule()));
  if (calibration.consensus != consensus) {
    return fmt::format("is for --consensus {}, this run's is {}", calibration.consensus, consensus);
  }
  std::vector<std::string> hashes, rules, names;
  for (const MemberNetwork& member : setting.ensemble.members()) {
    hashes.push_back(member.weights_sha256);
    rules.emplace_back(to_string(member.rule));
    names.push_back(member.name);
  }
  if (calibration.rule != rule) {
    return fmt::format("is for keypoints read by the {} rule, this run reads them by {}",
                       calibration.rule, rule);
  }
  if (identities(calibration.member_hashes, calibration.member_rules) !=
      identities(hashes, rules)) {
    return fmt::format("is for other networks: it was made for {}, this run has {}",
                       list_names(calibration.member_names), list_names(names));
  }
  return "";
}

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
      : radius_(setting.options.radius),
        hash_(sha256_of_file(setting.options.calibration)),
        calibration_(read_calibration(setting.options.calibration)) {
    if (!(radius_ > 0)) {
      throw Error(ErrorKind::usage, fmt::format("--radius is {}, must be above 0", radius_));
    }
    misfit_ = misfit(calibration_, setting);
    if (!misfit_.empty() && !setting.options.force_calibration) {
      throw Error(ErrorKind::usage, fmt::format("{} {}", setting.options.calibration, misfit_),
                  {.hint = remedy(calibration_, setting) +
                           "; --force-calibration uses it all the same and marks the results"});
    }
    for (const std::string& name : setting.ensemble.bodyparts()) {
      const auto found =
          std::find(calibration_.bodyparts.begin(), calibration_.bodyparts.end(), name);
      columns_.push_back(static_cast<size_t>(found - calibration_.bodyparts.begin()));
      if (found == calibration_.bodyparts.end()) unknown_.push_back(name);
    }
  }

  std::string description() const override {
    return fmt::format("calibrate({}, radius={}{})", hash_.substr(0, 16), radius_,
                       misfit_.empty() ? "" : ", forced");
  }
  void push(FrameResult&& frame, const DeliverFrame& deliver) override {
    const double nan = std::nan("");
    for (size_t p = 0; p < columns_.size(); ++p) {
      CalibratedPoint point{{nan, nan, nan}, nan, nan};
      const bool is_missing = std::isnan(frame.consensus[p].keypoint.x);
      if (columns_[p] < calibration_.bodyparts.size() && !is_missing)
        point = calibrated_point(calibration_, columns_[p], facts_of(frame, p), radius_);
      frame.calibrated.push_back(point);
    }
    deliver(std::move(frame));
  }
  void finish(const DeliverFrame&) override {}
  std::vector<std::string> warnings() const override {
    std::vector<std::string> warnings;
    if (!misfit_.empty()) warnings.push_back("the calibration " + misfit_ + "; used all the same");
    if (!unknown_.empty()) {
      warnings.push_back("the calibration does not know " + list_names(unknown_) +
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
                       {"forced", !misfit_.empty()},
                       {"radius", radius_},
                       {"regions", std::move(regions)},
                       {"pooled_bodyparts", calibration_.pooled_bodyparts},
                       {"guarantee", calibration_.guarantee}};
    return {"calibration", json.dump()};
  }

 private:
  static SpreadFacts facts_of(const FrameResult& frame, size_t part) {
    std::vector<Point> points;
    for (size_t m = 0; m < frame.num_members(); ++m)
      points.push_back({frame.member(m)[part].x, frame.member(m)[part].y});
    return spread_of(points, frame.track.empty() ? frame.consensus[part].map_covariance
                                                 : frame.track[part].covariance);
  }

  double radius_;
  std::string hash_;
  Calibration calibration_;
  std::string misfit_;
  std::vector<size_t> columns_;  ///< [bodyparts] in the calibration; its number where unknown
  std::vector<std::string> unknown_;
};

}  // namespace

std::unique_ptr<Stage> make_calibrate_stage(const RunSetting& setting) {
  return std::make_unique<CalibrateStage>(setting);
}

}  // namespace posse
