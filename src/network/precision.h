/// The precision of networks: with how many digits they compute.
#pragma once

#include <array>
#include <string_view>
#include <utility>

#include "base/enum_names.h"

namespace posse {

enum class Precision {
  fp32,  ///< numbers of 32 bits throughout
  tf32,  ///< they are cut to 10 bits behind the point where they are multiplied: NVIDIA's cards
  fp16,  ///< weights and activations of 16 bits, 10 of them behind the point
};

template <>
struct EnumNames<Precision> {
  static constexpr std::array<std::pair<std::string_view, Precision>, 3> kNames{
      {{"fp32", Precision::fp32}, {"tf32", Precision::tf32}, {"fp16", Precision::fp16}}};
};

}  // namespace posse
