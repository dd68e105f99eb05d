#include "cluster/joined_facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "base/text.h"
#include "run/plan.h"
#include "video/frame_list_text.h"

namespace posse {
namespace {

std::string names(const std::set<std::string>& set) {
  return list_names(std::vector<std::string>(set.begin(), set.end()));
}

void add_once(const std::vector<std::string>& more, std::vector<std::string>& warnings) {
  for (const std::string& warning : more) {
    if (std::find(warnings.begin(), warnings.end(), warning) == warnings.end())
      warnings.push_back(warning);
  }
}

bool says(const std::vector<std::string>& warnings, std::string_view words) {
  return std::any_of(warnings.begin(), warnings.end(), [&](const std::string& warning) {
    return warning.find(words) != std::string::npos;
  });
}

/// What is a sum or the most of the units'.
void join_computation(const JournalFacts& facts, bool is_first, JournalFacts& joined) {
  joined.timings.decode_seconds += facts.timings.decode_seconds;
  joined.timings.network_seconds += facts.timings.network_seconds;
  joined.timings.consensus_seconds += facts.timings.consensus_seconds;
  joined.timings.sink_seconds += facts.timings.sink_seconds;
  joined.timings.wall_seconds += facts.timings.wall_seconds;
  joined.load_seconds += facts.load_seconds;
  joined.num_resumed += facts.num_resumed;
  joined.started_seconds =
      is_first ? facts.started_seconds : std::min(joined.started_seconds, facts.started_seconds);
  joined.finished_seconds = std::max(joined.finished_seconds, facts.finished_seconds);
  joined.batch_size = facts.batch_size;
  joined.num_threads = std::max(joined.num_threads, facts.num_threads);
  joined.num_shared_prefixes = facts.num_shared_prefixes;
  joined.weight_bytes = std::max(joined.weight_bytes, facts.weight_bytes);
  joined.workspace_bytes = std::max(joined.workspace_bytes, facts.workspace_bytes);
  const double golden_error = std::max(joined.execution.golden_error, facts.execution.golden_error);
  if (joined.execution.device.empty()) joined.execution = facts.execution;
  joined.execution.golden_error = golden_error;
  joined.peak_bytes = std::max(joined.peak_bytes, facts.peak_bytes);
}

}  // namespace

bool JoinedFacts::add(const FrameRange& range, int64_t num_frames, const JournalFacts& facts,
                      const OpenFrames& open) {
  join_computation(facts, told_.empty(), joined_);
  joined_.report.num_decoded += facts.report.num_decoded;
  joined_.report.num_corrupt += facts.report.num_corrupt;
  joined_.report.num_undecodable = facts.report.num_undecodable;
  joined_.report.num_jumped = facts.report.num_jumped;
  joined_.report.variable_frame_rate |= facts.report.variable_frame_rate;
  joined_.report.reached_end = facts.report.reached_end;
  joined_.report.broke_off = facts.report.broke_off;
  num_frames_ += num_frames;
  told_.push_back({.begin = range.start,
                   .num_jumped = facts.report.num_jumped,
                   .num_corrupt = facts.report.num_corrupt,
                   .warnings = facts.report.warnings});
  const bool is_to_end = facts.report.reached_end || !facts.report.broke_off.empty();
  if (!range.stop || range.count(*range.stop) != num_frames)
    find_lost(range, is_to_end, open, told_.back());
  if (!facts.engine.empty()) engines_.insert(facts.engine);
  if (!facts.kernels.empty()) kernels_.insert(facts.kernels);
  if (!facts.machine.empty()) machines_.insert(facts.machine);
  return facts.report.broke_off.empty();
}

/// @param is_to_end  frames may be missing behind the last one because the video has no more
void JoinedFacts::find_lost(const FrameRange& range, bool is_to_end, const OpenFrames& open,
                            Told& told) {
  int64_t next = range.start;
  const auto pass_to = [&](int64_t frame) {
    for (; next < frame; next += range.step) {
      if (told.num_lost++ < static_cast<int64_t>(kMostFramesNamed)) told.lost.push_back(next);
    }
  };
  const FrameSource source = open();
  for (FrameResult result; source(result); next = result.frame_index + range.step)
    pass_to(result.frame_index);
  if (!is_to_end && range.stop) pass_to(*range.stop);
}

JournalFacts JoinedFacts::whole() const {
  JournalFacts facts = joined_;
  facts.engine = names(engines_);
  facts.kernels = names(kernels_);
  facts.machine = names(machines_);
  if (told_.empty()) return facts;
  tell_decoding(facts);
  tell_jumps_over_damage(facts);
  tell_machines(facts);
  warn_about_count(facts);
  return facts;
}

/// The reader that came to the end says what was wrong from where it had jumped to; what was
/// before, the units there say.
void JoinedFacts::tell_decoding(JournalFacts& facts) const {
  std::vector<std::string>& warnings = facts.report.warnings;
  int64_t num_lost = 0;
  std::vector<int64_t> lost;
  for (size_t unit = 0; unit + 1 < told_.size(); ++unit) {
    const Told& told = told_[unit];
    if (told.begin >= joined_.report.num_jumped) break;
    num_lost += told.num_lost;
    lost.insert(lost.end(), told.lost.begin(), told.lost.end());
    add_once(told.warnings, warnings);
  }
  lost.resize(std::min(lost.size(), kMostFramesNamed));
  if (num_lost > 0) warnings.push_back(lost_frames_text(lost, num_lost) + ".");
  facts.report.num_undecodable += num_lost;
  add_once(told_.back().warnings, warnings);
  const bool is_told = says(warnings, "frame rate varies") || says(warnings, " to be missing") ||
                       says(warnings, " a time that is not after the time of the frame before");
  if (facts.report.variable_frame_rate && !is_told) {
    warnings.emplace_back(
        "The frame rate varies. Frames are counted as decoded; programs that resample to a "
        "constant rate number them differently.");
  }
}

std::vector<size_t> JoinedFacts::read_behind_damage() const {
  const auto is_damaged = [](const Told& told) { return told.num_lost + told.num_corrupt > 0; };
  const auto damaged = std::find_if(told_.begin(), told_.end(), is_damaged);
  std::vector<size_t> units;
  for (auto unit = damaged; unit != told_.end(); ++unit) {
    if (unit->num_jumped > damaged->begin)
      units.push_back(static_cast<size_t>(unit - told_.begin()));
  }
  return units;
}

void JoinedFacts::tell_jumps_over_damage(JournalFacts& facts) const {
  const std::vector<size_t> units = read_behind_damage();
  if (units.empty()) return;
  facts.report.warnings.push_back(
      fmt::format("From frame {} on, behind the damage, frames were read without what is before "
                  "them: posse run may number them differently.",
                  told_[units.front()].begin));
}

void JoinedFacts::tell_machines(JournalFacts& facts) const {
  const auto warn_of = [&](const std::set<std::string>& kinds, const char* what) {
    if (kinds.size() < 2) return;
    facts.report.warnings.push_back(fmt::format(
        "Its frames were computed {} {}: they may differ in the last bits.", what, names(kinds)));
  };
  warn_of(engines_, "by different versions of posse,");
  warn_of(kernels_, "with kernels for different processors,");
}

void JoinedFacts::warn_about_count(JournalFacts& facts) const {
  const std::optional<int64_t> expected = expected_frames(info_, range_);
  if (told_.size() < 2 || !facts.report.broke_off.empty() || !expected || *expected == num_frames_)
    return;
  // Where the container says nothing the range may reach behind the end.
  if (!info_.container_num_frames && facts.report.reached_end) return;
  std::vector<std::string>& warnings = facts.report.warnings;
  const std::string is_whole = "The container announces ";
  if (says(warnings, is_whole)) return;
  if (range_.start == 0 && range_.step == 1 && facts.report.reached_end) {
    warnings.push_back(
        fmt::format("{}{} frames, decoding gave {}.", is_whole, *expected, num_frames_));
    return;
  }
  int64_t num_lost = 0;
  for (const Told& told : told_) num_lost += told.num_lost;
  if (*expected - num_frames_ == num_lost) return;  // each of them is named
  warnings.push_back(
      fmt::format("The range holds {} frames, decoding gave {}.", *expected, num_frames_));
}

}  // namespace posse
