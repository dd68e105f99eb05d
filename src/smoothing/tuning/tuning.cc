#include "smoothing/tuning/tuning.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/median.h"
#include "smoothing/tuning/search.h"

namespace posse {
namespace {

constexpr double kLeastConstantVariance = 1e-4;  // px^2
constexpr double kValueOfBrokenLikelihood =
    1e12;  // so that a block does not fail with one of its members
constexpr size_t kMostFramesForGuess = 2000;

void check_given(const std::vector<double>& s, const std::vector<std::string>& bodyparts) {
  if (s.size() != 1 && s.size() != bodyparts.size()) {
    throw Error(ErrorKind::invalid_value,
                fmt::format("{} values of s for {} keypoints; expected 1 or {}", s.size(),
                            bodyparts.size(), bodyparts.size()));
  }
  for (const double value : s) {
    if (!(value > 0) || !std::isfinite(value)) {
      throw Error(ErrorKind::invalid_value,
                  fmt::format("s must be positive and finite, got {}", value));
    }
  }
}

/// The blocks asked for, then one for each keypoint that is in none.
std::vector<std::vector<size_t>> complete_blocks(const std::vector<std::vector<size_t>>& blocks,
                                                 size_t num_keypoints) {
  std::vector<std::vector<size_t>> complete;
  std::vector<bool> placed(num_keypoints, false);
  for (const auto& block : blocks) {
    if (block.empty()) continue;
    for (const size_t keypoint : block) {
      if (keypoint >= num_keypoints) {
        throw Error(ErrorKind::invalid_value,
                    fmt::format("block names keypoint {}, but there are {} (0 to {})", keypoint,
                                num_keypoints, num_keypoints - 1));
      }
      if (placed[keypoint]) {
        throw Error(ErrorKind::invalid_value,
                    fmt::format("keypoint {} is in two blocks", keypoint));
      }
      placed[keypoint] = true;
    }
    complete.push_back(block);
  }
  for (size_t keypoint = 0; keypoint < num_keypoints; ++keypoint) {
    if (!placed[keypoint]) complete.push_back({keypoint});
  }
  return complete;
}

BlockObjective objective_of_blocks(const std::vector<std::vector<size_t>>& blocks,
                                   const TuningProblem& problem,
                                   const std::function<void()>& on_evaluation) {
  return [&blocks, &problem, &on_evaluation](std::span<const double> log_s) {
    if (on_evaluation) on_evaluation();
    std::vector<double> of_keypoint(problem.bodyparts.size());
    for (size_t b = 0; b < blocks.size(); ++b) {
      for (const size_t keypoint : blocks[b]) of_keypoint[keypoint] = log_s[b];
    }
    const std::vector<double> values = problem.objective(of_keypoint);
    std::vector<double> sums(blocks.size(), 0.0);
    for (size_t b = 0; b < blocks.size(); ++b) {
      for (const size_t keypoint : blocks[b]) {
        sums[b] += std::isfinite(values[keypoint]) ? values[keypoint] : kValueOfBrokenLikelihood;
      }
    }
    return sums;
  };
}

std::vector<double> initial_log_s(const std::vector<std::vector<size_t>>& blocks,
                                  const TuningProblem& problem) {
  std::vector<double> result;
  for (const auto& block : blocks) {
    double sum = 0;
    for (const size_t keypoint : block) sum += problem.initial_guess(keypoint);
    const double guess = std::clamp(sum / static_cast<double>(block.size()), 1e-6, 1e3);
    result.push_back(
        std::log(static_cast<double>(static_cast<float>(guess))));  // eks keeps it in float32
  }
  return result;
}

}  // namespace

std::vector<SmoothingParameter> choose_smoothing(const TuningOptions& options,
                                                 const TuningProblem& problem) {
  const size_t num_keypoints = problem.bodyparts.size();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  std::vector<SmoothingParameter> parameters(num_keypoints);
  if (!options.is_tuned()) {
    check_given(options.s, problem.bodyparts);
    for (size_t k = 0; k < num_keypoints; ++k) {
      parameters[k] = {.s = options.s[options.s.size() == 1 ? 0 : k],
                       .negative_log_likelihood = nan};
    }
    return parameters;
  }
  const auto blocks = complete_blocks(options.blocks, num_keypoints);
  const BlockObjective objective = objective_of_blocks(blocks, problem, options.on_evaluation);
  const std::vector<Minimum> minima =
      options.search == TuningSearch::exact
          ? minimise_exactly(blocks.size(), objective)
          : minimise_as_eks(initial_log_s(blocks, problem), objective);
  for (size_t b = 0; b < blocks.size(); ++b) {
    for (const size_t keypoint : blocks[b]) {
      parameters[keypoint] = {.s = std::exp(minima[b].log_s),
                              .tuned = true,
                              .negative_log_likelihood = minima[b].value,
                              .num_rounds = minima[b].num_rounds};
    }
  }
  return parameters;
}

ScalarLikelihoodRows tuning_rows(const TuningOptions& options, size_t num_frames) {
  ScalarLikelihoodRows rows{.restart_at_ranges = options.restart_at_ranges};
  if (options.frames.empty()) {
    rows.ranges.push_back({.begin = 0, .end = num_frames});
    return rows;
  }
  for (const FrameRange& range : options.frames) {
    range.validate();
    const int64_t stop = range.stop.value_or(static_cast<int64_t>(num_frames));
    if (range.step != 1 || range.start >= stop || stop > static_cast<int64_t>(num_frames)) {
      throw Error(ErrorKind::invalid_value,
                  fmt::format("frames for tuning: {} does not name frames within 0:{}",
                              range.to_string(), num_frames));
    }
    rows.ranges.push_back(
        {.begin = static_cast<size_t>(range.start), .end = static_cast<size_t>(stop)});
  }
  std::sort(rows.ranges.begin(), rows.ranges.end(),
            [](RowRange a, RowRange b) { return a.begin < b.begin; });
  for (size_t i = 1; i < rows.ranges.size(); ++i) {
    if (rows.ranges[i].begin < rows.ranges[i - 1].end) {
      throw Error(
          ErrorKind::invalid_value,
          fmt::format("frames for tuning overlap: {}:{} and {}:{}", rows.ranges[i - 1].begin,
                      rows.ranges[i - 1].end, rows.ranges[i].begin, rows.ranges[i].end));
    }
  }
  return rows;
}

FrameArray constant_variances(const FrameArray& observations, const FrameArray& variances,
                              const ScalarLikelihoodRows& rows) {
  FrameArray constant(1, variances.num_lanes());
  std::vector<double> column;
  for (size_t lane = 0; lane < variances.num_lanes(); ++lane) {
    column.clear();
    for (const RowRange& range : rows.ranges) {
      for (size_t t = range.begin; t < range.end; ++t) {
        if (std::isnan(observations.at(t, lane))) continue;
        column.push_back(std::max(variances.at(t, lane), kLeastObservationVariance));
      }
    }
    constant.at(0, lane) = column.empty() ? kLeastConstantVariance
                                          : std::max(median_of(column), kLeastConstantVariance);
  }
  return constant;
}

double initial_guess_of_s(const FrameArray& variances, size_t begin, size_t end) {
  const size_t num_frames = std::min(variances.num_frames(), kMostFramesForGuess);
  double sum = 0;
  double count = 0;
  for (size_t t = 1; t < num_frames; ++t) {
    for (size_t i = begin; i < end; ++i)
      sum += variances.at(t, i) - variances.at(t - 1, i), ++count;
  }
  const double mean = sum / count;
  double squares = 0;
  for (size_t t = 1; t < num_frames; ++t) {
    for (size_t i = begin; i < end; ++i) {
      const double difference = variances.at(t, i) - variances.at(t - 1, i) - mean;
      squares += difference * difference;
    }
  }
  const double guess = std::round(std::sqrt(squares / count) * 1e5) / 1e5;
  return guess > 0 && std::isfinite(guess) ? guess : 2.0;
}

}  // namespace posse
