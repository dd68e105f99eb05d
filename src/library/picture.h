/// Copies the caller's picture into an Image.
#pragma once

#include "base/image.h"
#include "posse/posse.h"

namespace posse {

/// A copy: packed RGB, grey three times.
/// @throws Error(usage) without pixels; Error(invalid_value) for a size below 1 or a number of
/// channels that is neither 1 nor 3
Image image_of(const posse_image& picture);

}  // namespace posse
