#include "study/experiments/load_experiment.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "ensemble/ensemble.h"
#include "results/table/table_reader.h"
#include "study/judge/judge.h"
#include "study/judge/judge_tables.h"
#include "study/labels/label_set.h"
#include "study/labels/membership.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

constexpr int64_t kLegacyFrames = 1000;

std::optional<int64_t> whole_number(const std::string& text) {
  int64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  return value;
}

/// The folder that a picture's name has, "" without one.
std::string folder_of(const std::string& name) {
  const std::string key = picture_key(name);
  const size_t slash = key.find('/');
  return slash == std::string::npos ? "" : key.substr(0, slash);
}

class Loader {
 public:
  Loader(std::span<const ManifestMember> members, const StudyOptions& options,
         const EnsembleOptions& networks, const JobHooks& hooks)
      : members_(members), options_(options), networks_(networks), hooks_(hooks) {}

  Experiment load() {
    read_members();
    make_groups();
    read_labels();
    read_records();
    const std::vector<std::set<std::string>> trained_on = training_names();
    judge_groups();
    find_training(trained_on);
    choose_test_frames();
    return std::move(experiment_);
  }

 private:
  void note(const std::string& text) const {
    if (hooks_.note) hooks_.note(text);
  }
  void read_members();
  void check_tables() const;
  void make_groups();
  void read_labels();
  void read_records();
  JudgedFrames judge_group(const ExperimentGroup& group);
  void judge_groups();
  void take(size_t group, const JudgedFrames& judged, std::span<const size_t> rows);
  std::vector<std::set<std::string>> training_names();
  void find_training(std::span<const std::set<std::string>> names);
  std::optional<size_t> frame_of(const std::string& name) const;
  void choose_test_frames();

  std::span<const ManifestMember> members_;
  const StudyOptions& options_;
  const EnsembleOptions& networks_;
  const JobHooks& hooks_;
  std::vector<MemberTable> tables_;           ///< [members], or empty
  std::vector<MemberTraining> from_records_;  ///< [members] of networks
  LabelSet labels_;
  Experiment experiment_;
};

void Loader::read_members() {
  std::vector<fs::path> paths;
  for (const ManifestMember& member : members_) {
    paths.push_back(member.path);
    experiment_.members.push_back({.name = member.name, .group = 0, .seed = member.seed});
  }
  if (are_tables(paths)) {
    for (const ManifestMember& member : members_)
      tables_.push_back({member.name, read_pose_table(member.path).table.poses});
    check_tables();
    return;
  }
  for (const fs::path& path : paths) {
    if (are_tables(std::vector{path})) {
      throw Error(ErrorKind::usage, "some members are tables and others networks",
                  {.have = fmt::format("{} is a table", path.string()),
                   .hint = "posse run --save-members writes the tables of networks"});
    }
  }
}

/// That they are of one video and name the same bodyparts.
void Loader::check_tables() const {
  const std::set<std::string> first(tables_[0].poses.bodyparts.begin(),
                                    tables_[0].poses.bodyparts.end());
  const auto video_of = [&](size_t m) {
    const std::string stem = members_[m].path.stem().string();
    const size_t end = stem.find("DLC_");
    return end == std::string::npos ? std::string() : stem.substr(0, end);
  };
  for (size_t m = 1; m < tables_.size(); ++m) {
    const auto& names = tables_[m].poses.bodyparts;
    if (std::set<std::string>(names.begin(), names.end()) != first) {
      throw Error(
          ErrorKind::shape_mismatch,
          fmt::format("{} and {} have different bodyparts", tables_[0].name, tables_[m].name),
          {.have =
               fmt::format("{}; {}", list_names(tables_[0].poses.bodyparts), list_names(names))});
    }
    const auto count = static_cast<int64_t>(tables_[m].poses.num_frames());
    const auto expected = static_cast<int64_t>(tables_[0].poses.num_frames());
    const bool other_video =
        !video_of(0).empty() && !video_of(m).empty() && video_of(0) != video_of(m);
    if (other_video || std::abs(count - expected) > 1) {
      throw Error(
          ErrorKind::usage,
          fmt::format("{} and {} are of different videos", tables_[0].name, tables_[m].name),
          {.have = fmt::format("{} and {} frames", expected, count),
           .hint = "a study looks at results of one video"});
    }
  }
}

void Loader::make_groups() {
  std::map<std::string, size_t> found;
  for (size_t m = 0; m < members_.size(); ++m) {
    const auto [place, is_new] = found.emplace(members_[m].group, experiment_.groups.size());
    if (is_new) experiment_.groups.push_back({.name = members_[m].group});
    experiment_.groups[place->second].members.push_back(m);
    experiment_.members[m].group = place->second;
  }
}

void Loader::read_labels() {
  LabelOptions how{.bodyparts = {},
                   .part_permutation = permutation_of(options_.partperm),
                   .videos = options_.video};
  if (!tables_.empty()) {
    how.bodyparts = tables_[0].poses.bodyparts;
  } else {
    how.bodyparts = Ensemble::open(std::vector{members_[0].path}, networks_).bodyparts();
  }
  if (options_.legacy && how.bodyparts.size() == 4) how.part_permutation = {1, 3, 0, 2};
  std::set<std::string> keys;
  for (const fs::path& path : options_.labels) {
    LabelSet more = read_label_set(path, how);
    for (const std::string& text : more.warnings) note(text);
    const bool is_first = labels_.pictures.empty();
    if (is_first) labels_.bodyparts = more.bodyparts;
    if (more.bodyparts != labels_.bodyparts) {
      throw Error(ErrorKind::shape_mismatch,
                  fmt::format("{}: labels other bodyparts than {}", path.string(),
                              options_.labels[0].string()),
                  {.have = fmt::format("{}; {}", list_names(more.bodyparts),
                                       list_names(labels_.bodyparts))});
    }
    for (const LabelledPicture& picture : more.pictures) {
      if (keys.insert(picture_key(picture.name)).second) continue;
      throw Error(ErrorKind::usage, fmt::format("{}: {} is labelled in another file as well",
                                                path.string(), picture.name));
    }
    labels_.scorer = more.scorer;
    labels_.pictures.insert(labels_.pictures.end(), more.pictures.begin(), more.pictures.end());
    labels_.labels.insert(labels_.labels.end(), more.labels.begin(), more.labels.end());
  }
}

/// What projects say of their training, before networks run for long.
void Loader::read_records() {
  const bool is_needed = std::any_of(members_.begin(), members_.end(), [](const auto& member) {
    return !member.trained_on.has_value();
  });
  if (!tables_.empty() || !options_.membership.empty() || options_.labels_unseen || !is_needed)
    return;
  from_records_.resize(members_.size());
  for (size_t m = 0; m < members_.size(); ++m) {
    const Ensemble ensemble = Ensemble::open(std::vector{members_[m].path}, networks_);
    const std::vector<Member> member = {ensemble.members()[0].member};
    from_records_[m] = training_from_projects(member)[0];
  }
}

JudgedFrames Loader::judge_group(const ExperimentGroup& group) {
  JudgeOptions how{.allow_training_frames = true,
                   .clips = options_.clips,
                   .through_time = false,
                   .cache = options_.cache};
  how.videos = options_.video;
  if (!tables_.empty()) {
    std::vector<MemberTable> tables;
    for (const size_t m : group.members) tables.push_back(tables_[m]);
    return judge_tables(tables, labels_, {}, how, hooks_);
  }
  std::vector<fs::path> paths;
  for (const size_t m : group.members) paths.push_back(members_[m].path);
  const Ensemble ensemble = Ensemble::open(paths, networks_);
  if (ensemble.members().size() != group.members.size()) {
    throw Error(ErrorKind::usage,
                fmt::format("group {}: {} networks lie at the {} paths of its members", group.name,
                            ensemble.members().size(), group.members.size()),
                {.hint = "a member of a manifest is one network"});
  }
  return judge_pictures(ensemble, labels_, {}, how, hooks_);
}

void Loader::judge_groups() {
  std::vector<JudgedFrames> judged;
  std::map<std::string, size_t> counts;
  for (const ExperimentGroup& group : experiment_.groups) {
    judged.push_back(judge_group(group));
    if (judged.back().bodyparts != judged[0].bodyparts) {
      throw Error(ErrorKind::shape_mismatch,
                  fmt::format("the groups {} and {} have different bodyparts",
                              experiment_.groups[0].name, group.name),
                  {.have = fmt::format("{}; {}", list_names(judged[0].bodyparts),
                                       list_names(judged.back().bodyparts))});
    }
    for (const JudgedPicture& picture : judged.back().pictures) ++counts[picture.name];
  }
  experiment_.bodyparts = judged[0].bodyparts;
  experiment_.over_time = judged[0].over_time;
  std::map<std::string, std::optional<int64_t>> numbers;
  for (const LabelledPicture& picture : labels_.pictures) numbers[picture.name] = picture.number;
  for (size_t g = 0; g < judged.size(); ++g) {
    std::vector<size_t> rows;
    for (size_t i = 0; i < judged[g].pictures.size(); ++i)
      if (counts[judged[g].pictures[i].name] == judged.size()) rows.push_back(i);
    if (g == 0) {
      for (const size_t i : rows) {
        const JudgedPicture& picture = judged[0].pictures[i];
        experiment_.frames.push_back(
            {.name = picture.name, .number = numbers[picture.name], .group = picture.group});
        for (size_t p = 0; p < experiment_.bodyparts.size(); ++p)
          experiment_.truth.push_back(judged[0].labels[judged[0].at(i, p)]);
      }
      experiment_.keypoints.resize(members_.size() * experiment_.num_places());
      if (tables_.empty()) {
        experiment_.confidence.resize(experiment_.keypoints.size());
        experiment_.share.resize(experiment_.keypoints.size());
      }
    }
    take(g, judged[g], rows);
  }
  if (experiment_.frames.size() < labels_.pictures.size()) {
    note(fmt::format("{} of {} labelled frames are in the results of all members",
                     experiment_.frames.size(), labels_.pictures.size()));
  }
}

void Loader::take(size_t group, const JudgedFrames& judged, std::span<const size_t> rows) {
  ExperimentGroup& here = experiment_.groups[group];
  const size_t parts = experiment_.bodyparts.size();
  for (size_t t = 0; t < rows.size(); ++t) {
    for (size_t p = 0; p < parts; ++p) {
      here.mean.push_back(judged.method("mean")->keypoints[judged.at(rows[t], p)]);
      here.median.push_back(judged.method("median")->keypoints[judged.at(rows[t], p)]);
      for (size_t i = 0; i < here.members.size(); ++i) {
        const size_t to = (here.members[i] * rows.size() + t) * parts + p;
        const size_t from = (rows[t] * here.members.size() + i) * parts + p;
        experiment_.keypoints[to] = judged.member_keypoints[from];
        if (experiment_.confidence.empty()) continue;
        experiment_.confidence[to] = judged.member_confidence[from];
        experiment_.share[to] = judged.member_share[from];
      }
    }
  }
}

/// [members] as their records have it. @throws Error(usage) where it is not known
std::vector<std::set<std::string>> Loader::training_names() {
  std::vector<std::set<std::string>> names(members_.size());
  if (options_.labels_unseen) return names;
  std::vector<std::string> member_names, unknown;
  for (const ManifestMember& member : members_) member_names.push_back(member.name);
  std::vector<MemberTraining> training = from_records_;
  training.resize(members_.size());
  if (!options_.membership.empty())
    training = training_from_manifest(options_.membership, member_names);
  for (size_t m = 0; m < members_.size(); ++m) {
    if (members_[m].trained_on) {
      names[m].insert(members_[m].trained_on->begin(), members_[m].trained_on->end());
    } else if (training[m].known) {
      names[m] = training[m].trained;
    } else {
      unknown.push_back(member_names[m]);
    }
  }
  if (!unknown.empty()) {
    throw Error(ErrorKind::usage,
                fmt::format("it is not known on which frames {} {} trained", list_names(unknown),
                            unknown.size() == 1 ? "was" : "were"),
                {.hint = "the manifest's column trained_on tells it (7;12;30 or pictures), or "
                         "--membership FILE; --labels-unseen says that no member has seen any of "
                         "the labels"});
  }
  return names;
}

std::optional<size_t> Loader::frame_of(const std::string& name) const {
  const std::string key = picture_key(name);
  const auto number = whole_number(name);
  const auto named = number ? number : number_in_name(key);
  const std::string folder = folder_of(name);
  std::optional<size_t> found;
  for (size_t t = 0; t < experiment_.frames.size(); ++t) {
    const ExperimentFrame& frame = experiment_.frames[t];
    if (picture_key(frame.name) == key) return t;
    const bool is_numbered = number.has_value() || frame.name.starts_with("frame ");
    const std::string other = folder_of(frame.name);
    const bool one_video = folder.empty() || other.empty() || folder == other;
    const bool is_same_number = is_numbered && one_video && named && frame.number == named;
    const bool is_same_file =
        folder.empty() && !number && picture_key(frame.name).ends_with("/" + key);
    if (!is_same_number && !is_same_file) continue;
    if (found) {
      throw Error(ErrorKind::usage,
                  fmt::format("frame {} is labelled in several videos: {} and {}", name,
                              experiment_.frames[*found].name, frame.name),
                  {.hint = "trained_on takes pictures by name, as labeled-data/video/img07.png"});
    }
    found = t;
  }
  return found;
}

void Loader::find_training(std::span<const std::set<std::string>> names) {
  std::map<std::string, size_t> columns;
  std::set<std::string> folders;
  size_t num_without_truth = 0;
  for (size_t m = 0; m < names.size(); ++m) {
    experiment_.members[m].num_training =
        static_cast<size_t>(members_[m].frames.value_or(static_cast<int64_t>(names[m].size())));
    for (const std::string& name : names[m]) {
      const auto frame = frame_of(name);
      const std::string shown = frame ? experiment_.frames[*frame].name : name;
      const auto [place, is_new] = columns.emplace(shown, experiment_.training.size());
      if (is_new) {
        folders.insert(folder_of(name));
        num_without_truth += frame ? 0 : 1;
        experiment_.training.push_back(
            {.name = shown, .frame = frame, .included = std::vector<char>(names.size(), 0)});
      }
      experiment_.training[place->second].included[m] = 1;
    }
  }
  const bool is_numbered = experiment_.frames[0].name.starts_with("frame ");
  if (is_numbered && folders.size() > 1) {
    throw Error(ErrorKind::usage, "the members were trained on frames of several videos",
                {.have = list_names(std::vector<std::string>(folders.begin(), folders.end())),
                 .hint = "labels by number are of one video; give labels by picture, or the "
                         "column trained_on"});
  }
  if (num_without_truth > 0 && hooks_.note) {
    note(fmt::format("{} of {} training frames are not among the labels: no memorisation there",
                     num_without_truth, experiment_.training.size()));
  }
  std::sort(experiment_.training.begin(), experiment_.training.end(),
            [](const TrainingFrame& a, const TrainingFrame& b) {
              return std::pair(a.frame.value_or(SIZE_MAX), a.name) <
                     std::pair(b.frame.value_or(SIZE_MAX), b.name);
            });
  std::map<std::vector<char>, size_t> units;
  for (size_t m = 0; m < names.size(); ++m) {
    std::vector<char> row;
    for (const TrainingFrame& frame : experiment_.training) row.push_back(frame.included[m]);
    experiment_.members[m].unit = units.emplace(row, units.size()).first->second;
  }
  if (options_.labels_unseen)  // nothing is known: every member by itself
    for (size_t m = 0; m < names.size(); ++m) experiment_.members[m].unit = m;
}

void Loader::choose_test_frames() {
  for (ExperimentFrame& frame : experiment_.frames) {
    frame.is_test = !options_.legacy || !frame.number || *frame.number < kLegacyFrames;
  }
  const size_t last = experiment_.groups.size() - 1;
  for (const TrainingFrame& training : experiment_.training) {
    if (!training.frame) continue;
    bool is_trained = false;
    for (size_t m = 0; m < members_.size(); ++m) {
      const bool counts = !options_.legacy || experiment_.members[m].group == last;
      is_trained = is_trained || (counts && training.included[m] != 0);
    }
    if (is_trained) experiment_.frames[*training.frame].is_test = false;
  }
  const bool any = std::any_of(experiment_.frames.begin(), experiment_.frames.end(),
                               [](const ExperimentFrame& frame) { return frame.is_test; });
  if (!any) {
    throw Error(ErrorKind::usage,
                fmt::format("no frame is left to test on: members were trained on all {} that are "
                            "labelled",
                            experiment_.frames.size()),
                {.hint = "--labels takes several files: add labels that no member was trained on"});
  }
}

}  // namespace

Experiment load_experiment(std::span<const ManifestMember> members, const StudyOptions& options,
                           const EnsembleOptions& networks, const JobHooks& hooks) {
  return Loader(members, options, networks, hooks).load();
}

}  // namespace posse
