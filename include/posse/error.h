/// Exceptions of the C++ interface.
///
///     try { ... } catch (const posse::Error& error) { std::cerr << error.what() << "\n"; }
#pragma once

#include <stdexcept>
#include <string>

#include "posse/posse.h"

namespace posse {
inline namespace v1 {

/// What went wrong in words, with what to do about it in lines of their own.
class Error : public std::runtime_error {
 public:
  explicit Error(posse_status status) : std::runtime_error(posse_last_error()), status_(status) {}

  /// Of what the headers themselves refuse.
  Error(posse_status status, const std::string& text) : std::runtime_error(text), status_(status) {}

  posse_status status() const noexcept { return status_; }

 private:
  posse_status status_;
};

namespace detail {

inline void check(posse_status status) {
  if (status != POSSE_OK) throw Error(status);
}

}  // namespace detail
}  // namespace v1
}  // namespace posse
