#include "study/suggest/suggest.h"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <regex>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "study/suggest/shares.h"
#include "study/suggest/suggester.h"

namespace posse {
namespace fs = std::filesystem;
namespace {

constexpr double kUsualFps = 30;
constexpr size_t kFewLabels = 50;  ///< below it typical frames come first

bool holds(const std::vector<int64_t>& sorted, int64_t frame) {
  return std::binary_search(sorted.begin(), sorted.end(), frame);
}

/// The animal in a video's name. @throws Error(usage)
std::string animal_of(const std::string& stem, const std::string& pattern) {
  if (pattern.empty()) return "";
  try {
    std::smatch match;
    if (!std::regex_search(stem, match, std::regex(pattern))) return "";
    return match.size() > 1 ? match[1].str() : match[0].str();
  } catch (const std::regex_error& error) {
    throw Error(ErrorKind::usage,
                fmt::format("--per-animal '{}': is no regular expression", printable(pattern)));
  }
}

}  // namespace

void Suggester::check_options() const {
  const auto refuse = [](const std::string& what) { throw Error(ErrorKind::usage, what); };
  if (options_.count < 1 || options_.count > 100'000)
    refuse(fmt::format("--count {}: must be 1 to 100000", options_.count));
  if (!(options_.audit >= 0 && options_.audit <= 1))
    refuse(fmt::format("--audit {}: must be 0 to 1", options_.audit));
  if (!(options_.apart >= 0) || options_.apart > 1e6)
    refuse(fmt::format("--apart {}: must be seconds, at least 0", options_.apart));
  if (options_.seed < 0) refuse(fmt::format("--seed {}: must not be negative", options_.seed));
}

void Suggester::open(std::span<const fs::path> results) {
  std::vector<FinishedResults> all;
  for (const fs::path& path : results) {
    all.emplace_back(path);
    progress("opening results", all.size(), results.size(), "videos");
  }
  require_alike(all);
  std::map<std::string, fs::path> seen;
  for (FinishedResults& one : all) {
    const FinishedFacts& facts = one.facts();
    const auto [other, is_new] = seen.emplace(facts.stem, facts.folder);
    if (!is_new) {
      throw Error(ErrorKind::usage,
                  fmt::format("{} and {}: are results of videos of one name",
                              other->second.string(), facts.folder.string()),
                  {.hint = "frames go by the video's name: give each once"});
    }
    SuggestedVideo video{.facts = facts, .video = find_video(facts, options_.videos)};
    video.fps = facts.fps > 0 ? facts.fps : kUsualFps;
    video.animal = animal_of(facts.stem, options_.per_animal);
    video.num_frames = facts.num_frames;
    out_.videos.push_back(std::move(video));
    work_.push_back(
        {.results = std::move(one), .doubt = {}, .scores = {}, .labelled = {}, .there = {}});
  }
  leave_out_lost_videos();
  out_.bodyparts = work_[0].results.facts().bodyparts;
  for (const FinishedMember& member : work_[0].results.facts().members)
    out_.members.push_back(member.name);
}

void Suggester::leave_out_lost_videos() {
  std::vector<std::string> lost;
  for (size_t v = out_.videos.size(); v-- > 0;) {
    const FoundVideo& found = out_.videos[v].video;
    if (found.place == VideoPlace::there) continue;
    lost.insert(lost.begin(), fmt::format("{}: {}", found.file.string(), found.why_not));
    if (!needs_videos_) continue;
    out_.videos.erase(out_.videos.begin() + static_cast<ptrdiff_t>(v));
    work_.erase(work_.begin() + static_cast<ptrdiff_t>(v));
  }
  if (lost.empty()) return;
  const std::string what =
      lost.size() == 1 ? lost[0]
                       : fmt::format("{} videos are not there, as {}", lost.size(), lost[0]);
  if (work_.empty()) {
    throw Error(ErrorKind::not_found, what,
                {.hint = "--videos DIR names a folder that it is in now"});
  }
  out_.warnings.push_back(
      what + (needs_videos_ ? "; left out, since frames could not be written"
                            : "; frames are chosen by their poses alone, without pictures"));
}

void Suggester::find_known(std::span<const PicturesThere> there) {
  std::map<std::string, size_t> video_of;
  for (size_t v = 0; v < out_.videos.size(); ++v) video_of[out_.videos[v].facts.stem] = v;
  for (const PicturesThere& pictures : there) {
    const auto found = video_of.find(pictures.folder);
    if (found == video_of.end()) continue;
    work_[found->second].there = pictures.frames;
    std::sort(work_[found->second].there.begin(), work_[found->second].there.end());
  }
  if (labels_ == nullptr) return;
  out_.num_labelled = labels_->pictures.size();
  for (const LabelledPicture& picture : labels_->pictures) {
    std::string stem = picture.folder;
    if (stem.empty()) stem = fs::path(picture.video_name).stem().string();
    auto found = video_of.find(stem);
    if (found == video_of.end() && stem.empty() && work_.size() == 1) found = video_of.begin();
    if (found != video_of.end() && picture.number)
      work_[found->second].labelled.push_back(*picture.number);
  }
  for (size_t v = 0; v < work_.size(); ++v) {
    std::sort(work_[v].labelled.begin(), work_[v].labelled.end());
    out_.videos[v].num_labelled = static_cast<int64_t>(work_[v].labelled.size());
  }
  tell_strange_labels();
}

/// Labels that were named, but none of which is of a video of the results. Those of a project that
/// is written into may well be of other videos.
void Suggester::tell_strange_labels() {
  if (options_.labels.empty() || labels_->pictures.empty()) return;
  std::set<std::string> folders;
  for (const LabelledPicture& picture : labels_->pictures)
    folders.insert(printable(picture.folder.empty() ? picture.video_name : picture.folder));
  std::vector<std::string> videos;
  for (const SuggestedVideo& video : out_.videos) {
    if (video.num_labelled > 0) return;
    videos.push_back(printable(video.facts.stem));
  }
  out_.warnings.push_back(fmt::format(
      "none of the {} labelled pictures belongs to a video of these results, by its folder's name "
      "(labels: {}; videos: {}): frames that are labelled may be suggested",
      labels_->pictures.size(), list_names(std::vector(folders.begin(), folders.end())),
      list_names(videos)));
}

void Suggester::choose_strategy() {
  out_.strategy = options_.strategy;
  if (options_.strategy != SuggestStrategy::automatic) {
    out_.strategy_why = "asked for";
  } else if (labels_ != nullptr && out_.num_labelled < kFewLabels) {
    out_.strategy = SuggestStrategy::typical;
    out_.strategy_why = fmt::format(
        "{} pictures are labelled: below {} networks are unsure of too much for it to tell",
        out_.num_labelled, kFewLabels);
  } else {
    out_.strategy = SuggestStrategy::disagreement;
    out_.strategy_why = labels_ == nullptr
                            ? "how much is labelled is not known (--labels)"
                            : fmt::format("{} pictures are labelled", out_.num_labelled);
  }
}

void Suggester::draw_audit() {
  const double share = out_.strategy == SuggestStrategy::random ? 1 : options_.audit;
  const auto visit_unknown = [&](const auto& visit) {
    for (size_t v = 0; v < work_.size(); ++v) {
      const auto& frames = work_[v].doubt.frame_index;
      for (size_t row = 0; row < frames.size(); ++row) {
        const bool is_known =
            holds(work_[v].labelled, frames[row]) || holds(work_[v].there, frames[row]);
        if (!is_known) visit(v, row);
      }
    }
  };
  visit_unknown([&](size_t, size_t) { ++out_.audit_population; });
  const double most = std::min(options_.count + 0.0, static_cast<double>(out_.audit_population));
  const auto count = static_cast<uint64_t>(std::lround(share * most));
  const std::vector<uint64_t> drawn =
      draw_of(out_.audit_population, count, static_cast<uint64_t>(options_.seed));
  uint64_t at = 0;
  visit_unknown([&](size_t video, size_t row) {
    if (audit_.size() < drawn.size() && drawn[audit_.size()] == at) audit_.emplace_back(video, row);
    ++at;
  });
}

void Suggester::add(const SuggestCandidate& candidate, SuggestedFor why) {
  const SuggestWork& work = work_[candidate.video];
  const size_t parts = work.doubt.num_bodyparts;
  const float* doubt = work.doubt.doubt.data() + candidate.row * parts;
  Suggestion suggestion{.video = candidate.video, .frame = candidate.frame, .why = why};
  suggestion.seconds = static_cast<double>(candidate.frame) / out_.videos[candidate.video].fps;
  for (size_t p = 0; p < parts; ++p)
    suggestion.doubt += static_cast<double>(doubt[p]) / static_cast<double>(parts);
  suggestion.bodypart =
      out_.bodyparts[static_cast<size_t>(std::max_element(doubt, doubt + parts) - doubt)];
  if (why == SuggestedFor::audit) {
    suggestion.inclusion_probability =
        static_cast<double>(audit_.size()) / static_cast<double>(out_.audit_population);
  }
  out_.frames.push_back(std::move(suggestion));
}

void Suggester::finish() {
  for (const auto& [video, row] : audit_) {
    add({.video = video, .row = row, .frame = work_[video].doubt.frame_index[row], .features = {}},
        SuggestedFor::audit);
  }
  std::sort(out_.frames.begin(), out_.frames.end(), [](const Suggestion& a, const Suggestion& b) {
    return std::pair(a.video, a.frame) < std::pair(b.video, b.frame);
  });
  take_points();
  if (out_.frames.size() < static_cast<size_t>(options_.count)) {
    out_.warnings.push_back(fmt::format(
        "{} frames of {} that were asked for: there are no more that are {} s from each other and "
        "from what is labelled, and look different",
        out_.frames.size(), options_.count, options_.apart));
  }
}

void Suggester::take_points() {
  for (size_t begin = 0; begin < out_.frames.size();) {
    const size_t video = out_.frames[begin].video;
    size_t end = begin;
    while (end < out_.frames.size() && out_.frames[end].video == video) ++end;
    const Poses poses = work_[video].results.consensus();
    size_t next = begin;
    work_[video].results.read_members([&](const MembersFrame& frame) {
      if (frame.frame_index != out_.frames[next].frame) return true;
      Suggestion& suggestion = out_.frames[next];
      const auto consensus = poses.row(frame.row);
      suggestion.consensus.assign(consensus.begin(), consensus.end());
      suggestion.members.assign(frame.keypoints.begin(), frame.keypoints.end());
      return ++next < end;
    });
    begin = end;
  }
}

Suggestions suggest_frames(std::span<const fs::path> results, const SuggestOptions& options,
                           const LabelSet* labels, std::span<const PicturesThere> there,
                           bool needs_videos, const JobHooks& hooks) {
  return Suggester(options, labels, needs_videos, hooks).suggest(results, there);
}

}  // namespace posse
