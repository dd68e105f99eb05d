/// Does the steps of suggest_frames(). Private to src/study/suggest.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "study/suggest/appearance.h"
#include "study/suggest/disagreement.h"
#include "study/suggest/suggest.h"
#include "study/suggest/time_spread.h"

namespace posse {

/// A frame that may be suggested, or will be.
struct SuggestCandidate {
  size_t video = 0;
  size_t row = 0;
  int64_t frame = 0;
  double score = 0;
  bool is_empty = false;
  FrameFeatures features;
};

/// What is known of a video while frames are chosen from it.
struct SuggestWork {
  FinishedResults results;
  VideoDoubt doubt;
  std::vector<float> scores;      ///< [frames] capped sum over bodyparts, px
  std::vector<int64_t> labelled;  ///< frames, rising
  std::vector<int64_t> there;     ///< frames that the project has pictures of, rising
  double sum = 0;                 ///< of the scores
};

/// Goes through the steps once.
class Suggester {
 public:
  Suggester(const SuggestOptions& options, const LabelSet* labels, bool needs_videos,
            const JobHooks& hooks)
      : options_(options), labels_(labels), needs_videos_(needs_videos), hooks_(hooks) {
    out_.options = options;
  }

  Suggestions suggest(std::span<const std::filesystem::path> results,
                      std::span<const PicturesThere> there) {
    check_options();
    open(results);
    find_known(there);
    choose_strategy();
    score();
    draw_audit();
    if (out_.strategy != SuggestStrategy::random) choose();
    finish();
    return std::move(out_);
  }

 private:
  void check_options() const;
  void open(std::span<const std::filesystem::path> results);
  void leave_out_lost_videos();
  void find_known(std::span<const PicturesThere> there);
  void tell_strange_labels();
  void choose_strategy();
  void score();
  void look_for_failed(const MemberBlame& blame);
  std::vector<float> caps() const;
  void draw_audit();
  void choose();
  void share_out_seats(size_t count);
  std::vector<SuggestCandidate> pool() const;
  FreeRows free_rows(size_t video) const;
  void take_poses(std::vector<SuggestCandidate>& candidates) const;
  void take_looks(std::vector<SuggestCandidate>& candidates);
  std::vector<FrameFeatures> anchors() const;
  void add(const SuggestCandidate& candidate, SuggestedFor why);
  void finish();
  void take_points();

  double apart_frames(size_t video) const { return options_.apart * out_.videos[video].fps; }
  void progress(const char* stage, size_t done, size_t total, const char* unit) const {
    if (!hooks_.progress) return;
    hooks_.progress({.stage = stage,
                     .item = "suggest",
                     .done = static_cast<int64_t>(done),
                     .total = static_cast<int64_t>(total),
                     .elapsed_seconds = seconds_now() - start_,
                     .unit = unit});
  }

  const SuggestOptions& options_;
  const LabelSet* labels_;
  bool needs_videos_;
  const JobHooks& hooks_;
  double start_ = seconds_now();
  Suggestions out_;
  std::vector<SuggestWork> work_;                 ///< [videos]
  std::vector<std::pair<size_t, size_t>> audit_;  ///< video and row
};

}  // namespace posse
