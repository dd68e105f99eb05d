#include "smoothing/filter/state_space.h"

#include <gtest/gtest.h>

#include <Eigen/Core>
#include <cmath>
#include <limits>
#include <random>

#include "cameras/symmetric_eigen.h"
#include "support/dense_oracle.h"
#include "support/shared_data.h"

namespace posse {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// A random model of `state` variables seen by `coordinates`, with some observations missing.
struct Problem {
  Problem(size_t frames, Eigen::Index state, Eigen::Index coordinates, unsigned number)
      : random(testing::seed_of_this_test() + number),
        values(frames, static_cast<size_t>(coordinates)),
        variances(frames, static_cast<size_t>(coordinates)) {
    transition = VectorXd::Constant(state, 0.95) + 0.05 * normals(state, 1);
    process_factor = normals(state, state);
    initial_mean = normals(state, 1);
    initial_factor = 3 * normals(state, state);
    rows = normals(coordinates, state);
    for (double& value : values.values()) value = 10 * normal(random);
    for (double& variance : variances.values()) variance = std::exp(2 * normal(random));
    for (size_t i = 0; i < values.values().size(); i += 5) values.values()[i] = kNan;
    for (size_t i = 0; i < values.num_lanes(); ++i) values.at(frames / 2, i) = kNan;
  }

  MatrixXd normals(Eigen::Index height, Eigen::Index width) {
    MatrixXd result(height, width);
    for (double& value : result.reshaped()) value = normal(random);
    return result;
  }
  StateTrack track() const {
    return {{transition, process_factor, initial_mean, initial_factor}, &values, &variances};
  }
  testing::DensePosterior dense() const {
    const auto wide = [](const MatrixXd& matrix) {
      return testing::WideMatrix(matrix.cast<long double>());
    };
    const testing::WideMatrix process = wide(process_factor);
    const testing::WideMatrix initial = wide(initial_factor);
    const Eigen::Map<const Eigen::Matrix<double, -1, -1, Eigen::RowMajor>> y(
        values.values().data(), static_cast<Eigen::Index>(values.num_frames()), rows.rows());
    const Eigen::Map<const Eigen::Matrix<double, -1, -1, Eigen::RowMajor>> r(
        variances.values().data(), y.rows(), y.cols());
    return testing::condition({.transition = wide(transition.asDiagonal()),
                               .process = process * process.transpose(),
                               .initial_mean = wide(initial_mean),
                               .initial_variance = initial * initial.transpose(),
                               .observation = wide(rows)},
                              y, r);
  }

  std::mt19937 random;
  std::normal_distribution<double> normal;
  FrameArray values;
  FrameArray variances;
  VectorXd transition;
  MatrixXd process_factor;
  VectorXd initial_mean;
  MatrixXd initial_factor;
  MatrixXd rows;
};

/// Several tracks side by side, each against its own dense posterior.
void expect_dense_posteriors(Eigen::Index state, Eigen::Index coordinates, size_t num_tracks) {
  std::vector<Problem> problems;
  for (size_t i = 0; i < num_tracks; ++i)
    problems.emplace_back(25, state, coordinates, static_cast<unsigned>(i));
  std::vector<StateTrack> tracks;
  std::vector<MatrixXd> rows;
  std::vector<testing::DensePosterior> dense;
  for (const Problem& problem : problems) {
    tracks.push_back(problem.track());
    rows.push_back(problem.rows);
    dense.push_back(problem.dense());
  }
  LinearObserver observer(rows);
  const auto likelihoods = filter_likelihoods(tracks, observer, {.ranges = {{0, 25}}});
  // 1e-9: values of order 10, conditioned by variances of e^-4 to e^4
  for (size_t l = 0; l < num_tracks; ++l)
    EXPECT_NEAR(likelihoods[l] / static_cast<double>(dense[l].negative_log_likelihood), 1, 1e-9);
  size_t num_frames = 0;
  smooth_states(tracks, observer, [&](size_t t, const SmoothedFrame& smoothed) {
    ++num_frames;
    const auto size = static_cast<size_t>(state);
    for (size_t l = 0; l < num_tracks; ++l) {
      const auto& mean = dense[l].mean[t];
      const auto& variance = dense[l].variance[t];
      for (size_t i = 0; i < size * size; ++i) {
        const auto row = static_cast<Eigen::Index>(i / size);
        const auto col = static_cast<Eigen::Index>(i % size);
        ASSERT_NEAR(smoothed.covariance[i][l], static_cast<double>(variance(row, col)), 1e-9)
            << "track " << l << " frame " << t;
        ASSERT_NEAR(smoothed.mean[i / size][l], static_cast<double>(mean(row)), 1e-9);
      }
      const testing::WideMatrix h = rows[l].cast<long double>();
      for (Eigen::Index c = 0; c < coordinates; ++c) {
        const auto i = static_cast<size_t>(c);
        const testing::WideVector direction = h.row(c).transpose();
        ASSERT_NEAR(smoothed.position[i][l], static_cast<double>(direction.dot(mean)), 1e-9);
        ASSERT_NEAR(smoothed.variance[i][l],
                    static_cast<double>(direction.dot(variance * direction)), 1e-9);
      }
    }
  });
  EXPECT_EQ(num_frames, 25);
}

TEST(StateSpace, OneStateAgreesWithTheDenseGaussianConditional) {
  expect_dense_posteriors(1, 2, 1);
}
TEST(StateSpace, TwoStatesAgreeWithTheDenseGaussianConditional) {
  expect_dense_posteriors(2, 4, 3);
}
TEST(StateSpace, ThreeStatesAgreeWithTheDenseGaussianConditional) {
  expect_dense_posteriors(3, 6, kPackSize);
}
TEST(StateSpace, FiveStatesAgreeWithTheDenseGaussianConditional) {
  expect_dense_posteriors(5, 6, 2);
}

TEST(StateSpace, ATrackGivesTheSameDigitsWhateverItsCompany) {
  const Problem a(25, 3, 6, 0);
  const Problem b(25, 3, 6, 1);
  const auto likelihoods = [](const std::vector<const Problem*>& problems) {
    std::vector<StateTrack> tracks;
    std::vector<MatrixXd> rows;
    for (const Problem* problem : problems) {
      tracks.push_back(problem->track());
      rows.push_back(problem->rows);
    }
    LinearObserver observer(rows);
    return filter_likelihoods(tracks, observer, {.ranges = {{0, 25}}});
  };
  EXPECT_EQ(likelihoods({&a})[0], likelihoods({&b, &a})[1]);
}

TEST(StateSpace, StaysPositiveWhereVariancesDifferByEighteenOrders) {
  // the same direction is seen twice with a variance of 1e-12 while the others wander with 1e6 per
  // frame
  const size_t frames = 1000000;
  const MatrixXd rows{{1, 0.5, 0.25}, {1, 0.5, 0.25}, {0, 1, 0}, {0, 0, 1}};
  FrameArray values(frames, 4);
  FrameArray variances(frames, 4);
  std::mt19937 random(testing::seed_of_this_test());
  std::normal_distribution<double> normal;
  for (size_t t = 0; t < frames; ++t) {
    const double together = 1000 * normal(random);
    const std::vector<double> y{together, together, normal(random), normal(random)};
    for (size_t i = 0; i < 4; ++i) {
      values.at(t, i) = y[i];
      variances.at(t, i) = i < 2 ? 1e-12 : 1e3;
    }
  }
  for (const double s : {1e-6, 1e6}) {
    const std::vector<StateTrack> track{
        {.model = {.transition = Eigen::Vector3d::Ones(),
                   .process_factor = std::sqrt(s) * MatrixXd::Identity(3, 3),
                   .initial_mean = Eigen::Vector3d::Zero(),
                   .initial_factor = 1e3 * MatrixXd::Identity(3, 3)},
         .values = &values,
         .variances = &variances}};
    LinearObserver observer(std::vector<MatrixXd>{rows});
    const auto likelihood = filter_likelihoods(track, observer, {.ranges = {{0, frames}}});
    EXPECT_TRUE(std::isfinite(likelihood[0]));
    smooth_states(track, observer, [&](size_t t, const SmoothedFrame& smoothed) {
      // pulled from the observation by R / Q of the jumps to its neighbours: 1e-12 / 1e-6 * 3000
      ASSERT_NEAR(smoothed.position[0][0], values.at(t, 0), 1e-2);
      for (size_t i = 0; i < 3; ++i) ASSERT_GT(smoothed.covariance[4 * i][0], 0);
      ASSERT_GE(smoothed.variance[0][0], 0);
    });
  }
}

TEST(StateSpace, ADirectionWithoutAnyVarianceStaysWhereItIs) {
  // state 1 is known exactly and never moves: singular covariances throughout
  FrameArray values(30, 2);
  FrameArray variances(30, 2);
  for (size_t t = 0; t < 30; ++t) {
    values.at(t, 0) = std::sin(static_cast<double>(t));
    values.at(t, 1) = 1;
    variances.at(t, 0) = variances.at(t, 1) = 0.5;
  }
  const std::vector<StateTrack> track{{.model = {.transition = Eigen::Vector2d::Ones(),
                                                 .process_factor = MatrixXd{{1, 0}, {0, 0}},
                                                 .initial_mean = Eigen::Vector2d(0, 7),
                                                 .initial_factor = MatrixXd{{2, 0}, {0, 0}}},
                                       .values = &values,
                                       .variances = &variances}};
  LinearObserver observer(std::vector<MatrixXd>{MatrixXd::Identity(2, 2)});
  smooth_states(track, observer, [](size_t, const SmoothedFrame& smoothed) {
    EXPECT_EQ(smoothed.mean[1][0], 7);
    EXPECT_EQ(smoothed.covariance[3][0], 0);
    EXPECT_TRUE(std::isfinite(smoothed.mean[0][0]));
  });
}

TEST(StateSpace, TheFactorOfASingularMatrixReproducesIt) {
  const Eigen::Vector3d direction(1, -2, 3);
  const MatrixXd singular = direction * direction.transpose();
  const MatrixXd factor = symmetric_factor(singular);
  EXPECT_LT((factor * factor.transpose() - singular).cwiseAbs().maxCoeff(),
            1e-13);  // rounding of entries up to 9
}

}  // namespace
}  // namespace posse
