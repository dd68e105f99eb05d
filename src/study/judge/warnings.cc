#include "study/judge/warnings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/text.h"
#include "study/scores/distance_summary.h"
#include "study/scores/gaussian_scores.h"

namespace posse {
namespace {

constexpr double kFarOff = 3;     ///< times the median member's error
constexpr double kSuffers = 1.1;  ///< times the error of the median of the members
constexpr double kTooSure = 0.3;  ///< likelihood beyond what is found, more than the median member
constexpr double kTooSharp = 2;   ///< times what the maps state, and the median member's ratio

/// Each name once, without those that are judged.
std::vector<std::string> others_of(std::span<const std::string> names,
                                   std::span<const std::string> judged) {
  std::vector<std::string> others;
  for (const std::string& name : names) {
    if (std::find(judged.begin(), judged.end(), name) != judged.end()) continue;
    if (std::find(others.begin(), others.end(), name) == others.end()) others.push_back(name);
  }
  return others;
}

}  // namespace

std::optional<std::string> left_out_bodyparts(std::span<const std::string> labels,
                                              std::span<const std::string> members,
                                              std::span<const std::string> judged) {
  const std::vector<std::string> of_labels = others_of(labels, judged);
  const std::vector<std::string> of_members = others_of(members, judged);
  if (of_labels.empty() && of_members.empty()) return std::nullopt;
  std::string text = "bodyparts left out:";
  if (!of_labels.empty())
    text += fmt::format(" {} (labelled, but not of every member)", list_names(of_labels));
  if (!of_members.empty()) {
    text += fmt::format("{} {} (of the members, but without labels or not of every member)",
                        of_labels.empty() ? "" : ";", list_names(of_members));
  }
  return text;
}

std::vector<std::string> members_far_off(std::span<const ErrorTable> tables) {
  std::vector<double> errors;
  double mean = 0, median = 0;  // 0 where there is none
  for (const ErrorTable& table : tables) {
    const double rmse = table.rows.back().distances.rmse;
    if (!table.is_member && table.name == "mean") mean = rmse;
    if (!table.is_member && table.name == "median") median = rmse;
    if (table.is_member && std::isfinite(rmse)) errors.push_back(rmse);
  }
  if (errors.size() < 3) return {};
  const double usual = quantile(errors, 0.5);
  const char* const advice = mean > kSuffers * median
                                 ? "the mean suffers, take the median or leave it out"
                                 : "the mean does not suffer; look at where it errs";
  std::vector<std::string> sentences;
  for (const ErrorTable& table : tables) {
    const double rmse = table.rows.back().distances.rmse;
    if (!table.is_member || !(rmse > kFarOff * usual)) continue;
    sentences.push_back(
        fmt::format("{} is far off (RMSE {:.3g} px; the median member's {:.3g}): {}", table.name,
                    rmse, usual, advice));
  }
  return sentences;
}

std::optional<std::string> all_far_off(const JudgedFrames& judged,
                                       std::span<const ErrorTable> tables) {
  std::vector<double> extents, medians;
  for (size_t i = 0; i < judged.pictures.size(); ++i) {
    double x = 0, y = 0, squares = 0, count = 0;
    for (size_t p = 0; p < judged.num_bodyparts(); ++p) {
      const Point& label = judged.labels[judged.at(i, p)];
      if (std::isnan(label.x)) continue;
      x += label.x;
      y += label.y;
      squares += label.x * label.x + label.y * label.y;
      count += 1;
    }
    if (count < 2) continue;
    extents.push_back(
        std::sqrt(std::max(0.0, squares / count - (x * x + y * y) / (count * count))));
  }
  for (const ErrorTable& table : tables) {
    const double median = table.rows.back().distances.median;
    if (!std::isnan(median)) medians.push_back(median);
  }
  if (extents.empty() || medians.empty()) return std::nullopt;
  const double extent = quantile(std::move(extents), 0.5);
  const double best = *std::min_element(medians.begin(), medians.end());
  if (best <= extent) return std::nullopt;
  return fmt::format(
      "every member and every consensus is far off (median errors from {:.3g} px on; the labelled "
      "bodyparts of a picture lie {:.3g} px from their middle): are the labels of another project, "
      "or their bodyparts called otherwise?",
      best, extent);
}

std::vector<Sureness> sureness_of_members(const JudgedFrames& judged, double failure_distance) {
  std::vector<Sureness> all;
  const size_t parts = judged.num_bodyparts();
  for (size_t m = 0; m < judged.members.size(); ++m) {
    Sureness sureness{.member = judged.members[m]};
    std::vector<double> d2;
    double said = 0, within = 0, count = 0;
    for (size_t i = 0; i < judged.pictures.size(); ++i) {
      if (!judged.is_judging(i, m)) continue;
      for (size_t p = 0; p < parts; ++p) {
        const Keypoint& k = judged.member(i, m, p);
        const double dx = judged.labels[judged.at(i, p)].x - k.x;
        const double dy = judged.labels[judged.at(i, p)].y - k.y;
        if (!std::isfinite(dx) || !std::isfinite(dy)) continue;
        count += 1;
        said += k.likelihood;
        within += std::hypot(dx, dy) <= failure_distance ? 1 : 0;
        if (judged.member_map_covariance.empty()) continue;
        const Covariance& own =
            judged.member_map_covariance[(i * judged.members.size() + m) * parts + p];
        if (determinant(own) > 0) d2.push_back(squared_mahalanobis(dx, dy, own));
      }
    }
    sureness.num_points = static_cast<size_t>(count);
    sureness.said = said / count;
    sureness.found = within / count;
    sureness.error_over_stated = std::sqrt(quantile(std::move(d2), 0.5) / (2 * std::numbers::ln2));
    all.push_back(std::move(sureness));
  }
  return all;
}

std::vector<std::string> members_too_sure(std::span<const Sureness> members,
                                          double failure_distance) {
  std::vector<Sureness> judges;
  std::vector<double> said, found, gaps, ratios;
  for (const Sureness& one : members) {
    if (one.num_points < kFewPoints) continue;
    judges.push_back(one);
    if (!std::isnan(one.said)) {
      said.push_back(one.said);
      found.push_back(one.found);
      gaps.push_back(one.said - one.found);
    }
    if (!std::isnan(one.error_over_stated)) ratios.push_back(one.error_over_stated);
  }
  if (judges.size() < 3) return {};
  const double gap = quantile(gaps, 0.5), ratio = quantile(ratios, 0.5);
  std::vector<std::string> sentences;
  for (const Sureness& one : judges) {
    if (one.said - one.found > gap + kTooSure) {
      sentences.push_back(fmt::format(
          "{} is far too sure: its likelihoods say {:.0f} %, {:.0f} % of its points lie within "
          "{:.3g} px of their labels (medians of the members: {:.0f} and {:.0f} %); a threshold on "
          "its likelihood lets its errors through",
          one.member, 100 * one.said, 100 * one.found, failure_distance, 100 * quantile(said, 0.5),
          100 * quantile(found, 0.5)));
    }
    if (one.error_over_stated > kTooSharp * std::max(1.0, ratio)) {
      sentences.push_back(fmt::format(
          "{} is far too sure: its errors are {:.1f} times what the spread of its own maps states "
          "(the median member's {:.1f} times); it draws the mean of the maps to itself",
          one.member, one.error_over_stated, ratio));
    }
  }
  return sentences;
}

}  // namespace posse
