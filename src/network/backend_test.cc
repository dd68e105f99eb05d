#include "network/backend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "base/error.h"

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

}  // namespace
}  // namespace posse
