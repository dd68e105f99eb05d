#include "network/backend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "base/error.h"
#include "network/backends/reference/reference_backend.h"

namespace posse {
namespace {

/// Sets or clears POSSE_BACKEND for one test.
class BackendChoice : public ::testing::Test {
 protected:
  void SetUp() override { unsetenv("POSSE_BACKEND"); }
  void TearDown() override { unsetenv("POSSE_BACKEND"); }
};

TEST_F(BackendChoice, ReferenceIsTheLastResortAndAlwaysAvailable) {
  ASSERT_FALSE(backends().empty());
  EXPECT_EQ(backends().back()->name(), "reference");
  EXPECT_FALSE(backends().back()->why_unavailable().has_value());
}

TEST_F(BackendChoice, TheOptionWinsOverTheEnvironment) {
  setenv("POSSE_BACKEND", "no-such-backend", 1);
  EXPECT_EQ(choose_backend("reference").name(), "reference");
}

TEST_F(BackendChoice, TheEnvironmentIsAskedWithoutAnOption) {
  setenv("POSSE_BACKEND", "reference", 1);
  EXPECT_EQ(choose_backend("").name(), "reference");
}

TEST_F(BackendChoice, AnUnknownNameIsAnErrorThatListsTheKnownOnes) {
  try {
    choose_backend("tpu");
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    EXPECT_THAT(error.message(), ::testing::HasSubstr("'tpu'"));
    EXPECT_THAT(error.notes().have, ::testing::HasSubstr("reference"));
  }
}

TEST_F(BackendChoice, AnUnmetWishOfTheEnvironmentIsNeverReplacedSilently) {
  setenv("POSSE_BACKEND", "tpu", 1);
  EXPECT_THROW(choose_backend(""), Error);
}

TEST(Plan, OneWorkerAThreadAndAboutAMegapixelACall) {
  const Backend& backend = reference_backend();
  const ExecutionPlan large = backend.plan({.num_threads = 6, .frame = {1080, 1920}});
  EXPECT_EQ(large.num_workers, 6);
  EXPECT_EQ(large.threads_per_operator, 1);
  EXPECT_EQ(large.batch_size, 1);
  EXPECT_EQ(backend.plan({.frame = {480, 640}}).batch_size, 4);  // 1.2e6 / 307,200
  EXPECT_EQ(backend.plan({.frame = {64, 64}}).batch_size, 8);
  EXPECT_EQ(backend.plan({.frame = {1080, 1920}, .batch_size = 3}).batch_size, 3);
}

TEST(Plan, CountsThePixelsThatConvolutionsSee) {
  const auto batch = [](Extent frame, Extent convolved) {
    return reference_backend().plan({.frame = frame, .convolved = convolved}).batch_size;
  };
  EXPECT_EQ(batch({480, 640}, {128, 256}), 8);
  EXPECT_EQ(batch({1080, 1920}, {128, 256}), 8);  // 16.6 million pixels held
  EXPECT_EQ(batch({2160, 3840}, {128, 256}), 2);  // 17e6 / 8,294,400
  EXPECT_EQ(batch({4320, 7680}, {128, 256}), 1);  // at least one
  EXPECT_EQ(batch({100, 100}, {480, 640}), 4);    // 1.2e6 / 307,200
}

}  // namespace
}  // namespace posse
