/// Options of `posse suggest`: declared once; the command line, Python and docs/cli.md are made
/// from describe().
#pragma once

#include <array>
#include <concepts>
#include <filesystem>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/enum_names.h"

namespace posse {

/// How frames are chosen.
enum class SuggestStrategy {
  automatic,     ///< typical for fewer than 50 labelled pictures, else disagreement
  disagreement,  ///< where the members and the track are least sure, spread out
  typical,       ///< the frames that stand for most others
  random         ///< audit frames alone
};

template <>
struct EnumNames<SuggestStrategy> {
  static constexpr std::array<std::pair<std::string_view, SuggestStrategy>, 4> kNames{
      {{"auto", SuggestStrategy::automatic},
       {"disagreement", SuggestStrategy::disagreement},
       {"typical", SuggestStrategy::typical},
       {"random", SuggestStrategy::random}}};
};

struct SuggestOptions {
  int count = 20;  ///< frames in all, audit frames counted
  SuggestStrategy strategy = SuggestStrategy::automatic;
  std::filesystem::path labels;
  std::vector<std::filesystem::path> videos;
  std::filesystem::path calibration;
  double audit = 0.2;  ///< share of the frames, in [0, 1]
  double apart = 0.5;  ///< seconds, at least 0
  std::string per_animal;
  int seed = 1;
};

template <class Options, class Visitor>
requires std::same_as<std::remove_const_t<Options>, SuggestOptions>
void describe(Options& options, const Visitor& visit) {
  visit("count", options.count, "N",
        "number of frames to suggest, audit frames included (default 20)");
  visit("strategy", options.strategy, "METHOD",
        "way of choosing frames: disagreement (where members and track are least sure, spread over "
        "poses and looks), typical (those that stand for most others), random (audit frames "
        "alone), or auto (typical where fewer than 50 pictures are labelled, else disagreement)");
  visit("labels", options.labels, "PATH",
        "labels that there are already, a project or table as for posse evaluate: they are not "
        "suggested again, and suggestions differ from them (default: the project of --write-to)");
  visit("videos", options.videos, "DIR",
        "folders to look for videos in that were moved since the run");
  visit("calibration", options.calibration, "FILE",
        "score frames by the uncertainty of this calibration.json of posse calibrate");
  visit("audit", options.audit, "SHARE",
        "share of the frames that are drawn at random, with their inclusion probability, for an "
        "estimate of error that the choice does not bias (default 0.2)");
  visit("apart", options.apart, "SECONDS",
        "least time between two suggestions, and between a suggestion and a labelled frame "
        "(default 0.5)");
  visit("per-animal", options.per_animal, "REGEX",
        "part of a video's name that names the animal (first group of the pattern, else the whole "
        "match): frames are shared over animals first, then over their videos");
  visit("seed", options.seed, "N", "seed of the random choices (default 1)");
}

}  // namespace posse
