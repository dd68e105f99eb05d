/// Names of enumerators for options, tables and messages: one list per enum, used by the command
/// line and by Python.
#pragma once

#include <fmt/format.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"

namespace posse {

/// Specialise with `static constexpr std::array<std::pair<std::string_view, Enum>, N> kNames`.
template <class Enum>
struct EnumNames;

template <class Enum>
std::string_view name_of(Enum value) {
  for (const auto& [name, each] : EnumNames<Enum>::kNames) {
    if (each == value) return name;
  }
  POSSE_ASSERT(false);
}

/// nullopt for a name that is none.
template <class Enum>
std::optional<Enum> enum_if_known(std::string_view name) {
  for (const auto& [each_name, value] : EnumNames<Enum>::kNames) {
    if (each_name == name) return value;
  }
  return std::nullopt;
}

/// @throws Error(usage) for a name that is none, listing those there are.
template <class Enum>
Enum enum_of(std::string_view what, std::string_view name) {
  std::string known;
  for (const auto& [each_name, value] : EnumNames<Enum>::kNames) {
    if (each_name == name) return value;
    known += (known.empty() ? "" : ", ") + std::string(each_name);
  }
  throw Error(ErrorKind::usage, fmt::format("{} '{}' is not known", what, name), {.have = known});
}

}  // namespace posse
