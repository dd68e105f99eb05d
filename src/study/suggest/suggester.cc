#include "study/suggest/suggester.h"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <numeric>

#include "base/error.h"
#include "study/scores/distance_summary.h"
#include "study/suggest/centres.h"
#include "study/suggest/shares.h"
#include "video/image_file.h"
#include "video/video_frames.h"

namespace posse {
namespace {

constexpr double kMostBlame = 0.5;       ///< a member that causes more has failed
constexpr double kMostEmpty = 0.1;       ///< of the suggestions: frames without the animal
constexpr size_t kCapLabels = 20;        ///< labelled frames that a cap is taken from
constexpr size_t kMostForCap = 200'000;  ///< frames that it is taken from without labels
constexpr size_t kMostAnchors = 2'000;   ///< labelled pictures that are looked at
constexpr size_t kPoolPerFrame = 10;     ///< candidates for each frame of a share
constexpr size_t kMostPoolPerFrame = 50;
constexpr double kPoolShare = 0.02;

bool holds(const std::vector<int64_t>& sorted, int64_t frame) {
  return std::binary_search(sorted.begin(), sorted.end(), frame);
}

FeatureRows part_of(const FeatureRows& rows, size_t begin, size_t end) {
  const auto at = [&](size_t row) {
    return rows.values.begin() + static_cast<ptrdiff_t>(row * rows.width);
  };
  return {.width = rows.width, .values = {at(begin), at(end)}};
}

}  // namespace

void Suggester::look_for_failed(const MemberBlame& blame) {
  out_.blame = blame.shares();
  for (size_t m = 0; m < out_.blame.size(); ++m) {
    if (!(out_.blame[m] > kMostBlame)) continue;
    out_.failed = m;
    out_.warnings.push_back(fmt::format(
        "member {} causes {:.0f} % of the members' disagreement: retrain it, or leave it out, "
        "rather than label for it; here frames are scored without its points",
        out_.members[m], 100 * out_.blame[m]));
  }
}

void Suggester::score() {
  DoubtSetting setting;
  std::optional<Calibration> calibration;
  if (!options_.calibration.empty()) calibration = read_calibration(options_.calibration);
  if (calibration) setting.calibration = &*calibration;
  MemberBlame blame(out_.members.size());
  for (size_t v = 0; v < work_.size(); ++v) {
    work_[v].doubt = doubt_of_video(work_[v].results, setting, &blame, hooks_);
    progress("scoring frames", v + 1, work_.size(), "videos");
  }
  look_for_failed(blame);
  if (out_.failed) {
    setting.left_out.assign(out_.members.size(), 0);
    setting.left_out[*out_.failed] = 1;
    for (SuggestWork& work : work_)
      work.doubt = doubt_of_video(work.results, setting, nullptr, hooks_);
  }
  const std::vector<float> most = caps();
  for (size_t v = 0; v < work_.size(); ++v) {
    SuggestWork& work = work_[v];
    const size_t parts = work.doubt.num_bodyparts;
    work.scores.resize(work.doubt.frame_index.size());
    double whole = 0;
    for (size_t i = 0; i < work.doubt.doubt.size(); ++i) {
      work.scores[i / parts] += std::min(work.doubt.doubt[i], most[i % parts]);
      whole += static_cast<double>(work.doubt.doubt[i]);
    }
    work.sum = std::accumulate(work.scores.begin(), work.scores.end(), 0.0);
    const size_t count = std::max<size_t>(work.doubt.doubt.size(), 1);
    out_.videos[v].doubt = whole / static_cast<double>(count);
  }
}

/// [bodyparts] px: three times the 99th percentile of the labelled frames, or the 99th percentile
/// of all frames where few of them are labelled. One lost bodypart cannot outweigh all others.
std::vector<float> Suggester::caps() const {
  const size_t parts = out_.bodyparts.size();
  std::vector<std::vector<double>> labelled(parts), all(parts);
  size_t total = 0;
  for (const SuggestWork& work : work_) total += work.doubt.frame_index.size();
  const size_t step = total / kMostForCap + 1;
  size_t at = 0;
  for (const SuggestWork& work : work_) {
    for (size_t row = 0; row < work.doubt.frame_index.size(); ++row) {
      const float* doubt = work.doubt.doubt.data() + row * parts;
      const bool is_labelled = holds(work.labelled, work.doubt.frame_index[row]);
      const bool is_sample = at++ % step == 0;
      for (size_t p = 0; p < parts; ++p) {
        if (is_labelled) labelled[p].push_back(static_cast<double>(doubt[p]));
        if (is_sample) all[p].push_back(static_cast<double>(doubt[p]));
      }
    }
  }
  std::vector<float> caps;
  for (size_t p = 0; p < parts; ++p) {
    const bool enough = labelled[p].size() >= kCapLabels;
    std::vector<double>& values = enough ? labelled[p] : all[p];
    std::sort(values.begin(), values.end());
    const double percentile = values.empty() ? 0 : quantile_of_sorted(values, 0.99);
    caps.push_back(static_cast<float>(enough ? 3 * percentile : percentile));
  }
  return caps;
}

FreeRows Suggester::free_rows(size_t video) const {
  const SuggestWork& work = work_[video];
  FreeRows free(work.doubt.frame_index, apart_frames(video));
  for (const int64_t frame : work.labelled) free.block_around(frame);
  for (const int64_t frame : work.there) free.block_around(frame);
  for (const auto& [v, row] : audit_)
    if (v == video) free.block_around(work.doubt.frame_index[row]);
  return free;
}

void Suggester::share_out_seats(size_t count) {
  std::vector<double> weights;
  std::vector<size_t> groups;
  std::map<std::string, size_t> group_of;
  for (size_t v = 0; v < work_.size(); ++v) {
    const bool by_doubt = out_.strategy == SuggestStrategy::disagreement;
    weights.push_back(
        std::sqrt(by_doubt ? work_[v].sum : static_cast<double>(out_.videos[v].num_frames)));
    const std::string& animal = out_.videos[v].animal;
    groups.push_back(group_of
                         .emplace(options_.per_animal.empty() ? out_.videos[v].facts.stem : animal,
                                  group_of.size())
                         .first->second);
  }
  const std::vector<int> shares = options_.per_animal.empty()
                                      ? share_out(weights, static_cast<int>(count))
                                      : share_out(weights, groups, static_cast<int>(count));
  for (size_t v = 0; v < work_.size(); ++v) out_.videos[v].share = shares[v];
}

std::vector<SuggestCandidate> Suggester::pool() const {
  std::vector<SuggestCandidate> pool;
  for (size_t v = 0; v < work_.size(); ++v) {
    const auto share = static_cast<size_t>(out_.videos[v].share);
    if (share == 0) continue;
    const SuggestWork& work = work_[v];
    const auto part = static_cast<size_t>(kPoolShare * static_cast<double>(work.scores.size()));
    const size_t most = std::max(kPoolPerFrame * share, std::min(part, kMostPoolPerFrame * share));
    const size_t empty = std::max<size_t>(most / 10, 1);
    const std::vector<size_t> rows =
        out_.strategy == SuggestStrategy::typical
            ? evenly_apart(work.doubt.frame_index, free_rows(v), most)
            : highest_apart(work.scores, work.doubt.frame_index, work.doubt.is_empty, free_rows(v),
                            most, empty);
    for (const size_t row : rows) {
      pool.push_back({.video = v,
                      .row = row,
                      .frame = work.doubt.frame_index[row],
                      .score = static_cast<double>(work.scores[row]),
                      .is_empty = work.doubt.is_empty[row] != 0,
                      .features = {}});
    }
  }
  return pool;
}

void Suggester::take_poses(std::vector<SuggestCandidate>& candidates) const {
  for (size_t v = 0; v < work_.size(); ++v) {
    std::optional<Poses> poses;
    for (SuggestCandidate& candidate : candidates) {
      if (candidate.video != v) continue;
      if (!poses) poses = work_[v].results.consensus();
      for (const Keypoint& point : poses->row(candidate.row))
        candidate.features.pose.push_back({point.x, point.y});
    }
  }
}

void Suggester::take_looks(std::vector<SuggestCandidate>& candidates) {
  size_t done = 0;
  for (size_t v = 0; v < work_.size(); ++v) {
    std::map<int64_t, SuggestCandidate*> wanted;
    for (SuggestCandidate& candidate : candidates)
      if (candidate.video == v) wanted[candidate.frame] = &candidate;
    if (wanted.empty() || out_.videos[v].video.place != VideoPlace::there) continue;
    std::vector<int64_t> frames;
    for (const auto& [frame, candidate] : wanted) frames.push_back(frame);
    const size_t given = visit_video_frames(
        out_.videos[v].video.file, frames, hooks_.stop, [&](int64_t frame, const Image& image) {
          wanted.at(frame)->features.look = look_of(image);
          progress("looking at frames", ++done, candidates.size(), "frames");
          return true;
        });
    if (given == frames.size()) continue;
    out_.warnings.push_back(fmt::format(
        "{}: {} of {} frames could not be decoded, and are not suggested",
        out_.videos[v].video.file.filename().string(), frames.size() - given, frames.size()));
    std::erase_if(candidates, [&](const SuggestCandidate& candidate) {
      return candidate.video == v && candidate.features.look.empty();
    });
  }
}

/// Of what is labelled.
std::vector<FrameFeatures> Suggester::anchors() const {
  std::vector<FrameFeatures> anchors;
  if (labels_ == nullptr) return anchors;
  const size_t step = labels_->pictures.size() / kMostAnchors + 1;
  for (size_t i = 0; i < labels_->pictures.size(); i += step) {
    FrameFeatures features;
    for (const std::string& name : out_.bodyparts) {
      const auto part = std::find(labels_->bodyparts.begin(), labels_->bodyparts.end(), name);
      features.pose.push_back(
          part == labels_->bodyparts.end()
              ? Point{NAN, NAN}
              : labels_->at(i, static_cast<size_t>(part - labels_->bodyparts.begin())).point);
    }
    if (!labels_->pictures[i].file.empty())
      features.look = look_of(read_image(labels_->pictures[i].file));
    anchors.push_back(std::move(features));
  }
  return anchors;
}

void Suggester::choose() {
  const size_t count = static_cast<size_t>(options_.count) -
                       std::min(audit_.size(), static_cast<size_t>(options_.count));
  share_out_seats(count);
  std::vector<SuggestCandidate> candidates = pool();
  take_poses(candidates);
  take_looks(candidates);
  out_.pool_size = candidates.size();
  std::vector<FrameFeatures> features;
  std::vector<Spot> spots;
  for (const SuggestCandidate& candidate : candidates) {
    features.push_back(candidate.features);
    spots.push_back({candidate.video, candidate.score, candidate.is_empty});
  }
  const std::vector<FrameFeatures> labelled = anchors();
  features.insert(features.end(), labelled.begin(), labelled.end());
  const FeatureRows rows = feature_rows(features);
  CentreLimits limits{
      .seats = {},
      .count = count,
      .special = static_cast<size_t>(std::ceil(kMostEmpty * static_cast<double>(count)))};
  for (const SuggestedVideo& video : out_.videos) limits.seats.push_back(video.share);
  const IsRepeat is_repeat = [&](size_t spot, std::span<const size_t> chosen) {
    const Look& look = candidates[spot].features.look;
    const auto same = [&](const FrameFeatures& other) { return looks_alike(look, other.look); };
    return std::any_of(labelled.begin(), labelled.end(), same) ||
           std::any_of(chosen.begin(), chosen.end(),
                       [&](size_t other) { return same(candidates[other].features); });
  };
  const bool typical = out_.strategy == SuggestStrategy::typical;
  const FeatureRows of_pool = part_of(rows, 0, candidates.size());
  const FeatureRows of_labelled = part_of(rows, candidates.size(), features.size());
  const std::vector<size_t> chosen =
      typical ? typical_spots(spots, of_pool, of_labelled, limits, is_repeat)
              : weighted_centres(spots, of_pool, of_labelled, limits, is_repeat);
  for (const size_t spot : chosen)
    add(candidates[spot], typical ? SuggestedFor::typical : SuggestedFor::disagreement);
}

}  // namespace posse
