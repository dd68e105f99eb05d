#include "study/judge/warnings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "study/scores/distance_summary.h"

namespace posse {
namespace {

constexpr double kFarOff = 3;     ///< times the median member's error
constexpr double kSuffers = 1.1;  ///< times the error of the median of the members

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

}  // namespace posse
