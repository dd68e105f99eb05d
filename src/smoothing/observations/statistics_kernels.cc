#include "smoothing/observations/statistics_kernels.h"

#include <limits>

#include "smoothing/observations/ensemble_statistics.h"

namespace posse::POSSE_SIMD_NAMESPACE {
namespace {

bool gather(const std::span<const Keypoint>* rows, size_t num_members, size_t num_bodyparts,
            double* coordinates, double* likelihood) {
  for (size_t k = 0; k < num_bodyparts; ++k) likelihood[k] = 0;
  double check = 0;
  for (size_t m = 0; m < num_members; ++m) {
    const Keypoint* row = rows[m].data();
    double* out = coordinates + m * 2 * num_bodyparts;
    for (size_t k = 0; k < num_bodyparts; ++k) {
      out[2 * k] = row[k].x;
      out[2 * k + 1] = row[k].y;
      likelihood[k] += row[k].likelihood;
    }
    for (size_t i = 0; i < 2 * num_bodyparts; ++i) check += out[i] - out[i];  // 0, or NaN for ever
  }
  for (size_t k = 0; k < num_bodyparts; ++k) {
    check += likelihood[k] - likelihood[k];
    likelihood[k] /= static_cast<double>(num_members);
  }
  return check == 0;
}

void mean_and_variance(const double* coordinates, size_t num_members, size_t num_lanes,
                       double* mean, double* variance) {
  const double count = static_cast<double>(num_members);
  for (size_t i = 0; i < num_lanes; ++i) {
    double sum = 0;
    for (size_t m = 0; m < num_members; ++m) sum += coordinates[m * num_lanes + i];
    mean[i] = sum / count;
  }
  for (size_t i = 0; i < num_lanes; ++i) variance[i] = 0;
  for (size_t m = 0; m < num_members; ++m) {
    for (size_t i = 0; i < num_lanes; ++i) {
      const double difference = coordinates[m * num_lanes + i] - mean[i];
      variance[i] += difference * difference;
    }
  }
  for (size_t i = 0; i < num_lanes; ++i) variance[i] /= count;
}

void median(double* coordinates, size_t num_members, size_t num_lanes, double* result) {
  const size_t middle = num_members / 2;
  for (size_t low = 0; low <= middle;
       ++low) {  // selection: after each round row `low` is in its place
    double* smallest = coordinates + low * num_lanes;
    for (size_t m = low + 1; m < num_members; ++m) {
      double* other = coordinates + m * num_lanes;
      for (size_t i = 0; i < num_lanes; ++i) {
        const double a = smallest[i];
        const double b = other[i];
        smallest[i] = a < b ? a : b;
        other[i] = a < b ? b : a;
      }
    }
  }
  const double* upper = coordinates + middle * num_lanes;
  const double* lower = num_members % 2 == 1 ? upper : upper - num_lanes;
  for (size_t i = 0; i < num_lanes; ++i)
    result[i] = lower == upper ? upper[i] : (lower[i] + upper[i]) / 2;
}

void weigh_variance(double* variance, const double* likelihood, size_t num_bodyparts,
                    bool confidence_weighted) {
  for (size_t k = 0; k < num_bodyparts; ++k) {
    const double weight = confidence_weighted ? likelihood[k] : 1;
    for (size_t i = 2 * k; i < 2 * k + 2; ++i) {
      const double weighted = variance[i] / weight;
      const bool known = weight > 0 && weighted <= std::numeric_limits<double>::max();
      variance[i] = known ? weighted : kUnknownVariance;
    }
  }
}

}  // namespace

const StatisticsKernels kStatisticsKernels = {.gather = gather,
                                              .mean_and_variance = mean_and_variance,
                                              .median = median,
                                              .weigh_variance = weigh_variance};

}  // namespace posse::POSSE_SIMD_NAMESPACE
