#include "library/border.h"

#include <fmt/format.h>

#include <exception>
#include <new>
#include <string>

#include "base/paths.h"
#include "base/version.h"

namespace posse {
namespace {

thread_local std::string last_error;

posse_status status_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::usage:
      return POSSE_USAGE;
    case ErrorKind::invalid_value:
      return POSSE_INVALID_VALUE;
    case ErrorKind::not_found:
      return POSSE_NOT_FOUND;
    case ErrorKind::bad_file:
      return POSSE_BAD_FILE;
    case ErrorKind::shape_mismatch:
      return POSSE_SHAPE_MISMATCH;
    case ErrorKind::unsupported:
      return POSSE_UNSUPPORTED;
    case ErrorKind::unavailable:
    case ErrorKind::device_lost:
      return POSSE_UNAVAILABLE;
    case ErrorKind::io:
      return POSSE_IO;
    case ErrorKind::device_memory:
      return POSSE_NO_MEMORY;
    case ErrorKind::interrupted:
      return POSSE_INTERRUPTED;
  }
  return POSSE_INTERNAL;
}

/// Remembers as much as memory allows.
posse_status failed(posse_status status, const char* text) noexcept {
  try {
    last_error = text;
  } catch (const std::bad_alloc&) {
    last_error.clear();
  }
  return status;
}

}  // namespace

posse_status guarded(const std::function<void()>& work) noexcept {
  try {
    with_system_errors([&] { work(); });
    return POSSE_OK;
  } catch (const Error& error) {
    return failed(status_of(error.kind()), error.what());
  } catch (const std::bad_alloc&) {
    return failed(POSSE_NO_MEMORY, "there is not enough memory");
  } catch (const std::exception& error) {
    return failed(POSSE_INTERNAL, error.what());
  }
}

void require(const void* argument, const char* name) {
  if (argument == nullptr) throw Error(ErrorKind::usage, fmt::format("{} is NULL", name));
}

}  // namespace posse

extern "C" {

int posse_abi_version(void) { return 1; }

const char* posse_version(void) {
  static const std::string kText = posse::version();
  return kText.c_str();
}

const char* posse_last_error(void) { return posse::last_error.c_str(); }

}  // extern "C"
