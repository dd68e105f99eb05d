#include "study/evaluation_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace posse {
namespace {

std::string number(double value, int digits) {
  return std::isfinite(value) ? fmt::format("{:.{}f}", value, digits)
                              : std::string(std::isnan(value) ? "-" : "inf");
}

std::string percent(double share) {
  return std::isnan(share) ? "-" : fmt::format("{:.0f} %", 100 * share);
}

std::string with_interval(double value, const Interval& interval, int digits) {
  if (std::isnan(interval.low)) return number(value, digits);
  return fmt::format("{} [{},{}]", number(value, digits), number(interval.low, digits),
                     number(interval.high, digits));
}

std::string share_with_interval(double share, const Interval& interval) {
  if (std::isnan(interval.low)) return percent(share);
  return fmt::format("{} [{:.0f},{:.0f}]", percent(share), 100 * interval.low, 100 * interval.high);
}

/// Wide enough for a share with its interval.
std::string column(const std::string& text) { return fmt::format("{:<15}", text); }

size_t name_width(const Evaluation& evaluation) {
  size_t width = 10;
  for (const std::string& name : evaluation.judged.members) width = std::max(width, name.size());
  for (const std::string& name : evaluation.judged.bodyparts) width = std::max(width, name.size());
  return width + 2;
}

std::string error_lines(const Evaluation& evaluation) {
  const size_t width = name_width(evaluation);
  std::string text = fmt::format("{:<{}}{:>9}{:>8}  {:<22}{:>8}{:>8}", "errors, px", width,
                                 "pictures", "points", "rmse [95 %]", "median", "p95");
  std::vector<size_t> widths;
  for (const double radius : evaluation.pck_radii) {
    const std::string title = fmt::format("  < {} px", radius);
    widths.push_back(std::max<size_t>(9, title.size()));
    text += fmt::format("{:>{}}", title, widths.back());
  }
  text += fmt::format("{:>8}{:>14}\n", "missed", "hallucinated");
  for (const ErrorTable& table : evaluation.errors) {
    const ErrorRow& row = table.rows.back();
    text += fmt::format("{:<{}}{:>9}{:>8}  {:<22}{:>8}{:>8}", table.name, width, table.num_pictures,
                        row.distances.count, with_interval(row.distances.rmse, row.rmse, 2),
                        number(row.distances.median, 2), number(row.distances.p95, 2));
    for (size_t i = 0; i < row.distances.pck.size(); ++i)
      text += fmt::format("{:>{}}", percent(row.distances.pck[i]), widths[i]);
    text += fmt::format("{:>8}{:>14}\n", row.missed, row.hallucinated);
  }
  return text;
}

std::string part_lines(const Evaluation& evaluation) {
  const size_t width = name_width(evaluation);
  std::string text = fmt::format("{:<{}}", "rmse, px", width);
  for (const std::string& part : evaluation.judged.bodyparts) text += fmt::format("{:>12}", part);
  text += "\n";
  for (const ErrorTable& table : evaluation.errors) {
    text += fmt::format("{:<{}}", table.name, width);
    for (size_t p = 0; p + 1 < table.rows.size(); ++p)
      text += fmt::format("{:>12}", number(table.rows[p].distances.rmse, 2));
    text += "\n";
  }
  return text;
}

std::string difference_lines(const Evaluation& evaluation) {
  std::string text;
  for (const PairedDifference& d : evaluation.differences) {
    if (d.num_points == 0) continue;
    text += fmt::format("{} minus {}: {} px over {} points and {} {} ({} - {})\n", d.first,
                        d.second, with_interval(d.difference, d.interval, 2), d.num_points,
                        d.num_groups, evaluation.judged.group_unit, number(d.rmse_first, 2),
                        number(d.rmse_second, 2));
  }
  if (!text.empty()) text += "the best member was chosen on these pictures, which favours it\n";
  return text;
}

std::string calibrated_lines(const Evaluation& evaluation) {
  const size_t width = name_width(evaluation);
  std::string text = fmt::format(
      "{:<{}}{:>6}  {:<20}{:>8}{:>12}{:>7}   {:<40}{:>9}\n", evaluation.consensus, width, "n",
      "rmse [95 %]", "median", "err/spread", "rho", "cover90 raw -> calibrated [95 %]", "radius90");
  for (const CalibratedRow& row : evaluation.calibrated) {
    if (row.pooled) {
      text += fmt::format(
          "{:<{}}{:>6}  {:<20}{:>8}   too few; a run takes the region of all: {} px, not "
          "measured\n",
          row.bodypart, width, row.num_points, number(row.rmse, 2), number(row.median, 2),
          number(row.pooled_radius90, 1));
      continue;
    }
    text +=
        fmt::format("{:<{}}{:>6}  {:<20}{:>8}{:>12}{:>7}   {:<40}{:>6} px\n", row.bodypart, width,
                    row.num_points, with_interval(row.rmse, row.rmse_interval, 2),
                    number(row.median, 2), number(row.spread_skill, 1), number(row.spearman, 2),
                    fmt::format("{} -> {}", percent(row.raw90),
                                share_with_interval(row.calibrated90, row.calibrated90_interval)),
                    number(row.radius90, 1));
  }
  return text;
}

const UncertaintySummary* calibrated_summary(const Evaluation& evaluation) {
  for (const UncertaintySummary& summary : evaluation.uncertainty)
    if (summary.name == "calibrated") return &summary;
  return nullptr;
}

std::string hardest_quarter(const Evaluation& evaluation) {
  const UncertaintySummary* summary = calibrated_summary(evaluation);
  if (summary == nullptr) return "";
  return fmt::format(
      "hardest quarter (members furthest apart, {} points): the 90 % region covers {}   <- what to "
      "expect where members disagree most\n",
      summary->quartile_points[3],
      share_with_interval(summary->quartile_coverage[3], summary->quartile_interval[3]));
}

/// Without blanks at the end.
std::string trimmed(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

/// Whether regions and chances hold outside the folds, for points and for whole poses.
std::string region_lines(const Evaluation& evaluation) {
  std::string shares, points, poses;
  for (const RegionCheck& check : evaluation.regions) {
    shares += "  " + column(fmt::format("{:g} %", 100 * check.share));
    points += "  " + column(share_with_interval(check.points, check.points_interval));
    poses += "  " + column(share_with_interval(check.poses, check.poses_interval));
  }
  const char* const title =
      evaluation.calibration.simultaneous ? "regions of whole poses" : "regions of bodyparts";
  std::string text = trimmed(fmt::format("{:<28}{}", title, shares)) +
                     trimmed(fmt::format("{:<28}{}", "hold of the points [95 %]", points)) +
                     trimmed(fmt::format("{:<28}{}", "hold of whole poses [95 %]", poses));
  if (evaluation.chance) {
    const ChanceCheck& chance = *evaluation.chance;
    text +=
        fmt::format("chance of lying within {:.3g} px: said {}, found {}\n", chance.radius,
                    percent(chance.said), share_with_interval(chance.found, chance.found_interval));
  }
  return text;
}

std::string video_line(const Evaluation& evaluation) {
  if (!evaluation.video_coverage) return "";
  const VideoCoverage& c = *evaluation.video_coverage;
  if (std::isnan(c.video))
    return "too few labels to weight the coverage to the video's spread (three bins of ten)\n";
  return fmt::format(
      "weighted to the video's spread ({} bins): the 90 % regions cover {} of the video, {} of the "
      "labels; cures the choice of frames by spread, and nothing else\n",
      c.num_bins, percent(c.video), percent(c.labelled));
}

/// What the stated regions hold, with intervals.
std::string coverage_lines(const Evaluation& evaluation) {
  std::string text = fmt::format("{:<32}{:>6}", "regions hold [95 %]", "n");
  for (const double share : kRegionShares) text += "  " + column(percent(share));
  text += "  worst4\n";
  for (const UncertaintySummary& s : evaluation.uncertainty) {
    text += fmt::format("{:<32}{:>6}", fmt::format("{}: {}", s.method, s.name), s.num_points);
    for (size_t i = 0; i < kRegionShares.size(); ++i)
      text += "  " + column(share_with_interval(s.coverage.at(i), s.coverage_interval.at(i)));
    const auto worst = std::min_element(s.quartile_coverage.begin(), s.quartile_coverage.end());
    const auto quarter = static_cast<size_t>(worst - s.quartile_coverage.begin());
    text += "  " + share_with_interval(*worst, s.quartile_interval.at(quarter)) + "\n";
  }
  return text + "worst4: 90 % region in the quarter of the spread where it holds least\n\n";
}

std::string uncertainty_lines(const Evaluation& evaluation) {
  std::string text =
      coverage_lines(evaluation) + fmt::format("{:<32}{:>8}{:>8}{:>9}{:>8}{:>7}{:>8}{:>7}{:>9}\n",
                                               "uncertainty", "err/sd", "crps", "energy", "log",
                                               "mace", "augrc", "auroc", "radius90");
  for (const UncertaintySummary& s : evaluation.uncertainty) {
    text += fmt::format("{:<32}{:>8}{:>8}{:>9}{:>8}{:>7}{:>8}{:>7}{:>9}\n",
                        fmt::format("{}: {}", s.method, s.name), number(s.spread_skill, 2),
                        number(s.crps, 2), number(s.energy, 2), number(s.log_score, 2),
                        number(s.calibration.mean_absolute, 2), number(s.risk.augrc_scaled, 2),
                        number(s.auroc, 2), number(s.radius90, 1));
  }
  text += fmt::format(
      "augrc: 0 puts the errors in order, 1 as chance; auroc: of errors beyond {:.3g} px; crps, "
      "energy: "
      "px, smaller is better\n",
      evaluation.failure_distance);
  const auto is_infinite = [](const UncertaintySummary& s) { return std::isinf(s.log_score); };
  if (std::any_of(evaluation.uncertainty.begin(), evaluation.uncertainty.end(), is_infinite)) {
    text +=
        "log inf: somewhere the stated region is flat or a point, as where two members judge or "
        "all "
        "agree, and the label is not on it\n";
  }
  if (evaluation.judged.members.size() > 1)
    text += fmt::format(
        "raw ensemble: the covariance of {} members is no region: members that err together are "
        "all outside of it\n",
        evaluation.judged.members.size());
  return text;
}

/// The ranking's areas, coverage by quarters of the spread, and the PIT's histogram.
std::string shape_lines(const Evaluation& evaluation) {
  std::string text = fmt::format("{:<32}{:>7}{:>7}{:>9}   {:<70}{}\n", "", "aurc", "rho", "rmsce",
                                 "90 % region by quarter of the spread [95 %]",
                                 "PIT, % of points in ten bins (10 each is right)");
  for (const UncertaintySummary& s : evaluation.uncertainty) {
    std::string quarters, bins;
    for (size_t i = 0; i < s.quartile_coverage.size(); ++i) {
      quarters +=
          column(share_with_interval(s.quartile_coverage.at(i), s.quartile_interval.at(i))) + "  ";
    }
    for (const size_t count : s.pit_counts) {
      bins += fmt::format("{:>4.0f}", 100 * static_cast<double>(count) /
                                          static_cast<double>(std::max<size_t>(s.num_points, 1)));
    }
    text +=
        fmt::format("{:<32}{:>7}{:>7}{:>9}   {:<70}{}\n", fmt::format("{}: {}", s.method, s.name),
                    number(s.risk.aurc_scaled, 2), number(s.spearman, 2),
                    number(s.calibration.root_mean_square, 2), quarters, bins);
  }
  return text;
}

std::string counts_line(const Evaluation& evaluation) {
  const JudgedFrames& judged = evaluation.judged;
  size_t least = judged.members.size(), most = 0, selected = 0, near = 0;
  for (const JudgedPicture& picture : judged.pictures) {
    least = std::min(least, picture.members.size());
    most = std::max(most, picture.members.size());
    selected += picture.selected_on ? 1 : 0;
    near += picture.near_training ? 1 : 0;
  }
  const std::string judges =
      least == most ? fmt::format("{}", most) : fmt::format("{}-{}", least, most);
  size_t hidden = 0;
  for (const char one : judged.hidden) hidden += one != 0 ? 1 : 0;
  const std::string apart =
      hidden > 0 ? fmt::format("; {} points labelled as hidden, not judged", hidden) : "";
  return fmt::format(
      "{} labelled pictures judged {} ({} of {} members each), {} refused (all members trained on "
      "them), {} selected-on, {} near-training{}\n",
      judged.pictures.size(), evaluation.training_frames ? "by every member" : "out of bag", judges,
      judged.members.size(), judged.num_refused, selected, near, apart);
}

std::string noise_lines(const Evaluation& evaluation) {
  if (!evaluation.label_noise) {
    return "says where a labeller would click; how well labellers agree is not known "
           "(--label-noise, --second-rater)\n";
  }
  std::string text = fmt::format(
      "human floor: labels scatter by {:.2f} px per axis, so a perfect network would have an rmse "
      "of {:.2f} px\n",
      *evaluation.label_noise, *evaluation.label_noise * std::sqrt(2.0));
  for (size_t p = 0; p < evaluation.label_noise_parts.size(); ++p) {
    text += fmt::format("  {}: {} px per axis\n", evaluation.judged.bodyparts[p],
                        number(evaluation.label_noise_parts[p], 2));
  }
  return text;
}

std::string suspect_lines(const Evaluation& evaluation) {
  if (evaluation.suspects.empty()) return "";
  constexpr size_t kMost = 10;
  const size_t count = evaluation.suspects.size();
  std::string text =
      count == 1 ? "1 label lies further off than the spread explains; look at it first:\n"
                 : fmt::format(
                       "{} labels lie further off than the spread explains; look at these first:\n",
                       count);
  for (size_t i = 0; i < std::min(kMost, evaluation.suspects.size()); ++i) {
    const SuspectLabel& s = evaluation.suspects[i];
    text += fmt::format("  {} {}: {:.1f} px, expected {:.1f} px per axis\n", s.picture, s.bodypart,
                        s.distance, s.stated);
  }
  if (count > kMost) text += fmt::format("  and {} more (--json lists all)\n", count - kMost);
  return text;
}

std::string original_lines(const Evaluation& evaluation) {
  const size_t width = name_width(evaluation);
  std::string text = fmt::format("{:<{}}{:>9}{:>24}{:>14}{:>14}\n", "as the original", width,
                                 "pictures", "compare_groundtruth", "confidence", "probability");
  for (const OriginalRow& row : evaluation.original) {
    text +=
        fmt::format("{:<{}}{:>9}{:>21} px{:>14}{:>14}\n", row.name, width, row.num_pictures,
                    number(row.summed_rmse, 2), number(row.confidence, 3), number(row.share, 4));
  }
  return text;
}

std::string spread_sentence(const Evaluation& evaluation) {
  const CrossFit& fit = evaluation.cross_fit;
  if (evaluation.calibrated.empty()) return "";
  const std::string scores =
      fmt::format("log score out of fold: {:.3f} with the ensemble's spread, {:.3f} without",
                  fit.score_model, fit.score_constant);
  return fit.constant_wins
             ? "the ensemble's spread carries no information here: a constant variance for each "
               "bodypart is used (" +
                   scores + ")\n"
             : scores + (fit.score_constant - fit.score_model > fit.gain_error
                             ? ": the spread is used\n"
                             : ": the spread is used, though it gains less than the difference's "
                               "standard error\n");
}

}  // namespace

namespace {

std::string moseq_line(const Evaluation& evaluation) {
  const MoseqNoise& moseq = evaluation.calibration.moseq;
  if (std::isnan(moseq.slope))
    return "keypoint-moseq: no line through errors and likelihoods (equal, or too few)\n";
  const std::string threshold = std::isnan(moseq.conf_threshold)
                                    ? "no conf_threshold (likelihoods do not fall with the errors)"
                                    : fmt::format("conf_threshold {:.3g}", moseq.conf_threshold);
  return fmt::format("keypoint-moseq: slope {:.3g}, intercept {:.3g}, {}\n", moseq.slope,
                     moseq.intercept, threshold);
}

}  // namespace

std::string calibration_text(const Evaluation& evaluation) {
  if (evaluation.calibrated.empty()) return "";
  return fmt::format("consensus {}: {} (--consensus)\n", evaluation.consensus,
                     evaluation.consensus_why) +
         calibrated_lines(evaluation) + hardest_quarter(evaluation) + region_lines(evaluation) +
         video_line(evaluation) + spread_sentence(evaluation) + moseq_line(evaluation) +
         evaluation.calibration.guarantee + "\n";
}

std::string to_text(const Evaluation& evaluation) {
  std::string text;
  if (evaluation.training_frames) text += "TRAINING FRAMES: NOT AN ESTIMATE OF ERROR\n\n";
  text += error_lines(evaluation) + "\n" + part_lines(evaluation) + "\n" +
          difference_lines(evaluation) + "\n";
  if (!evaluation.calibrated.empty()) text += calibration_text(evaluation) + "\n";
  text += uncertainty_lines(evaluation) + "\n" + shape_lines(evaluation) + "\n" +
          original_lines(evaluation) + "\n";
  const std::string suspects = suspect_lines(evaluation);
  if (!suspects.empty()) text += suspects + "\n";
  text += counts_line(evaluation) + noise_lines(evaluation);
  text += "says nothing about other rigs, species, lighting";
  return text;
}

}  // namespace posse
