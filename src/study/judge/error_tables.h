/// Measures how far members and consensus are from the labels, on judged pictures.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "study/judge/judged_frames.h"
#include "study/scores/cluster_bootstrap.h"
#include "study/scores/distance_summary.h"

namespace posse {

/// Intervals over fewer groups are too narrow, which is said.
inline constexpr size_t kFewGroups = 8;

struct ErrorOptions {
  /// Radii of PCK, px.
  std::vector<double> radii = {5, 10, 15};
  /// A pose counts as stated where its likelihood is at least this; below, it hallucinates nothing.
  double likelihood_threshold = 0.6;
  BootstrapOptions bootstrap;
};

/// One bodypart of one member or method, or all its bodyparts together.
struct ErrorRow {
  std::string bodypart;  ///< "all" for the last
  DistanceSummary distances;
  Interval rmse;  ///< NaN with fewer than kFewPoints points or two groups
  size_t num_groups = 0;
  size_t missed = 0;        ///< labelled, no pose
  size_t hallucinated = 0;  ///< not labelled in a labelled picture, a pose is stated
  size_t hidden = 0;        ///< labelled as not to be seen: not judged
};

struct ErrorTable {
  std::string name;  ///< of the member or method
  bool is_member = false;
  size_t num_pictures = 0;     ///< judged by it
  std::vector<ErrorRow> rows;  ///< [bodyparts + 1]
};

/// Every member on the pictures it was not trained on, then every method.
std::vector<ErrorTable> error_tables(const JudgedFrames& judged, const ErrorOptions& options);

/// Difference of two root-mean-square errors over the points that both have.
struct PairedDifference {
  std::string first, second;
  size_t num_points = 0;
  size_t num_groups = 0;
  double rmse_first = 0, rmse_second = 0;  ///< px
  double difference = 0;                   ///< first minus second, px
  Interval interval;                       ///< NaN with fewer than kFewPoints points or two groups
};

/// Each method against the best member, and against the first method. The best member is the one of
/// least rmse over all its points, chosen on the same pictures: that favours the member.
std::vector<PairedDifference> paired_differences(const JudgedFrames& judged,
                                                 std::span<const ErrorTable> tables,
                                                 const ErrorOptions& options);

}  // namespace posse
