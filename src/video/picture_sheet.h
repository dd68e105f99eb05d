/// Arranges several pictures in one.
#pragma once

#include <span>

#include "base/image.h"

namespace posse {

/// Pictures in rows, about as many columns as rows, white between them and where one is smaller
/// than the largest. At least one picture.
Image picture_sheet(std::span<const Image> pictures);

}  // namespace posse
