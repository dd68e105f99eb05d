/// The choice between one graph for all members of an ensemble and one for each.
#pragma once

#include <array>
#include <string_view>
#include <utility>

#include "base/enum_names.h"

namespace posse {

enum class GraphsChoice {
  automatic,  ///< what a device was found to be faster with, once
  one,        ///< every call computes all members
  several,    ///< a call for each
};

template <>
struct EnumNames<GraphsChoice> {
  static constexpr std::array<std::pair<std::string_view, GraphsChoice>, 3> kNames{
      {{"auto", GraphsChoice::automatic},
       {"one", GraphsChoice::one},
       {"several", GraphsChoice::several}}};
};

}  // namespace posse
