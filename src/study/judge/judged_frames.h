/// Labelled pictures with what the members and their consensus say of them, from which evaluation
/// and calibration are made. Arrays, no files.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/point.h"
#include "base/poses.h"

namespace posse {

struct JudgedPicture {
  std::string name;
  /// Group that intervals draw; in the order of time, if over_time.
  int64_t group = 0;
  /// Number of its clip; pictures of one clip vary together.
  int64_t clip = 0;
  /// Number of its video.
  int64_t video = 0;
  /// Members that judge it: those not trained on it.
  std::vector<size_t> members;
  /// True: members that were trained on it judge it too.
  bool trained = false;
  /// True: a judging member's snapshot was chosen by its error on it.
  bool selected_on = false;
  /// True: it is less than a second from a picture a judging member was trained on.
  bool near_training = false;
  /// True: no judging member was trained on any picture of its video.
  bool unseen_video = false;
};

/// What one way of forming a consensus says.
struct JudgedMethod {
  std::string name;                    ///< "mean", "median", "track", "smoother"
  std::string uncertainty;             ///< what `covariance` is, as "map covariance"
  std::vector<Keypoint> keypoints;     ///< [pictures, bodyparts]; NaN where it gives none
  std::vector<Covariance> covariance;  ///< [pictures, bodyparts] stated; NaN likewise
  std::vector<char> judged;            ///< [pictures] 0 where it could not look (no video)
};

struct JudgedFrames {
  /// Bodyparts that labels and networks share.
  std::vector<std::string> bodyparts;
  std::vector<std::string> members;
  /// Pictures that at least one member judges.
  std::vector<JudgedPicture> pictures;
  /// [pictures, bodyparts]; NaN where not labelled.
  std::vector<Point> labels;
  /// [pictures, bodyparts] 1 where labelled as not to be seen.
  std::vector<char> hidden;
  /// [pictures, members, bodyparts] of all members.
  std::vector<Keypoint> member_keypoints;
  /// [pictures, bodyparts] of the judging members' keypoints, by n - 1; NaN below two.
  std::vector<Covariance> member_covariance;
  /// [pictures, bodyparts] number of judging members with a keypoint.
  std::vector<int> num_members;
  /// [pictures, members, bodyparts] the member's probability at the label's cell, and its share of
  /// the map's sum (scores_at_points); NaN without a label.
  std::vector<double> member_confidence, member_share;
  /// [pictures, members, bodyparts] of a judging member's own map, NaN for the others; empty where
  /// members are tables.
  std::vector<Covariance> member_map_covariance;
  std::vector<JudgedMethod> methods;
  /// Pictures that all members were trained on.
  size_t num_refused = 0;
  /// "videos", "clips", "frames" or "pictures".
  std::string group_unit;
  /// True: groups are frames of one video (BootstrapOptions).
  bool over_time = false;
  size_t num_videos = 0;
  /// What a person should look at.
  std::vector<std::string> warnings;

  size_t num_bodyparts() const { return bodyparts.size(); }
  size_t at(size_t picture, size_t bodypart) const { return picture * bodyparts.size() + bodypart; }
  const Keypoint& member(size_t picture, size_t m, size_t bodypart) const {
    return member_keypoints[(picture * members.size() + m) * bodyparts.size() + bodypart];
  }
  bool is_judging(size_t picture, size_t m) const {
    for (const size_t judge : pictures[picture].members)
      if (judge == m) return true;
    return false;
  }
  /// nullptr if there is none of this name.
  const JudgedMethod* method(const std::string& name) const {
    for (const JudgedMethod& one : methods)
      if (one.name == name) return &one;
    return nullptr;
  }
};

}  // namespace posse
