/// Finds test data that lies outside the project (real checkpoints, videos, goldens).
#pragma once

#include <gtest/gtest.h>

#include <filesystem>

namespace posse::testing {

/// The folder named by POSSE_SHARED_DATA, else `shared/data` beside the checkout; empty path when
/// neither exists.
std::filesystem::path shared_data();

/// The project's own source folder (for data/demo).
std::filesystem::path source_folder();

/// A number from the case's name, the same in every run: seeds a test's random generator.
unsigned seed_of_this_test();

}  // namespace posse::testing

/// Ends the test as SKIPPED when `relative` is not there; else gives its path in `variable`.
#define POSSE_SHARED_OR_SKIP(variable, relative)                                             \
  const std::filesystem::path variable = ::posse::testing::shared_data().empty()             \
                                             ? std::filesystem::path()                       \
                                             : ::posse::testing::shared_data() / (relative); \
  if ((variable).empty() || !std::filesystem::exists(variable))                              \
  GTEST_SKIP() << "shared data not there: " << (relative)
