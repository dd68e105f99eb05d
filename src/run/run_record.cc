#include "run/run_record.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/text.h"
#include "base/version.h"

namespace posse {
namespace {
namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

/// Raised when the same inputs and options would give other numbers than before.
constexpr int kResultsVersion = 1;

struct FileStamp {
  uint64_t num_bytes = 0;
  int64_t modified_seconds = 0;
};

FileStamp stamp_of(const fs::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return {};
  return {static_cast<uint64_t>(status.st_size), static_cast<int64_t>(status.st_mtime)};
}

std::string iso_time_now() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  char text[32];
  std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

/// A path in the record, which is UTF-8 whatever the path is.
std::string text_of(const fs::path& path) { return printable(path.string()); }

/// Options by their command-line names, as text or number.
class JsonOptions {
 public:
  explicit JsonOptions(Json& json) : json_(json) {}
  template <class Field>
  void operator()(const char* name, const Field& field, const char*, const char*) const {
    if constexpr (std::is_enum_v<Field>) {
      json_[name] = std::string(name_of(field));
    } else if constexpr (std::is_same_v<Field, FrameRange>) {
      json_[name] = field.to_string();
    } else if constexpr (std::is_same_v<Field, std::optional<int>>) {
      json_[name] = field ? Json(*field) : Json(nullptr);
    } else {
      json_[name] = field;
    }
  }

 private:
  Json& json_;
};

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
          {"bodyparts", member.bodyparts}};
}

std::vector<fs::path> files_in_order(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

int64_t peak_memory_bytes() {
  struct rusage usage {};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<int64_t>(usage.ru_maxrss) * 1024;
}

InputIdentity identify_input(const fs::path& path, const std::optional<InputIdentity>& known) {
  InputIdentity identity{.path = fs::absolute(path).lexically_normal()};
  if (fs::is_directory(path)) {
    Sha256 hash;
    for (const fs::path& file : files_in_order(path)) {
      const FileStamp stamp = stamp_of(file);
      identity.num_bytes += stamp.num_bytes;
      identity.modified_seconds = std::max(identity.modified_seconds, stamp.modified_seconds);
      hash.update(file.filename().string() + '\0' + sha256_of_file(file));
    }
    identity.sha256 = hash.finish();
    return identity;
  }
  const FileStamp stamp = stamp_of(path);
  identity.num_bytes = stamp.num_bytes;
  identity.modified_seconds = stamp.modified_seconds;
  const bool unchanged = known && known->path == text_of(identity.path) &&
                         known->num_bytes == identity.num_bytes &&
                         known->modified_seconds == identity.modified_seconds;
  identity.sha256 = unchanged ? known->sha256 : sha256_of_file(path);
  return identity;
}

std::string fingerprint_of(const Ensemble& ensemble, const InputIdentity& video,
                           const RunOptions& options) {
  Json all = {{"results", kResultsVersion}, {"video", video.sha256}};
  for (const MemberNetwork& member : ensemble.members()) {
    Json described = describe_member(member);
    described.erase("path");
    described.erase("snapshot");
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
  std::error_code ignored;
  if (!fs::exists(record, ignored)) return std::nullopt;
  const Json json =
      Json::parse(read_file(record, uint64_t{1} << 26), nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("fingerprint") || !json.contains("video"))
    return std::nullopt;
  RecordedRun run;
  try {
    run.fingerprint = json.at("fingerprint").get<std::string>();
    const Json& video = json.at("video");
    run.video = {.path = video.at("path").get<std::string>(),
                 .num_bytes = video.at("bytes").get<uint64_t>(),
                 .modified_seconds = video.at("modified").get<int64_t>(),
                 .sha256 = video.at("sha256").get<std::string>()};
    run.num_frames = json.at("frames").get<int64_t>();
    run.files = json.at("files").get<std::vector<std::string>>();
  } catch (const Json::exception&) {  // written by something else: as good as none
    return std::nullopt;
  }
  return run;
}

void write_run_record(const Ensemble& ensemble, const RunOptions& options,
                      const RunOutcome& outcome, const InputIdentity& video, const VideoInfo& info,
                      const VideoReport& report, const std::string& fingerprint) {
  Json json = {{"posse", version()}, {"finished", iso_time_now()}, {"fingerprint", fingerprint}};
  json["video"] = {{"path", text_of(video.path)},
                   {"bytes", video.num_bytes},
                   {"modified", video.modified_seconds},
                   {"sha256", video.sha256},
                   {"width", info.width},
                   {"height", info.height},
                   {"fps", info.fps},
                   {"codec", info.codec},
                   {"frames_by_container",
                    info.container_num_frames ? Json(*info.container_num_frames) : Json(nullptr)},
                   {"frames_decoded", report.num_decoded},
                   {"frames_corrupt", report.num_corrupt},
                   {"variable_frame_rate", report.variable_frame_rate},
                   {"broke_off", report.broke_off}};
  json["frames"] = outcome.num_frames;
  json["frames_resumed"] = outcome.num_resumed;
  json["warnings"] = outcome.warnings;
  for (const MemberNetwork& member : ensemble.members())
    json["members"].push_back(describe_member(member));
  json["bodyparts"] = ensemble.bodyparts();
  json["consensus_rule"] = std::string(to_string(ensemble.consensus_rule()));
  json["options"] = Json::object();
  describe(options, JsonOptions(json["options"]));
  describe(ensemble.options(), JsonOptions(json["options"]));
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
  json["files"] = Json::array();
  for (const fs::path& file : outcome.paths.final_files(options)) {
    json["files"].push_back(text_of(file.lexically_relative(outcome.paths.folder)));
  }
  write_file(outcome.paths.record, json.dump(2) + "\n");
}

}  // namespace posse
