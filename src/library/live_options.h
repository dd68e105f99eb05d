/// Options of predicting single frames, beside those of their ensemble.
#pragma once

#include <concepts>
#include <filesystem>
#include <string>
#include <type_traits>

#include "run/options.h"

namespace posse {

struct LiveOptions {
  RunConsensus consensus = RunConsensus::mean;  ///< track: a causal one
  std::string look_alike = "none";
  double fps = 0;  ///< frames a second; 0: each image is one frame on
  std::filesystem::path calibration;
  double radius = 5;
  bool force_calibration = false;
};

template <class Options, class Visitor>
requires std::same_as<std::remove_const_t<Options>, LiveOptions>
void describe(Options& options, const Visitor& visit) {
  visit("consensus", options.consensus, "METHOD",
        "mean or median of the members' maps, or a track that does not look ahead");
  visit("look-alike", options.look_alike, "GROUPS",
        "track: bodyparts that look alike, as 'paw1,paw2;ear1,ear2', or none");
  visit("fps", options.fps, "N", "track: frames a second, for images with times");
  visit("calibration", options.calibration, "FILE", "calibration.json of posse calibrate");
  visit("radius", options.radius, "PX", "as of a run");
  visit("force-calibration", options.force_calibration, "",
        "use a calibration of other networks or another rule");
}

}  // namespace posse
