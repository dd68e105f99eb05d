/// The facts at the end of a complete journal: how its frames were computed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ensemble/ensemble.h"
#include "video/video_reader.h"

namespace posse {

struct JournalFacts {
  VideoReport report;  ///< of the pass that reached the end
  RunTimings timings;
  double load_seconds = 0;      ///< loading and compiling the networks
  int64_t num_resumed = 0;      ///< frames that this pass found done
  double started_seconds = 0;   ///< since 1970
  double finished_seconds = 0;  ///< since 1970
  int batch_size = 0;           ///< frames per network call
  int num_threads = 0;
  int num_shared_prefixes = 0;
  int64_t weight_bytes = 0;
  int64_t workspace_bytes = 0;
  int64_t peak_bytes = 0;    ///< the most memory that the process held
  std::string engine;        ///< version of posse
  std::string kernels;       ///< instruction set of the kernels
  std::string machine;       ///< host name
  ExecutionFacts execution;  ///< on what the networks ran
};

/// As JSON, one line. Unknown keys are passed over when it is read, missing ones are 0.
std::string to_text(const JournalFacts& facts);
/// nullopt for what is no JSON object, or a value of the wrong type.
std::optional<JournalFacts> journal_facts_from(std::string_view text);

}  // namespace posse
