#include "run/run_record.h"

#include <sys/resource.h>

#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "base/text.h"
#include "run/job_record.h"

namespace posse {
namespace {
namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

/// Raised when the same inputs and options would give other numbers than before.
constexpr int kResultsVersion = 1;

/// A path in the record, which is UTF-8 whatever the path is.
std::string text_of(const fs::path& path) { return printable(path.string()); }

Json describe_member(const MemberNetwork& member) {
  return {{"name", printable(member.name)},
          {"path", text_of(member.member.path)},
          {"snapshot", text_of(member.checkpoint.prefix())},
          {"index_sha256", member.index_sha256},
          {"network", net_type(member.spec)},
          {"batch_norm", member.spec.batch_norm_mode == BatchNormMode::frame ? "frame" : "moving"},
          {"decode", std::string(to_string(member.rule))},
          {"stride", member.stride()},
          {"locref_stdev", member.locref_stdev()},
          {"bodyparts", member.bodyparts},
          {"warnings", member.warnings}};
}

}  // namespace

int64_t peak_memory_bytes() {
  struct rusage usage {};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<int64_t>(usage.ru_maxrss) * 1024;
}

std::string fingerprint_of(const Ensemble& ensemble, const InputIdentity& video,
                           const RunOptions& options) {
  Json all = {{"results", kResultsVersion}, {"video", video.sha256}};
  for (const MemberNetwork& member : ensemble.members()) {
    Json described = describe_member(member);
    described.erase("path");
    described.erase("snapshot");
    described.erase("warnings");
    all["members"].push_back(std::move(described));
  }
  all["bodyparts"] = ensemble.bodyparts();
  all["backend"] = ensemble.backend_name();
  all["consensus"] = std::string(name_of(options.consensus));
  all["frames"] = options.frames.to_string();
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
    run.fingerprint = json->at("fingerprint").get<std::string>();
    run.num_frames = json->at("frames").get<int64_t>();
    run.files = json->at("files").get<std::vector<std::string>>();
  } catch (const Json::exception&) {  // written by something else: as good as none
    return std::nullopt;
  }
  return run;
}

void write_run_record(const Ensemble& ensemble, const RunOptions& options,
                      const RunOutcome& outcome, const InputIdentity& video, const VideoInfo& info,
                      const VideoReport& report, const std::string& fingerprint) {
  Json json = begin_record("run");
  json["fingerprint"] = fingerprint;
  json["video"] = describe_input(video);
  json["video"].update(
      {{"width", info.width},
       {"height", info.height},
       {"fps", info.fps},
       {"codec", info.codec},
       {"frames_by_container",
        info.container_num_frames ? Json(*info.container_num_frames) : Json(nullptr)},
       {"frames_decoded", report.num_decoded},
       {"frames_corrupt", report.num_corrupt},
       {"variable_frame_rate", report.variable_frame_rate},
       {"broke_off", report.broke_off}});
  json["frames"] = outcome.num_frames;
  json["frames_resumed"] = outcome.num_resumed;
  for (const MemberNetwork& member : ensemble.members())
    json["members"].push_back(describe_member(member));
  json["bodyparts"] = ensemble.bodyparts();
  json["consensus_rule"] = std::string(to_string(ensemble.consensus_rule()));
  json["options"] = Json::object();
  describe(options, RecordOptions(json["options"]));
  describe(ensemble.options(), RecordOptions(json["options"]));
  json["backend"] = {{"name", ensemble.backend_name()},
                     {"threads", ensemble.num_threads()},
                     {"batch", ensemble.batch_size({info.height, info.width})},
                     {"shared_prefixes", ensemble.num_shared_prefixes()}};
  json["memory"] = {{"weight_bytes", ensemble.weight_bytes()},
                    {"workspace_bytes", ensemble.workspace_bytes()},
                    {"peak_bytes", peak_memory_bytes()}};
  const RunTimings& t = outcome.timings;
  json["seconds"] = {{"load", outcome.load_seconds},
                     {"wall", t.wall_seconds},
                     {"decode", t.decode_seconds},
                     {"networks_all_threads", t.network_seconds},
                     {"consensus_all_threads", t.consensus_seconds},
                     {"results", t.sink_seconds}};
  std::vector<std::string> warnings = ensemble.warnings();
  warnings.insert(warnings.end(), outcome.warnings.begin(), outcome.warnings.end());
  finish_record(outcome.paths.record, std::move(json), outcome.paths.final_files(options),
                warnings);
}

}  // namespace posse
