#include "run/stated_track.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <fstream>

#include "base/files.h"
#include "results/table/table_writer.h"
#include "run/outputs/track_arrays.h"

namespace posse {
namespace {

const std::vector<std::string> kParts = {"nose", "tail"};

/// Of row r and bodypart p: covariance (10 r + p + 1, -1, 7), chance seen 0.25 (r + p), hidden for
/// the tail.
TrackedKeypoint tracked(size_t row, size_t part) {
  TrackedKeypoint keypoint;
  keypoint.covariance = {static_cast<double>(10 * row + part + 1), -1, 7};
  keypoint.chance_seen = 0.25 * static_cast<double>(row + part);
  keypoint.seen = part == 0;
  return keypoint;
}

void expect_stated(const StatedTrack& track) {
  const std::vector<StatedKeypoint> stated = track.of_frame(9, {"tail", "ear", "nose"});
  ASSERT_EQ(stated.size(), 3u);
  EXPECT_EQ(stated[0].covariance.xx, 12);
  EXPECT_EQ(stated[0].covariance.xy, -1);
  EXPECT_EQ(stated[0].covariance.yy, 7);
  EXPECT_EQ(stated[0].chance_seen, 0.5);
  EXPECT_FALSE(stated[0].seen);
  EXPECT_EQ(stated[2].covariance.xx, 11);
  EXPECT_EQ(stated[2].chance_seen, 0.25);
  EXPECT_TRUE(stated[2].seen);
  EXPECT_TRUE(std::isnan(stated[1].covariance.xx) && stated[1].seen);     // the table has no ear
  EXPECT_TRUE(std::isnan(track.of_frame(6, {"nose"})[0].covariance.xx));  // nor such a frame
}

TEST(StatedTrack, IsReadFromTheArraysOfAnH5ByFrameAndName) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "track.h5";
  std::vector<std::vector<double>> values(kNumTrackArrays);
  for (size_t row = 0; row < 2; ++row) {
    for (size_t part = 0; part < 2; ++part) append_track_values(tracked(row, part), values);
  }
  PoseTableWriter writer(path, "DLC_posseTrack_3members", kParts, {.extras = track_arrays(2)});
  const std::vector<std::span<const double>> views(values.begin(), values.end());
  writer.append({kParts, {5, 9}, std::vector<Keypoint>(4, {1, 2, 0.9})}, views);
  writer.finish();
  const auto track = read_stated_track(path);
  ASSERT_TRUE(track);
  expect_stated(*track);
}

TEST(StatedTrack, IsReadFromTheColumnsOfAWideCsv) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "wide.csv";
  std::ofstream(path) << "scorer,s,s,s,s,s,s,s,s,s,s,s,s,s,s,s,s\n"
                         "bodyparts,nose,nose,nose,nose,nose,nose,nose,nose,"
                         "tail,tail,tail,tail,tail,tail,tail,tail\n"
                         "coords,x,y,likelihood,x_posterior_var,y_posterior_var,chance_seen,seen,"
                         "xy_posterior_cov,x,y,likelihood,x_posterior_var,y_posterior_var,"
                         "chance_seen,seen,xy_posterior_cov\n"
                         "5,1,2,0.9,1,7,0,1,-1,1,2,0.9,2,7,0.25,0,-1\n"
                         "9,1,2,0.9,11,7,0.25,1,-1,1,2,0.9,12,7,0.5,0,-1\n";
  const auto track = read_stated_track(path);
  ASSERT_TRUE(track);
  expect_stated(*track);
}

TEST(StatedTrack, APlainCsvAndAnH5OfNoTrackStateNone) {
  const TemporaryFolder folder;
  for (const char* name : {"plain.csv", "plain.h5"}) {
    PoseTableWriter writer(folder.path() / name, "s", kParts);
    writer.append({kParts, {5}, std::vector<Keypoint>(2, {1, 2, 0.9})});
    writer.finish();
    EXPECT_FALSE(read_stated_track(folder.path() / name)) << name;
  }
}

}  // namespace
}  // namespace posse
