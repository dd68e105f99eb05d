#include "study/suggest/suggest_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/paths.h"
#include "study/suggest/contact_sheet.h"
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

void write_record(const Suggestions& suggestions, const fs::path& file, const std::string& key,
                  bool complete) {
  Json json = to_json(suggestions);
  json["key"] = key;
  json["complete"] = complete;
  write_file(file, json.dump(2) + "\n");
}

}  // namespace

SuggestOutcome suggest(std::span<const fs::path> results, const SuggestTargets& targets,
                       const SuggestOptions& options, const JobHooks& hooks) {
  const std::vector<fs::path> found = find_results(results);
  std::optional<LabelSet> labels;
  if (!options.labels.empty()) labels = read_label_set(options.labels);
  const std::string key = key_of(found, targets, options, labels ? &*labels : nullptr);
  const fs::path record = targets.out / kRecord;
  SuggestOutcome outcome;
  const bool has_out = !targets.out.empty();
  if (has_out) outcome.files = {targets.out / kTable, targets.out / kSheet, record};
  const std::optional<Earlier> earlier = has_out ? earlier_of(record, key) : std::nullopt;
  if (earlier && earlier->is_complete && !targets.force && !targets.dry_run) {
    outcome.was_done = true;
    return outcome;
  }
  if (has_out && !earlier) {
    for (const fs::path& file : outcome.files) refuse_to_replace(file, targets.force);
    for (const fs::path& file : outcome.files) require_writable(file);
  }
  outcome.suggestions =
      suggest_frames(found, options, labels ? &*labels : nullptr, {}, false, hooks);
  if (targets.dry_run || !has_out) return outcome;
  write_record(outcome.suggestions, record, key, false);
  write_file(targets.out / kTable, to_csv(outcome.suggestions));
  if (!outcome.suggestions.frames.empty())
    write_png(contact_sheet(outcome.suggestions, hooks), targets.out / kSheet);
  write_record(outcome.suggestions, record, key, true);
  return outcome;
}

}  // namespace posse
