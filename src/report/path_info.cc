#include "report/path_info.h"

#include <fmt/format.h>

#include <optional>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "base/paths.h"
#include "base/text.h"
#include "cameras/calibration.h"
#include "project/folder_contents.h"
#include "video/video_reader.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

/// A file of results or labels rather than a network: by its suffix, else by how it begins.
bool is_table(const fs::path& path) {
  if (kind_of_path(path) != PathKind::file) return false;
  const std::string suffix = ascii_lower(path.extension().string());
  for (const char* known : {".csv", ".h5", ".hdf5", ".slp", ".nwb", ".tsv"}) {
    if (suffix == known) return true;
  }
  return looks_like_table(path);
}

/// Pickles that DeepLabCut and posse write beside tables are no networks.
void refuse_record(const fs::path& path) {
  const std::string name = path.filename().string();
  if (!name.ends_with(".pickle") || kind_of_path(path) != PathKind::file) return;
  constexpr std::string_view kMeta = "_meta.pickle";
  const bool is_meta = name.ends_with(kMeta);
  throw Error(ErrorKind::unsupported,
              fmt::format("{}: is {}, not a network", printable(path.string()),
                          is_meta ? "DeepLabCut's record of an analysis (frame size, rate and crop)"
                                  : "a pickle of Python objects"),
              {.hint = is_meta ? fmt::format("posse info {}.h5 shows the table it belongs to",
                                             printable(name.substr(0, name.size() - kMeta.size())))
                               : "posse info shows tables (.h5, .csv, .slp), networks and videos"});
}

/// A calibration is no network either.
void refuse_calibration(const fs::path& path) {
  if (ascii_lower(path.extension().string()) != ".toml" || kind_of_path(path) != PathKind::file)
    return;
  std::vector<std::string> names;
  for (const CameraModel& camera : parse_calibration(read_file(path), path.string()))
    names.push_back(printable(camera.name));
  throw Error(ErrorKind::unsupported,
              fmt::format("{}: is a calibration of {} cameras, not a network",
                          printable(path.string()), names.size()),
              {.have = "cameras " + list_names(names),
               .hint = fmt::format("posse smooth multi FILE... --calibration {} uses it",
                                   printable(path.string()))});
}

/// Null without rows.
Json missing_share(const BodypartSummary& bodypart, const TableSummary& summary) {
  if (summary.num_rows == 0) return nullptr;
  return static_cast<double>(bodypart.num_missing) / static_cast<double>(summary.num_rows);
}

/// A name that is there neither as a file or folder nor as a snapshot's.
void require_something_at(const fs::path& path) {
  if (path_exists(path) || is_dead_link(path) || is_member(path)) return;
  std::vector<std::string> beside;
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  if (is_folder(folder) && why_unreadable(folder).empty()) {
    for (const fs::path& entry : entries_of_folder(folder))
      beside.push_back(printable(entry.filename().string()));
  }
  throw Error(
      ErrorKind::not_found,
      fmt::format("{}: there is no such file, folder or snapshot", printable(path.string())),
      {.have = list_names(nearest_names(path.filename().string(), beside))});
}

/// Of a folder of tables that is no project: says so, and how to look at one.
void refuse_folder_of_tables(const fs::path& path) {
  if (!is_folder(path) || path_exists(path / "config.yaml")) return;
  std::vector<fs::path> tables;
  for (const fs::path& entry : entries_of_folder(path)) {
    if (kind_of_path(entry) == PathKind::file && looks_like_table(entry)) tables.push_back(entry);
  }
  if (tables.empty()) return;
  throw Error(ErrorKind::not_found,
              fmt::format("{}: holds {} pose table{}, and no member", printable(path.string()),
                          tables.size(), tables.size() == 1 ? "" : "s"),
              {.hint = fmt::format("posse info {} says what is in one",
                                   printable(tables.front().string()))});
}

/// The members of a path; nothing if it is a folder of pictures or videos instead.
std::optional<MemberPaths> members_unless_pictures(const std::string& path) {
  try {
    return expand_members(path);
  } catch (const Error&) {
    if (!may_hold_frames(path)) {
      refuse_folder_of_tables(path);
      throw;
    }
    return std::nullopt;
  }
}

void look_into_members(const MemberPaths& expanded, const InfoOptions& options,
                       const StopFlag& stop, const InfoSink& sink) {
  for (const std::string& warning : expanded.warnings) sink.warning(warning);
  for (const fs::path& each : expanded.paths) {
    try {
      for (Member& member : open_members(each, options.member)) {
        if (stop.requested()) throw Error(ErrorKind::interrupted, "info was stopped");
        sink.member(describe_member(std::move(member), options.verify));
      }
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted || expanded.paths.size() == 1) throw;
      sink.error(each.string(), error);
    }
  }
}

void look_into_one(const std::string& path, const InfoOptions& options, const StopFlag& stop,
                   const InfoSink& sink) {
  require_something_at(path);
  refuse_record(path);
  refuse_calibration(path);
  if (is_table(path)) return sink.table(path, summarize_table(path));
  const bool is_file = kind_of_path(path) == PathKind::file;
  if (is_file && (has_video_extension(path) || has_picture_extension(path)))
    return sink.video(summarize_video(path, options.verify, stop));
  const auto expanded = members_unless_pictures(path);
  if (!expanded) return sink.video(summarize_video(path, options.verify, stop));
  look_into_members(*expanded, options, stop, sink);
}

}  // namespace

void look_into(std::span<const std::string> paths, const InfoOptions& options, const StopFlag& stop,
               const InfoSink& sink) {
  for (const std::string& path : paths) {
    try {
      look_into_one(path, options, stop, sink);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted || paths.size() == 1) throw;
      sink.error(path, error);
    }
  }
}

void InfoReport::add(const fs::path& path, const TableSummary& summary) {
  Json table = Json::object({{"path", printable(path.string())},
                             {"layout", summary.layout},
                             {"scorers", summary.scorers},
                             {"individuals", summary.individuals},
                             {"coords", summary.coords},
                             {"rows", summary.num_rows},
                             {"first", summary.first_row},
                             {"last", summary.last_row},
                             {"warnings", summary.warnings}});
  for (const BodypartSummary& bodypart : summary.bodyparts) {
    table["bodyparts"].push_back(
        Json::object({{"name", bodypart.name},
                      {"missing", bodypart.num_missing},
                      {"missing_share", missing_share(bodypart, summary)},
                      {"median_likelihood", bodypart.median_likelihood},
                      {"likelihood_histogram", bodypart.likelihood_histogram}}));
  }
  tables_.push_back(std::move(table));
}

void InfoReport::add_error(const std::string& path, const Error& error) {
  errors_.push_back(Json::object({{"path", printable(path)}, {"error", error.what()}}));
}

Json InfoReport::json() const {
  return Json::object(
      {{"members", members_}, {"tables", tables_}, {"videos", videos_}, {"errors", errors_}});
}

}  // namespace posse
