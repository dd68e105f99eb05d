/// Catches the error that an action throws.
#pragma once

#include <functional>

#include "base/error.h"

namespace posse::testing {

/// The error that `action` throws; a test failure where it throws none.
Error error_of(const std::function<void()>& action);

}  // namespace posse::testing
