#include "run/finished_facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <system_error>

#include "base/error.h"
#include "base/paths.h"
#include "base/text.h"
#include "run/job_record.h"
#include "run/result_paths.h"
#include "video/video_reader.h"

namespace posse {
namespace {
namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

bool is_there(const fs::path& file) {
  std::error_code missing;
  return fs::exists(file, missing);
}

/// The run.json that a path stands for. @throws Error(not_found)
fs::path record_of(const fs::path& path) {
  if (kind_of_path(path) == PathKind::absent)
    throw Error(ErrorKind::not_found, fmt::format("{}: there are no results here", path.string()));
  const fs::path folder = is_folder(path) ? path : absolute_path(path).parent_path();
  fs::path record = folder / "run.json";
  if (is_there(record)) return record;
  throw Error(ErrorKind::not_found,
              fmt::format("{}: has no run.json {}it that says what was run", path.string(),
                          is_folder(path) ? "in " : "beside "),
              {.hint = "posse run writes it last, into OUT/<video>; a stopped run goes on with the "
                       "same command"});
}

std::string text_of(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::vector<FinishedMember> members_of(const Json& json) {
  std::vector<FinishedMember> members;
  for (const Json& each : json.at("members")) {
    FinishedMember member;
    member.name = each.at("name").get<std::string>();
    member.weights_sha256 = each.value("index_sha256", std::string());
    member.decode = each.value("decode", std::string());
    member.path = each.value("path", std::string());
    member.snapshot = each.value("snapshot", std::string());
    member.network = each.value("network", std::string());
    member.bodyparts = each.value("bodyparts", std::vector<std::string>());
    member.warnings = each.value("warnings", std::vector<std::string>());
    members.push_back(std::move(member));
  }
  return members;
}

void read_video(const Json& json, FinishedFacts& facts) {
  const std::optional<InputIdentity> video = input_from(json);
  if (!video) throw Error(ErrorKind::bad_file, "its 'video' is not described");
  facts.video = *video;
  facts.width = json.value("width", 0);
  facts.height = json.value("height", 0);
  facts.fps = json.value("fps", 0.0);
  facts.num_decoded = json.value("frames_decoded", int64_t{0});
  const auto in_container = json.find("frames_by_container");
  if (in_container != json.end() && in_container->is_number_integer())
    facts.num_in_container = in_container->get<int64_t>();
  const std::filesystem::path name = facts.video.path.filename();
  facts.stem = has_video_extension(name) ? name.stem().string() : name.string();
}

/// The consensus: the table in the folder itself, .h5 before .csv. Empty: none.
fs::path consensus_table(const fs::path& folder, const std::vector<std::string>& files) {
  for (const char* suffix : {".h5", ".csv"}) {
    for (const std::string& name : files) {
      const fs::path file(name);
      if (!file.has_parent_path() && file.extension() == suffix && is_there(folder / file))
        return folder / file;
    }
  }
  return {};
}

/// [members] the table of each; empty where there is none.
std::vector<fs::path> tables_by_member(const FinishedFacts& facts) {
  std::vector<fs::path> tables(facts.members.size());
  for (const fs::path& table : member_tables_of(facts.folder)) {
    const std::string name = table.parent_path().filename().string();
    for (size_t m = 0; m < facts.members.size(); ++m) {
      if (without_control_characters(facts.members[m].name) == name && tables[m].empty())
        tables[m] = table;
    }
  }
  return tables;
}

void take_record(const Json& json, FinishedFacts& facts) {
  facts.version = json.value("posse", std::string());
  facts.finished = json.value("finished", std::string());
  facts.fingerprint = json.at("fingerprint").get<std::string>();
  read_video(json.at("video"), facts);
  facts.num_frames = json.at("frames").get<int64_t>();
  facts.stages = json.value("stages", std::string());
  facts.rule = json.value("consensus_rule", std::string());
  facts.bodyparts = json.at("bodyparts").get<std::vector<std::string>>();
  facts.warnings = json.value("warnings", std::vector<std::string>());
  facts.members = members_of(json);
  const Json options = json.value("options", Json::object());
  for (const auto& [name, value] : options.items())
    facts.options.emplace_back(name, text_of(value));
  const Json consensus = json.value("consensus", Json::object());
  const std::string method =
      consensus.value("method", options.value("consensus", std::string("mean")));
  facts.consensus = enum_of<RunConsensus>("consensus", method);
  facts.consensus_why = consensus.value("why", std::string());
  facts.table = consensus_table(facts.folder, json.at("files").get<std::vector<std::string>>());
}

std::string pictured(const FinishedMember& member) {
  return member.decode.empty() ? member.name : member.name + " (" + member.decode + ")";
}

/// What tells the members of two results apart; empty if they are the same networks.
std::string difference_of_members(const FinishedFacts& a, const FinishedFacts& b) {
  const auto only_in_first = [](const FinishedFacts& one, const FinishedFacts& other) {
    std::vector<std::string> names;
    for (const FinishedMember& member : one.members) {
      const bool found =
          std::any_of(other.members.begin(), other.members.end(), [&](const FinishedMember& each) {
            return each.weights_sha256 == member.weights_sha256 && each.decode == member.decode;
          });
      if (!found) names.push_back(pictured(member));
    }
    return names;
  };
  const std::vector<std::string> more = only_in_first(a, b), fewer = only_in_first(b, a);
  if (more.empty() && fewer.empty() && a.members.size() == b.members.size()) return "";
  std::string text = fmt::format("{} members against {}", a.members.size(), b.members.size());
  if (!more.empty()) text += "; only in the first: " + list_names(more);
  if (!fewer.empty()) text += "; only in the second: " + list_names(fewer);
  return text;
}

/// How the file at a place stands to the video that was run; nullopt if nothing lies there.
std::optional<FoundVideo> look_at(const fs::path& file, const InputIdentity& video) {
  std::error_code missing;
  if (!fs::exists(file, missing)) return std::nullopt;
  FoundVideo found{.place = VideoPlace::there, .file = file, .why_not = ""};
  const bool same =
      is_unchanged(file, video) || (!is_folder(file) && size_of_file(file) == video.num_bytes);
  if (same) return found;
  found.place = VideoPlace::changed;
  found.why_not =
      fmt::format("the file there is not the one that was run ({} bytes)", video.num_bytes);
  return found;
}

}  // namespace

FinishedFacts read_finished_facts(const fs::path& path) {
  const fs::path record = record_of(path);
  FinishedFacts facts;
  facts.folder = record.parent_path().empty() ? fs::path(".") : record.parent_path();
  const std::optional<Json> json = read_record(record);
  const std::string verb = json ? json->value("verb", std::string("run")) : "";
  if (!json || verb != "run") {
    throw Error(ErrorKind::bad_file,
                json ? fmt::format("{}: is of posse {}, expected one of posse run", record.string(),
                                   printable(verb))
                     : fmt::format("{}: is no record of posse", record.string()));
  }
  try {
    take_record(*json, facts);
  } catch (const Json::exception&) {
    throw Error(ErrorKind::bad_file,
                fmt::format("{}: is no record of posse run, or was changed", record.string()));
  } catch (const Error& error) {
    throw Error(error.kind(), fmt::format("{}: {}", record.string(), error.message()),
                error.notes());
  }
  if (facts.table.empty()) {
    throw Error(ErrorKind::bad_file,
                fmt::format("{}: the consensus table that run.json lists is not there",
                            facts.folder.string()),
                {.hint = "the same posse run command writes it again, without a pass of the "
                         "networks while the journal is there"});
  }
  const bool is_table = !is_folder(path) && path.filename() != "run.json";
  if (is_table && path.filename() != facts.table.filename() && path.stem() != facts.table.stem()) {
    throw Error(
        ErrorKind::bad_file,
        fmt::format("{}: is not the consensus that the run.json beside it tells of", path.string()),
        {.have = facts.table.filename().string()});
  }
  facts.member_tables = tables_by_member(facts);
  facts.wide_table = wide_table_of(facts.folder).value_or(fs::path());
  return facts;
}

FoundVideo find_video(const FinishedFacts& facts, std::span<const fs::path> folders) {
  const fs::path& recorded = facts.video.path;
  std::optional<FoundVideo> changed;
  std::vector<fs::path> places = {recorded};
  for (const fs::path& folder : folders)
    places.push_back(is_folder(folder) && folder.filename() != recorded.filename()
                         ? folder / recorded.filename()
                         : folder);
  for (const fs::path& place : places) {
    std::optional<FoundVideo> found = look_at(place, facts.video);
    if (found && found->place == VideoPlace::there) return *found;
    if (found && !changed) changed = std::move(found);
  }
  if (changed) return *changed;
  return {
      .place = VideoPlace::gone, .file = recorded, .why_not = "the video is not there any more"};
}

std::vector<fs::path> find_results(std::span<const fs::path> paths) {
  std::vector<fs::path> found;
  const auto add = [&](const fs::path& folder) {
    const fs::path plain = (folder / "").lexically_normal().parent_path();
    if (std::find(found.begin(), found.end(), plain) == found.end()) found.push_back(plain);
  };
  for (const fs::path& path : paths) {
    const size_t before = found.size();
    const fs::path by_stem = fs::path("posse-results") / path.filename();
    const fs::path by_name = fs::path("posse-results") / path.stem();
    if (is_folder(path) && !is_there(path / "run.json")) {
      for (const fs::path& entry : entries_of_folder(path))
        if (is_folder(entry) && is_there(entry / "run.json")) add(entry);
    }
    if (found.size() > before) continue;
    if (is_folder(path) && is_there(path / "run.json")) {
      add(path);
    } else if (is_there(path.parent_path() / "run.json") && is_there(path)) {
      found.push_back(path);
    } else if (is_there(by_name / "run.json")) {
      add(by_name);
    } else if (is_there(by_stem / "run.json")) {
      add(by_stem);
    } else {
      record_of(path);  // says what is missing
    }
  }
  return found;
}

std::string difference_of(const FinishedFacts& a, const FinishedFacts& b) {
  if (a.bodyparts != b.bodyparts)
    return fmt::format("bodyparts {} against {}", list_names(a.bodyparts), list_names(b.bodyparts));
  if (a.consensus != b.consensus)
    return fmt::format("consensus {} against {}", name_of(a.consensus), name_of(b.consensus));
  if (a.rule != b.rule) return fmt::format("maps read by the rule {} against {}", a.rule, b.rule);
  return difference_of_members(a, b);
}

}  // namespace posse
