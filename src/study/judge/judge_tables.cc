#include "study/judge/judge_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

#include "base/error.h"
#include "base/paths.h"
#include "base/text.h"
#include "calibration/predictive_model.h"
#include "consensus/keypoint_consensus.h"
#include "results/table/table_reader.h"
#include "study/judge/groups.h"
#include "study/judge/out_of_bag.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

const double kNaN = std::nan("");

/// Frames by the numbers in the labels' names.
VideoPlaces places_by_number(const LabelSet& labels) {
  std::set<std::string> folders;
  for (const LabelledPicture& picture : labels.pictures) folders.insert(picture.folder);
  if (folders.size() > 1) {
    throw Error(ErrorKind::usage,
                fmt::format("the labels are of {} videos, tables are of one", folders.size()),
                {.have = list_names(std::vector<std::string>(folders.begin(), folders.end())),
                 .hint = "--labels takes one folder of labeled-data; --video names the tables' "
                         "video, whose pictures are then judged"});
  }
  VideoPlaces places{.videos = {*folders.begin()}, .fps = {0}};
  for (const LabelledPicture& picture : labels.pictures) {
    places.places.emplace_back();
    if (!picture.number) continue;
    places.places.back() = PicturePlace{
        .video = 0, .frame = *picture.number, .seconds = static_cast<double>(*picture.number) / 30};
    ++places.num_by_number;
  }
  places.notes.emplace_back(
      "labels are joined to the tables' frames by the numbers in their names, 30 frames a second "
      "(--video compares the pictures themselves)");
  return places;
}

class TableJudge {
 public:
  TableJudge(std::span<const MemberTable> members, const LabelSet& labels,
             std::span<const MemberTraining> training, const JudgeOptions& options,
             const JobHooks& hooks)
      : members_(members), labels_(labels), training_(training), options_(options), hooks_(hooks) {
    share_bodyparts();
    for (const MemberTable& member : members) {
      judged_.members.push_back(member.name);
      auto& rows = row_of_frame_.emplace_back();
      for (size_t row = 0; row < member.poses.num_frames(); ++row)
        rows[member.poses.frame_index[row]] = row;
    }
  }

  JudgedFrames judge() {
    const VideoPlaces places =
        options_.videos.empty()
            ? places_by_number(labels_)
            : place_pictures(labels_, options_.videos, hooks_, VideosOf::given_alone);
    judged_.warnings = places.warnings;
    for (const std::string& text : places.notes) note(text);
    const PictureGroups groups = group_pictures(labels_, places, options_.clips);
    judged_.group_unit = groups.unit;
    judged_.over_time = groups.over_time;
    judged_.num_videos = groups.num_videos;
    for (const char* name : {"mean", "median"})
      judged_.methods.push_back({.name = name, .uncertainty = "no covariance"});
    for (size_t i = 0; i < labels_.pictures.size(); ++i) add_picture(i, places, groups);
    if (judged_.pictures.empty()) fail_without_pictures();
    mark_near_training(labels_, places, groups, training_, rows_, judged_);
    note("tables hold no maps: no map covariance, no track and no probabilities at the labels");
    return std::move(judged_);
  }

 private:
  void note(const std::string& text) const {
    if (hooks_.note) hooks_.note(text);
  }

  /// Those that the labels and every table have.
  void share_bodyparts() {
    for (size_t p = 0; p < labels_.bodyparts.size(); ++p) {
      std::vector<size_t> columns;
      for (const MemberTable& member : members_) {
        const auto& names = member.poses.bodyparts;
        const auto found = std::find(names.begin(), names.end(), labels_.bodyparts[p]);
        if (found != names.end()) columns.push_back(static_cast<size_t>(found - names.begin()));
      }
      if (columns.size() < members_.size()) continue;
      judged_.bodyparts.push_back(labels_.bodyparts[p]);
      label_columns_.push_back(p);
      columns_.push_back(std::move(columns));
    }
    if (judged_.bodyparts.empty()) {
      throw Error(ErrorKind::shape_mismatch, "labels and tables have no bodypart in common",
                  {.have = fmt::format("labels: {}; {}: {}", list_names(labels_.bodyparts),
                                       members_[0].name, list_names(members_[0].poses.bodyparts)),
                   .hint = "are these the labels of another project?"});
    }
  }

  void add_picture(size_t row, const VideoPlaces& places, const PictureGroups& groups) {
    const auto& place = places.places[row];
    if (!place) {
      ++num_elsewhere_;
      return;
    }
    JudgedPicture picture{.name = labels_.pictures[row].name,
                          .group = groups.group[row],
                          .clip = groups.clip[row],
                          .video = groups.video[row]};
    picture.members = judges_of(training_, members_.size(), options_.allow_training_frames,
                                picture_key(picture.name), picture);
    if (picture.members.empty()) {
      ++judged_.num_refused;
      return;
    }
    std::erase_if(picture.members,
                  [&](size_t m) { return !row_of_frame_[m].contains(place->frame); });
    if (picture.members.empty()) {
      ++num_elsewhere_;
      return;
    }
    judged_.pictures.push_back(std::move(picture));
    rows_.push_back(row);
    add_labels(row);
    add_keypoints(place->frame);
  }

  void add_labels(size_t row) {
    for (const size_t column : label_columns_) {
      const Label& label = labels_.at(row, column);
      const bool is_there = std::isfinite(label.point.x) && std::isfinite(label.point.y);
      judged_.labels.push_back(is_there ? label.point : Point{kNaN, kNaN});
      judged_.hidden.push_back(label.hidden ? 1 : 0);
    }
  }

  void add_keypoints(int64_t frame) {
    const size_t parts = judged_.num_bodyparts();
    for (size_t m = 0; m < members_.size(); ++m) {
      const auto row = row_of_frame_[m].find(frame);
      for (size_t p = 0; p < parts; ++p) {
        judged_.member_keypoints.push_back(row == row_of_frame_[m].end()
                                               ? Keypoint{kNaN, kNaN, 0}
                                               : members_[m].poses.at(row->second, columns_[p][m]));
        judged_.member_confidence.push_back(kNaN);
        judged_.member_share.push_back(kNaN);
      }
    }
    const size_t picture = judged_.pictures.size() - 1;
    for (size_t p = 0; p < parts; ++p) {
      std::vector<Keypoint> judging;
      std::vector<Point> points;
      for (const size_t m : judged_.pictures[picture].members) {
        judging.push_back(judged_.member(picture, m, p));
        points.push_back({judging.back().x, judging.back().y});
      }
      const SpreadFacts facts = spread_of(points, {});
      judged_.member_covariance.push_back(facts.members);
      judged_.num_members.push_back(facts.num_members);
      constexpr std::array kMethods = {KeypointMethod::mean, KeypointMethod::median};
      for (size_t method = 0; method < kMethods.size(); ++method) {
        const KeypointConsensus consensus =
            consensus_of_keypoints(judging, {.method = kMethods.at(method)});
        judged_.methods[method].keypoints.push_back(consensus.keypoint);
        judged_.methods[method].covariance.push_back({kNaN, kNaN, kNaN});
      }
    }
    for (JudgedMethod& method : judged_.methods) method.judged.push_back(1);
  }

  [[noreturn]] void fail_without_pictures() const {
    if (judged_.num_refused > 0) {
      throw Error(ErrorKind::usage,
                  fmt::format("{} labelled pictures were in the training of every member",
                              judged_.num_refused),
                  {.hint = "--allow-training-frames judges them all the same, which estimates no "
                           "error"});
    }
    throw Error(ErrorKind::usage, "no labelled frame is in the tables",
                {.have = fmt::format("{} labelled pictures, {} frames in {}", num_elsewhere_,
                                     members_[0].poses.num_frames(), members_[0].name),
                 .hint = "are these the tables of another video?"});
  }

  std::span<const MemberTable> members_;
  const LabelSet& labels_;
  std::span<const MemberTraining> training_;
  const JudgeOptions& options_;
  const JobHooks& hooks_;
  std::vector<std::map<int64_t, size_t>> row_of_frame_;  ///< [members]
  std::vector<size_t> label_columns_;                    ///< [bodyparts]
  std::vector<std::vector<size_t>> columns_;             ///< [bodyparts, members]
  std::vector<size_t> rows_;                             ///< [judged pictures] in labels_
  size_t num_elsewhere_ = 0;
  JudgedFrames judged_;
};

}  // namespace

bool are_tables(std::span<const fs::path> members) {
  return !members.empty() && std::all_of(members.begin(), members.end(), [](const fs::path& path) {
    const std::string suffix = ascii_lower(path.extension().string());
    const bool is_table =
        suffix == ".csv" || suffix == ".h5" || suffix == ".hdf5" || suffix == ".slp";
    return is_table && kind_of_path(path) == PathKind::file;
  });
}

std::vector<MemberTable> read_member_tables(std::span<const fs::path> paths) {
  std::vector<MemberTable> members;
  std::set<std::string> stems;
  for (const fs::path& path : paths) stems.insert(path.stem().string());
  const bool by_folder = stems.size() < paths.size();
  std::set<std::string> names;
  for (const fs::path& path : paths) {
    const std::string name =
        by_folder ? fs::absolute(path).parent_path().filename().string() : path.stem().string();
    if (!names.insert(name).second) {
      throw Error(ErrorKind::usage, fmt::format("two members' tables are called {}", name),
                  {.hint = "a table is called as its file, or as its folder where several files "
                           "have one name"});
    }
    members.push_back({name, read_pose_table(path).table.poses});
  }
  return members;
}

JudgedFrames judge_tables(std::span<const MemberTable> members, const LabelSet& labels,
                          std::span<const MemberTraining> training, const JudgeOptions& options,
                          const JobHooks& hooks) {
  return TableJudge(members, labels, training, options, hooks).judge();
}

}  // namespace posse
