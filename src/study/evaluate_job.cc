#include "study/evaluate_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/paths.h"
#include "base/text.h"
#include "ensemble/ensemble.h"
#include "run/consensus_choice.h"
#include "study/evaluator.h"
#include "study/judge/judge.h"
#include "study/judge/judge_tables.h"
#include "study/judge/warnings.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

/// Before networks run: what they are compared with afterwards has to be there.
void check_files(const EvaluateOptions& options) {
  if (!options.second_rater.empty() && !fs::exists(options.second_rater)) {
    throw Error(ErrorKind::not_found,
                fmt::format("{}: there are no labels here", options.second_rater.string()));
  }
  if (!options.video_results.empty() && !fs::exists(options.video_results)) {
    throw Error(
        ErrorKind::not_found,
        fmt::format("{}: there are no results here", options.video_results.string()),
        {.hint = "--video-results takes OUT/<video> of posse run --out OUT, or the .h5 in it"});
  }
}

void check_options(const EvaluateOptions& options) {
  const auto check = [](const char* name, double value) {
    if (value > 0 && value < 1) return;
    throw Error(ErrorKind::usage,
                fmt::format("{} is {}, must be above 0 and below 1", name, value));
  };
  if (options.labels_unseen && !options.membership.empty()) {
    throw Error(ErrorKind::usage, "--labels-unseen and --membership contradict each other",
                {.hint = "one says that no member was trained on any picture, the other on which"});
  }
  for (const double alpha : options.alpha) check("--alpha", alpha);
  if (options.split) check("--split", *options.split);
  const auto positive = [](const char* name, double value) {
    if (value > 0 && std::isfinite(value)) return;
    throw Error(ErrorKind::usage, fmt::format("{} is {}, must be above 0", name, value));
  };
  for (const double radius : options.pck) positive("--pck", radius);
  if (options.failure) positive("--failure", *options.failure);
  if (options.label_noise) positive("--label-noise", *options.label_noise);
  if (!(options.cache_limit >= 0)) {
    throw Error(ErrorKind::usage,
                fmt::format("--cache-limit is {}, must be at least 0", options.cache_limit));
  }
  if (options.window < 0)
    throw Error(ErrorKind::usage,
                fmt::format("--window is {}, must be at least 0", options.window));
  check_files(options);
}

/// Who was trained on what. @param members  of networks; empty for tables
/// @throws Error(usage) where that is unknown
std::vector<MemberTraining> training_of(std::span<const Member> members,
                                        const std::vector<std::string>& names,
                                        const LabelSet& labels, const EvaluateOptions& options) {
  std::vector<MemberTraining> training;
  if (options.allow_training_frames) return training;
  if (options.labels_unseen) {
    training.assign(names.size(), {.known = true, .source = "--labels-unseen"});
    return training;
  }
  if (!options.membership.empty()) {
    training = training_from_manifest(options.membership, names);
    name_as_labelled(labels, training);
  } else if (!members.empty()) {
    training = training_from_projects(members);
  } else {
    training.resize(names.size());
  }
  std::vector<std::string> unknown;
  for (size_t m = 0; m < names.size(); ++m)
    if (!training[m].known) unknown.push_back(names[m]);
  if (!unknown.empty()) {
    throw Error(
        ErrorKind::usage,
        fmt::format("it is not known on which pictures {} {} trained", list_names(unknown),
                    unknown.size() == 1 ? "was" : "were"),
        {.have = members.empty() ? "tables, which do not say it"
                                 : "no Documentation_data pickle or .mat of the training set, no "
                                   "predictions.csv with a column set",
         .hint = "--membership FILE tells it (a csv with the columns member,picture); "
                 "--labels-unseen says that no member has seen any of these pictures"});
  }
  return training;
}

JudgeOptions judge_options(const EvaluateOptions& options) {
  JudgeOptions judge{.allow_training_frames = options.allow_training_frames,
                     .clips = options.clips,
                     .through_time = options.through_time,
                     .window = options.window,
                     .cache = options.cache};
  judge.videos = options.video;
  return judge;
}

/// Reads the labels; what was odd about them becomes notes.
LabelSet read_labels(const fs::path& path, const LabelOptions& label_options,
                     Evaluation& evaluation) {
  LabelSet labels = read_label_set(path, label_options);
  evaluation.labels_scorer = labels.scorer;
  evaluation.labels_sha256 = labels.sha256;
  evaluation.notes.insert(evaluation.notes.end(), labels.warnings.begin(), labels.warnings.end());
  return labels;
}

/// What the judged pictures and bodyparts leave to be said.
/// @param bodyparts  of all members
void warn_of_judged(const LabelSet& labels, std::span<const std::string> bodyparts,
                    Evaluation& evaluation) {
  std::vector<std::string>& warnings = evaluation.warnings;
  const JudgedFrames& judged = evaluation.judged;
  warnings.insert(warnings.end(), judged.warnings.begin(), judged.warnings.end());
  if (!labels.repeats.empty()) warnings.push_back(labels.repeats);
  const auto left_out = left_out_bodyparts(labels.bodyparts, bodyparts, judged.bodyparts);
  if (left_out) warnings.push_back(*left_out);
}

/// Without the video nothing shows that the labels are of the tables' frames but their names.
void warn_of_strangers(std::span<const fs::path> tables, const LabelSet& labels,
                       Evaluation& evaluation) {
  const std::string& folder = labels.pictures.front().folder;
  for (const fs::path& table : tables)
    if (table.filename().string().starts_with(folder)) return;
  evaluation.warnings.push_back(
      fmt::format("the labels are of '{}', which no table is called after: --video shows whether "
                  "they are of the same frames",
                  folder));
}

/// Tells where the records of training and the labels name no picture in common. Pictures of
/// other videos have other folders; a name without a folder is one of these labels, or a mistake.
void tell_apart(const LabelSet& labels, std::span<const MemberTraining> training,
                Evaluation& evaluation) {
  std::string listed, bare, source;
  for (const MemberTraining& one : training) {
    for (const LabelledPicture& picture : labels.pictures)
      if (one.trained.contains(picture_key(picture.name))) return;
    for (const std::string& name : one.trained) {
      if (listed.empty()) listed = name;
      if (!bare.empty() || name.find('/') != std::string::npos) continue;
      bare = name;
      source = one.source;
    }
  }
  if (listed.empty()) return;
  const std::string labelled = printable(picture_key(labels.pictures.front().name));
  if (bare.empty()) {
    evaluation.notes.push_back(
        fmt::format("none of the labelled pictures, as {}, is among those that the members were "
                    "trained on, as {}",
                    labelled, printable(listed)));
  } else {
    evaluation.warnings.push_back(
        fmt::format("{}: names none of the labelled pictures: it has {}, the labels have {}; all "
                    "of them count as held out",
                    source, printable(bare), labelled));
  }
}

Evaluation evaluate_tables(std::span<const fs::path> paths, const fs::path& labels_path,
                           const EvaluateOptions& options, const JobHooks& hooks) {
  if (options.consensus == ConsensusChoice::track) {
    throw Error(ErrorKind::usage, "--consensus track looks at maps, which tables do not hold",
                {.hint = "give the networks themselves, or --consensus mean or median"});
  }
  const std::vector<MemberTable> members = read_member_tables(paths);
  std::vector<std::string> names;
  for (const MemberTable& member : members) names.push_back(member.name);
  Evaluation evaluation;
  JobHooks keeping = hooks;
  keeping.note = [&](const std::string& text) { evaluation.notes.push_back(text); };
  const LabelOptions label_options{.bodyparts = members.front().poses.bodyparts,
                                   .part_permutation = permutation_of(options.partperm),
                                   .videos = options.video};
  const LabelSet labels = read_labels(labels_path, label_options, evaluation);
  const std::vector<MemberTraining> training = training_of({}, names, labels, options);
  for (const MemberTraining& one : training) evaluation.membership_sources.push_back(one.source);
  tell_apart(labels, training, evaluation);
  evaluation.judged = judge_tables(members, labels, training, judge_options(options), keeping);
  if (options.video.empty()) warn_of_strangers(paths, labels, evaluation);
  std::vector<std::string> bodyparts;
  for (const MemberTable& member : members) {
    const std::vector<std::string>& more = member.poses.bodyparts;
    bodyparts.insert(bodyparts.end(), more.begin(), more.end());
  }
  warn_of_judged(labels, bodyparts, evaluation);
  complete_evaluation(evaluation, options, labels, label_options, nullptr);
  return evaluation;
}

void check_networks(const EnsembleOptions& networks) {
  if (networks.batch_norm.source != BatchNormChoice::Source::batch) return;
  throw Error(ErrorKind::usage,
              "--batch-norm batch:N takes consecutive frames, which labelled pictures are not",
              {.hint = "evaluate with --batch-norm frame"});
}

Evaluation evaluate_networks(const Ensemble& ensemble, const fs::path& labels_path,
                             const EvaluateOptions& options, const JobHooks& hooks) {
  Evaluation evaluation;
  JobHooks keeping = hooks;
  keeping.note = [&](const std::string& text) { evaluation.notes.push_back(text); };
  const LabelOptions label_options{.bodyparts = ensemble.bodyparts(),
                                   .part_permutation = permutation_of(options.partperm),
                                   .videos = options.video};
  const LabelSet labels = read_labels(labels_path, label_options, evaluation);
  std::vector<Member> trained;
  std::vector<std::string> names;
  for (const MemberNetwork& member : ensemble.members()) {
    trained.push_back(member.member);
    names.push_back(member.name);
  }
  const std::vector<MemberTraining> training = training_of(trained, names, labels, options);
  for (const MemberTraining& one : training) evaluation.membership_sources.push_back(one.source);
  tell_apart(labels, training, evaluation);
  evaluation.judged = judge_pictures(ensemble, labels, training, judge_options(options), keeping);
  warn_of_judged(labels, ensemble.bodyparts(), evaluation);
  BlobCache(options.cache.empty() ? default_blob_folder() : options.cache)
      .trim(static_cast<uint64_t>(std::min(options.cache_limit, 1e9) * 0x1p30));
  complete_evaluation(evaluation, options, labels, label_options, &ensemble);
  return evaluation;
}

/// Whether a calibration may be of the track; its frames are looked at only then.
bool may_be_track(const EvaluateOptions& options, size_t num_members) {
  if (options.consensus == ConsensusChoice::track) return true;
  return options.consensus == ConsensusChoice::automatic && options.through_time &&
         num_members >= kTrackMembers;
}

void check_calibration(std::span<const fs::path> members, const EvaluateOptions& options) {
  if (options.allow_training_frames) {
    throw Error(ErrorKind::usage, "a calibration on training frames would promise too much",
                {.hint = "leave --allow-training-frames out"});
  }
  if (are_tables(members)) {
    throw Error(
        ErrorKind::usage, "a calibration is made for networks, which posse run knows again",
        {.hint = "give the networks in place of their tables; posse evaluate judges tables"});
  }
}

}  // namespace

Evaluation evaluate(std::span<const fs::path> members, const fs::path& labels,
                    const EvaluateOptions& options, const EnsembleOptions& networks,
                    const JobHooks& hooks) {
  check_options(options);
  if (are_tables(members)) return evaluate_tables(members, labels, options, hooks);
  if (options.consensus == ConsensusChoice::track && !options.through_time) {
    throw Error(ErrorKind::usage, "--consensus track and --through-time off contradict each other",
                {.hint = "--through-time on looks at the frames around the labels"});
  }
  check_networks(networks);
  return evaluate_networks(Ensemble::open(members, networks), labels, options, hooks);
}

Evaluation calibrate(std::span<const fs::path> members, const fs::path& labels, const fs::path& out,
                     bool force, const EvaluateOptions& options, const EnsembleOptions& networks,
                     const JobHooks& hooks) {
  check_calibration(members, options);
  check_options(options);
  check_networks(networks);
  refuse_to_replace(out, force);
  require_writable(out);
  const Ensemble ensemble = Ensemble::open(members, networks);
  EvaluateOptions narrowed = options;
  narrowed.through_time = may_be_track(options, ensemble.members().size());
  Evaluation evaluation = evaluate_networks(ensemble, labels, narrowed, hooks);
  if (evaluation.calibrated.empty()) {
    throw Error(ErrorKind::usage,
                fmt::format("{} points judged out of bag are too few to calibrate on",
                            evaluation.points.size()),
                {.hint = fmt::format("at least {} are needed", kFewPoints)});
  }
  if (!out.empty()) write_calibration(evaluation.calibration, out);
  return evaluation;
}

}  // namespace posse
