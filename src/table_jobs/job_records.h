/// Writes run.json of the jobs over tables.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "smoothing/models/smoothed_tracks.h"
#include "table_jobs/consensus_job.h"
#include "table_jobs/convert_job.h"
#include "table_jobs/job.h"
#include "table_jobs/smooth_options.h"
#include "table_jobs/table_inputs.h"

namespace posse {

/// What a record says beside the options.
struct JobFacts {
  std::span<const TableInputs> inputs;  ///< [cameras], or one
  std::vector<std::string> cameras;     ///< [cameras]; empty where there is one
  size_t num_frames = 0;
  std::vector<std::string> bodyparts;
  std::span<const SmoothingParameter> parameters;  ///< [bodyparts], or empty
  std::string track;                               ///< track_report_json, or empty
};

/// Writes report.record: format, version, verb, options by their command-line names, members with
/// hashes, and the report's files, notes and warnings. @throws Error(io)
void write_record(const SmoothSingleOptions& options, const JobFacts& facts,
                  const JobReport& report);
void write_record(const SmoothMultiOptions& options, const JobFacts& facts,
                  const JobReport& report);
void write_record(const SmoothMirroredOptions& options, const JobFacts& facts,
                  const JobReport& report);
void write_record(const SmoothPupilOptions& options, const JobFacts& facts,
                  const JobReport& report);
void write_record(const SmoothPawOptions& options, const JobFacts& facts, const JobReport& report);
void write_record(const ConsensusJobOptions& options, const JobFacts& facts,
                  const JobReport& report);
void write_record(const ConvertOptions& options, const std::filesystem::path& source,
                  const JobReport& report);

}  // namespace posse
