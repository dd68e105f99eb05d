#include "project/member_faults.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/paths.h"
#include "base/text.h"
#include "project/folder_contents.h"

namespace posse {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kModels = "dlc-models";

std::string shown(const fs::path& path) { return printable(path.string()); }

/// What lies in a folder without members, if that explains it.
[[noreturn]] void throw_without_members(const fs::path& folder) {
  std::vector<std::string> containers;
  bool empty = true;
  for (const fs::path& entry : entries_of_folder(folder)) {
    empty = false;
    if (!kind_of_container(entry).empty())
      containers.push_back(printable(entry.filename().string()));
  }
  if (empty) {
    throw Error(ErrorKind::not_found, fmt::format("{}: is an empty folder", shown(folder)),
                {.hint = "copy the project here again"});
  }
  for (const fs::path& each : subfolders(folder)) {
    const std::vector<fs::path> deeper = members_below(each);
    if (deeper.empty()) continue;
    throw Error(ErrorKind::not_found,
                fmt::format("{}: is not a member, nor is any folder in it, but {} is: one level "
                            "too deep",
                            shown(folder), shown(deeper.front())),
                {.hint = fmt::format("name {}", shown(each))});
  }
  throw Error(ErrorKind::not_found,
              fmt::format("{}: is not a member, nor is any folder in it", shown(folder)),
              {.have = containers.empty() ? "" : list_names(containers),
               .hint = containers.empty()
                           ? "a member is a project folder (with config.yaml and dlc-models), a "
                             "training folder (with *.index) or a snapshot"
                           : "unpack the archives"});
}

}  // namespace

std::string list_model_folder_names(const std::vector<const ModelFolder*>& folders) {
  std::vector<std::string> names;
  for (const ModelFolder* folder : folders) {
    names.push_back(fmt::format("iteration-{}/{} ({} snapshots)", folder->iteration,
                                printable(folder->path.filename().string()),
                                folder->num_snapshots));
  }
  return list_names(names);
}

void throw_not_a_member(const fs::path& path) {
  const std::string what = shown(path);
  if (!path_exists(path)) {
    if (is_dead_link(path)) {
      std::error_code ignored;
      throw Error(ErrorKind::not_found,
                  fmt::format("{}: is a link to {}, which is not there", what,
                              shown(fs::read_symlink(path, ignored))),
                  {.hint = "copy the project itself, or mount the disk it lies on"});
    }
    std::vector<std::string> beside;
    for (const Snapshot& snapshot : list_snapshots(path.parent_path())) {
      beside.push_back(snapshot.name);
    }
    throw Error(ErrorKind::not_found, fmt::format("{}: there is no such member", what),
                {.have = list_names(beside)});
  }
  if (!folder_is_there(path)) {
    const std::string container = kind_of_container(path);
    if (!container.empty()) {
      throw Error(ErrorKind::not_found, fmt::format("{}: is {}, not a folder", what, container),
                  {.hint = "unpack it, or name the folder itself"});
    }
    throw Error(ErrorKind::not_found,
                fmt::format("{}: is neither a folder nor a file of a snapshot", what),
                {.hint = "a snapshot is an .index file with its .data files; one in TensorFlow's "
                         "format V1, a single file, has to be saved anew by TensorFlow"});
  }
  const std::string unreadable = why_unreadable(path);
  if (!unreadable.empty()) {
    throw Error(ErrorKind::io, fmt::format("{}: folder cannot be read: {}", what, unreadable));
  }
  if (file_is_there(path / "config.yaml")) {
    read_project_config(path / "config.yaml");  // of another program, or multi-animal: says so
    throw Error(ErrorKind::not_found,
                fmt::format("{}: has a config.yaml but no dlc-models folder: no network was "
                            "trained, or it was not copied",
                            what));
  }
  if (folder_is_there(path / kModels)) {
    throw Error(ErrorKind::not_found, fmt::format("{}: has dlc-models but no config.yaml", what),
                {.hint = "name the training folder (.../train) itself, or copy config.yaml"});
  }
  throw_without_members(path);
}

void throw_without_snapshots(const MemberLocation& location,
                             const std::vector<ModelFolder>& others) {
  const std::string unreadable = why_unreadable(location.snapshot_folder);
  if (!unreadable.empty()) {
    throw Error(ErrorKind::io, fmt::format("{}: folder cannot be read: {}",
                                           shown(location.snapshot_folder), unreadable));
  }
  std::vector<const ModelFolder*> trained;
  for (const ModelFolder& folder : others) {
    if (folder.num_snapshots > 0) trained.push_back(&folder);
  }
  throw Error(
      ErrorKind::not_found,
      fmt::format("{}: has no snapshots (*.index or *.pt files)", shown(location.snapshot_folder)),
      {.have = list_model_folder_names(trained),
       .hint = trained.empty() ? "train the network, or copy its snapshots here"
                               : "choose another training folder with --shuffle"});
}

}  // namespace posse
