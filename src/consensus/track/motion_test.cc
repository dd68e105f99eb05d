#include "consensus/track/motion.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "base/error.h"

namespace posse {
namespace {

constexpr double kCells = 2500;

TEST(Motion, OneFrameHasTheChancesOfTheOptions) {
  const MotionOptions options;
  const Motion motion(options, 1, 8, kCells);
  EXPECT_NEAR(motion.hide(), options.hide, 1e-15);
  EXPECT_NEAR(1 - motion.stay_hidden(), options.appear, 1e-15);
  EXPECT_NEAR(motion.appear(), options.appear * 25 / kCells, 1e-15);
  // The Gaussian's integral over the box of 40 x 40 px, by the midpoint rule; and the jump's share.
  const double sigma = options.step_cells * 8;
  double integral = 0;
  for (double x = 30 - 20 + 0.05; x < 50; x += 0.1) {
    for (double y = -10 - 20 + 0.05; y < 10; y += 0.1) {
      integral += 0.01 * std::exp(-(x * x + y * y) / (2 * sigma * sigma)) /
                  (2 * std::numbers::pi * sigma * sigma);
    }
  }
  EXPECT_NEAR(motion.step(30, -10),
              (1 - options.hide) * ((1 - options.jump) * integral + options.jump * 25 / kCells),
              1e-6);
  EXPECT_NEAR(motion.step(30, -10), motion.step(-10, 30), 1e-15);
}

TEST(Motion, TwoFramesAreOneOfTwiceTheTime) {
  const MotionOptions options;
  const Motion one(options, 1, 8, kCells);
  const Motion two(options, 2, 8, kCells);
  EXPECT_NEAR(two.hide(), (1 - one.hide()) * one.hide() + one.hide() * one.stay_hidden(), 1e-15);
  EXPECT_NEAR(two.stay_hidden(),
              one.stay_hidden() * one.stay_hidden() + (1 - one.stay_hidden()) * one.hide(), 1e-15);
  // The variance of a walk grows with time: twice as far at four times the time.
  const Motion wide({.step_cells = 2 * options.step_cells, .jump = 0}, 1, 8, kCells);
  const Motion four({.jump = 0}, 4, 8, kCells);
  EXPECT_NEAR(wide.step(50, 0) / (1 - wide.hide()), four.step(50, 0) / (1 - four.hide()), 1e-12);
}

TEST(Motion, IsTheSameReadBackwards) {
  const MotionOptions options;
  const Motion motion(options, 3.5, 8, kCells);
  EXPECT_NEAR(first_at_place(options, kCells) * motion.hide(),
              first_hidden(options) * motion.appear(), 1e-15);
}

TEST(Motion, RefusesOptionsOutOfRange) {
  EXPECT_THROW(MotionOptions{.step_cells = 0}.validate(), Error);
  EXPECT_THROW(MotionOptions{.jump = 1}.validate(), Error);
  EXPECT_THROW(MotionOptions{.hide = 0}.validate(), Error);
  EXPECT_THROW((MotionOptions{.hide = 0.5, .appear = 0.6}.validate()), Error);
  EXPECT_THROW(MotionOptions{.unseen_evidence = 0}.validate(), Error);
  EXPECT_NO_THROW(MotionOptions{}.validate());
}

}  // namespace
}  // namespace posse
