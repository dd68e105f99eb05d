/// Finds a real library of ONNX Runtime for tests.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>

namespace posse::testing {

/// POSSE_ORT_LIBRARY if that is set, else the one that scripts/pypi_env.py installs from PyPI;
/// empty: neither is to be had. Asked for once a process.
const std::filesystem::path& onnxruntime_library();

}  // namespace posse::testing

/// Ends the test as SKIPPED when there is no library; else gives its path in `variable`.
#define POSSE_ONNXRUNTIME_OR_SKIP(variable)                                        \
  const std::filesystem::path& variable = ::posse::testing::onnxruntime_library(); \
  if ((variable).empty()) GTEST_SKIP() << "ONNX Runtime is not there, nor is PyPI"
