/// The facts of a run that its outputs and stages may ask for.
#pragma once

#include <filesystem>

#include "ensemble/ensemble.h"
#include "run/journal_facts.h"
#include "run/options.h"
#include "run/result_paths.h"
#include "video/video_reader.h"

namespace posse {

struct RunSetting {
  /// Its members; the networks need not be loaded.
  const Ensemble& ensemble;
  const RunOptions& options;
  /// The consensus that is taken, whatever options.consensus says.
  RunConsensus consensus = RunConsensus::mean;
  ResultPaths paths;
  std::filesystem::path video;
  VideoInfo info;
  /// Number of frames that outputs will see with results; 0 while a run is only planned.
  int64_t num_frames = 0;
  /// How the frames were computed; empty while a run is only planned.
  JournalFacts facts;
};

}  // namespace posse
