#include "consensus/track/table_evidence.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "consensus/track/evidence_bytes.h"
#include "consensus/track/smoothed_track.h"
#include "consensus/track/tracker.h"

namespace posse {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

FrameEvidence evidence_of(const std::vector<std::vector<Keypoint>>& members) {
  const std::vector<std::span<const Keypoint>> rows(members.begin(), members.end());
  return evidence_of_points(rows, {.cell = 8, .num_cells = 1000});
}

TEST(TableEvidence, PointsThatAgreeAreOnePlaceAndOthersAnother) {
  const FrameEvidence frame =
      evidence_of({{{100, 60, 0.9}}, {{106, 58, 0.5}}, {{240, 160, 0.8}}, {{kNan, kNan, 0}}});
  ASSERT_EQ(frame.places.size(), 2U);
  EXPECT_EQ(frame.places[0].x, 100);
  EXPECT_EQ(frame.places[1].x, 240);
  EXPECT_NEAR(frame.background[0], (0.1 + 0.5 + 0.2) / 3, 1e-6);
  // Likelihoods over voting members, as a multiple of 25 of 1000 cells, and the background.
  EXPECT_NEAR(frame.evidence[0].mass, 1.4 / 3 * 40 + 0.8 / 3, 1e-5);
  EXPECT_NEAR(frame.evidence[1].mass, 0.8 / 3 * 40 + 0.8 / 3, 1e-5);
  EXPECT_EQ(frame.votes_of(0)[1].x, 106);
  EXPECT_TRUE(std::isnan(frame.votes_of(0)[2].x));
  EXPECT_TRUE(std::isnan(frame.votes_of(0)[3].x));
}

TEST(TableEvidence, AnotherBodypartsPointAtAPlaceCounts) {
  const FrameEvidence frame = evidence_of({{{100, 60, 1}, {102, 60, 1}}});
  EXPECT_EQ(frame.places.size(), 2U);
  EXPECT_EQ(frame.evidence.size(), 4U);
}

TEST(TableEvidence, MissingPointsAreNoPlace) {
  const FrameEvidence frame = evidence_of({{{kNan, 60, 1}}, {{kNan, kNan, 0}}});
  EXPECT_TRUE(frame.places.empty());
  EXPECT_TRUE(std::isnan(frame.background[0]));
}

TEST(TableEvidence, ALikelihoodThatIsNotKnownWeighsAsTheOthers) {
  const FrameEvidence some =
      evidence_of({{{100, 60, kNan}}, {{200, 60, 0.9}}, {{300, 60, 0.5}}, {{kNan, kNan, 0}}});
  EXPECT_NEAR(some.background[0], 0.3, 1e-6);
  EXPECT_NEAR(some.evidence[1].mass, 0.7 / 3 * 40 + 0.3, 1e-5);
  const FrameEvidence none = evidence_of({{{100, 60, kNan}}, {{101, 60, kNan}}});
  EXPECT_EQ(none.background[0], 0);
  EXPECT_NEAR(none.evidence[0].mass, 40, 1e-5);
}

TEST(TableEvidence, AnInfinitePointIsMissing) {
  const double infinite = std::numeric_limits<double>::infinity();
  EXPECT_TRUE(evidence_of({{{infinite, 60, 1}}}).places.empty());
}

TEST(TableEvidence, TheGridCoversThePoints) {
  Poses poses{
      .bodyparts = {"a"}, .frame_index = {0, 1}, .keypoints = {{639, 10, 1}, {kNan, 479, 1}}};
  const PointGrid grid = grid_of_tables(std::vector{poses}, 8);
  EXPECT_EQ(grid.num_cells, 80 * 60);
  EXPECT_EQ(grid_of_tables({}, 8).num_cells, 100);
}

std::vector<TrackedFrame> track_of_two(int gap_begin, int gap_end) {
  TrackOptions options;
  options.tracker.motion.unseen_evidence = 3;  // so that twenty frames are enough to be gone
  Tracker tracker(1, {}, options);
  std::vector<TrackedFrame> frames;
  for (int t = 0; t < 60; ++t) {
    const bool gone = t >= gap_begin && t < gap_end;
    const double x = 100 + t;
    auto evidence = evidence_of({{{x - 1, 60, gone ? 0.0 : 0.9}}, {{x + 1, 60, gone ? 0.0 : 0.9}}});
    evidence.frame_index = t;
    for (TrackedFrame& frame : tracker.push(std::move(evidence), 1)) frames.push_back(frame);
  }
  for (TrackedFrame& frame : tracker.finish()) frames.push_back(frame);
  return frames;
}

TEST(SmoothedTrack, FollowsALineAndStaysOnItWhereNothingIsSeen) {
  std::vector<TrackedFrame> frames = track_of_two(20, 40);
  EXPECT_FALSE(frames[30].keypoints[0].seen);
  const double before = frames[30].keypoints[0].covariance.xx;
  smooth_track(frames, {"snout"});
  for (int t = 0; t < 60; ++t) {
    // A random walk lags behind a line by little, and cuts a gap straight.
    EXPECT_NEAR(frames[static_cast<size_t>(t)].keypoints[0].keypoint.x, 100 + t, 1.5) << t;
  }
  EXPECT_GT(frames[30].keypoints[0].covariance.xx, before);
}

/// A track that is given: at rest, then 60 px a frame to and fro, seen throughout.
std::vector<TrackedFrame> darting() {
  std::vector<TrackedFrame> frames(60);
  for (int t = 0; t < 60; ++t) {
    TrackedFrame& frame = frames[static_cast<size_t>(t)];
    const double x = t == 40 ? 160 : 100;
    frame.frame_index = t;
    frame.keypoints.resize(1);
    frame.keypoints[0].keypoint = {x, 60, 0.9};
    frame.keypoints[0].seen = true;
    frame.votes = {{x - 1, 60, 0.9}, {x + 1, 61, 0.9}, {x, 59, 0.9}};
  }
  return frames;
}

TEST(SmoothedTrack, MovesNoPositionByMoreThanACell) {
  std::vector<TrackedFrame> frames = darting();
  frames[40].keypoints[0].seen = false;
  frames[40].keypoints[0].keypoint.likelihood = 0;
  for (Keypoint& vote : frames[40].votes) vote = {kNan, kNan, 0};
  smooth_track(frames, {"snout"});
  EXPECT_LT(frames[40].keypoints[0].keypoint.x, 150);  // unless it is not seen
  frames = darting();
  smooth_track(frames, {"snout"});
  for (const TrackedFrame& frame : frames)
    EXPECT_NEAR(frame.keypoints[0].keypoint.x, frame.frame_index == 40 ? 160 : 100, 8 + 1e-9);
}

TEST(SmoothedTrack, AGapInTheFrameNumbersIsTime) {
  // The variance of a bodypart that is not seen grows with the way to the next frames.
  const auto variance_within = [](int64_t gap) {
    std::vector<TrackedFrame> frames = track_of_two(60, 60);
    for (size_t t = 31; t < 60; ++t) frames[t].frame_index += gap;
    frames[30].keypoints[0].seen = false;
    for (Keypoint& vote : frames[30].votes) vote = {kNan, kNan, 0};
    frames[30].keypoints[0].keypoint.likelihood = 0;
    smooth_track(frames, {"snout"});
    return frames[30].keypoints[0].covariance.xx;
  };
  EXPECT_GT(variance_within(20), variance_within(0));
}

TEST(TrackSmoother, PiecesOfALongVideoAreTheWholeOne) {
  std::vector<TrackedFrame> whole = track_of_two(70, 70);
  TrackSmoother pieces({"snout"}, 20, 30);
  std::vector<TrackedFrame> all;
  for (const TrackedFrame& frame : whole) {
    for (TrackedFrame& ready : pieces.push(frame)) all.push_back(std::move(ready));
  }
  for (TrackedFrame& ready : pieces.finish()) all.push_back(std::move(ready));
  smooth_track(whole, {"snout"});
  ASSERT_EQ(all.size(), whole.size());
  for (size_t t = 0; t < whole.size(); ++t) {
    EXPECT_EQ(all[t].frame_index, whole[t].frame_index);
    // s is tuned on 50 of the 60 frames; the rest has been forgotten 30 frames away.
    EXPECT_NEAR(all[t].keypoints[0].keypoint.x, whole[t].keypoints[0].keypoint.x, 0.1) << t;
  }
}

TEST(SmoothedTrack, LeavesASingleFrameAlone) {
  std::vector<TrackedFrame> frames = track_of_two(60, 60);
  frames.resize(1);
  const double x = frames[0].keypoints[0].keypoint.x;
  smooth_track(frames, {"snout"});
  EXPECT_EQ(frames[0].keypoints[0].keypoint.x, x);
  smooth_track({}, {"snout"});
}

}  // namespace
}  // namespace posse
