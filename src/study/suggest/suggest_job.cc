#include "study/suggest/suggest_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/paths.h"
#include "study/suggest/contact_sheet.h"
#include "study/suggest/projects/frame_project.h"
#include "study/suggest/suggestions_text.h"
#include "video/image_file.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

constexpr const char* kRecord = "posse-suggestions.json";
constexpr const char* kTable = "suggestions.csv";
constexpr const char* kSheet = "suggestions.png";

/// What decides which frames are chosen, and where they go.
std::string key_of(std::span<const fs::path> results, const SuggestTargets& targets,
                   const SuggestOptions& options, const LabelSet* labels) {
  Sha256 hash;
  const auto add = [&](const std::string& text) {
    hash.update(fmt::format("{}:", text.size()));
    hash.update(text);
  };
  for (const fs::path& path : results) {
    const FinishedFacts facts = read_finished_facts(path);
    add(facts.fingerprint), add(facts.stages), add(facts.table.string());
  }
  add(fmt::format("{} {} {} {} {}", options.count, name_of(options.strategy), options.audit,
                  options.apart, options.seed));
  add(options.per_animal);
  add(options.calibration.empty() ? "" : sha256_of_file(options.calibration));
  add(labels == nullptr ? "" : labels->sha256);
  add(targets.project.empty() ? "" : absolute_path(targets.project).string());
  return hash.finish();
}

/// What an earlier call of the same key left.
struct Earlier {
  bool is_complete = false;
  std::vector<PicturesThere> frames;  ///< that it had chosen
};

/// nullopt where there is none of this key.
std::optional<Earlier> earlier_of(const fs::path& record, const std::string& key) {
  if (!path_exists(record)) return std::nullopt;
  using Parsed = nlohmann::json;
  const Parsed json = Parsed::parse(read_file(record), nullptr, false);
  if (!json.is_object() || json.value("key", Parsed()) != Parsed(key)) return std::nullopt;
  Earlier earlier;
  try {
    earlier.is_complete = json.at("complete").get<bool>();
    for (const Parsed& frame : json.at("frames")) {
      const auto stem = frame.at("video").get<std::string>();
      if (earlier.frames.empty() || earlier.frames.back().folder != stem)
        earlier.frames.push_back({stem, {}});
      earlier.frames.back().frames.push_back(frame.at("frame").get<int64_t>());
    }
  } catch (const Parsed::exception&) {  // not one of ours any more: as good as none
    return std::nullopt;
  }
  return earlier;
}

/// The labels that were named, or those of the project that is written into, which may have none.
std::optional<LabelSet> labels_of(const SuggestOptions& options, const FrameProject* project) {
  if (!options.labels.empty()) return read_label_set(options.labels);
  if (project == nullptr) return std::nullopt;
  try {
    return read_label_set(project->data_folder());
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::not_found) throw;
    return LabelSet();  // a project whose first pictures these will be
  }
}

/// The project's pictures, without those that an earlier call of the same key wrote.
std::vector<PicturesThere> pictures_before(const FrameProject* project,
                                           const std::optional<Earlier>& earlier) {
  if (project == nullptr) return {};
  std::vector<PicturesThere> pictures = project->pictures();
  if (!earlier) return pictures;
  for (const PicturesThere& own : earlier->frames) {
    for (PicturesThere& there : pictures) {
      if (there.folder != own.folder) continue;
      std::erase_if(there.frames, [&](int64_t frame) {
        return std::find(own.frames.begin(), own.frames.end(), frame) != own.frames.end();
      });
    }
  }
  return pictures;
}

void write_record(const Suggestions& suggestions, const fs::path& file, const std::string& key,
                  bool complete) {
  Json json = to_json(suggestions);
  json["key"] = key;
  json["complete"] = complete;
  write_file(file, json.dump(2) + "\n");
}

/// A call at work.
class SuggestJob {
 public:
  SuggestJob(const SuggestTargets& targets, const SuggestOptions& options, const JobHooks& hooks)
      : targets_(targets), options_(options), hooks_(hooks) {}

  SuggestOutcome run(std::span<const fs::path> results) {
    const std::vector<fs::path> found = find_results(results);
    if (!targets_.project.empty()) project_ = open_frame_project(targets_.project);
    const std::optional<LabelSet> labels = labels_of(options_, project_.get());
    const std::string key = key_of(found, targets_, options_, labels ? &*labels : nullptr);
    const bool has_out = !targets_.out.empty();
    if (has_out)
      outcome_.files = {targets_.out / kTable, targets_.out / kSheet, targets_.out / kRecord};
    const std::optional<Earlier> earlier =
        has_out ? earlier_of(targets_.out / kRecord, key) : std::nullopt;
    if (earlier && earlier->is_complete && !targets_.force && !targets_.dry_run) {
      outcome_.was_done = true;
      return std::move(outcome_);
    }
    for (const fs::path& file : outcome_.files) {
      if (!earlier) refuse_to_replace(file, targets_.force);
      require_writable(file);
    }
    outcome_.suggestions =
        suggest_frames(found, options_, labels ? &*labels : nullptr,
                       pictures_before(project_.get(), earlier), project_ != nullptr, hooks_);
    if (has_out && !targets_.dry_run) {
      write_record(outcome_.suggestions, targets_.out / kRecord, key, false);
      write_file(targets_.out / kTable, to_csv(outcome_.suggestions));
      if (!outcome_.suggestions.frames.empty())
        write_png(contact_sheet(outcome_.suggestions, hooks_), targets_.out / kSheet);
    }
    if (project_) write_project();
    if (has_out && !targets_.dry_run)
      write_record(outcome_.suggestions, targets_.out / kRecord, key, true);
    return std::move(outcome_);
  }

 private:
  /// A dry run stages all and puts nothing in its place.
  void write_project() {
    StagedFiles staged(project_->folder());
    std::vector<std::string>& warnings = outcome_.suggestions.warnings;
    if (staged.took_back())
      warnings.emplace_back("what a call that was killed had left in the project was taken back");
    for (std::string& warning : project_->stage(outcome_.suggestions, staged, hooks_))
      warnings.push_back(std::move(warning));
    outcome_.project_files = staged.targets();
    if (targets_.dry_run) return;
    if (hooks_.stop != nullptr && hooks_.stop->requested())
      throw Error(ErrorKind::interrupted, "nothing was written; the same command begins again");
    staged.commit();
  }

  const SuggestTargets& targets_;
  const SuggestOptions& options_;
  const JobHooks& hooks_;
  std::unique_ptr<FrameProject> project_;
  SuggestOutcome outcome_;
};

}  // namespace

SuggestOutcome suggest(std::span<const fs::path> results, const SuggestTargets& targets,
                       const SuggestOptions& options, const JobHooks& hooks) {
  return SuggestJob(targets, options, hooks).run(results);
}

}  // namespace posse
