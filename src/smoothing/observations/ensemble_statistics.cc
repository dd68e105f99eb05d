#include "smoothing/observations/ensemble_statistics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "smoothing/observations/statistics_kernels.h"
#include "smoothing/parallel.h"

namespace posse {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kLeastConfidence = 1e-5;  // of a single member, before it is inverted

/// Scratch of one thread: members' coordinates of one frame, [members, lanes].
struct Workspace {
  Workspace(size_t num_members, size_t num_bodyparts)
      : coordinates(num_members * 2 * num_bodyparts), sorted_column(num_members) {}
  std::vector<double> coordinates;
  std::vector<double> sorted_column;
};

using MemberRows = std::span<const std::span<const Keypoint>>;

/// Position and spread of one coordinate from its finite values, in `values` (reordered).
void summarise_coordinate(std::span<double> values, EnsembleAverage average, double* position,
                          double* variance) {
  const size_t count = values.size();
  *position = kNan;
  *variance = kNan;
  if (count == 0) return;
  double mean = 0;
  for (const double value : values) mean += value;
  mean /= static_cast<double>(count);
  *position = mean;
  if (count >=
      2) {  // before sorting: the same order of additions as the fast way, hence the same digits
    double sum = 0;
    for (const double value : values) sum += (value - mean) * (value - mean);
    *variance = sum / static_cast<double>(count);
  }
  if (average == EnsembleAverage::median) {
    std::sort(values.begin(), values.end());
    const double lower = values[(count - 1) / 2];
    *position = count % 2 == 1 ? lower : (lower + values[count / 2]) / 2;
  }
}

/// Of the likelihoods that are known. 1 where members found the keypoint and no likelihood of a
/// found one is known; 0 where none found it.
double mean_likelihood(MemberRows rows, size_t keypoint) {
  double sum = 0;
  size_t num_known = 0;
  bool is_found = false, is_known_of_found = false;
  for (const auto row : rows) {
    const Keypoint& point = row[keypoint];
    const bool has_x = std::isfinite(point.x), has_y = std::isfinite(point.y);
    const bool known = std::isfinite(point.likelihood);
    is_found = is_found || (has_x && has_y);
    is_known_of_found = is_known_of_found || ((has_x || has_y) && known);
    if (!known) continue;
    sum += point.likelihood;
    ++num_known;
  }
  if (is_found && !is_known_of_found) return 1;
  return num_known > 0 ? sum / static_cast<double>(num_known) : 0.0;
}

/// The careful way, for frames with something missing: coordinate by coordinate.
void summarise_with_gaps(MemberRows rows, const StatisticsOptions& options, Workspace& work,
                         double* position, double* variance, double* likelihood) {
  for (size_t k = 0; k < rows.front().size(); ++k) {
    likelihood[k] = mean_likelihood(rows, k);
    for (size_t axis = 0; axis < 2; ++axis) {
      size_t count = 0;
      for (const auto row : rows) {
        const double value = axis == 0 ? row[k].x : row[k].y;
        const bool trusted = options.min_likelihood <= 0 || std::isnan(row[k].likelihood) ||
                             row[k].likelihood >= options.min_likelihood;
        if (std::isfinite(value) && trusted) work.sorted_column[count++] = value;
      }
      summarise_coordinate({work.sorted_column.data(), count}, options.average,
                           position + 2 * k + axis, variance + 2 * k + axis);
    }
  }
}

void summarise(MemberRows rows, const StatisticsOptions& options, Workspace& work, double* position,
               double* variance, double* likelihood) {
  const size_t num_bodyparts = rows.front().size();
  const size_t num_lanes = 2 * num_bodyparts;
  const StatisticsKernels& kernels = statistics_kernels();
  const bool plain = kernels.gather(rows.data(), rows.size(), num_bodyparts,
                                    work.coordinates.data(), likelihood) &&
                     options.min_likelihood <= 0;
  if (plain) {
    kernels.mean_and_variance(work.coordinates.data(), rows.size(), num_lanes, position, variance);
    if (options.average == EnsembleAverage::median) {
      kernels.median(work.coordinates.data(), rows.size(), num_lanes, position);
    }
  } else {
    summarise_with_gaps(rows, options, work, position, variance, likelihood);
  }
  if (rows.size() == 1) {
    for (size_t i = 0; i < num_lanes; ++i) {
      variance[i] = std::isfinite(position[i]) ? 1 / std::max(likelihood[i / 2], kLeastConfidence)
                                               : kUnknownVariance;
    }
    return;
  }
  kernels.weigh_variance(variance, likelihood, num_bodyparts,
                         options.variance == VarianceMode::confidence_weighted);
}

void check_members(std::span<const Poses> members, const StatisticsOptions& options) {
  options.validate();
  if (members.size() < 2 && !(members.size() == 1 && options.allow_one_member)) {
    throw Error(ErrorKind::invalid_value,
                fmt::format("smoothing needs the predictions of at least two members, got {}",
                            members.size()),
                {.hint = "one member alone has no spread to measure its error by; ask for a single "
                         "member explicitly "
                         "to use 1 / likelihood instead (uncalibrated)"});
  }
  const Poses& first = members.front();
  for (size_t m = 0; m < members.size(); ++m) {
    const Poses& member = members[m];
    POSSE_ASSERT(member.keypoints.size() == member.num_frames() * member.num_bodyparts());
    if (member.bodyparts != first.bodyparts) {
      throw Error(ErrorKind::shape_mismatch,
                  fmt::format("member {} has other bodyparts than member 0", m),
                  {.have = list_names(member.bodyparts),
                   .hint = "align the members first; member 0 has " + list_names(first.bodyparts)});
    }
    if (member.frame_index != first.frame_index) {
      throw Error(ErrorKind::shape_mismatch,
                  fmt::format("member {} covers other frames than member 0: {} rows, expected {}",
                              m, member.num_frames(), first.num_frames()));
    }
  }
}

}  // namespace

void StatisticsOptions::validate() const {
  if (!(min_likelihood >= 0 && min_likelihood <= 1)) {
    throw Error(ErrorKind::invalid_value,
                fmt::format("min_likelihood must lie in [0, 1], got {}", min_likelihood));
  }
}

EnsembleStatistics summarise_ensemble(std::span<const Poses> members,
                                      const StatisticsOptions& options, int num_threads) {
  check_members(members, options);
  const size_t num_frames = members.front().num_frames();
  const size_t num_bodyparts = members.front().num_bodyparts();
  EnsembleStatistics result{.position = FrameArray(num_frames, 2 * num_bodyparts),
                            .variance = FrameArray(num_frames, 2 * num_bodyparts),
                            .likelihood = FrameArray(num_frames, num_bodyparts)};
  for_each_piece(num_frames, 1, num_threads, [&](size_t begin, size_t end) {
    Workspace work(members.size(), num_bodyparts);
    std::vector<std::span<const Keypoint>> rows(members.size());
    for (size_t t = begin; t < end; ++t) {
      for (size_t m = 0; m < members.size(); ++m) rows[m] = members[m].row(t);
      summarise(rows, options, work, result.position.row(t), result.variance.row(t),
                result.likelihood.row(t));
    }
  });
  return result;
}

void summarise_frame(std::span<const std::span<const Keypoint>> members,
                     const StatisticsOptions& options, std::span<double> position,
                     std::span<double> variance, std::span<double> likelihood) {
  POSSE_ASSERT(!members.empty() && position.size() == 2 * members.front().size());
  Workspace work(members.size(), members.front().size());
  summarise(members, options, work, position.data(), variance.data(), likelihood.data());
}

}  // namespace posse
