#include "support/made_results.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "base/paths.h"
#include "results/table/table_writer.h"
#include "run/job_record.h"
#include "run/journal.h"
#include "run/outputs/track_arrays.h"

namespace posse::testing {
namespace {
namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

FrameResult make_frame(const MadeResults& made, int64_t frame) {
  const size_t parts = made.bodyparts.size();
  FrameResult result;
  result.frame_index = frame;
  result.time_seconds = static_cast<double>(frame) / made.fps;
  ConsensusKeypoint point;
  point.keypoint = {10, 10, 0.9};
  point.map_covariance = {1, 0, 1};
  point.num_members = static_cast<int>(made.members.size());
  result.consensus.assign(parts, point);
  result.members.assign(parts * made.members.size(), {10, 10, 0.9});
  TrackedKeypoint tracked;
  tracked.covariance = {1, 0, 1};
  tracked.chance_seen = 1;
  tracked.chance = 1;
  tracked.seen = true;
  result.track.assign(parts, tracked);
  made.fill(result);
  return result;
}

Json record_of(const MadeResults& made, const std::string& fingerprint, const std::string& table) {
  const fs::path video =
      made.video.empty() ? fs::path("/nowhere/" + made.stem + ".mp4") : made.video;
  const bool is_there = path_exists(video);
  Json json = begin_record("run");
  json["fingerprint"] = fingerprint;
  json["video"] = {
      {"path", video.string()}, {"bytes", is_there ? size_of_file(video) : uint64_t{1}},
      {"modified", 1},          {"sha256", std::string(64, '0')},
      {"width", 320},           {"height", 240},
      {"fps", made.fps},        {"frames_decoded", made.num_frames}};
  json["frames"] = made.num_frames;
  for (const std::string& name : made.members) {
    json["members"].push_back({{"name", name},
                               {"path", name},
                               {"index_sha256", name},
                               {"network", "made"},
                               {"decode", "dlc"},
                               {"bodyparts", made.bodyparts}});
  }
  json["bodyparts"] = made.bodyparts;
  json["consensus_rule"] = "dlc";
  json["consensus"] = {{"method", "track"}, {"why", "made"}};
  json["options"] = {{"consensus", "track"}};
  json["warnings"] = Json::array();
  json["files"] = {table, "run.json"};
  return json;
}

}  // namespace

fs::path write_made_results(const fs::path& out, const MadeResults& made) {
  const fs::path folder = out / made.stem;
  fs::create_directories(folder);
  Sha256 hash;
  hash.update(made.stem);
  const std::string fingerprint = hash.finish();
  const std::string table = made.stem + "DLC_posseTrack_made.h5";
  PoseTableWriter writer(folder / table, "DLC_posseTrack_made", made.bodyparts,
                         {.extras = track_arrays(static_cast<int64_t>(made.bodyparts.size()))});
  std::unique_ptr<JournalWriter> journal;
  if (made.journal) {
    journal = std::make_unique<JournalWriter>(
        folder / ".posse-journal",
        JournalKey{.fingerprint = fingerprint,
                   .num_members = static_cast<uint32_t>(made.members.size()),
                   .num_bodyparts = static_cast<uint32_t>(made.bodyparts.size())});
  }
  Poses rows{.bodyparts = made.bodyparts, .frame_index = {}, .keypoints = {}};
  std::vector<std::vector<double>> extras(kNumTrackArrays);
  for (int64_t frame = 0; frame < made.num_frames; ++frame) {
    const FrameResult result = make_frame(made, frame);
    if (journal) journal->append(result);
    rows.frame_index.push_back(frame);
    for (const ConsensusKeypoint& point : result.consensus)
      rows.keypoints.push_back(point.keypoint);
    for (const TrackedKeypoint& tracked : result.track) append_track_values(tracked, extras);
    if (rows.frame_index.size() < 4096 && frame + 1 < made.num_frames) continue;
    const std::vector<std::span<const double>> views(extras.begin(), extras.end());
    writer.append(rows, views);
    rows.frame_index.clear(), rows.keypoints.clear();
    for (std::vector<double>& extra : extras) extra.clear();
  }
  writer.finish();
  if (journal) journal->finish({});
  const std::vector<fs::path> files = {folder / table, folder / "run.json"};
  finish_record(folder / "run.json", record_of(made, fingerprint, table), files, {});
  return folder;
}

}  // namespace posse::testing
