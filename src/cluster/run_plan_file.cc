#include "cluster/run_plan_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/paths.h"
#include "base/text.h"
#include "cluster/run_directory.h"
#include "run/job_record.h"

namespace posse {
namespace {
namespace fs = std::filesystem;
using Text = nlohmann::ordered_json;

constexpr uint64_t kMostBytes = uint64_t{1} << 30;
/// Raised when the same unit would hold other bytes than before.
constexpr int kUnitVersion = 1;

Text describe_video(const ClusterVideo& video) {
  const VideoInfo& info = video.known.info;
  Text json = {{"id", video.id}, {"path", info.path.string()}};
  json["bytes"] = video.known.input.num_bytes;
  json["modified"] = video.known.input.modified_seconds;
  json["sha256"] = video.known.input.sha256;
  json["frames"] = info.container_num_frames ? Text(*info.container_num_frames) : Text(nullptr);
  json["width"] = info.width;
  json["height"] = info.height;
  json["fps"] = info.fps;
  json["seconds"] = info.duration_seconds;
  json["codec"] = info.codec;
  json["pixel_format"] = info.pixel_format;
  json["rotation"] = info.rotation_degrees;
  json["pictures"] = info.is_image_folder;
  json["labelled_pictures"] = video.known.is_labelled_pictures;
  json["stream"] = info.stream;
  json["other_streams"] = info.other_streams;
  json["warnings"] = video.known.warnings;
  json["consensus"] = std::string(name_of(video.consensus));
  json["consensus_why"] = video.consensus_why;
  json["fingerprint"] = video.fingerprint;
  return json;
}

ClusterVideo video_from(const Text& json) {
  ClusterVideo video{.id = json.at("id").get<std::string>()};
  VideoInfo& info = video.known.info;
  info.path = json.at("path").get<std::string>();
  video.known.input = {.path = info.path,
                       .num_bytes = json.at("bytes").get<uint64_t>(),
                       .modified_seconds = json.at("modified").get<int64_t>(),
                       .sha256 = json.at("sha256").get<std::string>()};
  if (!json.at("frames").is_null()) info.container_num_frames = json.at("frames").get<int64_t>();
  info.width = json.at("width").get<int>();
  info.height = json.at("height").get<int>();
  info.fps = json.at("fps").get<double>();
  info.duration_seconds = json.at("seconds").get<double>();
  info.codec = json.at("codec").get<std::string>();
  info.pixel_format = json.at("pixel_format").get<std::string>();
  info.rotation_degrees = json.at("rotation").get<int>();
  info.is_image_folder = json.at("pictures").get<bool>();
  video.known.is_labelled_pictures = json.at("labelled_pictures").get<bool>();
  info.stream = json.at("stream").get<int>();
  info.other_streams = json.at("other_streams").get<std::string>();
  video.known.warnings = json.at("warnings").get<std::vector<std::string>>();
  video.consensus = enum_of<RunConsensus>("consensus", json.at("consensus").get<std::string>());
  video.consensus_why = json.value("consensus_why", std::string());
  video.fingerprint = json.at("fingerprint").get<std::string>();
  return video;
}

/// What must hold for the numbers to be used as indices and names. @throws Error(bad_file)
void check(const ClusterPlan& plan, const fs::path& file) {
  const auto fail = [&](const std::string& what) {
    throw Error(ErrorKind::bad_file, fmt::format("{}: {}", printable(file.string()), what),
                {.hint = "posse plan --replan makes it anew; units that fit it are kept"});
  };
  if (plan.members.empty() || plan.networks.empty()) fail("lists no members");
  if (plan.bodyparts.empty()) fail("lists no bodyparts");
  if (plan.unit_frames < 1) fail("unit_frames is not 1 or more");
  for (const ClusterVideo& video : plan.videos) {
    const bool is_plain = !video.id.empty() && video.id.front() != '.' &&
                          video.id.find_first_of(std::string("/\0", 2)) == std::string::npos;
    if (!is_plain) fail(fmt::format("'{}' cannot be a video's id", printable(video.id)));
    if (video.known.info.width < 1 || video.known.info.height < 1)
      fail(fmt::format("video {} has no size", printable(video.id)));
  }
  for (const Unit& unit : plan.units) {
    if (unit.video >= plan.videos.size()) fail("a unit names a video that is not listed");
    if (unit.begin < 0 || (unit.end && *unit.end < unit.begin)) fail("a unit's frames are none");
  }
  for (const Task& task : plan.tasks) {
    if (task.first > task.last || task.last > plan.units.size())
      fail("a task names units that are not listed");
  }
}

fs::path from_folder(const fs::path& folder, const fs::path& path) {
  return path.empty() || path.is_absolute() ? path : folder / path;
}

void place(ClusterPlan& plan, const fs::path& folder, const PathMap& given) {
  const PathMap map = given.seen_from(folder);
  std::vector<fs::path> paths;
  const auto put = [&](fs::path& path) {
    paths.push_back(from_folder(folder, path).lexically_normal());
    path = map(paths.back());
  };
  for (fs::path& member : plan.members) put(member);
  for (ClusterMember& network : plan.networks) put(network.path);
  for (ClusterVideo& video : plan.videos) {
    put(video.known.info.path);
    video.known.input.path = video.known.info.path;
  }
  put(plan.out);
  for (std::string* option : {&plan.run.bbox, &plan.run.calibration, &plan.run.extras}) {
    if (option->empty()) continue;
    fs::path path = *option;
    put(path);
    *option = path.string();
  }
  if (!plan.run.track.view_calibration.empty()) put(plan.run.track.view_calibration);
  map.require_use(paths);
}

bool keeps_evidence(const ClusterPlan& plan, const Unit& unit) {
  return plan.run.keep_evidence || plan.videos.at(unit.video).consensus == RunConsensus::track;
}

ClusterPlan plan_from(const Text& json, const fs::path& file) {
  ClusterPlan plan{.engine = json.at("engine").get<std::string>(),
                   .backend = json.at("backend").get<std::string>()};
  for (const Text& member : json.at("members"))
    plan.members.emplace_back(member.get<std::string>());
  for (const Text& network : json.at("networks")) {
    plan.networks.push_back({.name = network.at("name").get<std::string>(),
                             .path = network.at("path").get<std::string>(),
                             .weights_sha256 = network.at("sha256").get<std::string>()});
  }
  plan.bodyparts = json.at("bodyparts").get<std::vector<std::string>>();
  const ReadOptions options(json.at("options"), file.string());
  describe(plan.run, options);
  describe(plan.ensemble, options);
  plan.out = json.at("out").get<std::string>();
  plan.unit_frames = json.at("unit_frames").get<int64_t>();
  for (const Text& video : json.at("videos")) plan.videos.push_back(video_from(video));
  for (const Text& unit : json.at("units")) {
    plan.units.push_back({.video = unit.at(0).get<size_t>(), .begin = unit.at(1).get<int64_t>()});
    if (!unit.at(2).is_null()) plan.units.back().end = unit.at(2).get<int64_t>();
  }
  for (const Text& task : json.at("tasks"))
    plan.tasks.push_back({task.at(0).get<size_t>(), task.at(1).get<size_t>()});
  return plan;
}

}  // namespace

PathMap::PathMap(const std::vector<std::string>& texts) {
  for (const std::string& text : texts) {
    const size_t mark = text.find('=');
    if (mark == std::string::npos || mark == 0 || mark + 1 == text.size()) {
      throw Error(ErrorKind::usage,
                  fmt::format("'{}' does not say which path becomes which", printable(text)),
                  {.hint = "--map OLD=NEW, as --map /mnt/lab=/data"});
    }
    pairs_.emplace_back(text.substr(0, mark), text.substr(mark + 1));
  }
}

bool PathMap::fits(const std::string& path, const std::string& from) {
  const bool ends_a_name = path.size() == from.size() || from.back() == '/' ||
                           path[std::min(from.size(), path.size() - 1)] == '/';
  return path.starts_with(from) && ends_a_name;
}

fs::path PathMap::operator()(const fs::path& path) const {
  const std::string text = path.string();
  for (const auto& [from, to] : pairs_) {
    if (!text.empty() && fits(text, from)) return to + text.substr(from.size());
  }
  return path;
}

PathMap PathMap::seen_from(const fs::path& folder) const {
  PathMap absolute;
  for (const auto& [from, to] : pairs_) {
    absolute.pairs_.emplace_back(
        fs::path(from).is_absolute() ? from : (folder / from).lexically_normal().string(),
        fs::path(to).is_absolute() ? to : absolute_path(to).string());
  }
  return absolute;
}

void PathMap::require_use(const std::vector<fs::path>& paths) const {
  for (const auto& [from, to] : pairs_) {
    const auto is_used = [&, &old = from](const fs::path& path) {
      return !path.empty() && fits(path.string(), old);
    };
    if (std::any_of(paths.begin(), paths.end(), is_used)) continue;
    throw Error(ErrorKind::usage,
                fmt::format("--map {}={}: no path of the plan begins with '{}'", printable(from),
                            printable(to), printable(from)),
                {.have = paths.empty() ? std::string() : printable(paths.front().string()),
                 .hint = "OLD is as plan.json has it, up to the end of a folder's name"});
  }
}

std::string to_text(const ClusterPlan& plan) {
  Text json = {{"posse_plan", kPlanFormat}, {"engine", plan.engine}, {"backend", plan.backend}};
  json["members"] = Text::array();
  for (const fs::path& member : plan.members) json["members"].push_back(member.string());
  json["networks"] = Text::array();
  for (const ClusterMember& network : plan.networks) {
    json["networks"].push_back({{"name", network.name},
                                {"path", network.path.string()},
                                {"sha256", network.weights_sha256}});
  }
  json["bodyparts"] = plan.bodyparts;
  json["options"] = Text::object();
  describe(plan.run, RecordOptions(json["options"]));
  describe(plan.ensemble, RecordOptions(json["options"]));
  json["out"] = plan.out.string();
  json["unit_frames"] = plan.unit_frames;
  json["videos"] = Text::array();
  for (const ClusterVideo& video : plan.videos) json["videos"].push_back(describe_video(video));
  json["units"] = Text::array();
  for (const Unit& unit : plan.units)
    json["units"].push_back({unit.video, unit.begin, unit.end ? Text(*unit.end) : Text(nullptr)});
  json["tasks"] = Text::array();
  for (const Task& task : plan.tasks) json["tasks"].push_back({task.first, task.last});
  return json.dump(1, ' ', false, Text::error_handler_t::strict) + "\n";
}

bool are_same_plan(const std::string& text, const std::string& other) {
  if (text == other) return true;
  const auto without_reasons = [](const std::string& plan) {
    Text json = Text::parse(plan, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object() || !json.contains("videos") || !json["videos"].is_array()) return Text();
    for (Text& video : json["videos"])
      if (video.is_object()) video.erase("consensus_why");
    return json;
  };
  const Text one = without_reasons(text);
  return one.is_object() && one == without_reasons(other);
}

ClusterPlan plan_from(const std::string& text, const fs::path& file, const PathMap& map) {
  const std::string name = printable(file.string());
  const Text json = Text::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("posse_plan") ||
      !json.at("posse_plan").is_number_integer()) {
    throw Error(ErrorKind::bad_file, fmt::format("{}: is no plan of posse", name),
                {.hint = "posse plan RUN VIDEO... --members ... makes one"});
  }
  if (json.at("posse_plan").get<int64_t>() != kPlanFormat) {
    throw Error(ErrorKind::unsupported,
                fmt::format("{}: is of format {}, this version knows {}", name,
                            json.at("posse_plan").get<int64_t>(), kPlanFormat),
                {.hint = "use the posse that made it, or posse plan --replan"});
  }
  ClusterPlan plan;
  try {
    plan = plan_from(json, file);
  } catch (const Text::exception& error) {
    throw Error(ErrorKind::bad_file,
                fmt::format("{}: cannot be understood: {}", name, printable(error.what())),
                {.hint = "posse plan --replan makes it anew; units that fit it are kept"});
  }
  check(plan, file);
  place(plan, absolute_path(file).parent_path().parent_path(), map);
  return plan;
}

ClusterPlan read_plan(const fs::path& run_folder, const PathMap& map) {
  const fs::path file = RunDirectory{run_folder}.plan();
  if (kind_of_path(file) != PathKind::file) {
    throw Error(ErrorKind::not_found,
                fmt::format("{}: has no plan.json", printable(run_folder.string())),
                {.hint = "posse plan RUN VIDEO... --members ... makes one"});
  }
  return plan_from(read_file(file, kMostBytes), file, map);
}

std::string unit_key(const ClusterPlan& plan, const Unit& unit) {
  const Text key = {{"begin", unit.begin},
                    {"evidence", keeps_evidence(plan, unit)},
                    {"end", unit.end ? Text(*unit.end) : Text(nullptr)},
                    {"run", plan.videos.at(unit.video).fingerprint},
                    {"v", kUnitVersion}};
  Sha256 hash;
  hash.update(key.dump());
  return hash.finish();
}

std::string unit_name(const Unit& unit, const std::string& key) {
  const std::string end = unit.end ? fmt::format("{:09}", *unit.end) : "end";
  return fmt::format("{:09}-{}.{}", unit.begin, end, key.substr(0, 16));
}

JournalKey journal_key(const ClusterPlan& plan, const Unit& unit) {
  return {.fingerprint = unit_key(plan, unit),
          .num_members = static_cast<uint32_t>(plan.networks.size()),
          .num_bodyparts = static_cast<uint32_t>(plan.bodyparts.size()),
          .evidence = keeps_evidence(plan, unit)};
}

FrameRange frames_of(const ClusterPlan& plan, const Unit& unit) {
  return {.start = unit.begin, .stop = unit.end, .step = plan.run.frames.step};
}

EnsembleOptions ensemble_of(const ClusterPlan& plan) {
  EnsembleOptions options = plan.ensemble;
  const size_t space = plan.backend.find(' ');
  options.backend = plan.backend.substr(0, space);
  if (space == std::string::npos || !(options.device.empty() || options.device == "auto"))
    return options;
  options.device = plan.backend.substr(space + 1, plan.backend.rfind(' ') - space - 1);
  return options;
}

RunOptions options_for(const ClusterPlan& plan, const ClusterVideo& video) {
  RunOptions options = plan.run;
  options.consensus = choice_of(video.consensus);
  return options;
}

}  // namespace posse
