#include "support/errors.h"

#include <gtest/gtest.h>

namespace posse::testing {

Error error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no error was thrown";
  return {ErrorKind::usage, ""};
}

}  // namespace posse::testing
