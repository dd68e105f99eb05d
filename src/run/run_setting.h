/// What the outputs and stages of a run may ask of it.
#pragma once

#include <filesystem>

#include "ensemble/ensemble.h"
#include "run/journal_facts.h"
#include "run/options.h"
#include "run/result_paths.h"
#include "video/video_reader.h"

namespace posse {

struct RunSetting {
  const Ensemble& ensemble;  ///< its members; the networks need not be loaded
  const RunOptions& options;
  RunConsensus consensus = RunConsensus::mean;  ///< that is taken, whatever options.consensus says
  ResultPaths paths;
  std::filesystem::path video;
  VideoInfo info;
  int64_t num_frames =
      0;               ///< with results, all that outputs will see; 0 while a run is only planned
  JournalFacts facts;  ///< how the frames were computed; empty while a run is only planned
};

}  // namespace posse
