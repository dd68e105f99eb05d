#include "run/run_record.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "base/natural_order.h"
#include "base/paths.h"
#include "base/text.h"
#include "run/job_record.h"
#include "run/plan.h"
#include "run/run_video.h"

namespace posse {
namespace {
namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

/// Raised when the same inputs and options would give other numbers than before.
constexpr int kResultsVersion = 1;

/// A path in the record, which is UTF-8 whatever the path is.
std::string text_of(const fs::path& path) { return printable(path.string()); }

Json describe_member(const MemberNetwork& member) {
  Json json = {{"name", printable(member.name)},
               {"path", text_of(member.member.path)},
               {"snapshot", text_of(member.weights->path())},
               {"index_sha256", member.weights_sha256},
               {"network", net_type(member.spec)},
               {"batch_norm", batch_norm_of(member)},
               {"decode", std::string(to_string(member.rule))},
               {"stride", member.stride()},
               {"locref_stdev", member.locref_stdev()},
               {"bodyparts", member.bodyparts},
               {"warnings", member.warnings}};
  if (member.crop) {
    json["crop"] = {member.crop->x1, member.crop->x2, member.crop->y1, member.crop->y2};
  }
  const std::string preparation = preparation_of(member);
  if (!preparation.empty()) json["preparation"] = preparation;
  return json;
}

}  // namespace

namespace {

/// Tables below a folder, in natural order; .h5 where one is there in both formats.
std::vector<fs::path> tables_below(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code missing, unknown;
  const auto skipping = fs::directory_options::skip_permission_denied;
  fs::recursive_directory_iterator entry(folder, skipping, missing);
  for (; !missing && entry != fs::recursive_directory_iterator(); entry.increment(missing)) {
    if (is_hidden_name(entry->path().filename().string())) continue;
    const fs::path suffix = entry->path().extension();
    if (entry->is_regular_file(unknown) && (suffix == ".h5" || suffix == ".csv"))
      files.push_back(entry->path());
  }
  std::sort(files.begin(), files.end(), [](const fs::path& a, const fs::path& b) {
    return naturally_before(a.string(), b.string());
  });
  std::erase_if(files, [&](const fs::path& file) {
    return file.extension() == ".csv" &&
           fs::exists(fs::path(file).replace_extension(".h5"), unknown);
  });
  return files;
}

}  // namespace

bool are_alike_but_for_calibration(const std::string& stages, const std::string& others) {
  const auto before = [](const std::string& text) {
    const std::string word = "calibrate(";
    if (text.starts_with(word)) return std::string();
    return text.substr(0, text.find(", " + word));
  };
  return before(stages) == before(others);
}

std::vector<fs::path> member_tables_of(const fs::path& folder) {
  const std::optional<RecordedRun> recorded = read_run_record(folder / "run.json");
  if (!recorded) return tables_below(folder / "members");
  std::vector<fs::path> tables;
  for (const std::string& name : recorded->files) {
    const fs::path file = (folder / name).lexically_normal();
    const bool is_member = std::find(file.begin(), file.end(), "members") != file.end();
    const bool is_table = file.extension() == ".h5" || file.extension() == ".csv";
    const bool is_twice = file.extension() == ".csv" &&
                          std::find(tables.begin(), tables.end(),
                                    fs::path(file).replace_extension(".h5")) != tables.end();
    std::error_code missing;
    if (is_member && is_table && !is_twice && fs::exists(file, missing)) tables.push_back(file);
  }
  return tables;
}

std::optional<fs::path> wide_table_of(const fs::path& folder) {
  const std::optional<RecordedRun> recorded = read_run_record(folder / "run.json");
  if (!recorded) return std::nullopt;
  for (const std::string& name : recorded->files) {
    const fs::path file = (folder / name).lexically_normal();
    const bool is_wide = std::find(file.begin(), file.end(), "wide") != file.end();
    std::error_code missing;
    if (is_wide && file.extension() == ".csv" && fs::exists(file, missing)) return file;
  }
  return std::nullopt;
}

std::string fingerprint_of(const Ensemble& ensemble, const InputIdentity& video,
                           const RunOptions& options, ConsensusMethod method, bool whole_pictures,
                           const std::string& boxes_sha256) {
  Json all = {{"results", kResultsVersion}, {"video", video.sha256}};
  for (const MemberNetwork& member : ensemble.members()) {
    Json described = describe_member(member);
    if (member.member.torch) described["input_settings"] = input_settings_of(member);
    described.erase("path");
    described.erase("snapshot");
    described.erase("warnings");
    all["members"].push_back(std::move(described));
  }
  all["bodyparts"] = ensemble.bodyparts();
  all["backend"] = ensemble.backend_name();
  all["consensus"] = std::string(name_of(method));
  all["frames"] = options.frames.to_string();
  if (whole_pictures) all["whole_pictures"] = true;
  if (!boxes_sha256.empty()) all["boxes"] = boxes_sha256;
  Sha256 hash;
  hash.update(all.dump());
  return hash.finish();
}

std::optional<RecordedRun> read_run_record(const fs::path& record) {
  const std::optional<Json> json = read_record(record);
  if (!json || !json->contains("fingerprint") || !json->contains("video")) return std::nullopt;
  const std::optional<InputIdentity> video = input_from(json->at("video"));
  if (!video) return std::nullopt;
  RecordedRun run{.video = *video};
  try {
    run.stages = json->value("stages", std::string());
    run.fingerprint = json->at("fingerprint").get<std::string>();
    if (!json->at("frames").is_number_integer()) return std::nullopt;
    run.num_frames = json->at("frames").get<int64_t>();
    run.files = json->at("files").get<std::vector<std::string>>();
    run.width = json->at("video").value("width", 0);
    run.height = json->at("video").value("height", 0);
    for (const Json& member : json->value("members", Json::array())) {
      run.members.push_back({member.value("name", std::string()),
                             member.value("index_sha256", std::string()),
                             member.value("decode", std::string())});
    }
    if (const auto options = json->find("options"); options != json->end()) {
      run.consensus = enum_if_known<RunConsensus>(options->value("consensus", std::string()));
    }
  } catch (const Json::exception&) {  // written by something else: as good as none
    return std::nullopt;
  }
  return run;
}

namespace {

Json describe_video(const RunPlan& plan, const VideoReport& report) {
  const VideoInfo& info = plan.video;
  Json json = describe_input(plan.input);
  json.update({{"width", info.width},
               {"height", info.height},
               {"fps", info.fps},
               {"codec", info.codec},
               {"frames_by_container",
                info.container_num_frames ? Json(*info.container_num_frames) : Json(nullptr)},
               {"frames_decoded", report.num_decoded},
               {"frames_corrupt", report.num_corrupt},
               {"variable_frame_rate", report.variable_frame_rate},
               {"broke_off", report.broke_off}});
  return json;
}

/// The pass that computed the frames.
void describe_computation(const JournalFacts& facts, Json& json) {
  json["backend"].update({{"threads", facts.num_threads},
                          {"batch", facts.batch_size},
                          {"shared_prefixes", facts.num_shared_prefixes}});
  if (!facts.kernels.empty()) json["backend"]["kernels"] = facts.kernels;
  if (!facts.machine.empty()) json["backend"]["machine"] = facts.machine;
  const ExecutionFacts& execution = facts.execution;
  if (!execution.device.empty()) {
    json["backend"].update({{"device", execution.device},
                            {"library", execution.library},
                            {"library_version", execution.version},
                            {"precision", execution.precision},
                            {"golden_error", execution.golden_error}});
    if (!execution.graphs.empty()) json["backend"]["graphs"] = execution.graphs;
    if (execution.most_frames > 0) json["backend"]["frames_at_once"] = execution.most_frames;
    if (execution.most_members > 0) json["backend"]["members_at_once"] = execution.most_members;
    if (execution.precision_frames > 0) {
      json["backend"]["precision_check"] = {{"frames", execution.precision_frames},
                                            {"member_median_px", execution.precision_median_px},
                                            {"member_p99_px", execution.precision_p99_px}};
    }
  }
  json["memory"] = {{"weight_bytes", facts.weight_bytes},
                    {"workspace_bytes", facts.workspace_bytes},
                    {"peak_bytes", facts.peak_bytes}};
  const RunTimings& t = facts.timings;
  json["seconds"] = {{"load", facts.load_seconds},
                     {"wall", t.wall_seconds},
                     {"decode", t.decode_seconds},
                     {"networks_all_threads", t.network_seconds},
                     {"consensus_all_threads", t.consensus_seconds},
                     {"results", t.sink_seconds}};
}

/// What is there: the files of this call, and those of earlier ones of the same run.
std::vector<fs::path> all_files(const RunPlan& plan, const RunOutcome& outcome) {
  std::vector<fs::path> files = outcome.files;
  if (!plan.recorded || plan.recorded->fingerprint != plan.key.fingerprint ||
      !are_alike_but_for_calibration(plan.recorded->stages, plan.stages)) {
    return files;
  }
  const std::vector<fs::path> planned = plan.files();
  for (const std::string& name : plan.recorded->files) {
    const fs::path file = (plan.paths.folder / name).lexically_normal();
    std::error_code ignored;
    const bool is_planned = std::any_of(planned.begin(), planned.end(), [&](const fs::path& other) {
      return plan.paths.name_in_record(other) == name;
    });
    if (!is_planned && fs::exists(file, ignored)) files.insert(files.end() - 1, file);
  }
  return files;
}

}  // namespace

void write_run_record(const Ensemble& ensemble, const RunOptions& options, const RunPlan& plan,
                      const RunOutcome& outcome, const JournalFacts& facts) {
  Json json = begin_record("run");
  json["fingerprint"] = plan.key.fingerprint;
  json["video"] = describe_video(plan, facts.report);
  json["frames"] = outcome.num_frames;
  json["frames_resumed"] = facts.num_resumed;
  for (const MemberNetwork& member : ensemble.members())
    json["members"].push_back(describe_member(member));
  if (plan.boxes) {
    json["boxes"] = {{"file", text_of(plan.boxes->file)},
                     {"sha256", plan.boxes->sha256},
                     {"rows", plan.boxes->boxes.size()}};
  }
  json["bodyparts"] = ensemble.bodyparts();
  json["consensus_rule"] = std::string(to_string(ensemble.consensus_rule()));
  json["stages"] = plan.stages;
  for (const auto& [name, report] : outcome.stage_reports) json[name] = Json::parse(report);
  json["consensus"] = {{"method", std::string(name_of(plan.consensus.method))},
                       {"why", plan.consensus.why}};
  json["options"] = Json::object();
  RunOptions taken = options;
  taken.consensus = choice_of(plan.consensus.method);
  describe(taken, RecordOptions(json["options"]));
  describe(ensemble.options(), RecordOptions(json["options"]));
  json["backend"] = {{"name", ensemble.backend_name()}};
  if (!ensemble.notes().empty()) json["backend"]["passed_over"] = ensemble.notes();
  describe_computation(facts, json);
  json["failed"] = Json::array();
  for (const FailedOutput& failed : outcome.failed)
    json["failed"].push_back({{"output", failed.name}, {"error", failed.error.what()}});
  std::vector<std::string> warnings = ensemble.warnings();
  warnings.insert(warnings.end(), outcome.warnings.begin(), outcome.warnings.end());
  finish_record(plan.paths.record, std::move(json), all_files(plan, outcome), warnings);
}

}  // namespace posse
