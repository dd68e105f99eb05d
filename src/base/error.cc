#include "base/error.h"

#include <cstdio>
#include <cstdlib>

namespace posse {
namespace {

std::string full_text(const std::string& message, const ErrorNotes& notes) {
  std::string text = message;
  if (!notes.have.empty()) text += "\n  have: " + notes.have;
  if (!notes.hint.empty()) text += "\n  hint: " + notes.hint;
  return text;
}

}  // namespace

std::string_view to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::usage:
      return "usage";
    case ErrorKind::invalid_value:
      return "invalid_value";
    case ErrorKind::not_found:
      return "not_found";
    case ErrorKind::bad_file:
      return "bad_file";
    case ErrorKind::shape_mismatch:
      return "shape_mismatch";
    case ErrorKind::unsupported:
      return "unsupported";
    case ErrorKind::unavailable:
      return "unavailable";
    case ErrorKind::io:
      return "io";
    case ErrorKind::device_memory:
      return "device_memory";
    case ErrorKind::device_lost:
      return "device_lost";
    case ErrorKind::interrupted:
      return "interrupted";
  }
  POSSE_ASSERT(false);
}

Error::Error(ErrorKind kind, const std::string& message, ErrorNotes notes)
    : std::runtime_error(full_text(message, notes)),
      kind_(kind),
      message_(message),
      notes_(std::move(notes)) {}

void assertion_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "posse: internal error: %s (%s:%d); please report this\n", condition, file,
               line);
  std::abort();
}

}  // namespace posse
