/// Chooses the frames of videos to label next, for `posse suggest`.
///
/// docs/suggest.md says how they are chosen, and why.
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/job_hooks.h"
#include "base/poses.h"
#include "run/finished_results.h"
#include "study/labels/label_set.h"
#include "study/suggest/suggest_options.h"

namespace posse {

struct SuggestedVideo {
  FinishedFacts facts;
  FoundVideo video;
  double fps = 0;            ///< 30 where it is not known
  std::string animal;        ///< with --per-animal
  int64_t num_frames = 0;    ///< of its results
  int64_t num_labelled = 0;  ///< of them
  double doubt = 0;          ///< px, mean over frames and bodyparts
  int share = 0;             ///< frames that it was to give, without audit frames
};

enum class SuggestedFor { disagreement, typical, audit };

template <>
struct EnumNames<SuggestedFor> {
  static constexpr std::array<std::pair<std::string_view, SuggestedFor>, 3> kNames{
      {{"disagreement", SuggestedFor::disagreement},
       {"typical", SuggestedFor::typical},
       {"audit", SuggestedFor::audit}}};
};

struct Suggestion {
  /// Position in Suggestions::videos.
  size_t video = 0;
  int64_t frame = 0;
  /// Frame / fps.
  double seconds = 0;
  SuggestedFor why = SuggestedFor::disagreement;
  /// Mean over bodyparts, px.
  double doubt = 0;
  /// Bodypart of which least is known.
  std::string bodypart;
  /// Chance that an audit frame was drawn; NaN of others.
  double inclusion_probability = std::numeric_limits<double>::quiet_NaN();
  /// [bodyparts]
  std::vector<Keypoint> consensus;
  /// [members, bodyparts]
  std::vector<Keypoint> members;
};

struct Suggestions {
  std::vector<std::string> bodyparts;
  std::vector<std::string> members;
  std::vector<SuggestedVideo> videos;
  std::vector<Suggestion> frames;                            ///< by video, then by frame
  SuggestStrategy strategy = SuggestStrategy::disagreement;  ///< that was followed
  std::string strategy_why;                                  ///< half a sentence
  std::vector<double> blame;      ///< [members] share of the disagreement; NaN: not known
  std::optional<size_t> failed;   ///< the member that causes more than half of it
  uint64_t audit_population = 0;  ///< frames that audit frames were drawn from
  size_t num_labelled = 0;        ///< pictures
  size_t pool_size = 0;           ///< frames that were looked at for the choice
  SuggestOptions options;
  std::vector<std::string> notes;
  std::vector<std::string> warnings;
};

/// Frames of the project's own that are there already, by folder: they are never suggested.
struct PicturesThere {
  std::string folder;  ///< the video's stem
  std::vector<int64_t> frames;
};

/// Chooses frames.
///
/// @param results  as find_results; a video's stem comes once
/// @param labels  what is labelled; nullptr: not known
/// @param there  pictures of the project that frames will be written to
/// @param needs_videos  leaves out videos that are not there: their frames could not be written
/// @throws Error(usage) for results of different members, methods or bodyparts, of one video twice,
/// and for options out of range; Error(not_found) where results hold no members' points or no video
/// that is needed is there; Error as the readers; Error(interrupted)
Suggestions suggest_frames(std::span<const std::filesystem::path> results,
                           const SuggestOptions& options, const LabelSet* labels,
                           std::span<const PicturesThere> there, bool needs_videos,
                           const JobHooks& hooks);

}  // namespace posse
