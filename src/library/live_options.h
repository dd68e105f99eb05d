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
        "way of making one pose from the members: mean or median of their maps, or a track that "
        "does not look ahead");
  visit("look-alike", options.look_alike, "GROUPS",
        "name bodyparts that look alike, as 'paw1,paw2;ear1,ear2', or none; for a track only");
  visit("fps", options.fps, "N", "frames a second, for images with times; for a track only");
  visit("calibration", options.calibration, "FILE", "use this calibration.json of posse calibrate");
  visit("radius", options.radius, "PX",
        "distance for the calibration: likelihood_calibrated is the chance that the truth lies "
        "within it");
  visit("force-calibration", options.force_calibration, "",
        "use a calibration that was made for other networks or another rule");
}

}  // namespace posse
