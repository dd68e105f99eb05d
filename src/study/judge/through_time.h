/// Judges methods that look through time, on the frames around each label.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/point.h"
#include "base/poses.h"
#include "ensemble/ensemble.h"
#include "study/members/map_store.h"

namespace posse {

/// The tracks and smoothed tracks of one set of judges at labelled frames of one video.
struct TimeRequest {
  std::vector<size_t> judges;  ///< members
  std::filesystem::path video;
  std::vector<int64_t> frames;  ///< labelled, sorted, each once
};

/// What it gives, as JudgedMethod has it but for the request's frames and all of the ensemble's
/// bodyparts.
struct TimeAnswer {
  std::vector<Keypoint> track, smoothed;                          ///< [frames, bodyparts]
  std::vector<Covariance> track_covariance, smoothed_covariance;  ///< [frames, bodyparts]
};

/// @param whole_pictures  as EnsembleRun::whole_pictures
/// @param member_keys  MapStore::member_keys()
std::vector<TimeAnswer> judge_through_time(const Ensemble& ensemble,
                                           std::span<const TimeRequest> requests, int window,
                                           bool whole_pictures, const BlobCache& cache,
                                           std::span<const std::string> member_keys,
                                           const JobHooks& hooks);

}  // namespace posse
