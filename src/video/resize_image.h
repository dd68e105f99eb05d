/// Resizes pictures.
#pragma once

#include "base/image.h"

namespace posse {

/// The picture with `width` columns and `height` rows, at least 1 each.
///
/// Shrinking averages over the covered area, enlarging interpolates linearly (libswscale).
/// @throws Error(invalid_value) for an empty picture or size.
Image resize_image(const Image& image, int width, int height);

}  // namespace posse
