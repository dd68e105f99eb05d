#include "run/frame_calibration.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/text.h"

namespace posse {
namespace {

/// What decides a consensus of these members, in no order.
std::vector<std::string> identities(const std::vector<std::string>& hashes,
                                    const std::vector<std::string>& rules) {
  std::vector<std::string> all;
  for (size_t m = 0; m < hashes.size(); ++m)
    all.push_back(hashes[m] + " " + (m < rules.size() ? rules[m] : ""));
  std::sort(all.begin(), all.end());
  return all;
}

/// Why the calibration does not fit; empty if it does.
std::string misfit_of(const Calibration& calibration, const Ensemble& ensemble,
                      RunConsensus run_consensus) {
  const std::string consensus(name_of(run_consensus));
  const std::string rule(to_string(ensemble.consensus_rule()));
  if (calibration.consensus != consensus) {
    return fmt::format("is for --consensus {}, this run's is {}", calibration.consensus, consensus);
  }
  std::vector<std::string> hashes, rules, names;
  for (const MemberNetwork& member : ensemble.members()) {
    hashes.push_back(member.weights_sha256);
    rules.emplace_back(to_string(member.rule));
    names.push_back(member.name);
  }
  if (calibration.rule != rule) {
    return fmt::format("is for keypoints read by the {} rule, this run reads them by {}",
                       calibration.rule, rule);
  }
  if (identities(calibration.member_hashes, calibration.member_rules) !=
      identities(hashes, rules)) {
    return fmt::format("is for other networks: it was made for {}, this run has {}",
                       list_names(calibration.member_names), list_names(names));
  }
  return "";
}

SpreadFacts facts_of(const FrameResult& frame, size_t part) {
  std::vector<Point> points;
  for (size_t m = 0; m < frame.num_members(); ++m)
    points.push_back({frame.member(m)[part].x, frame.member(m)[part].y});
  return spread_of(points, frame.track.empty() ? frame.consensus[part].map_covariance
                                               : frame.track[part].covariance);
}

}  // namespace

FrameCalibration::FrameCalibration(const std::filesystem::path& file, const Ensemble& ensemble,
                                   RunConsensus consensus, double radius)
    : radius_(radius), calibration_(read_calibration(file)) {
  if (!(radius_ > 0)) {
    throw Error(ErrorKind::usage, fmt::format("--radius is {}, must be above 0", radius_));
  }
  misfit_ = misfit_of(calibration_, ensemble, consensus);
  for (const std::string& name : ensemble.bodyparts()) {
    const auto found =
        std::find(calibration_.bodyparts.begin(), calibration_.bodyparts.end(), name);
    columns_.push_back(static_cast<size_t>(found - calibration_.bodyparts.begin()));
    if (found == calibration_.bodyparts.end()) unknown_.push_back(name);
  }
}

std::vector<CalibratedPoint> FrameCalibration::points_of(const FrameResult& frame) const {
  const double nan = std::nan("");
  std::vector<CalibratedPoint> points(columns_.size(), {{nan, nan, nan}, nan, nan});
  for (size_t p = 0; p < columns_.size(); ++p) {
    const bool is_missing = std::isnan(frame.consensus[p].keypoint.x);
    if (columns_[p] < calibration_.bodyparts.size() && !is_missing)
      points[p] = calibrated_point(calibration_, columns_[p], facts_of(frame, p), radius_);
  }
  return points;
}

}  // namespace posse
