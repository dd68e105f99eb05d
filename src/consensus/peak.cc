#include "consensus/peak.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "keypoints/row_kernels.h"

namespace posse {
namespace {

/// Odds whose true order float32 may have turned round differ by at most twice the kernels' error
/// of 1e-6.
constexpr float kSurelyLower = 1 - 4e-6F;

size_t row_length(const AlignedMembers& aligned) {
  return static_cast<size_t>(aligned.grid.width) * static_cast<size_t>(aligned.bodyparts);
}

}  // namespace

std::span<double> gather_logits(const AlignedMembers& aligned, std::span<const size_t> members,
                                size_t cell, int bodypart, std::vector<double>& values) {
  values.clear();
  for (const size_t m : members) {
    values.push_back(aligned.logit(m, cell, bodypart));
  }
  return values;
}

std::optional<Peak> find_peak(std::span<const double> consensus_logits, const Grid& grid) {
  const auto moments =
      softmax_moments(consensus_logits, plain_axis(grid.height), plain_axis(grid.width));
  if (!moments) {
    return std::nullopt;
  }
  const auto highest = std::ranges::max_element(consensus_logits);
  return Peak{.moments = *moments,
              .highest_cell = static_cast<size_t>(highest - consensus_logits.begin())};
}

void PeakFinder::sum_rows(const AlignedMembers& aligned, ConsensusMethod method,
                          bool want_highest) {
  const RowKernels& kernels = row_kernels();
  const auto add_odds =
      method == ConsensusMethod::mean ? kernels.add_mean_odds : kernels.add_median_odds;
  const size_t count = row_length(aligned);
  const size_t padded = padded_row(count);
  const auto height = static_cast<size_t>(aligned.grid.height);
  mass_.assign(padded, 0.0);
  first_.assign(padded, 0.0);
  second_.assign(padded, 0.0);
  highest_.assign(padded, -std::numeric_limits<float>::infinity());
  highest_row_.assign(padded, -1.0F);
  odds_.resize(want_highest ? padded * height : padded);
  std::vector<const float*> rows = aligned.logits;
  for (size_t row = 0; row < height; ++row) {
    float* odds = odds_.data() + (want_highest ? row * padded : 0);
    add_odds(rows.data(), rows.size(), count, static_cast<double>(row), odds,
             {.mass = mass_.data(), .first = first_.data(), .second = second_.data()});
    if (want_highest) {
      kernels.keep_highest(odds, count, static_cast<float>(row), highest_.data(),
                           highest_row_.data());
    }
    for (const float*& next : rows) {
      next += count;
    }
  }
}

MomentSums PeakFinder::sums_of(const AlignedMembers& aligned, int bodypart) const {
  const auto bodyparts = static_cast<size_t>(aligned.bodyparts);
  const auto width = static_cast<size_t>(aligned.grid.width);
  MomentSums sums;
  for (size_t col = 0; col < width; ++col) {
    const size_t i = col * bodyparts + static_cast<size_t>(bodypart);
    const auto x = static_cast<double>(col);
    sums.mass += mass_[i];
    sums.x += x * mass_[i];
    sums.xx += x * x * mass_[i];
    sums.y += first_[i];
    sums.xy += x * first_[i];
    sums.yy += second_[i];
  }
  return sums;
}

size_t PeakFinder::highest_cell(const AlignedMembers& aligned, ConsensusMethod method,
                                int bodypart) const {
  const auto bodyparts = static_cast<size_t>(aligned.bodyparts);
  const auto width = static_cast<size_t>(aligned.grid.width);
  const size_t padded = padded_row(row_length(aligned));
  float highest = 0;
  for (size_t i = static_cast<size_t>(bodypart); i < row_length(aligned); i += bodyparts) {
    highest = std::max(highest, highest_[i]);
  }
  std::vector<size_t> candidates;
  for (size_t col = 0; col < width; ++col) {
    const size_t i = col * bodyparts + static_cast<size_t>(bodypart);
    for (size_t row = 0;
         row < static_cast<size_t>(aligned.grid.height) && highest_[i] >= highest * kSurelyLower;
         ++row) {
      if (odds_[row * padded + i] >= highest * kSurelyLower) {
        candidates.push_back(row * width + col);
      }
    }
  }
  if (candidates.size() == 1) {
    return candidates.front();
  }
  std::ranges::sort(candidates);
  std::vector<size_t> everyone(aligned.logits.size());
  std::iota(everyone.begin(), everyone.end(), 0);
  std::vector<double> values;
  size_t best = candidates.front();
  double best_logit = -std::numeric_limits<double>::infinity();
  for (const size_t cell : candidates) {
    const double logit =
        consensus_logit(gather_logits(aligned, everyone, cell, bodypart, values), method);
    if (logit > best_logit) {
      best = cell;
      best_logit = logit;
    }
  }
  return best;
}

std::optional<double> PeakFinder::logit(const AlignedMembers& aligned, size_t cell,
                                        int bodypart) const {
  const auto width = static_cast<size_t>(aligned.grid.width);
  const size_t padded = padded_row(row_length(aligned));
  const float odds =
      odds_[cell / width * padded + cell % width * static_cast<size_t>(aligned.bodyparts) +
            static_cast<size_t>(bodypart)];
  const double logit = std::log(static_cast<double>(odds));
  // A tenth of the way to the limit members' cut logits still count for less than float32's
  // precision.
  return std::abs(logit) < 0.75 * static_cast<double>(kLogitLimit) ? std::optional(logit)
                                                                   : std::nullopt;
}

std::vector<std::optional<Peak>> PeakFinder::find(const AlignedMembers& aligned,
                                                  ConsensusMethod method, bool want_highest) {
  std::vector<std::optional<Peak>> peaks(static_cast<size_t>(aligned.bodyparts));
  if (method == ConsensusMethod::median && aligned.logits.size() > kMostMedianMembers) {
    return peaks;
  }
  sum_rows(aligned, method, want_highest);
  for (int bodypart = 0; bodypart < aligned.bodyparts; ++bodypart) {
    const MomentSums sums = sums_of(aligned, bodypart);
    if (sums.mass > kLeastTrustedSum && sums.mass < kMostTrustedSum) {  // false for NaN
      peaks[static_cast<size_t>(bodypart)] =
          Peak{.moments = moments_from_sums(sums),
               .highest_cell = want_highest ? highest_cell(aligned, method, bodypart) : 0};
    }
  }
  return peaks;
}

}  // namespace posse
