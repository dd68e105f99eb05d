#include "study/study_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <sstream>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "study/experiments/load_experiment.h"
#include "study/study_tables.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

const std::array<std::string, 7> kStudies = {"members", "consensus", "inclusion", "influence",
                                             "pca",     "seeds",     "power"};

bool is_asked_for(const StudyOptions& options, const std::string& name) {
  return options.only.empty() ||
         std::find(options.only.begin(), options.only.end(), name) != options.only.end();
}

void check_options(const StudyOptions& options) {
  for (const std::string& word : options.only) {
    if (std::find(kStudies.begin(), kStudies.end(), word) == kStudies.end())
      throw Error(ErrorKind::usage, fmt::format("--only: there is no study '{}'", word),
                  {.have = list_names(kStudies)});
  }
  for (const auto& [name, value] :
       {std::pair("--alpha", options.alpha), {"--power", options.power}}) {
    if (!(value > 0 && value < 1))
      throw Error(ErrorKind::usage,
                  fmt::format("{} is {}, must be above 0 and below 1", name, value));
  }
  for (const auto& [name, value] :
       {std::pair("--hours", options.hours), {"--price", options.price}}) {
    if (!(value >= 0) || std::isinf(value))
      throw Error(ErrorKind::usage, fmt::format("{} is {}, must be at least 0", name, value));
  }
  if (!options.pilot.empty() && options.pilot.size() != 2)
    throw Error(ErrorKind::usage,
                fmt::format("--pilot takes two files, not {}", options.pilot.size()));
  if (options.labels_unseen && !options.membership.empty())
    throw Error(ErrorKind::usage, "--labels-unseen and --membership contradict each other");
}

std::vector<double> numbers_of(const fs::path& path) {
  std::istringstream words(read_file(path, uint64_t{16} << 20));
  std::vector<double> numbers;
  for (std::string word; words >> word;) {
    std::istringstream text(word);
    double number = 0;
    if (!(text >> number) || !text.eof())
      throw Error(ErrorKind::bad_file,
                  fmt::format("{}: '{}' is no number", path.string(), printable(word)));
    numbers.push_back(number);
  }
  if (numbers.empty())
    throw Error(ErrorKind::bad_file, fmt::format("{}: holds no number", path.string()));
  return numbers;
}

class Studies {
 public:
  Studies(std::vector<ManifestMember> all, const StudyOptions& options,
          const EnsembleOptions& networks, const JobHooks& hooks)
      : all_(std::move(all)), options_(options), networks_(networks), hooks_(hooks) {
    for (const ManifestMember& member : all_)
      if (!member.name.empty()) trained_.push_back(member);
    study_.legacy = options.legacy;
  }

  Study run() {
    std::optional<OutlierList> list;
    if (!options_.outliers.empty()) list = read_outlier_list(options_.outliers);
    if (may("seeds", list.has_value(), "--outliers FILE lists the frames that draws are of"))
      add_seeds(all_, *list, study_);
    const char* need =
        trained_.empty() ? "the manifest names no trained member" : "--labels PATH gives the truth";
    bool any = false;
    for (const char* name : {"members", "consensus", "inclusion", "influence", "pca"})
      any = may(name, !options_.labels.empty() && !trained_.empty(), need) || any;
    if (any) with_truth();
    if (may("power", list.has_value(), "--outliers FILE lists the frames that draws are of"))
      power(*list);
    if (study_.tables.empty()) {
      throw Error(ErrorKind::usage, "there is nothing to study",
                  {.hint = "--labels PATH gives the truth, --outliers FILE the frames of draws"});
    }
    return std::move(study_);
  }

 private:
  /// Whether a study is done. @throws Error(usage) where it is named and lacks its input
  bool may(const char* name, bool has_input, const char* hint) {
    if (!is_asked_for(options_, name)) return false;
    if (has_input) return true;
    if (!options_.only.empty())
      throw Error(ErrorKind::usage, fmt::format("the study '{}' lacks its input", name),
                  {.hint = hint});
    study_.notes.push_back(fmt::format("{} is left out: {}", name, hint));
    return false;
  }

  void with_truth() {
    JobHooks keeping = hooks_;
    keeping.note = [this](const std::string& text) { study_.notes.push_back(text); };
    const Experiment experiment = load_experiment(trained_, options_, networks_, keeping);
    study_.bodyparts = experiment.bodyparts;
    for (const ExperimentMember& member : experiment.members) study_.members.push_back(member.name);
    for (const ExperimentFrame& frame : experiment.frames) {
      study_.frames.push_back(frame.name);
      study_.is_test.push_back(frame.is_test ? 1 : 0);
    }
    add_errors(experiment, options_, is_asked_for(options_, "members"),
               is_asked_for(options_, "consensus"), study_);
    const bool any_training = !experiment.training.empty();
    const char* need = "no member was trained on a known frame";
    if (may("inclusion", any_training, need)) add_inclusion(experiment, options_, study_);
    if (may("influence", any_training, need)) add_influence(experiment, options_, study_);
    if (is_asked_for(options_, "pca")) add_components(experiment, options_, study_);
    for (size_t m = 0; m < experiment.members.size(); ++m) {
      const ErrorFigures figures = error_figures(
          experiment, experiment.keypoints.data() + m * experiment.num_places(), options_.legacy);
      errors_[experiment.members[m].num_training].push_back(options_.legacy ? figures.summed_rmse
                                                                            : figures.rmse);
    }
  }

  void power(const OutlierList& list) {
    std::vector<double> first, second;
    std::vector<int64_t> sizes;
    for (const ManifestMember& member : all_)
      if (member.frames) sizes.push_back(*member.frames);
    std::sort(sizes.begin(), sizes.end());
    if (options_.pilot.size() == 2) {
      first = numbers_of(options_.pilot[0]);
      second = numbers_of(options_.pilot[1]);
    } else if (errors_.size() >= 2) {
      first = errors_.begin()->second;
      second = errors_.rbegin()->second;
    }
    const bool has_sizes = options_.legacy || (!sizes.empty() && sizes.front() < sizes.back());
    if (!may("power", !first.empty() && has_sizes,
             "it takes members of two training sizes (column frames), or --pilot FILE FILE and the "
             "two sizes"))
      return;
    add_power(first, second, has_sizes && !sizes.empty() ? static_cast<size_t>(sizes.front()) : 0,
              sizes.empty() ? 0 : static_cast<size_t>(sizes.back()), list, options_, study_);
  }

  std::vector<ManifestMember> all_, trained_;
  const StudyOptions& options_;
  const EnsembleOptions& networks_;
  const JobHooks& hooks_;
  std::map<size_t, std::vector<double>> errors_;  ///< by training size
  Study study_;
};

}  // namespace

Study study(const fs::path& manifest, const StudyOptions& options, const EnsembleOptions& networks,
            const JobHooks& hooks) {
  check_options(options);
  return Studies(read_manifest(manifest), options, networks, hooks).run();
}

}  // namespace posse
