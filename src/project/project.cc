#include "project/project.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/error.h"
#include "base/natural_order.h"
#include "base/paths.h"
#include "base/text.h"
#include "project/deeplabcut3_config.h"
#include "project/evaluation_results.h"
#include "project/folder_contents.h"
#include "project/lightning_config.h"
#include "project/lightning_ensemble.h"
#include "project/locate.h"
#include "project/member_faults.h"

namespace posse {
namespace fs = std::filesystem;
namespace {

std::string shown(const fs::path& path) { return printable(path.string()); }

void append(std::vector<std::string>& to, const std::vector<std::string>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

/// Of both of DeepLabCut's engines.
std::vector<ModelFolder> all_model_folders(const MemberLocation& location) {
  std::vector<ModelFolder> folders = list_model_folders(location.models_folder);
  if (location.torch_models_folder.empty() ||
      location.torch_models_folder == location.models_folder) {
    return folders;
  }
  const std::vector<ModelFolder> torch = list_model_folders(location.torch_models_folder);
  folders.insert(folders.end(), torch.begin(), torch.end());
  return folders;
}

/// The project's configuration, its training folders and the one that was chosen.
void choose_training_folder(Member& member, MemberLocation& location,
                            const MemberOptions& options) {
  member.model_folders = all_model_folders(location);
  const FolderChoice choice =
      choose_model_folder(member.model_folders, *member.config, location.models_folder, options);
  member.model_folder = member.model_folders[choice.index];
  member.reasons.push_back(choice.reason);
  append(member.warnings, choice.warnings);
  location.snapshot_folder = member.model_folder->path / "train";
}

void read_configuration(Member& member, const MemberLocation& location) {
  if (!location.config_file.empty()) {
    member.config = read_project_config(location.config_file);
    append(member.warnings, member.config->warnings);
  }
  append(member.reasons, location.reasons);
  append(member.warnings, location.warnings);
}

void choose_the_snapshot(Member& member, const MemberLocation& location,
                         const MemberOptions& options) {
  const std::string where = shown(location.snapshot_folder);
  member.snapshots = list_snapshots(location.snapshot_folder);
  if (member.snapshots.empty()) throw_without_snapshots(location, member.model_folders);
  if (member.model_folder && !member.model_folder->torch && !member.project_folder.empty()) {
    add_test_errors(member.project_folder, *member.model_folder, member.snapshots);
  }
  for (const Snapshot& snapshot : member.snapshots) {
    if (snapshot.copy_of.empty()) continue;
    member.warnings.push_back(
        fmt::format("snapshot '{}' looks like a cloud drive's or file manager's copy of '{}' and "
                    "is not counted",
                    printable(snapshot.name), printable(snapshot.copy_of)));
  }
  const bool named = !location.snapshot_name.empty();
  const auto config_index = member.config ? member.config->snapshot_index : std::nullopt;
  const SnapshotChoice choice = choose_snapshot(
      member.snapshots, named ? location.snapshot_name : options.snapshot, config_index, where);
  member.snapshot = member.snapshots[choice.index];
  member.reasons.push_back(fmt::format("snapshot {}: {}", printable(member.snapshot.name),
                                       named ? "named by the path" : choice.reason));
}

/// What PyTorch's tools say of the network. An exported model carries it in its own file.
void read_torch(Member& member, const MemberLocation& location) {
  const fs::path beside = location.snapshot_folder / "pytorch_config.yaml";
  if (!location.lightning_folder.empty()) {
    member.torch = read_lightning_config(location.lightning_folder / "config.yaml");
  } else if (member.snapshot.parsed.kind == SnapshotKind::dlc3 && path_exists(beside)) {
    member.torch = read_deeplabcut3_config(beside);
  }
  if (!member.torch) return;
  append(member.warnings, member.torch->warnings);
  member.reasons.push_back(fmt::format("network settings: {}", shown(member.torch->file)));
}

/// DeepGraphPose reads the training configuration, DeepLabCut the one for testing.
void read_pose(Member& member, const MemberLocation& location) {
  const fs::path train = location.snapshot_folder / "pose_cfg.yaml";
  const fs::path test = location.snapshot_folder.parent_path() / "test" / "pose_cfg.yaml";
  const bool dgp = member.snapshot.parsed.kind == SnapshotKind::dgp;
  const bool beside_test = location.snapshot_folder.filename() == "train";
  std::vector<fs::path> order = {train};
  if (beside_test) order.insert(dgp ? order.end() : order.begin(), test);
  for (const fs::path& file : order) {
    if (!path_exists(file)) continue;
    member.pose = read_pose_config(file);
    append(member.warnings, member.pose.warnings);
    member.reasons.push_back(fmt::format(
        "network settings: {}, {}", shown(file),
        file == order.front()
            ? (beside_test ? (dgp ? "which DeepGraphPose reads" : "which DeepLabCut reads")
                           : "beside the snapshot")
            : "the other one is missing"));
    return;
  }
  member.warnings.emplace_back(
      "there is no pose_cfg.yaml: DeepLabCut's defaults are taken (output stride 16, locref_stdev "
      "7.2801)");
}

bool is_of_torch(const Member& member) {
  return member.snapshot.parsed.kind == SnapshotKind::dlc3 ||
         member.snapshot.parsed.kind == SnapshotKind::lp;
}

void name_bodyparts(Member& member) {
  const std::vector<std::string> trained =
      member.torch ? member.torch->bodyparts() : member.pose.all_joints_names;
  if (!member.config) {
    member.bodyparts = trained;
    if (trained.empty() && !is_of_torch(member)) {
      member.warnings.emplace_back("no configuration names the bodyparts: they will be numbered");
    }
    return;
  }
  std::vector<std::string> listed = member.config->bodyparts;
  if (member.torch && member.torch->heads.size() > 1 && !listed.empty()) {
    append(listed, member.torch->heads.back().bodyparts);  // unique ones, listed apart
  }
  member.bodyparts = trained.empty() ? listed : trained;
  if (member.bodyparts.empty()) {
    throw Error(
        ErrorKind::bad_file,
        fmt::format("{}: lists no bodyparts, nor does a pose_cfg.yaml", shown(member.config->file)),
        {.hint = "add the list 'bodyparts' in the order the network was trained with"});
  }
  if (listed.empty()) {
    member.warnings.emplace_back(
        "config.yaml lists no bodyparts: those of pose_cfg.yaml are taken");
  } else if (!trained.empty() && trained != listed) {
    member.warnings.push_back(fmt::format(
        "bodyparts: the network was trained with {}; config.yaml now lists {}; the former count",
        list_names(trained), list_names(listed)));
  }
}

/// "best-140", "200": how DeepLabCut 3's PyTorch engine calls a snapshot in the names of tables.
std::string pytorch_number(const SnapshotName& parsed) {
  return fmt::format("{}{}", parsed.best ? "best-" : "", parsed.number);
}

std::string scorer_of(const Member& member) {
  const SnapshotName& parsed = member.snapshot.parsed;
  if (parsed.kind == SnapshotKind::lp && member.torch) return member.torch->model_type + "_tracker";
  if (parsed.kind == SnapshotKind::dlc3 && member.torch && member.model_folder) {
    return dlc3_scorer(member.torch->network, member.model_folder->task_and_date,
                       member.model_folder->shuffle, pytorch_number(parsed));
  }
  if (parsed.kind != SnapshotKind::dlc || member.pose.net_type.empty() || !member.model_folder) {
    return member.snapshot.name;
  }
  const std::string& name = member.snapshot.name;
  return dlc_scorer(member.pose.net_type, member.model_folder->task_and_date,
                    member.model_folder->shuffle, name.substr(name.rfind('-') + 1));
}

std::string short_name(const Member& member, const MemberLocation& location) {
  if (!location.lightning_folder.empty()) return location.lightning_folder.filename().string();
  fs::path folder = member.project_folder;
  if (folder.empty()) {
    folder = location.snapshot_folder;
    if (folder.filename() == "train") folder = folder.parent_path();
  }
  const std::string name = folder.filename().string();
  return name.empty() || name == "." ? member.snapshot.name : name;
}

std::optional<double> fraction_of(const Member& member) {
  if (!member.config || !member.model_folder) return std::nullopt;
  for (const double fraction : member.config->training_fractions) {
    if (training_percent(fraction) == member.model_folder->percent) return fraction;
  }
  return std::nullopt;
}

Member open_located(const fs::path& path, MemberLocation location, const MemberOptions& options) {
  Member member;
  member.path = path;
  member.project_folder = location.project_folder;
  read_configuration(member, location);
  if (!location.lightning_folder.empty()) member.project_folder = location.lightning_folder;
  if (location.snapshot_folder.empty()) {
    choose_training_folder(member, location, options);
  } else {
    member.model_folder = parse_model_folder(location.snapshot_folder);
    if (!location.models_folder.empty()) {
      member.model_folders = all_model_folders(location);
    }
  }
  choose_the_snapshot(member, location, options);
  if (is_of_torch(member)) {
    read_torch(member, location);
  } else {
    read_pose(member, location);
  }
  name_bodyparts(member);
  member.training_fraction = fraction_of(member);
  member.scorer = scorer_of(member);
  member.name = short_name(member, location);
  return member;
}

/// Makes names unique: first by the parent folder's name, then by counting.
void make_names_unique(std::vector<Member>& members) {
  std::map<std::string, int> uses;
  for (const Member& member : members) ++uses[member.name];
  for (Member& member : members) {
    if (uses[member.name] < 2) continue;
    const fs::path base = member.project_folder.empty() ? member.snapshot.prefix.parent_path()
                                                        : member.project_folder;
    const std::string parent = base.parent_path().filename().string();
    if (!parent.empty()) member.name = parent + "-" + member.name;
  }
  std::set<std::string> taken;
  for (Member& member : members) {
    const std::string base = member.name;
    for (int n = 2; !taken.insert(member.name).second; ++n) {
      member.name = fmt::format("{}-{}", base, n);
    }
  }
}

/// True if a folder beside an archive or shortcut has its name, so that it is what was unpacked.
bool has_folder_of_its_name(const fs::path& file) {
  std::error_code ignored;
  fs::path folder = file;
  while (folder.has_extension()) {  // "member-1.tar.gz"
    folder.replace_extension();
    if (fs::is_directory(folder, ignored)) return true;
  }
  return false;
}

/// What one entry of a folder of members is: a member (whole or not), something to warn of, or
/// nothing.
void sort_out(const fs::path& entry, MemberPaths& found) {
  std::error_code ignored;
  const auto warn = [&](const std::string& what) {
    found.warnings.push_back(fmt::format("{}: {}", shown(entry), what));
  };
  if (is_dead_link(entry)) {  // NOLINT(bugprone-branch-clone): what comes between is no member
    found.paths.push_back(entry);
  } else if (!fs::is_directory(entry, ignored)) {
    const std::string container = kind_of_container(entry);
    if (!container.empty() && !has_folder_of_its_name(entry)) {
      warn(fmt::format("is {}, not a folder, and no member", container));
    }
  } else if (is_member(entry) || looks_like_project(entry) || !why_unreadable(entry).empty()) {
    found.paths.push_back(entry);
  } else if (fs::is_empty(entry, ignored)) {
    warn("is an empty folder, and no member");
  } else if (const auto deeper = members_below(entry); !deeper.empty()) {
    warn(fmt::format("is no member, but {} is, one level too deep; it is not used",
                     shown(deeper.front())));
  }
}

/// The error of one member of several, with what runs the others.
Error with_way_around(const Error& error) {
  constexpr std::string_view kWay = "to run without it: --skip-broken-members";
  if (error.notes().hint.find(kWay) != std::string::npos) return error;  // of a member in a folder
  ErrorNotes notes = error.notes();
  notes.hint += fmt::format("{}{}", notes.hint.empty() ? "" : "; ", kWay);
  return Error(error.kind(), error.message(), std::move(notes));
}

void check_named_once(const std::vector<Member>& members) {
  std::map<fs::path, fs::path> seen;  // snapshot to the path that named it
  for (const Member& member : members) {
    std::error_code unknown;
    const fs::path known = fs::weakly_canonical(member.snapshot.prefix, unknown);
    const auto [first, is_new] =
        seen.emplace(unknown ? member.snapshot.prefix : known, member.path);
    if (is_new) continue;
    throw Error(
        ErrorKind::usage,
        fmt::format("the snapshot {} is named twice: by {} and by {}",
                    shown(member.snapshot.prefix), shown(first->second), shown(member.path)),
        {.hint = "a member counts once; leave one of them out"});
  }
}

}  // namespace

bool is_in_pytorch_project(const Member& member) {
  return member.torch && member.torch->tool == TorchTool::deeplabcut && member.model_folder;
}

std::string scorer_sought_by_deeplabcut(const Member& member) {
  const auto refuse = [&](const std::string& why) {
    throw Error(
        ErrorKind::unsupported,
        fmt::format("member {}: DeepLabCut has no name for its tables: {}", member.name, why),
        {.hint = "name another member of the ensemble"});
  };
  const bool of_pytorch = is_in_pytorch_project(member);
  if (!member.config || !member.model_folder || (!of_pytorch && member.pose.net_type.empty()))
    refuse("it is no project of DeepLabCut with config.yaml and its networks' configurations");
  std::vector<std::string> numbers;
  for (const Snapshot& snapshot : member.snapshots) {
    if (snapshot.parsed.kind == SnapshotKind::dgp || snapshot.parsed.number < 0) {
      refuse(fmt::format("it cannot order the snapshot '{}' in the training folder",
                         printable(snapshot.name)));
    }
    if (snapshot.copy_of.empty())
      numbers.push_back(of_pytorch ? pytorch_number(snapshot.parsed)
                                   : snapshot.name.substr(snapshot.name.rfind('-') + 1));
  }
  const int count = static_cast<int>(numbers.size());
  const int wanted = member.config->snapshot_index.value_or(-1);
  const int index = wanted < 0 ? wanted + count : wanted;
  if (index < 0 || index >= count) {
    throw Error(ErrorKind::not_found,
                fmt::format("{}: snapshotindex is {}, the training folder has {} snapshots",
                            shown(member.config->file), wanted, count));
  }
  const std::string task_and_date = member.config->task + member.config->date;
  const std::string& number = numbers[static_cast<size_t>(index)];
  const int shuffle = member.model_folder->shuffle;
  return of_pytorch ? dlc3_scorer(member.torch->network, task_and_date, shuffle, number)
                    : dlc_scorer(member.pose.net_type, task_and_date, shuffle, number);
}

Member open_member(const fs::path& path, const MemberOptions& options) {
  if (options.snapshot == "all") {
    throw Error(ErrorKind::usage, fmt::format("{}: one snapshot is wanted, not all", shown(path)));
  }
  return open_located(path, locate_member(path), options);
}

std::vector<Member> open_members(const fs::path& path, const MemberOptions& options) {
  std::vector<Member> members;
  if (options.snapshot != "all") {
    members.push_back(open_member(path, options));
    return members;
  }
  MemberOptions each = options;
  each.snapshot = "newest";
  const MemberLocation location = locate_member(path);
  const Member newest = open_located(path, location, each);
  const auto counted = std::count_if(newest.snapshots.begin(), newest.snapshots.end(),
                                     [](const Snapshot& one) { return one.copy_of.empty(); });
  if (!location.snapshot_name.empty() || counted == 1) return {newest};
  for (const Snapshot& snapshot : newest.snapshots) {
    if (!snapshot.copy_of.empty()) continue;
    each.snapshot = snapshot.name;
    members.push_back(open_located(path, location, each));
    members.back().name += "-" + snapshot.name;
  }
  return members;
}

MemberPaths expand_members(const fs::path& path) {
  if (is_member(path)) return {.paths = {path}, .warnings = {}};
  if (is_lightning_ensemble(path)) return {.paths = lightning_ensemble_members(path)};
  MemberPaths found;
  std::error_code error;
  for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
    if (!is_hidden_name(it->path().filename().string())) sort_out(it->path(), found);
  }
  if (found.paths.empty()) throw_not_a_member(path);
  std::sort(found.paths.begin(), found.paths.end(), [](const fs::path& a, const fs::path& b) {
    return naturally_before(a.filename().native(), b.filename().native());
  });
  std::sort(found.warnings.begin(), found.warnings.end());
  return found;
}

FoundMembers find_members(std::span<const fs::path> paths, const MemberOptions& options) {
  if (paths.empty()) throw Error(ErrorKind::usage, "no member is named");
  FoundMembers found;
  std::optional<Error> first_failure;
  bool has_others = paths.size() > 1;
  const auto attempt = [&](const auto& open) {
    try {
      open();
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::usage) throw;
      if (!options.skip_broken) throw has_others ? with_way_around(error) : error;
      if (!first_failure) first_failure = error;
      found.warnings.push_back("a member is left out: " + error.message());
    }
  };
  for (const fs::path& path : paths) {
    attempt([&] {
      const MemberPaths expanded = expand_members(path);
      append(found.warnings, expanded.warnings);
      has_others = has_others || expanded.paths.size() > 1;
      for (const fs::path& each : expanded.paths) {
        attempt([&] {
          for (Member& member : open_members(each, options)) {
            found.members.push_back(std::move(member));
          }
        });
      }
    });
  }
  if (found.members.empty()) throw *first_failure;
  check_named_once(found.members);
  make_names_unique(found.members);
  return found;
}

void require_data(const Member& member) {
  if (member.snapshot.has_data) return;
  std::vector<std::string> complete;
  for (const Snapshot& snapshot : member.snapshots) {
    if (snapshot.has_data) complete.push_back(printable(snapshot.name));
  }
  const std::string prefix = shown(member.snapshot.prefix);
  throw Error(ErrorKind::not_found,
              fmt::format("{}.data-...: is missing; the .index alone holds no values", prefix),
              {.have = list_names(complete),
               .hint = complete.empty()
                           ? "copy it from where the network was trained"
                           : fmt::format("copy it from where the network was trained, or take an "
                                         "earlier snapshot: --snapshot {}",
                                         complete.back())});
}

std::vector<std::string> bodyparts_for(const Member& member, int num_channels) {
  std::vector<std::string> names = member.bodyparts;
  const auto num_names = static_cast<int>(names.size());
  if (names.empty()) {
    for (int i = 1; i <= num_channels; ++i) names.push_back(fmt::format("bodypart{}", i));
  } else if (num_names < num_channels) {
    throw Error(ErrorKind::unsupported,
                fmt::format("{}: the network has {} scoremaps for {} bodyparts; surplus ones are "
                            "identities of a multi-animal network, which posse does not run",
                            shown(member.snapshot.prefix), num_channels, num_names),
                {.have = list_names(names)});
  } else if (num_names > num_channels) {
    throw Error(
        ErrorKind::shape_mismatch,
        fmt::format("{}: the network has {} scoremaps, expected {}: one per bodypart",
                    shown(member.snapshot.prefix), num_channels, num_names),
        {.have = list_names(names), .hint = "the configuration belongs to another network"});
  }
  return names;
}

}  // namespace posse
