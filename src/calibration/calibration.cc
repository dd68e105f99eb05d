#include "calibration/calibration.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/files.h"

namespace posse {
namespace {
using Json = nlohmann::ordered_json;

constexpr int kSchema = 2;

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json matrices(const std::vector<Covariance>& all) {
  Json json = Json::array();
  for (const Covariance& c : all) json.push_back({c.xx, c.xy, c.yy});
  return json;
}

/// Takes values out of a calibration file, and says where one is wrong.
class Fields {
 public:
  Fields(const Json& json, const std::filesystem::path& path) : json_(json), path_(path) {}

  [[noreturn]] void fail(const std::string& name) const {
    throw Error(ErrorKind::bad_file,
                fmt::format("{}: '{}' is missing or of a wrong kind", path_.string(), name),
                {.hint = "posse calibrate writes such files"});
  }
  Fields object(const char* name) const {
    if (!json_.contains(name) || !json_[name].is_object()) fail(name);
    return {json_[name], path_};
  }
  bool has(const char* name) const { return json_.contains(name); }
  /// null is infinite.
  double real(const char* name) const {
    if (!json_.contains(name)) fail(name);
    if (json_[name].is_null()) return std::numeric_limits<double>::infinity();
    if (!json_[name].is_number()) fail(name);
    return json_[name].get<double>();
  }
  bool truth(const char* name) const {
    if (!json_.contains(name) || !json_[name].is_boolean()) fail(name);
    return json_[name].get<bool>();
  }
  std::string text(const char* name) const {
    if (!json_.contains(name) || !json_[name].is_string()) fail(name);
    return json_[name].get<std::string>();
  }
  template <class Value>
  std::vector<Value> list(const char* name) const {
    if (!json_.contains(name) || !json_[name].is_array()) fail(name);
    std::vector<Value> values;
    for (const Json& value : json_[name]) {
      const bool fits = std::is_same_v<Value, std::string> ? value.is_string() : value.is_number();
      if (!fits) fail(name);
      values.push_back(value.get<Value>());
    }
    return values;
  }
  /// Objects of a list.
  std::vector<Fields> objects(const char* name) const {
    if (!json_.contains(name) || !json_[name].is_array()) fail(name);
    std::vector<Fields> all;
    for (const Json& one : json_[name]) {
      if (!one.is_object()) fail(name);
      all.emplace_back(one, path_);
    }
    return all;
  }
  /// null is infinite.
  std::vector<double> reals(const char* name) const {
    if (!json_.contains(name) || !json_[name].is_array()) fail(name);
    std::vector<double> all;
    for (const Json& one : json_[name]) {
      if (!one.is_null() && !one.is_number()) fail(name);
      all.push_back(one.is_null() ? std::numeric_limits<double>::infinity() : one.get<double>());
    }
    return all;
  }
  std::vector<Covariance> covariances(const char* name) const {
    if (!json_.contains(name) || !json_[name].is_array()) fail(name);
    std::vector<Covariance> all;
    for (const Json& c : json_[name]) {
      const bool fits =
          c.is_array() && c.size() == 3 && c[0].is_number() && c[1].is_number() && c[2].is_number();
      if (!fits) fail(name);
      all.push_back({c[0].get<double>(), c[1].get<double>(), c[2].get<double>()});
    }
    return all;
  }

 private:
  const Json& json_;
  const std::filesystem::path& path_;
};

Json json_of(const Region& region) {
  Json bodyparts = Json::array();
  for (const double bound : region.bodyparts) bodyparts.push_back(number(bound));
  return {{"share", region.share},
          {"bound", number(region.bound)},
          {"over_videos", region.over_videos},
          {"bodyparts", std::move(bodyparts)},
          {"held", number(region.held)},
          {"held_interval", {number(region.held_low), number(region.held_high)}}};
}

Json json_of(const Calibration& calibration) {
  Json json;
  json["format"] = "posse calibration";
  json["schema"] = kSchema;
  json["consensus"] = calibration.consensus;
  json["rule"] = calibration.rule;
  json["members"] = calibration.member_names;
  json["member_hashes"] = calibration.member_hashes;
  json["member_rules"] = calibration.member_rules;
  json["bodyparts"] = calibration.bodyparts;
  const PredictiveModel& model = calibration.model;
  json["model"] = {{"constant", model.constant},
                   {"a", model.a},
                   {"beta", model.beta},
                   {"c", model.c},
                   {"nu0", model.nu0},
                   {"pooled_members", matrices(model.pooled_members)},
                   {"pooled_map", matrices(model.pooled_map)},
                   {"scale", model.scale}};
  json["regions"] = Json::array();
  for (const Region& region : calibration.regions) json["regions"].push_back(json_of(region));
  json["simultaneous"] = calibration.simultaneous;
  json["split"] = calibration.split;
  const ChanceWithin& chance = calibration.chance;
  json["chance_within"] = {{"center", chance.center},    {"width", chance.width},
                           {"radii", chance.radii},      {"intercept", chance.intercept},
                           {"slope", chance.slope},      {"farthest", chance.farthest},
                           {"points", chance.num_points}};
  json["keypoint_moseq"] = {{"slope", number(calibration.moseq.slope)},
                            {"intercept", number(calibration.moseq.intercept)},
                            {"conf_threshold", number(calibration.moseq.conf_threshold)}};
  json["labels_sha256"] = calibration.labels_sha256;
  json["points"] = calibration.num_points;
  json["pictures"] = calibration.num_pictures;
  json["pooled_bodyparts"] = calibration.pooled_bodyparts;
  json["videos_unseen"] = calibration.num_videos_unseen;
  json["guarantee"] = calibration.guarantee;
  json["log_score"] = {{"model", number(calibration.log_score_model)},
                       {"constant", number(calibration.log_score_constant)}};
  return json;
}

void read_model(const Fields& fields, PredictiveModel& model) {
  model.constant = fields.truth("constant");
  model.a = fields.real("a");
  model.beta = fields.real("beta");
  model.c = fields.real("c");
  model.nu0 = fields.real("nu0");
  model.pooled_members = fields.covariances("pooled_members");
  model.pooled_map = fields.covariances("pooled_map");
  model.scale = fields.list<double>("scale");
  const bool is_sound = model.a > 0 && model.beta >= 0 && model.c >= 0 && model.nu0 > 0 &&
                        std::isfinite(model.a + model.beta + model.c + model.nu0);
  const auto is_scale = [](double scale) { return scale > 0 && std::isfinite(scale); };
  if (!std::all_of(model.scale.begin(), model.scale.end(), is_scale)) fields.fail("scale");
  if (!is_sound) fields.fail("model");
}

void read_chance(const Fields& fields, ChanceWithin& chance) {
  chance.center = fields.real("center");
  chance.width = fields.real("width");
  chance.radii = fields.list<double>("radii");
  chance.intercept = fields.list<double>("intercept");
  chance.slope = fields.list<double>("slope");
  chance.farthest = fields.real("farthest");
  chance.num_points = static_cast<size_t>(std::max(0.0, fields.real("points")));
  const bool is_sound = chance.width > 0 && std::isfinite(chance.width + chance.center) &&
                        chance.intercept.size() == chance.radii.size() &&
                        chance.slope.size() == chance.radii.size() &&
                        std::is_sorted(chance.radii.begin(), chance.radii.end());
  if (!is_sound) fields.fail("chance_within");
}

/// What is written as null and is no bound.
double or_nan(double value) { return std::isfinite(value) ? value : std::nan(""); }

void read_regions(const Fields& fields, Calibration& calibration) {
  for (const Fields& one : fields.objects("regions")) {
    calibration.regions.push_back({.share = one.real("share"),
                                   .bound = one.real("bound"),
                                   .over_videos = one.truth("over_videos"),
                                   .bodyparts = one.reals("bodyparts")});
    Region& region = calibration.regions.back();
    if (region.bodyparts.size() != calibration.bodyparts.size()) fields.fail("regions");
    if (!one.has("held")) continue;
    region.held = or_nan(one.real("held"));
    const std::vector<double> interval = one.reals("held_interval");
    if (interval.size() != 2) fields.fail("held_interval");
    region.held_low = or_nan(interval[0]);
    region.held_high = or_nan(interval[1]);
  }
  calibration.simultaneous = fields.truth("simultaneous");
  calibration.split = fields.real("split");
}

}  // namespace

const Region& region_of(const Calibration& calibration, double share) {
  for (const Region& region : calibration.regions)
    if (std::abs(region.share - share) < 1e-9) return region;
  throw Error(ErrorKind::bad_file,
              fmt::format("the calibration has no region of {:g} %", 100 * share));
}

CalibratedPoint calibrated_point(const Calibration& calibration, size_t bodypart,
                                 const SpreadFacts& facts, double radius) {
  const double nan = std::nan("");
  if (facts.num_members < 1) return {{nan, nan, nan}, nan, nan};
  CalibratedPoint point;
  point.covariance = calibration.model.covariance(bodypart, facts);
  const Covariance& c = point.covariance;
  const double determinant = c.xx * c.yy - c.xy * c.xy;
  point.radius90 =
      std::sqrt(region_of(calibration, 0.9).bodyparts[bodypart] * std::sqrt(determinant));
  point.chance_within = calibration.chance.chance(std::sqrt((c.xx + c.yy) / 2), radius);
  return point;
}

void write_calibration(const Calibration& calibration, const std::filesystem::path& path) {
  write_file(path, json_of(calibration).dump(2) + "\n");
}

Calibration read_calibration(const std::filesystem::path& path) {
  const Json json = Json::parse(read_file(path, uint64_t{16} << 20), nullptr, false);
  if (!json.is_object() || json.value("format", Json()) != "posse calibration") {
    throw Error(ErrorKind::bad_file, fmt::format("{}: is no calibration", path.string()),
                {.hint = "posse calibrate writes them"});
  }
  if (json.value("schema", Json()) != kSchema) {
    throw Error(ErrorKind::bad_file,
                fmt::format("{}: is a calibration of schema {}, this version reads {}",
                            path.string(), json.value("schema", Json()).dump(), kSchema),
                {.hint = "make it anew with posse calibrate"});
  }
  const Fields fields(json, path);
  Calibration calibration{.consensus = fields.text("consensus"),
                          .rule = fields.text("rule"),
                          .member_names = fields.list<std::string>("members"),
                          .member_hashes = fields.list<std::string>("member_hashes"),
                          .member_rules = fields.list<std::string>("member_rules"),
                          .bodyparts = fields.list<std::string>("bodyparts")};
  read_model(fields.object("model"), calibration.model);
  read_regions(fields, calibration);
  const auto is_90 = [](const Region& region) { return std::abs(region.share - 0.9) < 1e-9; };
  if (std::none_of(calibration.regions.begin(), calibration.regions.end(), is_90))
    fields.fail("regions");
  read_chance(fields.object("chance_within"), calibration.chance);
  const Fields moseq = fields.object("keypoint_moseq");
  calibration.moseq = {moseq.real("slope"), moseq.real("intercept"), moseq.real("conf_threshold")};
  calibration.labels_sha256 = fields.text("labels_sha256");
  calibration.num_points = static_cast<size_t>(std::max(0.0, fields.real("points")));
  calibration.num_pictures = static_cast<size_t>(std::max(0.0, fields.real("pictures")));
  calibration.num_videos_unseen = static_cast<size_t>(std::max(0.0, fields.real("videos_unseen")));
  calibration.guarantee = fields.text("guarantee");
  calibration.log_score_model = fields.object("log_score").real("model");
  calibration.log_score_constant = fields.object("log_score").real("constant");
  if (fields.has("pooled_bodyparts"))
    calibration.pooled_bodyparts = fields.list<std::string>("pooled_bodyparts");
  const size_t parts = calibration.bodyparts.size();
  const PredictiveModel& model = calibration.model;
  if (model.scale.size() != parts || model.pooled_members.size() != parts ||
      model.pooled_map.size() != parts) {
    fields.fail("bodyparts");
  }
  return calibration;
}

}  // namespace posse
