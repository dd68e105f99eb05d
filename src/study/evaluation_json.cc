#include "study/evaluation_json.h"

namespace posse {
namespace {

Json json_of(const Interval& interval) { return Json::array({interval.low, interval.high}); }

Json json_of(const ErrorRow& row, const std::vector<double>& radii) {
  Json json = Json::object({{"bodypart", row.bodypart},
                            {"points", row.distances.count},
                            {"groups", row.num_groups},
                            {"rmse", row.distances.rmse},
                            {"rmse_interval", json_of(row.rmse)},
                            {"median", row.distances.median},
                            {"p95", row.distances.p95},
                            {"missed", row.missed},
                            {"hallucinated", row.hallucinated},
                            {"hidden", row.hidden}});
  for (size_t i = 0; i < radii.size(); ++i)
    json["pck"].push_back(Json::object({{"radius", radii[i]}, {"share", row.distances.pck[i]}}));
  return json;
}

Json json_of(const ErrorTable& table, const std::vector<double>& radii) {
  Json json = Json::object(
      {{"name", table.name}, {"member", table.is_member}, {"pictures", table.num_pictures}});
  for (const ErrorRow& row : table.rows) json["bodyparts"].push_back(json_of(row, radii));
  return json;
}

Json json_of(const PairedDifference& d) {
  return Json::object({{"first", d.first},
                       {"second", d.second},
                       {"points", d.num_points},
                       {"groups", d.num_groups},
                       {"rmse_first", d.rmse_first},
                       {"rmse_second", d.rmse_second},
                       {"difference", d.difference},
                       {"interval", json_of(d.interval)}});
}

Json json_of(const UncertaintySummary& s) {
  Json json = Json::object({{"method", s.method},
                            {"uncertainty", s.name},
                            {"points", s.num_points},
                            {"groups", s.num_groups}});
  for (size_t i = 0; i < kRegionShares.size(); ++i) {
    json["coverage"].push_back(Json::object({{"region", kRegionShares.at(i)},
                                             {"share", s.coverage.at(i)},
                                             {"interval", json_of(s.coverage_interval.at(i))}}));
  }
  json["pit_counts"] = Json(s.pit_counts);
  json["mean_absolute_calibration_error"] = s.calibration.mean_absolute;
  json["root_mean_square_calibration_error"] = s.calibration.root_mean_square;
  json["spread_skill"] = s.spread_skill;
  json["crps"] = s.crps;
  json["energy_score"] = s.energy;
  json["log_score"] = s.log_score;
  json["sharpness"] = s.sharpness;
  json["radius90"] = s.radius90;
  json["spearman"] = s.spearman;
  json["aurc"] = s.risk.aurc;
  json["augrc"] = s.risk.augrc;
  json["aurc_scaled"] = s.risk.aurc_scaled;
  json["augrc_scaled"] = s.risk.augrc_scaled;
  json["risk_coverage"] = Json::array();
  for (const RiskPoint& point : s.risk_curve)
    json["risk_coverage"].push_back(Json::object({{"kept", point.kept}, {"error", point.error}}));
  json["auroc"] = s.auroc;
  json["failures"] = s.num_failures;
  for (size_t i = 0; i < s.quartile_coverage.size(); ++i) {
    json["quartiles"].push_back(Json::object({{"points", s.quartile_points.at(i)},
                                              {"coverage90", s.quartile_coverage.at(i)},
                                              {"interval", json_of(s.quartile_interval.at(i))}}));
  }
  return json;
}

Json json_of(const CalibratedRow& row) {
  return Json::object({{"bodypart", row.bodypart},
                       {"points", row.num_points},
                       {"rmse", row.rmse},
                       {"rmse_interval", json_of(row.rmse_interval)},
                       {"median", row.median},
                       {"spread_skill", row.spread_skill},
                       {"spearman", row.spearman},
                       {"raw90", row.raw90},
                       {"calibrated90", row.calibrated90},
                       {"calibrated90_interval", json_of(row.calibrated90_interval)},
                       {"radius90", row.radius90},
                       {"pooled", row.pooled},
                       {"pooled_radius90", row.pooled_radius90}});
}

Json pictures_of(const JudgedFrames& judged) {
  Json json = Json::array();
  for (const JudgedPicture& picture : judged.pictures) {
    Json entry = Json::object({{"name", picture.name},
                               {"group", picture.group},
                               {"selected_on", picture.selected_on},
                               {"near_training", picture.near_training},
                               {"unseen_video", picture.unseen_video}});
    for (const size_t m : picture.members) entry["judges"].push_back(judged.members[m]);
    json.push_back(std::move(entry));
  }
  return json;
}

Json regions_of(const Evaluation& evaluation) {
  Json json = Json::array();
  for (size_t i = 0; i < evaluation.regions.size(); ++i) {
    const Region& region = evaluation.calibration.regions[i];
    const RegionCheck& check = evaluation.regions[i];
    json.push_back(Json::object({{"region", region.share},
                                 {"bound", region.bound},
                                 {"bodypart_bounds", Json(region.bodyparts)},
                                 {"over_videos", region.over_videos},
                                 {"points_within", check.points},
                                 {"points_interval", json_of(check.points_interval)},
                                 {"poses_within", check.poses},
                                 {"poses_interval", json_of(check.poses_interval)}}));
  }
  return json;
}

Json chance_of(const ChanceCheck& check) {
  return Json::object({{"radius", check.radius},
                       {"said", check.said},
                       {"found", check.found},
                       {"found_interval", json_of(check.found_interval)}});
}

Json calibration_of(const Evaluation& evaluation) {
  if (evaluation.calibrated.empty()) return nullptr;
  const Calibration& c = evaluation.calibration;
  return Json::object(
      {{"consensus", c.consensus},
       {"spread_carries_information", !evaluation.cross_fit.constant_wins},
       {"log_score_model", c.log_score_model},
       {"log_score_constant", c.log_score_constant},
       {"a", c.model.a},
       {"beta", c.model.beta},
       {"c", c.model.c},
       {"scale", Json(c.model.scale)},
       {"regions", regions_of(evaluation)},
       {"simultaneous", c.simultaneous},
       {"split", c.split},
       {"chance", chance_of(*evaluation.chance)},
       {"folds", evaluation.cross_fit.num_folds},
       {"points", c.num_points},
       {"videos_unseen", c.num_videos_unseen},
       {"guarantee", c.guarantee},
       {"keypoint_moseq", Json::object({{"slope", c.moseq.slope},
                                        {"intercept", c.moseq.intercept},
                                        {"conf_threshold", c.moseq.conf_threshold}})}});
}

}  // namespace

Json to_json(const Evaluation& evaluation) {
  const JudgedFrames& judged = evaluation.judged;
  Json json = Json::object({{"members", Json(judged.members)},
                            {"membership", Json(evaluation.membership_sources)},
                            {"bodyparts", Json(judged.bodyparts)},
                            {"labels_scorer", evaluation.labels_scorer},
                            {"labels_sha256", evaluation.labels_sha256},
                            {"out_of_bag", !evaluation.training_frames},
                            {"groups", judged.group_unit},
                            {"videos", judged.num_videos},
                            {"refused", judged.num_refused},
                            {"failure_distance", evaluation.failure_distance},
                            {"label_noise", evaluation.label_noise},
                            {"label_noise_bodyparts", Json(evaluation.label_noise_parts)}});
  json["errors"] = Json::array();
  for (const ErrorTable& table : evaluation.errors)
    json["errors"].push_back(json_of(table, evaluation.pck_radii));
  json["differences"] = Json::array();
  for (const PairedDifference& one : evaluation.differences)
    json["differences"].push_back(json_of(one));
  json["sureness"] = Json::array();
  for (const Sureness& one : evaluation.sureness) {
    json["sureness"].push_back(Json::object({{"member", one.member},
                                             {"points", one.num_points},
                                             {"likelihood", one.said},
                                             {"within_failure_distance", one.found},
                                             {"error_over_map_spread", one.error_over_stated}}));
  }
  json["uncertainty"] = Json::array();
  for (const UncertaintySummary& one : evaluation.uncertainty)
    json["uncertainty"].push_back(json_of(one));
  json["consensus"] = evaluation.consensus;
  json["consensus_why"] = evaluation.consensus_why;
  json["calibrated"] = Json::array();
  for (const CalibratedRow& row : evaluation.calibrated) json["calibrated"].push_back(json_of(row));
  json["calibration"] = calibration_of(evaluation);
  if (evaluation.video_coverage) {
    json["video_coverage"] = Json::object({{"bins", evaluation.video_coverage->num_bins},
                                           {"labelled", evaluation.video_coverage->labelled},
                                           {"video", evaluation.video_coverage->video}});
  }
  json["suspects"] = Json::array();
  for (const SuspectLabel& s : evaluation.suspects) {
    json["suspects"].push_back(Json::object({{"picture", s.picture},
                                             {"bodypart", s.bodypart},
                                             {"distance", s.distance},
                                             {"stated", s.stated},
                                             {"ratio", s.ratio}}));
  }
  json["original"] = Json::array();
  for (const OriginalRow& row : evaluation.original) {
    json["original"].push_back(Json::object({{"name", row.name},
                                             {"pictures", row.num_pictures},
                                             {"compare_groundtruth", row.summed_rmse},
                                             {"confidence", row.confidence},
                                             {"probability", row.share}}));
  }
  json["pictures"] = pictures_of(judged);
  json["notes"] = Json(evaluation.notes);
  json["warnings"] = Json(evaluation.warnings);
  return json;
}

}  // namespace posse
