/// Guards the C interface: exceptions end here and become a status and a text.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <functional>
#include <string>

#include "base/error.h"
#include "posse/posse.h"

namespace posse {

/// Runs `work`; what it throws becomes the thread's last error.
posse_status guarded(const std::function<void()>& work) noexcept;

/// @throws Error(usage) naming the argument that is NULL
void require(const void* argument, const char* name);

/// A caller's struct as the library knows it: fields beyond the caller's size are zero.
/// @throws Error(usage) if it is NULL or its struct_size cannot be one
template <class Struct>
Struct read_struct(const Struct* given, const char* name) {
  require(given, name);
  Struct known{};
  const size_t size = given->struct_size;
  if (size < sizeof(size_t) || size > 65536) {
    throw Error(
        ErrorKind::usage,
        std::string(name) + ": struct_size is " + std::to_string(size) + ", which is no size of it",
        {.hint = "set it to the struct's size before the call"});
  }
  std::memcpy(&known, given, std::min(size, sizeof(Struct)));
  return known;
}

/// Writes as much of `value` as the caller's struct has room for; its struct_size stays.
template <class Struct>
void write_struct(Struct value, Struct* given) {
  const size_t size = given->struct_size;
  value.struct_size = size;
  std::memcpy(given, &value, std::min(size, sizeof(Struct)));
}

}  // namespace posse
