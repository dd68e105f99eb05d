#include "smoothing/state_space.h"

#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <cmath>
#include <limits>
#include <random>

#include "smoothing/dense_oracle.h"
#include "support/shared_data.h"

namespace posse {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// A random model of `state` variables seen by `coordinates`, with some observations missing.
struct Problem {
  Problem(size_t frames, Eigen::Index state, Eigen::Index coordinates)
      : random(testing::seed_of_this_test()),
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
  template <int D>
  StateModel<D> model() const {
    return {transition, process_factor, initial_mean, initial_factor};
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

template <int D>
void expect_dense_posterior(Eigen::Index state, Eigen::Index coordinates) {
  const Problem problem(25, state, coordinates);
  const auto dense = problem.dense();
  const auto model = problem.template model<D>();
  LinearObserver<D> observer(problem.rows);
  FilteredStates<D> states(25, state);
  const double likelihood = filter_states(
      model, observer, {.values = problem.values, .variances = problem.variances},
      {.ranges = {{0, 25}}}, [&](size_t t, const FactoredState<D>& s) { states.store(t, s); });
  EXPECT_NEAR(likelihood, static_cast<double>(dense.negative_log_likelihood),
              1e-9 * std::abs(likelihood));
  smooth_states(model, states, [&](size_t t, const auto& mean, const auto& covariance) {
    const double mean_error = (mean - dense.mean[t].template cast<double>()).cwiseAbs().maxCoeff();
    const double variance_error =
        (covariance - dense.variance[t].template cast<double>()).cwiseAbs().maxCoeff();
    EXPECT_LT(mean_error, 1e-9) << "frame "
                                << t;  // 1e-9: values of order 10, conditioned by variances
    EXPECT_LT(variance_error, 1e-9) << "frame " << t;  // of e^-4 to e^4
  });
}

TEST(StateSpace, OneStateAgreesWithTheDenseGaussianConditional) {
  expect_dense_posterior<Eigen::Dynamic>(1, 2);
}
TEST(StateSpace, TwoStatesAgreeWithTheDenseGaussianConditional) { expect_dense_posterior<2>(2, 4); }
TEST(StateSpace, ThreeStatesAgreeWithTheDenseGaussianConditional) {
  expect_dense_posterior<3>(3, 6);
}
TEST(StateSpace, FiveStatesAgreeWithTheDenseGaussianConditional) {
  expect_dense_posterior<Eigen::Dynamic>(5, 6);
}

TEST(StateSpace, StaysPositiveWhereVariancesDifferByEighteenOrders) {
  // the same direction is seen twice with a variance of 1e-12 while the others wander with 1e6 per
  // frame
  const size_t frames = 2000;
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
  for (const double s : {1e-6, 1.0, 1e6}) {
    const StateModel<3> model{.transition = Eigen::Vector3d::Ones(),
                              .process_factor = std::sqrt(s) * Eigen::Matrix3d::Identity(),
                              .initial_mean = Eigen::Vector3d::Zero(),
                              .initial_factor = 1e3 * Eigen::Matrix3d::Identity()};
    LinearObserver<3> observer(rows);
    FilteredStates<3> states(frames, 3);
    const double likelihood = filter_states(
        model, observer, {.values = values, .variances = variances}, {.ranges = {{0, frames}}},
        [&](size_t t, const FactoredState<3>& state) { states.store(t, state); });
    EXPECT_TRUE(std::isfinite(likelihood));
    smooth_states(model, states,
                  [&](size_t t, const Eigen::Vector3d& mean, const Eigen::Matrix3d& covariance) {
                    // pulled from the observation by R / Q of the jumps to its neighbours: 1e-12 /
                    // 1e-6 * 3000
                    ASSERT_NEAR(rows.row(0).dot(mean), values.at(t, 0), 1e-2);
                    ASSERT_GT(covariance.diagonal().minCoeff(), 0);
                    ASSERT_GE((rows.row(0) * covariance * rows.row(0).transpose())(0), 0);
                  });
  }
}

TEST(StateSpace, ADirectionWithoutAnyVarianceStaysWhereItIs) {
  // state 1 is known exactly and never moves: singular covariances throughout
  const StateModel<2> model{.transition = Eigen::Vector2d::Ones(),
                            .process_factor = Eigen::Vector2d(1, 0).asDiagonal(),
                            .initial_mean = Eigen::Vector2d(0, 7),
                            .initial_factor = Eigen::Vector2d(2, 0).asDiagonal()};
  FrameArray values(30, 2);
  FrameArray variances(30, 2);
  for (size_t t = 0; t < 30; ++t) {
    values.at(t, 0) = std::sin(static_cast<double>(t));
    values.at(t, 1) = 1;
    variances.at(t, 0) = variances.at(t, 1) = 0.5;
  }
  LinearObserver<2> observer(Eigen::Matrix2d::Identity());
  FilteredStates<2> states(30, 2);
  filter_states(model, observer, {.values = values, .variances = variances}, {.ranges = {{0, 30}}},
                [&](size_t t, const FactoredState<2>& state) { states.store(t, state); });
  smooth_states(model, states,
                [](size_t, const Eigen::Vector2d& mean, const Eigen::Matrix2d& covariance) {
                  EXPECT_EQ(mean(1), 7);
                  EXPECT_EQ(covariance(1, 1), 0);
                  EXPECT_TRUE(std::isfinite(mean(0)));
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
