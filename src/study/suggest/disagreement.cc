#include "study/suggest/disagreement.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/text.h"

namespace posse {
namespace {

constexpr size_t kMostAllPairs = 11;
constexpr size_t kRing = 5;  ///< places apart in a ring of more members
constexpr double kPartOfDisagreement = 0.25;
constexpr double kLeastSeen = 0.5;        ///< chance, of a track
constexpr double kLeastLikelihood = 0.1;  ///< of other results

bool is_there(const Keypoint& point) { return !std::isnan(point.x) && !std::isnan(point.y); }

double distance(const Keypoint& a, const Keypoint& b) {
  const double dx = a.x - b.x, dy = a.y - b.y;  // of pixels: no overflow that hypot would avoid
  return std::sqrt(dx * dx + dy * dy);
}

template <class Visit>
void visit_pairs(size_t count, const Visit& visit) {
  const bool all = count <= kMostAllPairs;
  for (size_t i = 0; i < count; ++i) {
    const size_t most = all ? count - 1 - i : kRing;
    for (size_t apart = 1; apart <= most; ++apart) visit(i, (i + apart) % count);
  }
}

/// What a frame's doubt is made of, beside the members.
struct StatedOfVideo {
  Poses consensus;
  std::optional<ExtraValues> covariance;   ///< the track's, or the map's
  std::optional<ExtraValues> chance_seen;  ///< of a track

  explicit StatedOfVideo(const FinishedResults& results)
      : consensus(results.consensus()),
        covariance(results.array("track_covariance")),
        chance_seen(results.array("chance_seen")) {
    if (!covariance) covariance = results.array("map_covariance");
  }
  /// NaN where none is stated.
  Covariance covariance_of(size_t row, size_t part) const {
    if (!covariance) return {NAN, NAN, NAN};
    const double* at = covariance->values.data() + 3 * (row * consensus.num_bodyparts() + part);
    return {at[0], at[1], at[2]};
  }
  bool is_unlikely(size_t row, size_t part) const {
    const size_t at = row * consensus.num_bodyparts() + part;
    const Keypoint& point = consensus.keypoints[at];
    if (!is_there(point)) return true;
    return chance_seen ? chance_seen->values[at] < kLeastSeen : point.likelihood < kLeastLikelihood;
  }
};

double calibrated_doubt(const Calibration& calibration, size_t column,
                        const std::vector<Keypoint>& members, const Covariance& stated) {
  std::vector<Point> points;
  for (const Keypoint& member : members) points.push_back({member.x, member.y});
  const CalibratedPoint point =
      calibrated_point(calibration, column, spread_of(points, stated), 1.0);
  return std::sqrt(point.covariance.xx + point.covariance.yy);
}

double plain_doubt(const std::vector<Keypoint>& members, const Covariance& stated) {
  const double apart = median_distance(members);
  const double trace = stated.xx + stated.yy;
  const double from_members = std::isnan(apart) ? 0 : kPartOfDisagreement * apart;
  return std::sqrt((std::isnan(trace) ? 0 : std::max(trace, 0.0)) + from_members * from_members);
}

}  // namespace

void MemberBlame::add(std::span<const Keypoint> members) {
  own_.assign(members.size(), 0);
  std::vector<size_t> pairs_of(members.size());
  double sum = 0;
  size_t pairs = 0;
  visit_pairs(members.size(), [&](size_t i, size_t j) {
    if (!is_there(members[i]) || !is_there(members[j])) return;
    const double d = distance(members[i], members[j]);
    sum += d, own_[i] += d, own_[j] += d;
    ++pairs, ++pairs_of[i], ++pairs_of[j];
  });
  if (pairs == 0) return;
  const double mean = sum / static_cast<double>(pairs);
  whole_ += mean;
  for (size_t m = 0; m < members.size(); ++m) {
    const size_t left = pairs - pairs_of[m];
    without_[m] += left == 0 ? mean : (sum - own_[m]) / static_cast<double>(left);
  }
}

std::vector<double> MemberBlame::shares() const {
  std::vector<double> shares(without_.size(), std::numeric_limits<double>::quiet_NaN());
  if (without_.size() < 3 || !(whole_ > 0)) return shares;
  for (size_t m = 0; m < shares.size(); ++m) shares[m] = 1 - without_[m] / whole_;
  return shares;
}

double median_distance(std::span<const Keypoint> members) {
  std::vector<Keypoint> there;
  there.reserve(members.size());
  for (const Keypoint& member : members)
    if (is_there(member)) there.push_back(member);
  std::vector<double> distances;
  distances.reserve(there.size() * kRing);
  visit_pairs(there.size(),
              [&](size_t i, size_t j) { distances.push_back(distance(there[i], there[j])); });
  if (distances.empty()) return std::numeric_limits<double>::quiet_NaN();
  const auto middle = distances.begin() + static_cast<ptrdiff_t>((distances.size() - 1) / 2);
  std::nth_element(distances.begin(), middle, distances.end());
  return *middle;
}

VideoDoubt doubt_of_video(const FinishedResults& results, const DoubtSetting& setting,
                          MemberBlame* blame, const JobHooks& hooks) {
  const StatedOfVideo stated(results);
  const size_t parts = stated.consensus.num_bodyparts();
  const size_t num_members = results.facts().members.size();
  VideoDoubt video{.frame_index = stated.consensus.frame_index,
                   .num_bodyparts = parts,
                   .doubt = std::vector<float>(stated.consensus.keypoints.size()),
                   .is_empty = std::vector<uint8_t>(stated.consensus.num_frames(), 1),
                   .has_track = stated.chance_seen.has_value()};
  std::vector<size_t> columns;
  if (setting.calibration != nullptr)
    columns = calibrated_columns(*setting.calibration, results.facts());
  std::vector<Keypoint> members, asked;
  results.read_members([&](const MembersFrame& frame) {
    if (hooks.stop != nullptr && frame.row % 1024 == 0 && hooks.stop->requested())
      throw Error(ErrorKind::interrupted, "nothing was written; the same command begins again");
    for (size_t p = 0; p < parts; ++p) {
      members.clear(), asked.clear();
      for (size_t m = 0; m < num_members; ++m) {
        members.push_back(frame.keypoints[m * parts + p]);
        if (setting.left_out.empty() || setting.left_out[m] == 0) asked.push_back(members.back());
      }
      if (blame != nullptr) blame->add(members);
      const Covariance covariance = stated.covariance_of(frame.row, p);
      const double doubt =
          setting.calibration != nullptr
              ? calibrated_doubt(*setting.calibration, columns[p], asked, covariance)
              : plain_doubt(asked, covariance);
      video.doubt[frame.row * parts + p] = std::isnan(doubt) ? 0 : static_cast<float>(doubt);
      if (!stated.is_unlikely(frame.row, p)) video.is_empty[frame.row] = 0;
    }
    return true;
  });
  return video;
}

std::vector<size_t> calibrated_columns(const Calibration& calibration, const FinishedFacts& facts) {
  const auto refuse = [&](const std::string& what) {
    throw Error(ErrorKind::usage,
                fmt::format("--calibration is {}: {}", what, facts.folder.string()),
                {.hint = "posse calibrate makes one for these members and this consensus"});
  };
  if (calibration.consensus != name_of(facts.consensus))
    refuse(fmt::format("for consensus {}, the results are {}", calibration.consensus,
                       name_of(facts.consensus)));
  std::vector<std::string> hashes = calibration.member_hashes, found;
  for (const FinishedMember& member : facts.members) found.push_back(member.weights_sha256);
  std::sort(hashes.begin(), hashes.end());
  std::sort(found.begin(), found.end());
  if (hashes != found) refuse("for other networks (" + list_names(calibration.member_names) + ")");
  std::vector<size_t> columns;
  for (const std::string& name : facts.bodyparts) {
    const auto at = std::find(calibration.bodyparts.begin(), calibration.bodyparts.end(), name);
    if (at == calibration.bodyparts.end()) refuse("for other bodyparts, without " + name);
    columns.push_back(static_cast<size_t>(at - calibration.bodyparts.begin()));
  }
  return columns;
}

}  // namespace posse
