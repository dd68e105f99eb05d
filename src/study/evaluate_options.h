/// Options of evaluation and calibration: declared once; the command line, Python and docs/cli.md
/// are made from describe().
#pragma once

#include <array>
#include <concepts>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "run/options.h"

namespace posse {

/// What is judged, by whom, and how.
struct EvaluateOptions {
  /// Whose uncertainty is looked at bodypart by bodypart; automatic: that of a run of the video.
  ConsensusChoice consensus = ConsensusChoice::automatic;
  std::filesystem::path membership;
  bool labels_unseen = false;
  bool allow_training_frames = false;
  std::vector<std::filesystem::path> video;
  std::filesystem::path clips;
  bool through_time = true;
  int window = 64;
  /// Radii of PCK, px.
  std::vector<double> pck = {5, 10, 15};
  double min_likelihood = 0.6;
  /// Distance in px beyond which an error is a failure.
  std::optional<double> failure;
  std::optional<double> label_noise;
  std::filesystem::path video_results;
  std::filesystem::path second_rater;
  /// Shares that further regions leave out.
  std::vector<double> alpha;
  bool simultaneous = false;
  /// Share of the groups, in (0, 1).
  std::optional<double> split;
  std::string partperm;
  std::filesystem::path cache;
  /// Limit in GiB.
  double cache_limit = 10;
};

template <class Options, class Visitor>
requires std::same_as<std::remove_const_t<Options>, EvaluateOptions>
void describe(Options& options, const Visitor& visit) {
  visit("consensus", options.consensus, "METHOD",
        "consensus whose uncertainty is judged bodypart by bodypart, and calibrated; auto: what "
        "posse run takes, that is the track for a video (--video) with three members or more, else "
        "the mean");
  visit("membership", options.membership, "FILE",
        "file that says which member was trained on what, where the members' projects do not: a "
        "csv with the columns member,picture[,use], or a json; a picture is FOLDER/FILE as the "
        "labels name it, or its file name or frame number alone where one labelled picture has it");
  visit("labels-unseen", options.labels_unseen, "",
        "state that no member was trained on any of these pictures");
  visit("allow-training-frames", options.allow_training_frames, "",
        "let every member judge every picture; the errors then are no estimate for new pictures");
  visit("video", options.video, "FILE",
        "videos that the labelled pictures were taken from; needed for the track, the smoother, "
        "clips, and labels without pictures");
  visit("clips", options.clips, "FILE",
        "csv with the columns picture,clip, which says which pictures are of one clip and so vary "
        "together");
  visit("through-time", options.through_time, "on|off",
        "judge track and smoother too, on the video around each label (default on)");
  visit("window", options.window, "N",
        "number of frames on either side of a label that track and smoother look at (default 64)");
  visit("pck", options.pck, "PX",
        "distances for the share of points that lie within them (default 5 10 15)");
  visit("min-likelihood", options.min_likelihood, "FLOAT",
        "likelihood from which a bodypart without a label counts as hallucinated (default 0.6)");
  visit("failure", options.failure, "PX",
        "distance from which an error counts as a failure (default: three times the labels' noise, "
        "else 5)");
  visit("video-results", options.video_results, "PATH",
        "results of posse run on the labelled video (OUT/<video>, or its .h5), whose spread the "
        "coverage is weighted to, since labelled frames are seldom random ones");
  visit("label-noise", options.label_noise, "PX",
        "standard deviation of the labels per axis, where it is known");
  visit("second-rater", options.second_rater, "PATH",
        "labels of the same pictures by somebody else; the differences give the labels' noise");
  visit("alpha", options.alpha, "FLOAT",
        "shares of the truth that further regions leave out, as 0.01, beside those of 50, 80, 90 "
        "and 95 %");
  visit("simultaneous", options.simultaneous, "",
        "make regions that hold all bodyparts of a frame at once, not each by itself");
  visit("split", options.split, "FLOAT",
        "share of the groups (videos or clips) that the uncertainty is fitted to; the regions then "
        "come from the others, and their promise is proven where these are videos drawn alike "
        "(default: all serve both, cross-conformally)");
  visit("partperm", options.partperm, "I,J,...",
        "number of the column in a .mat of labels, counted from 0, for each bodypart");
  visit("cache", options.cache, "DIR",
        "folder in which members' maps of labelled pictures are kept (default "
        "~/.cache/posse/evaluate)");
  visit("cache-limit", options.cache_limit, "GIB",
        "size that the cache folder is cut to after the call; what was not used for longest goes "
        "first (default 10)");
}

}  // namespace posse
