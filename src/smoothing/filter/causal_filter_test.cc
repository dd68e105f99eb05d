#include "smoothing/filter/causal_filter.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.h"
#include "smoothing/filter/scalar_filter.h"
#include "support/shared_data.h"
#include "support/synthetic_tracks.h"

namespace posse {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::vector<std::span<const Keypoint>> frame_of(const std::vector<Poses>& members, size_t t) {
  std::vector<std::span<const Keypoint>> rows;
  for (const Poses& member : members) rows.push_back(member.row(t));
  return rows;
}

TEST(CausalFilter, AgreesWithTheBatchFilterStartedFromNothing) {
  auto members = testing::make_members({.num_frames = 50, .seed = testing::seed_of_this_test()});
  for (Poses& member : members) {
    for (size_t t = 20; t < 25; ++t) member.at(t, 1) = {kNan, kNan, kNan};
  }
  const auto statistics = summarise_ensemble(members, {});
  ScalarPrior prior = prior_from_track(statistics.position);
  for (double& variance : prior.variance) variance = 1e12;
  const std::vector<double> s{3, 3, 5, 5, 7, 7};
  const ScalarTracks batch = filter_tracks(statistics.position, statistics.variance, prior, s);
  CausalFilter filter(3, {.s = {3, 5, 7}});
  for (size_t t = 0; t < 50; ++t) {
    const CausalFrame frame = filter.push(frame_of(members, t));
    for (size_t k = 0; k < 3; ++k) {
      // a prior variance of 1e12 px^2 still weighs R / 1e12, on distances of some 10 px
      EXPECT_NEAR(frame.keypoints[k].x, batch.position.at(t, 2 * k), 1e-8);
      EXPECT_NEAR(frame.variance[2 * k + 1], batch.variance.at(t, 2 * k + 1), 1e-8);
    }
  }
}

TEST(CausalFilter, APointNotYetSeenIsNanAndThenIsWhereItIsSeen) {
  const auto seen = testing::constant_poses(1, 1, {5, 6, 0.9});
  const auto lost = testing::constant_poses(1, 1, {kNan, kNan, 0});
  CausalFilter filter(1, {});
  const CausalFrame before = filter.push(frame_of({lost, lost}, 0));
  EXPECT_TRUE(std::isnan(before.keypoints[0].x));
  EXPECT_EQ(before.keypoints[0].likelihood, 0);
  EXPECT_EQ(filter.push(frame_of({seen, seen}, 0)).keypoints[0].x, 5);
  const CausalFrame after = filter.push(frame_of({lost, lost}, 0));
  EXPECT_EQ(after.keypoints[0].y, 6);
  EXPECT_NEAR(after.variance[0], 10, 1e-9);  // one step's s on top of nearly nothing
}

TEST(CausalFilter, ATableGivesWhatItsFramesGive) {
  const auto members =
      testing::make_members({.num_frames = 30, .seed = testing::seed_of_this_test()});
  const auto tracks = filter_causally(members, {.s = {3, 5, 7}});
  CausalFilter filter(3, {.s = {3, 5, 7}});
  for (size_t t = 0; t < 30; ++t) {
    const CausalFrame frame = filter.push(frame_of(members, t));
    EXPECT_EQ(tracks.position.at(t, 3), frame.keypoints[1].y);
    EXPECT_EQ(tracks.posterior_variance.at(t, 4), frame.variance[4]);
  }
  EXPECT_EQ(tracks.parameters[2].s, 7);
  EXPECT_FALSE(tracks.parameters[2].tuned);
}

TEST(CausalFilter, BadUseIsAnError) {
  const auto poses = testing::constant_poses(1, 2, {5, 6, 0.9});
  EXPECT_THROW(CausalFilter(2, {.s = {1, 2, 3}}), Error);
  EXPECT_THROW(CausalFilter(2, {.s = {-1}}), Error);
  CausalFilter filter(2, {});
  EXPECT_THROW(filter.push(frame_of({poses}, 0)), Error);
  CausalFilter three(3, {});
  EXPECT_THROW(three.push(frame_of({poses, poses}, 0)), Error);
}

}  // namespace
}  // namespace posse
