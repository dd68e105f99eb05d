#include "study/evaluator.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "run/consensus_choice.h"
#include "study/calibrate_evaluation.h"
#include "study/judge/warnings.h"
#include "study/original_rows.h"

namespace posse {
namespace {

class Evaluator {
 public:
  Evaluator(Evaluation& evaluation, const EvaluateOptions& options)
      : evaluation_(evaluation), options_(options) {}

  /// @param ensemble  nullptr for tables
  void run(const Ensemble* ensemble);
  void add_noise(const LabelSet& labels, const LabelSet& second);
  void read_spread(const LabelSet& labels, const Ensemble* ensemble);

 private:
  const JudgedMethod& automatic_method(bool are_networks);
  const JudgedMethod& main_method(bool are_networks);
  void add_uncertainty(const JudgedMethod& main);
  void add_counts();

  Evaluation& evaluation_;
  const EvaluateOptions& options_;
  std::optional<VideoSpread> video_spread_;
};

void Evaluator::read_spread(const LabelSet& labels, const Ensemble* ensemble) {
  SpreadOf of{.bodyparts = evaluation_.judged.bodyparts, .videos = options_.video};
  std::set<std::string> folders;
  for (const LabelledPicture& picture : labels.pictures) {
    folders.insert(picture.folder);
    if (of.picture.empty()) of.picture = picture.file;
    if (!picture.video.empty() &&
        std::find(of.videos.begin(), of.videos.end(), picture.video) == of.videos.end())
      of.videos.push_back(picture.video);
  }
  of.folders.assign(folders.begin(), folders.end());
  for (size_t m = 0; ensemble != nullptr && m < ensemble->members().size(); ++m) {
    const MemberNetwork& member = ensemble->members()[m];
    of.members.push_back({member.name, member.weights_sha256, std::string(to_string(member.rule))});
  }
  video_spread_ = read_video_spread(options_.video_results, of);
}

/// What a run of the labels' video takes, as far as it could be judged.
const JudgedMethod& Evaluator::automatic_method(bool are_networks) {
  const JudgedMethod* track = evaluation_.judged.method("track");
  const size_t count = evaluation_.judged.members.size();
  const JudgedMethod& mean = *evaluation_.judged.method("mean");
  if (!are_networks) {
    evaluation_.consensus_why = "tables hold no maps for a track";
  } else if (count < kTrackMembers) {
    evaluation_.consensus_why = "as posse run takes with fewer than three members";
  } else if (track != nullptr) {
    evaluation_.consensus_why = fmt::format("as posse run takes of a video with {} members", count);
    return *track;
  } else {
    evaluation_.consensus_why =
        fmt::format("as posse run takes of pictures; of a video it takes the track, which {}",
                    options_.through_time ? "--video judges" : "--through-time on judges");
  }
  return mean;
}

const JudgedMethod& Evaluator::main_method(bool are_networks) {
  if (options_.consensus == ConsensusChoice::automatic) return automatic_method(are_networks);
  evaluation_.consensus_why = "as asked for";
  const std::string name(name_of(options_.consensus));
  const JudgedMethod* method = evaluation_.judged.method(name);
  if (method != nullptr) return *method;
  throw Error(ErrorKind::usage,
              "--consensus track: no labelled picture has a known frame in a video",
              {.hint = "--video names the videos that the pictures were taken from"});
}

void Evaluator::run(const Ensemble* ensemble) {
  const ErrorOptions errors{.radii = options_.pck,
                            .likelihood_threshold = options_.min_likelihood,
                            .bootstrap = uncertainty_options(evaluation_).bootstrap};
  const double noise = evaluation_.label_noise.value_or(0);
  evaluation_.failure_distance = options_.failure.value_or(noise > 0 ? 3 * noise : 5);
  evaluation_.pck_radii = options_.pck;
  evaluation_.training_frames = options_.allow_training_frames;
  evaluation_.errors = error_tables(evaluation_.judged, errors);
  for (const std::string& text : members_far_off(evaluation_.errors))
    evaluation_.warnings.push_back(text);
  if (const auto text = all_far_off(evaluation_.judged, evaluation_.errors))
    evaluation_.warnings.push_back(*text);
  evaluation_.sureness = sureness_of_members(evaluation_.judged, evaluation_.failure_distance);
  for (const std::string& text :
       members_too_sure(evaluation_.sureness, evaluation_.failure_distance))
    evaluation_.warnings.push_back(text);
  evaluation_.differences = paired_differences(evaluation_.judged, evaluation_.errors, errors);
  const JudgedMethod& main = main_method(ensemble != nullptr);
  evaluation_.consensus = main.name;
  add_uncertainty(main);
  calibrate_evaluation(evaluation_, options_, main, ensemble, video_spread_);
  evaluation_.original = original_rows(evaluation_.judged);
  add_counts();
}

void Evaluator::add_uncertainty(const JudgedMethod& main) {
  const auto add = [&](const std::vector<StatedError>& errors, const std::string& what,
                       const std::string& method) {
    if (errors.empty()) return;
    evaluation_.uncertainty.push_back(
        summarise_uncertainty(errors, uncertainty_options(evaluation_)));
    evaluation_.uncertainty.back().name = what;
    evaluation_.uncertainty.back().method = method;
  };
  add(raw_ensemble_errors(evaluation_.judged, main), "raw ensemble", main.name);
  for (const JudgedMethod& method : evaluation_.judged.methods)
    add(stated_errors(evaluation_.judged, method), method.uncertainty, method.name);
}

void Evaluator::add_noise(const LabelSet& labels, const LabelSet& second) {
  std::map<std::string, size_t> row_of;
  for (size_t i = 0; i < second.pictures.size(); ++i)
    row_of[picture_key(second.pictures[i].name)] = i;
  double all = 0, all_count = 0;
  for (const std::string& part : evaluation_.judged.bodyparts) {
    const auto find = [&](const LabelSet& set) {
      return static_cast<size_t>(std::find(set.bodyparts.begin(), set.bodyparts.end(), part) -
                                 set.bodyparts.begin());
    };
    const size_t a = find(labels), b = find(second);
    double squares = 0, count = 0;
    for (size_t i = 0; i < labels.pictures.size() && b < second.bodyparts.size(); ++i) {
      const auto row = row_of.find(picture_key(labels.pictures[i].name));
      if (row == row_of.end()) continue;
      const Point &p = labels.at(i, a).point, &q = second.at(row->second, b).point;
      const double square = (p.x - q.x) * (p.x - q.x) + (p.y - q.y) * (p.y - q.y);
      if (std::isnan(square)) continue;
      squares += square;
      count += 2;  // both axes
    }
    evaluation_.label_noise_parts.push_back(std::sqrt(squares / count / 2));
    all += squares;
    all_count += count;
  }
  if (all_count == 0) {
    throw Error(ErrorKind::usage, "--second-rater: its labels share no point with --labels");
  }
  evaluation_.label_noise = std::sqrt(all / all_count / 2);
}

void Evaluator::add_counts() {
  const JudgedFrames& judged = evaluation_.judged;
  std::map<int64_t, int> groups;
  for (const JudgedPicture& picture : judged.pictures) ++groups[picture.group];
  if (groups.size() < 2) {
    evaluation_.warnings.emplace_back(
        "one group of pictures only: no interval; --clips names groups that vary apart");
  } else if (groups.size() < kFewGroups) {
    evaluation_.warnings.push_back(
        fmt::format("intervals over {} {} only: too narrow", groups.size(), judged.group_unit));
  }
  if (judged.over_time) {
    evaluation_.notes.push_back(
        fmt::format("labels of one video, {} frames close in time: intervals draw stretches of it, "
                    "as long as the errors' memory asks for, and say nothing of other videos",
                    groups.size()));
  } else if (judged.num_videos < 2) {
    evaluation_.notes.push_back(fmt::format(
        "labels of one video: intervals are over its {}, not over videos", judged.group_unit));
  }
  if (judged.group_unit == "pictures") {
    evaluation_.notes.emplace_back(
        "which frames of which video the pictures are is not known: each picture is a group of its "
        "own, and none can be told to lie near a training frame");
  }
}

}  // namespace

void complete_evaluation(Evaluation& evaluation, const EvaluateOptions& options,
                         const LabelSet& labels, const LabelOptions& label_options,
                         const Ensemble* ensemble) {
  evaluation.label_noise = options.label_noise;
  Evaluator evaluator(evaluation, options);
  if (!options.second_rater.empty())
    evaluator.add_noise(labels, read_label_set(options.second_rater, label_options));
  if (!options.video_results.empty()) evaluator.read_spread(labels, ensemble);
  evaluator.run(ensemble);
}

}  // namespace posse
